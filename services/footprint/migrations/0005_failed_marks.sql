-- Assets whose computation failed for good: their marks are set aside here. A later change marks such an asset as usual, and the row goes
-- once it is computed.
CREATE TABLE failed_marks (
    asset_id  uuid PRIMARY KEY,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason    text NOT NULL
);
