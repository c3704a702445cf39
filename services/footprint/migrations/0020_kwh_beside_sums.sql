-- Every sum tells the kWh behind it. What is stored already is filled in, closed months included: not one gram changes. See
-- docs/decisions/0087-kwh-beside-sums.md.

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

DO $$
DECLARE
    months text := '';
    sums text := '';
    sets text := '';
    bounded text := '';
BEGIN
    FOR month IN 1 .. 12 LOOP
        EXECUTE format('ALTER TABLE application_years ADD COLUMN kwh_%s bigint NOT NULL DEFAULT 0', month);
        sums := sums || format(', coalesce(sum(kwh) FILTER (WHERE month %% 12 = %1$s - 1), 0) AS kwh_%1$s', month);
        sets := sets || CASE month WHEN 1 THEN '' ELSE ', ' END || format('kwh_%1$s = used.kwh_%1$s', month);
        bounded := bounded || CASE month WHEN 1 THEN '' ELSE ', ' END || format(
            'abs(billionths_%1$s), abs(factor_weighted_%1$s), abs(source_weighted_%1$s), abs(kwh_%1$s)', month);
        months := months || CASE month WHEN 1 THEN '' ELSE ', ' END || format(
            '(%1$s, billionths_%1$s, figures_%1$s, factor_weighted_%1$s, source_weighted_%1$s, source_squares_%1$s, kwh_%1$s)', month);
    END LOOP;
    -- Twelve months of 700,000 t, or of 700 GWh, add up within a bigint.
    ALTER TABLE application_years DROP CONSTRAINT months_add_up;
    EXECUTE format('ALTER TABLE application_years ADD CONSTRAINT months_add_up CHECK (greatest(%s) < 700000000000000000)', bounded);
    EXECUTE format('
        CREATE OR REPLACE VIEW applications_by_month WITH (security_invoker = true) AS
        SELECT
            org_id, year * 12 + number - 1 AS month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category,
            beges_item, factor, source, billionths, figures, factor_weighted, source_weighted, source_squares, kwh
        FROM application_years CROSS JOIN LATERAL (VALUES %s)
            AS months (number, billionths, figures, factor_weighted, source_weighted, source_squares, kwh)', months);
    EXECUTE format('
        UPDATE application_years AS rolled
        SET %s
        FROM (
            SELECT
                org_id, month / 12 AS year, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item,
                factor, source %s
            FROM application_figures
            WHERE kwh <> 0
            GROUP BY
                org_id, month / 12, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor,
                source
        ) AS used
        WHERE rolled.site_id IS NOT DISTINCT FROM used.site_id
          AND (rolled.org_id, rolled.year, rolled.application_id, rolled.kind, rolled.stage, rolled.criterion, rolled.basis, rolled.share)
            = (used.org_id, used.year, used.application_id, used.kind, used.stage, used.criterion, used.basis, used.share)
          AND (rolled.scope, rolled.ghg_category, rolled.beges_item, rolled.factor, rolled.source)
            = (used.scope, used.ghg_category, used.beges_item, used.factor, used.source)', sets, sums);
END $$;

-- A line that comes new into a year has nothing in the months that are closed.
CREATE OR REPLACE FUNCTION refuse_closed_months_of_year() RETURNS trigger
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
