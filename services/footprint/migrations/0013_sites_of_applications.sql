-- What applications use is told by site and by kind too, as figures are. Nothing is computed anew for it: what is stored, closed months
-- included, is cut by the figures that it was claimed of. See docs/decisions/0083-applications-by-site-kind-and-asset.md.

-- A calculator of the version before tells neither site nor kind. While versions run side by side its writes wait (they are retried, as after
-- a conflict) for one that does.
CREATE FUNCTION refuse_unplaced() RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what applications use is written by site and kind' USING ERRCODE = 'serialization_failure';
END $$;

-- Each claim beside the figure that it is of: the one of its line, and of its factor and source where several are. Where a machine moved
-- within the month under one factor, there is one at each site: the claim is cut in proportion to them, and the pieces add up to it.
CREATE TEMP TABLE placed ON COMMIT DROP AS
SELECT
    claim.*,
    asset_months.kind,
    figure.site_id,
    coalesce(figure.sites, 1) AS sites,
    CASE
        WHEN figure.whole > 0
        THEN div(claim.billionths * figure.reaches, figure.whole) - div(claim.billionths * (figure.reaches - figure.amount), figure.whole)
        WHEN figure.number > 1 THEN 0
        ELSE claim.billionths
    END AS piece
FROM application_figures AS claim
JOIN asset_months USING (asset_id, month)
LEFT JOIN LATERAL (
    SELECT
        site_id,
        amount,
        sum(amount) OVER (ORDER BY site_id) AS reaches,
        sum(amount) OVER () AS whole,
        row_number() OVER (ORDER BY site_id) AS number,
        count(*) OVER () AS sites
    FROM (
        SELECT
            site_id,
            billionths(value) AS amount,
            rank() OVER (ORDER BY (factor = claim.factor AND source = claim.source) DESC) AS likeness
        FROM figures
        WHERE figures.asset_id = claim.asset_id
          AND figures.month = claim.month
          AND (stage, criterion, basis, share, scope, ghg_category, beges_item)
            = (claim.stage, claim.criterion, claim.basis, claim.share, claim.scope, claim.ghg_category, claim.beges_item)
    ) AS candidate
    WHERE likeness = 1
) AS figure ON true;

-- Closed months are written here, once: not their amounts, but where those were used.
ALTER TABLE ONLY application_figures DISABLE TRIGGER closed_inserted;
ALTER TABLE ONLY application_months DISABLE TRIGGER closed_inserted;

TRUNCATE application_figures;
ALTER TABLE application_figures ADD COLUMN kind text NOT NULL;
ALTER TABLE application_figures ADD COLUMN site_id uuid;

INSERT INTO application_figures (
    asset_id, month, org_id, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source,
    billionths, factor_ln_gsd2, source_ln_gsd2
)
SELECT
    asset_id, month, org_id, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source,
    piece, factor_ln_gsd2, source_ln_gsd2
FROM placed;

-- The assets of an application, page by page.
DROP INDEX application_figures_application;
CREATE INDEX application_figures_application ON application_figures (application_id, asset_id);

-- Sites and organisations with activities of their own stand among the assets of a page.
CREATE INDEX homes_organisation ON homes (org_id);

TRUNCATE application_months;
ALTER TABLE application_months ADD COLUMN kind text NOT NULL;
ALTER TABLE application_months ADD COLUMN site_id uuid;
ALTER TABLE application_months DROP CONSTRAINT application_months_key;
ALTER TABLE application_months ADD CONSTRAINT application_months_key UNIQUE NULLS NOT DISTINCT
    (org_id, month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source);

INSERT INTO application_months (
    org_id, month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, billionths,
    figures, factor_weighted, source_weighted, source_squares
)
SELECT
    org_id, month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source,
    sum(billionths), count(*), sum(round((billionths * factor_ln_gsd2)::numeric)),
    sum(CASE WHEN source = '' THEN 0 ELSE round((billionths * source_ln_gsd2)::numeric) END),
    sum(CASE WHEN source = '' THEN square_billionths(billionths * source_ln_gsd2 / 1e9) ELSE 0 END)
FROM application_figures
GROUP BY
    org_id, month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source;

ALTER TABLE ONLY application_figures ENABLE TRIGGER closed_inserted;
ALTER TABLE ONLY application_months ENABLE TRIGGER closed_inserted;
ALTER TABLE application_figures ALTER COLUMN kind SET DEFAULT refuse_unplaced();
ALTER TABLE application_months ALTER COLUMN kind SET DEFAULT refuse_unplaced();

-- What was cut in proportion is computed to the second where its month is open.
WITH cut AS (
    SELECT DISTINCT asset_id, month
    FROM placed
    WHERE sites > 1
      AND NOT EXISTS (SELECT FROM periods WHERE periods.org_id = placed.org_id AND periods.month = placed.month)
), forgotten AS (
    UPDATE asset_months
    SET claims_digest = ''
    FROM cut
    WHERE asset_months.asset_id = cut.asset_id
      AND asset_months.month = cut.month
)
INSERT INTO marks (asset_id, priority)
SELECT DISTINCT asset_id, 1 FROM cut;
