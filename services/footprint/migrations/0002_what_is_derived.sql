-- How a change finds what it touches, whatever commits first.
--
-- A consumer's transaction notes what changed: the asset itself and the hosts concerned in `marks`, an organisation, site or factor in
-- `changes`. What else that touches is looked up later, by the calculators, in a statement that starts after the note was committed. Say
-- a machine V and its host H are heard at the same time by two consumers, and neither sees the other's rows. Whichever commits last, its
-- mark is taken when both are visible: V's own mark, or the mark of H, which is widened to every machine placed on H. The same holds for
-- an asset and its site, organisation or factors.

CREATE TABLE changes (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('organisation', 'site', 'factor')),
    key  text NOT NULL
);

-- Consumers only ever insert marks, and calculators delete only those that they have seen in the snapshot they computed from: a mark set
-- meanwhile stays. priority 0 is live, 1 bulk. A mark of an asset that is not known yet may be dropped: the asset will bring its own.
CREATE TABLE marks (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset_id  uuid NOT NULL,
    priority  smallint NOT NULL CHECK (priority IN (0, 1)),
    marked_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX marks_order ON marks (priority, id);
CREATE INDEX marks_asset ON marks (asset_id);

-- One row per asset, which a calculator locks while it computes the asset: two never compute the same one at a time, and consumers, which
-- never lock these rows, never wait for a calculator.
CREATE TABLE calculations (
    asset_id uuid PRIMARY KEY
);

-- Months are year × 12 + month − 1 throughout.
CREATE TABLE asset_months (
    asset_id             uuid NOT NULL,
    month                integer NOT NULL,
    org_id               text NOT NULL,
    version              integer NOT NULL,
    removed              boolean NOT NULL,
    published            boolean NOT NULL,
    digest               bytea NOT NULL,
    kind                 text NOT NULL,
    quantity             double precision NOT NULL,
    status               text NOT NULL,
    site_id              uuid,
    host_id              uuid,
    kwh                  double precision,
    embodied_evidence    text NOT NULL,
    energy_evidence      text NOT NULL,
    electricity_evidence text NOT NULL,
    notices              integer NOT NULL,
    factor_ids           text[] NOT NULL,
    factor_versions      integer[] NOT NULL,
    method_version       text NOT NULL,
    computed_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (asset_id, month)
) PARTITION BY RANGE (month);

CREATE INDEX asset_months_servers ON asset_months (org_id, status) WHERE kind = 'server' AND NOT removed;

SELECT tenant_isolation('asset_months');

CREATE TABLE figures (
    asset_id     uuid NOT NULL,
    month        integer NOT NULL,
    org_id       text NOT NULL,
    kind         text NOT NULL,
    site_id      uuid,
    stage        text NOT NULL,
    criterion    text NOT NULL,
    basis        text NOT NULL CHECK (basis IN ('both', 'location', 'market')),
    share        text NOT NULL CHECK (share IN ('own', 'idle', 'sold')),
    scope        smallint NOT NULL CHECK (scope BETWEEN 1 AND 3),
    ghg_category text NOT NULL,
    beges_item   text NOT NULL,
    value        double precision NOT NULL,
    ln_gsd2      double precision NOT NULL
) PARTITION BY RANGE (month);

-- The figures of an asset-month are always replaced together, by whoever holds the asset's row in `calculations`.
CREATE INDEX figures_asset ON figures (asset_id);

SELECT tenant_isolation('figures');

-- The roll-up from which dashboards and totals are read, whatever the number of assets. It is kept in the transaction that changes the
-- figures, by adding what came and taking away what went. Amounts are whole billionths of the unit (µg of CO2e), each figure rounded by
-- itself: integers add up to the same whatever the order, so the roll-up always equals the sum over the figures, exactly. `figures` counts
-- them: a group without any is absent, a group of zeros is 0.
CREATE TABLE organisation_months (
    org_id       text NOT NULL,
    month        integer NOT NULL,
    kind         text NOT NULL,
    site_id      uuid,
    stage        text NOT NULL,
    criterion    text NOT NULL,
    basis        text NOT NULL,
    share        text NOT NULL,
    scope        smallint NOT NULL,
    ghg_category text NOT NULL,
    beges_item   text NOT NULL,
    billionths   numeric NOT NULL,
    figures      bigint NOT NULL,
    UNIQUE NULLS NOT DISTINCT (org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item)
) WITH (fillfactor = 50);

SELECT tenant_isolation('organisation_months');

CREATE FUNCTION billionths(value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(value * 1e9)::numeric $$;

COMMENT ON FUNCTION billionths IS 'A figure as a whole number of billionths of its unit: how each enters a sum.';

-- Partitions are made by their owner on behalf of the service, which may not create tables. Attaching a ready table waits for no reader.
CREATE FUNCTION ensure_month_partitions(first_month integer, last_month integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    parent text;
    partition text;
BEGIN
    IF first_month < 1990 * 12 OR last_month >= 2101 * 12 THEN
        RAISE EXCEPTION 'months % to % are outside 1990 to 2100', first_month, last_month;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.month_partitions'));
    FOR number IN first_month .. last_month LOOP
        FOREACH parent IN ARRAY ARRAY['asset_months', 'figures'] LOOP
            partition := format('%s_%s_%s', parent, number / 12, lpad((number % 12 + 1)::text, 2, '0'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
            PERFORM tenant_isolation(partition);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, partition, number, number + 1);
        END LOOP;
    END LOOP;
END $$;
