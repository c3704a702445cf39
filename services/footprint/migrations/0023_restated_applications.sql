-- What becomes known of a closed month reaches the applications that used it: by how much each uses more or less of it is kept like
-- `restated_figures`, and counted in the month that is open then. See docs/decisions/0104-restated-applications.md.

-- Append-only: what applications use of a closed asset-month as now known, less what they used of it as known before.
CREATE TABLE restated_application_figures (
    restatement_id bigint NOT NULL REFERENCES restatements,
    org_id         text NOT NULL,
    asset_id       uuid NOT NULL,
    application_id uuid NOT NULL,
    month          integer NOT NULL,
    counted_in     integer NOT NULL CHECK (counted_in > month),
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
    billionths     bigint NOT NULL,
    kwh            bigint NOT NULL
);

CREATE INDEX restated_application_figures_asset ON restated_application_figures (asset_id, month);
CREATE INDEX restated_application_figures_application ON restated_application_figures (application_id, asset_id);
CREATE INDEX restated_application_figures_restatement ON restated_application_figures (restatement_id);

SELECT tenant_isolation('restated_application_figures');

CREATE TRIGGER restated_application_figures_only_grow BEFORE UPDATE OR DELETE ON restated_application_figures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Their roll-up, by the month that counts them: few rows beside `application_years`, whose own months they are no part of.
CREATE TABLE application_restatements (
    org_id         text NOT NULL,
    month          integer NOT NULL,
    application_id uuid NOT NULL,
    kind           text NOT NULL,
    site_id        uuid,
    stage          text NOT NULL,
    criterion      text NOT NULL,
    basis          text NOT NULL,
    share          text NOT NULL,
    scope          smallint NOT NULL,
    ghg_category   text NOT NULL,
    beges_item     text NOT NULL,
    restates       integer NOT NULL,
    billionths     bigint NOT NULL,
    figures        integer NOT NULL,
    kwh            bigint NOT NULL,
    CONSTRAINT application_restatements_key UNIQUE NULLS NOT DISTINCT
        (org_id, month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, restates)
) WITH (fillfactor = 50);

COMMENT ON COLUMN application_restatements.restates IS 'The closed month that these amounts correct.';

SELECT tenant_isolation('application_restatements');

SELECT guard_closed_months('application_restatements');

-- Read beside the months' own amounts. A process of the version before sees them in its sums, and so the groups that it tells add up.
DO $$
DECLARE
    months text := '';
BEGIN
    FOR month IN 1 .. 12 LOOP
        months := months || CASE month WHEN 1 THEN '' ELSE ', ' END || format(
            '(%1$s, billionths_%1$s, figures_%1$s, factor_weighted_%1$s, source_weighted_%1$s, source_squares_%1$s, kwh_%1$s)', month);
    END LOOP;
    EXECUTE format('
        CREATE OR REPLACE VIEW applications_by_month WITH (security_invoker = true) AS
        SELECT
            org_id, year * 12 + number - 1 AS month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category,
            beges_item, factor, source, billionths, figures, factor_weighted, source_weighted, source_squares, kwh, NULL::integer AS restates
        FROM application_years CROSS JOIN LATERAL (VALUES %s)
            AS months (number, billionths, figures, factor_weighted, source_weighted, source_squares, kwh)
        UNION ALL
        SELECT
            org_id, month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, '''', '''',
            billionths, figures, 0, 0, 0, kwh, restates
        FROM application_restatements', months);
END $$;

COMMENT ON VIEW applications_by_month IS
    'What applications use, a row for each month of application_years, and what corrects closed months in the months that count it.';

-- What tells apart what applications use of the month as known from then on. A calculator of the version before does not tell it: its
-- restatements wait (they are retried, as after a conflict) for a calculator that does.
ALTER TABLE restatements ADD COLUMN claims_digest bytea;

COMMENT ON COLUMN restatements.claims_digest IS
    'Of what applications use of it; NULL where none does, and of restatements recorded before what they use was restated.';

CREATE FUNCTION refuse_unclaimed() RETURNS bytea
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'restatements are written with what applications use' USING ERRCODE = 'serialization_failure';
END $$;

ALTER TABLE restatements ALTER COLUMN claims_digest SET DEFAULT refuse_unclaimed();

-- What applications use of closed months was left as it was closed until now: it is compared once with what is known, and what differs is
-- restated in the month that is open.
INSERT INTO marks (asset_id, priority)
SELECT asset_id, 1
FROM (
    SELECT claims.asset_id
    FROM claims
    JOIN assets ON assets.id = claims.asset_id
    WHERE EXISTS (SELECT FROM periods WHERE periods.org_id = assets.org_id)
    UNION
    SELECT asset_id
    FROM asset_months
    WHERE claims_digest IS NOT NULL
      AND EXISTS (SELECT FROM periods WHERE periods.org_id = asset_months.org_id AND periods.month >= asset_months.month)
) AS used
ORDER BY asset_id;
