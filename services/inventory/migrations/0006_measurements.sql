-- What was measured of assets: samples as they were sent, and what is derived from them by day and month.

-- A sample covers [starts, ends); a reading of a counter has one instant, starts = ends. `channel` is one of several meters
-- that add up to the asset; '' measures all of it.
CREATE TABLE measurement_samples (
    asset_id    uuid NOT NULL,
    series      smallint NOT NULL,
    channel     text NOT NULL,
    starts      timestamptz NOT NULL,
    ends        timestamptz NOT NULL CHECK (ends >= starts),
    value       double precision NOT NULL CHECK (value >= 0 AND value < 'Infinity'),
    recorded_at timestamptz NOT NULL,
    org_id      text NOT NULL,
    PRIMARY KEY (asset_id, series, channel, starts, ends)
) PARTITION BY RANGE (starts);
SELECT tenant_isolation('measurement_samples');
COMMENT ON COLUMN measurement_samples.series IS 'metric and level, as inventory.domain.samples numbers them';

-- Samples that began long before a day may reach into it: few, and found through an index of their own.
CREATE INDEX measurement_samples_long ON measurement_samples (asset_id, starts)
    WHERE ends - starts > interval '2 hours';

-- What a sample said before another value for the same interval took its place.
CREATE TABLE measurement_replaced (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id    uuid NOT NULL,
    series      smallint NOT NULL,
    channel     text NOT NULL,
    starts      timestamptz NOT NULL,
    ends        timestamptz NOT NULL,
    value       double precision NOT NULL,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz NOT NULL,
    org_id      text NOT NULL
);
SELECT tenant_isolation('measurement_replaced');
CREATE INDEX measurement_replaced_of_asset ON measurement_replaced (asset_id, starts);

-- One row an asset that anything was ever measured of: whoever derives from its samples holds the lock on it.
CREATE TABLE measured_assets (
    asset_id uuid PRIMARY KEY REFERENCES assets,
    org_id   text NOT NULL
);
SELECT tenant_isolation('measured_assets');

-- What is to be derived anew: the samples within [starts, ends] changed. Only ever added to, so that writers do not wait.
CREATE TABLE measurement_marks (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id  uuid NOT NULL,
    starts    timestamptz NOT NULL,
    ends      timestamptz NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    org_id    text NOT NULL
);
SELECT tenant_isolation('measurement_marks');
CREATE INDEX measurement_marks_of_asset ON measurement_marks (asset_id);

-- The roll-up of one local day, as it is published, and what else is worth knowing of it.
CREATE TABLE measurement_days (
    asset_id    uuid NOT NULL,
    day         date NOT NULL,
    energy      jsonb NOT NULL,
    utilisation jsonb,
    resets      jsonb NOT NULL,
    samples     integer NOT NULL,
    seconds     integer NOT NULL,
    org_id      text NOT NULL,
    PRIMARY KEY (asset_id, day)
) PARTITION BY RANGE (day);
SELECT tenant_isolation('measurement_days');

-- The versions of what is published of a month. A month that was published keeps its row.
CREATE TABLE measurement_months (
    asset_id    uuid NOT NULL,
    month       date NOT NULL CHECK (extract(day FROM month) = 1),
    time_zone   text NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    digest      bytea NOT NULL,
    deleted     boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    org_id      text NOT NULL,
    PRIMARY KEY (asset_id, month)
);
SELECT tenant_isolation('measurement_months');
CREATE INDEX assets_merged ON assets (merged_into) WHERE merged_into IS NOT NULL;

-- An asset is measured under its own id and under those of the records that proved to be it.
CREATE FUNCTION measured_as(asset uuid) RETURNS TABLE (source_id uuid)
LANGUAGE sql STABLE ROWS 1 AS $$
    WITH RECURSIVE same (id) AS (
        SELECT asset
        UNION
        SELECT a.id FROM assets a JOIN same ON a.merged_into = same.id
    )
    SELECT id FROM same
$$;

CREATE INDEX asset_identities_by_name ON asset_identities (source, external_id);
CREATE INDEX measurement_months_recorded ON measurement_months (recorded_at, asset_id, month);

-- Partitions are made by their owner on behalf of the service, which may not create tables. Months count from year 0.
-- Samples go by months in UTC, days by their date.
CREATE FUNCTION ensure_measurement_partitions(first_month integer, last_month integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    parent    text;
    partition text;
    zone      text;
BEGIN
    IF first_month < 1989 * 12 OR last_month >= 2102 * 12 THEN
        RAISE EXCEPTION 'months % to % are outside 1989 to 2101', first_month, last_month;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.measurement_partitions'));
    FOR number IN first_month .. last_month LOOP
        FOREACH parent IN ARRAY ARRAY['measurement_samples', 'measurement_days'] LOOP
            partition := format('%s_%s_%s', parent, number / 12, lpad((number % 12 + 1)::text, 2, '0'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            zone := CASE parent WHEN 'measurement_samples' THEN ' 00:00+00' ELSE '' END;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
            PERFORM tenant_isolation(partition);
            EXECUTE format(
                'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, partition,
                make_date(number / 12, number % 12 + 1, 1) || zone,
                make_date((number + 1) / 12, (number + 1) % 12 + 1, 1) || zone);
        END LOOP;
    END LOOP;
END $$;
