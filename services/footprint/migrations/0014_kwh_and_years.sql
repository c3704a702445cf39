-- Every sum tells its kWh, and what applications use is rolled up by years. See docs/decisions/0085-years-of-applications.md and
-- docs/decisions/0087-kwh-beside-sums.md. What is stored already is filled in, closed months included: not one gram changes.

-- A calculator of the version before tells no kWh. While versions run side by side its writes wait (they are retried, as after a conflict)
-- for one that does.
CREATE FUNCTION refuse_unmeasured() RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'figures are written with their kWh' USING ERRCODE = 'serialization_failure';
END $$;

-- Nobody writes from here to the end: what the version before wrote last is in what is filled in below.
ALTER TABLE figures ADD COLUMN kwh bigint NOT NULL DEFAULT 0;
ALTER TABLE restated_figures ADD COLUMN kwh bigint NOT NULL DEFAULT 0;
ALTER TABLE application_figures ADD COLUMN kwh bigint NOT NULL DEFAULT 0;
ALTER TABLE organisation_months ADD COLUMN kwh numeric NOT NULL DEFAULT 0;

COMMENT ON COLUMN figures.kwh IS
    'Billionths of the kWh behind a figure of electricity (whose basis is not both), at the meter of the site.';

-- Closed months are written here, once: not their figures, but the kWh behind them.
ALTER TABLE ONLY figures DISABLE TRIGGER USER;
ALTER TABLE ONLY organisation_months DISABLE TRIGGER USER;
ALTER TABLE restated_figures DISABLE TRIGGER USER;

-- The energy of an asset-month beside its figures of each criterion and basis: where there are several, in proportion to them. Pieces add up
-- to it.
CREATE TEMP TABLE measured ON COMMIT DROP AS
SELECT
    asset_id, month, asset_months.org_id, asset_months.kind, asset_months.site_id AS home, criterion, basis, figures.site_id, share, scope,
    ghg_category, beges_item,
    billionths(asset_months.kwh) AS whole,
    sum(weight) OVER line AS reaches,
    sum(weight) OVER kind AS weights,
    weight,
    row_number() OVER line AS number,
    count(*) FILTER (WHERE criterion = 'gwp' AND basis = 'location') OVER asset_month AS counted,
    min(factor) OVER kind IS DISTINCT FROM max(factor) OVER kind AS mixed,
    EXISTS (SELECT FROM periods WHERE periods.org_id = asset_months.org_id AND periods.month = asset_months.month) AS closed
FROM asset_months
LEFT JOIN (
    SELECT asset_id, month, criterion, basis, site_id, share, scope, ghg_category, beges_item, factor, value::numeric AS weight
    FROM figures
    WHERE stage = 'use'
      AND basis <> 'both'
) AS figures USING (asset_id, month)
WHERE asset_months.kwh > 0
  AND NOT removed
WINDOW
    asset_month AS (PARTITION BY asset_id, month),
    kind AS (PARTITION BY asset_id, month, criterion, basis),
    line AS (PARTITION BY asset_id, month, criterion, basis ORDER BY share, scope, ghg_category, beges_item, figures.site_id);

UPDATE figures
SET kwh = CASE
    WHEN weights > 0 THEN div(whole * reaches, weights) - div(whole * (reaches - measured.weight), weights)
    WHEN number = 1 THEN whole
    ELSE 0
END
FROM measured
WHERE figures.asset_id = measured.asset_id
  AND figures.month = measured.month
  AND stage = 'use'
  AND (figures.criterion, figures.basis, figures.share, figures.scope, figures.ghg_category, figures.beges_item)
    = (measured.criterion, measured.basis, measured.share, measured.scope, measured.ghg_category, measured.beges_item)
  AND figures.site_id IS NOT DISTINCT FROM measured.site_id;

-- Electricity without a factor has no such figure: it stands for itself, in kWh.
INSERT INTO figures (
    asset_id, month, org_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, value, ln_gsd2, factor,
    factor_ln_gsd2, source, source_ln_gsd2, kwh
)
SELECT DISTINCT
    asset_id, month, org_id, kind, home, 'use', 'energy', 'location', 'own', 2, '2', '2.1', (whole / 1e9)::double precision, 0, '', 0, '', 0, whole
FROM measured
WHERE closed
  AND counted = 0;

-- Where its month is open its line is computed, and so is what was cut in proportion to figures of several factors.
WITH cut AS (
    SELECT DISTINCT asset_id, month
    FROM measured
    WHERE NOT closed
      AND (counted = 0 OR mixed)
), forgotten AS (
    UPDATE asset_months
    SET digest = ''
    FROM cut
    WHERE asset_months.asset_id = cut.asset_id
      AND asset_months.month = cut.month
)
INSERT INTO marks (asset_id, priority)
SELECT DISTINCT asset_id, 1 FROM cut;

-- By how much restatements moved the energy of an asset: told with the first of the lines of each criterion and basis.
UPDATE restated_figures
SET kwh = moved.kwh
FROM (
    SELECT
        id,
        coalesce(billionths(restatements.kwh), 0) - coalesce(
            lag(coalesce(billionths(restatements.kwh), 0)) OVER (PARTITION BY asset_id, month ORDER BY id),
            (
                SELECT billionths(closed.kwh)
                FROM asset_months AS closed
                WHERE closed.asset_id = restatements.asset_id
                  AND closed.month = restatements.month
                  AND NOT closed.removed
            ),
            0
        ) AS kwh
    FROM restatements
) AS moved
JOIN (
    SELECT restatement_id, min(ctid) AS place
    FROM restated_figures
    WHERE stage = 'use'
      AND basis <> 'both'
    GROUP BY restatement_id, criterion, basis
) AS line ON line.restatement_id = moved.id
WHERE restated_figures.ctid = line.place
  AND moved.kwh <> 0;

-- The roll-up follows.
INSERT INTO organisation_months (
    org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, restates, billionths,
    figures, kwh
)
SELECT
    org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, NULL::integer,
    CASE criterion WHEN 'energy' THEN sum(kwh) ELSE 0 END, CASE criterion WHEN 'energy' THEN count(*) ELSE 0 END, sum(kwh)
FROM figures
WHERE kwh <> 0
GROUP BY org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source
UNION ALL
SELECT
    org_id, counted_in, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, '', '', month, 0, 0, sum(kwh)
FROM restated_figures
WHERE kwh <> 0
GROUP BY org_id, counted_in, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, month
ON CONFLICT (
    org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, restates
) DO UPDATE
SET kwh = excluded.kwh;

-- What applications use of a figure they use of the electricity behind it.
ALTER TABLE ONLY application_figures DISABLE TRIGGER USER;

UPDATE application_figures
SET kwh = piece
FROM (
    SELECT
        claim.ctid AS place,
        claim.tableoid AS part,
        div(figures.kwh * least(sum(claim.billionths) OVER line, billionths(value)), billionths(value))
            - div(figures.kwh * least(sum(claim.billionths) OVER line - claim.billionths, billionths(value)), billionths(value)) AS piece
    FROM application_figures AS claim
    JOIN figures USING (asset_id, month, stage, criterion, basis, share, scope, ghg_category, beges_item)
    WHERE figures.site_id IS NOT DISTINCT FROM claim.site_id
      AND figures.kwh <> 0
      AND billionths(value) > 0
    WINDOW line AS (
        PARTITION BY asset_id, month, claim.site_id, share, scope, ghg_category, beges_item ORDER BY application_id
    )
) AS used
WHERE application_figures.ctid = place
  AND application_figures.tableoid = part;

ALTER TABLE ONLY application_figures ENABLE TRIGGER USER;
ALTER TABLE restated_figures ENABLE TRIGGER USER;
ALTER TABLE ONLY organisation_months ENABLE TRIGGER USER;
ALTER TABLE ONLY figures ENABLE TRIGGER USER;
ALTER TABLE organisation_months ALTER COLUMN kwh SET DEFAULT refuse_unmeasured()::numeric;
ALTER TABLE application_figures ALTER COLUMN kwh SET DEFAULT refuse_unmeasured()::bigint;

-- The roll-up of what applications use has a row for a year, with the amounts of its months in columns: totals of two years read a twelfth of
-- the rows, and a computation, which writes most months of a year at once, writes fewer too.
CREATE TABLE application_years (
    org_id         text NOT NULL,
    year           integer NOT NULL,
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
    factor         text NOT NULL,
    source         text NOT NULL,
    CONSTRAINT application_years_key UNIQUE NULLS NOT DISTINCT
        (org_id, year, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source)
) WITH (fillfactor = 50);

COMMENT ON TABLE application_years IS
    'billionths_1 to billionths_12 are those of January to December, in whole billionths of the unit, and so are the other amounts.';

SELECT tenant_isolation('application_years');

-- And read month by month, as it was kept before.
DO $$
DECLARE
    months text := '';
    sums text := '';
    amounts text := '';
    bounded text := '';
BEGIN
    FOR month IN 1 .. 12 LOOP
        EXECUTE format('ALTER TABLE application_years
            ADD COLUMN billionths_%1$s bigint NOT NULL DEFAULT 0,
            ADD COLUMN figures_%1$s integer NOT NULL DEFAULT 0,
            ADD COLUMN factor_weighted_%1$s bigint NOT NULL DEFAULT 0,
            ADD COLUMN source_weighted_%1$s bigint NOT NULL DEFAULT 0,
            ADD COLUMN source_squares_%1$s numeric NOT NULL DEFAULT 0,
            ADD COLUMN kwh_%1$s bigint NOT NULL DEFAULT 0', month);
        amounts := amounts || format(
            ', billionths_%1$s, figures_%1$s, factor_weighted_%1$s, source_weighted_%1$s, source_squares_%1$s, kwh_%1$s', month);
        bounded := bounded || CASE month WHEN 1 THEN '' ELSE ', ' END || format(
            'abs(billionths_%1$s), abs(factor_weighted_%1$s), abs(source_weighted_%1$s), abs(kwh_%1$s)', month);
        sums := sums || format(
            ', coalesce(sum(billionths) FILTER (WHERE number = %1$s), 0), coalesce(sum(figures) FILTER (WHERE number = %1$s), 0)
             , coalesce(sum(factor_weighted) FILTER (WHERE number = %1$s), 0), coalesce(sum(source_weighted) FILTER (WHERE number = %1$s), 0)
             , coalesce(sum(source_squares) FILTER (WHERE number = %1$s), 0), coalesce(sum(kwh) FILTER (WHERE number = %1$s), 0)', month);
        months := months || CASE month WHEN 1 THEN '' ELSE ', ' END || format(
            '(%1$s, billionths_%1$s, figures_%1$s, factor_weighted_%1$s, source_weighted_%1$s, source_squares_%1$s, kwh_%1$s)', month);
    END LOOP;
    -- Twelve months of 700,000 t (or 700 GWh) add up within a bigint.
    EXECUTE format('ALTER TABLE application_years ADD CONSTRAINT months_add_up CHECK (greatest(%s) < 700000000000000000)', bounded);
    EXECUTE format('
        CREATE VIEW applications_by_month WITH (security_invoker = true) AS
        SELECT
            org_id, year * 12 + number - 1 AS month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category,
            beges_item, factor, source, billionths, figures, factor_weighted, source_weighted, source_squares, kwh
        FROM application_years CROSS JOIN LATERAL (VALUES %s)
            AS months (number, billionths, figures, factor_weighted, source_weighted, source_squares, kwh)', months);
    EXECUTE format('
        INSERT INTO application_years (
            org_id, year, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source %s
        )
        SELECT
            org_id, month / 12, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source %s
        FROM (
            SELECT
                org_id, month, month %% 12 + 1 AS number, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category,
                beges_item, factor, source, billionths, figures, factor_weighted, source_weighted, source_squares, 0 AS kwh
            FROM application_months
            UNION ALL
            SELECT
                org_id, month, month %% 12 + 1, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item,
                factor, source, 0, 0, 0, 0, 0, kwh
            FROM application_figures
            WHERE kwh <> 0
        ) AS used
        GROUP BY
            org_id, month / 12, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source',
        amounts, sums);
END $$;

COMMENT ON VIEW applications_by_month IS 'What applications use, a row for each month of application_years.';
COMMENT ON TABLE application_months IS
    'What application_years has taken the place of: read by the version before while versions run side by side, written by nobody.';

-- Of a year, the months that are closed never change. The earlier months of the year are closed as well, so they come first.
CREATE FUNCTION months_of_year(whole application_years, months integer) RETURNS numeric[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(billionths ORDER BY number) || array_agg(figures ORDER BY number)
    FROM (VALUES
        (1, whole.billionths_1, whole.figures_1::numeric), (2, whole.billionths_2, whole.figures_2), (3, whole.billionths_3, whole.figures_3),
        (4, whole.billionths_4, whole.figures_4), (5, whole.billionths_5, whole.figures_5), (6, whole.billionths_6, whole.figures_6),
        (7, whole.billionths_7, whole.figures_7), (8, whole.billionths_8, whole.figures_8), (9, whole.billionths_9, whole.figures_9),
        (10, whole.billionths_10, whole.figures_10), (11, whole.billionths_11, whole.figures_11), (12, whole.billionths_12, whole.figures_12)
    ) AS amounts (number, billionths, figures)
    WHERE number <= months
$$;

CREATE FUNCTION refuse_closed_months_of_year() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    org text := coalesce(NEW.org_id, OLD.org_id);
    year integer := coalesce(NEW.year, OLD.year);
    closed integer := (SELECT max(month) + 1 - year * 12 FROM periods WHERE org_id = org);
    nothing numeric[] := array_fill(0::numeric, ARRAY[2 * greatest(least(closed, 12), 0)]);
BEGIN
    IF closed > 0 THEN
        IF (
            CASE TG_OP WHEN 'INSERT' THEN nothing ELSE months_of_year(OLD, closed) END
            <> CASE TG_OP WHEN 'DELETE' THEN nothing ELSE months_of_year(NEW, closed) END
        ) THEN
            RAISE EXCEPTION 'the first % months of % of % are closed and never change', least(closed, 12), year, org
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER closed_kept AFTER INSERT OR UPDATE OR DELETE ON application_years
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_months_of_year();

-- A calculator of the version before is made to wait: its write fails like a conflict, and is retried until it is replaced.
CREATE FUNCTION refuse_rows_of_months() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what applications use is rolled up by years' USING ERRCODE = 'serialization_failure';
END $$;

CREATE TRIGGER rolled_up_by_years BEFORE INSERT ON application_months
    FOR EACH ROW EXECUTE FUNCTION refuse_rows_of_months();
