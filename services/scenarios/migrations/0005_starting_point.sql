-- What a plan is held against, and the releases of factors that a study may be pinned to.

ALTER TABLE asset_months ADD COLUMN gwp_kg double precision;
UPDATE asset_months
SET gwp_kg = (
    SELECT coalesce(sum((stage ->> 'value')::double precision), 0)
    FROM jsonb_array_elements(stages) AS stage
    WHERE stage ->> 'criterion' = 'gwp' AND coalesce(stage ->> 'basis', 'location') = 'location'
);
ALTER TABLE asset_months ALTER COLUMN gwp_kg SET NOT NULL;
COMMENT ON COLUMN asset_months.gwp_kg IS 'all stages, location-based';

-- Of a host: the months of the machines on it.
CREATE INDEX asset_months_of_host ON asset_months (host_id, month) WHERE host_id IS NOT NULL AND NOT deleted;

-- A release comes in parts and is complete when all are here; it never changes. Factors belong to no organisation.
CREATE TABLE release_parts (
    name       text NOT NULL,
    part       integer NOT NULL,
    parts      integer NOT NULL,
    created_at timestamptz NOT NULL,
    factors    jsonb NOT NULL,
    PRIMARY KEY (name, part)
);
COMMENT ON COLUMN release_parts.factors IS 'those that a study may start from, as sent';
