-- Closed months, and what became known of them afterwards.
--
-- A month is closed once and for all, the earlier ones before it or with it. Its rows in `asset_months`, `figures` and
-- `organisation_months` then never change: calculators put what they find of it into `restatements`, which count in the first month that
-- is still open, and a trigger refuses everything else. Closing takes the organisation's lock exclusively and calculators take it shared,
-- so that none writes a month while it is closed, and each sees afterwards that it is.

CREATE TABLE periods (
    org_id         text NOT NULL,
    month          integer NOT NULL,
    version        bigint NOT NULL,
    closed_at      timestamptz NOT NULL,
    closed_by      text NOT NULL,
    method_version text NOT NULL,
    PRIMARY KEY (org_id, month)
);

SELECT tenant_isolation('periods');

-- Append-only: what was known of an asset in a closed month from `recorded_at` on. `counted_in` is the month that was open then.
CREATE TABLE restatements (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id               text NOT NULL,
    asset_id             uuid NOT NULL,
    month                integer NOT NULL,
    counted_in           integer NOT NULL CHECK (counted_in > month),
    recorded_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    digest               bytea NOT NULL,
    removed              boolean NOT NULL,
    kind                 text NOT NULL,
    quantity             double precision NOT NULL,
    kwh                  double precision,
    embodied_evidence    text NOT NULL,
    energy_evidence      text NOT NULL,
    electricity_evidence text NOT NULL,
    notices              integer NOT NULL,
    factor_ids           text[] NOT NULL,
    factor_versions      integer[] NOT NULL,
    method_version       text NOT NULL,
    causes               text[] NOT NULL,
    figures              jsonb NOT NULL
);

CREATE INDEX restatements_asset ON restatements (asset_id, month, id);
CREATE INDEX restatements_month ON restatements (org_id, month, id);

SELECT tenant_isolation('restatements');

-- By how much each restatement moved each line, and why. A line is moved in whole billionths, so that closed figures and differences
-- add up exactly to what is known now.
CREATE TABLE restated_figures (
    restatement_id bigint NOT NULL REFERENCES restatements,
    org_id         text NOT NULL,
    asset_id       uuid NOT NULL,
    month          integer NOT NULL,
    counted_in     integer NOT NULL,
    recorded_at    timestamptz NOT NULL,
    kind           text NOT NULL,
    site_id        uuid,
    stage          text NOT NULL,
    criterion      text NOT NULL,
    basis          text NOT NULL,
    share          text NOT NULL,
    scope          smallint NOT NULL,
    ghg_category   text NOT NULL,
    beges_item     text NOT NULL,
    reason         text NOT NULL CHECK (reason IN ('inventory', 'measurement', 'factor', 'method')),
    billionths     numeric NOT NULL
);

CREATE INDEX restated_figures_month ON restated_figures (org_id, month);
CREATE INDEX restated_figures_counted ON restated_figures (org_id, counted_in);
CREATE INDEX restated_figures_asset ON restated_figures (asset_id);
CREATE INDEX restated_figures_restatement ON restated_figures (restatement_id);

SELECT tenant_isolation('restated_figures');

-- The roll-up counts restatements in the month that was open, apart from that month's own figures.
ALTER TABLE organisation_months ADD COLUMN restates integer;
COMMENT ON COLUMN organisation_months.restates IS 'The closed month that these amounts correct; NULL for the month''s own figures.';
DO $$
BEGIN
    EXECUTE (
        SELECT format('ALTER TABLE organisation_months DROP CONSTRAINT %I', conname)
        FROM pg_constraint
        WHERE conrelid = 'organisation_months'::regclass AND contype = 'u'
    );
END $$;
ALTER TABLE organisation_months
    ADD CONSTRAINT organisation_months_key UNIQUE NULLS NOT DISTINCT (
        org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, restates
    );

-- What was heard that set a mark: the reason of a difference that no factor explains.
ALTER TABLE marks ADD COLUMN cause text NOT NULL DEFAULT 'inventory' CHECK (cause IN ('inventory', 'measurement', 'factor', 'method'));

CREATE FUNCTION refuse_closed_months() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    closed record;
BEGIN
    SELECT written.org_id, written.month INTO closed
    FROM (SELECT DISTINCT org_id, month FROM written) AS written
    JOIN periods ON periods.org_id = written.org_id AND periods.month = written.month
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'month %-% of % is closed and never changes', closed.month / 12, lpad((closed.month % 12 + 1)::text, 2, '0'), closed.org_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION guard_closed_months(table_name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER closed_inserted AFTER INSERT ON %I REFERENCING NEW TABLE AS written
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_months()', table_name);
    EXECUTE format('CREATE TRIGGER closed_updated AFTER UPDATE ON %I REFERENCING OLD TABLE AS written
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_months()', table_name);
    EXECUTE format('CREATE TRIGGER closed_deleted AFTER DELETE ON %I REFERENCING OLD TABLE AS written
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_months()', table_name);
END $$;

COMMENT ON FUNCTION guard_closed_months IS
    'Statements that write rows of a closed month into the table are refused. Statements are checked, not rows: one look at `periods` each.';

SELECT guard_closed_months('asset_months');
SELECT guard_closed_months('figures');
SELECT guard_closed_months('organisation_months');

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER restatements_only_grow BEFORE UPDATE OR DELETE ON restatements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER restated_figures_only_grow BEFORE UPDATE OR DELETE ON restated_figures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER closed_for_good BEFORE DELETE ON periods
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who writes straight into a partition is stopped as well.
CREATE OR REPLACE FUNCTION ensure_month_partitions(first_month integer, last_month integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    parent text;
    partition text;
BEGIN
    IF first_month < 1989 * 12 OR last_month >= 2101 * 12 THEN
        RAISE EXCEPTION 'months % to % are outside 1989 to 2100', first_month, last_month;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.month_partitions'));
    FOR number IN first_month .. last_month LOOP
        FOREACH parent IN ARRAY ARRAY['asset_months', 'figures'] LOOP
            partition := format('%s_%s_%s', parent, number / 12, lpad((number % 12 + 1)::text, 2, '0'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
            PERFORM tenant_isolation(partition);
            PERFORM guard_closed_months(partition);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, partition, number, number + 1);
        END LOOP;
    END LOOP;
END $$;

DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN
        SELECT inhrelid FROM pg_inherits WHERE inhparent IN ('asset_months'::regclass, 'figures'::regclass)
    LOOP
        PERFORM guard_closed_months(partition::text);
    END LOOP;
END $$;
