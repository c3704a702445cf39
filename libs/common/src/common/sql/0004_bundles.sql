-- The events of a bulk change lie many in a row, framed and compressed together (`common.bundles`): with 2 kB each in a row of its own they
-- were what wrote most of the log, and what the vacuum had most of its work with. A relay of the version before cannot read such a row: it
-- stops there, loudly, and sends nothing behind it until one of this version takes its place.
ALTER TABLE outbox
    ADD COLUMN bundle bytea,
    ADD COLUMN events smallint NOT NULL DEFAULT 1,
    ALTER COLUMN bundle SET STORAGE EXTERNAL,
    ALTER COLUMN event_id DROP NOT NULL,
    ALTER COLUMN topic DROP NOT NULL,
    ALTER COLUMN key DROP NOT NULL,
    ALTER COLUMN type DROP NOT NULL,
    ALTER COLUMN subject DROP NOT NULL,
    ADD CONSTRAINT one_event_or_a_bundle CHECK (
        num_nulls(event_id, topic, key, type, subject) = CASE WHEN bundle IS NULL THEN 0 ELSE 5 END
    );

COMMENT ON COLUMN outbox.bundle IS 'several events, in their order; then the columns of a single one are NULL';
COMMENT ON COLUMN outbox.events IS 'how many the row holds';
