-- What was measured, what else was done, which applications use what, and with which factors an organisation wants to be computed.

CREATE TABLE measurement_months (
    asset_id  uuid NOT NULL,
    month     integer NOT NULL,
    org_id    text NOT NULL,
    version   bigint NOT NULL,
    deleted   boolean NOT NULL,
    time_zone text NOT NULL,
    document  jsonb NOT NULL,
    PRIMARY KEY (asset_id, month)
);

CREATE INDEX measurement_months_organisation ON measurement_months (org_id);

SELECT tenant_isolation('measurement_months');

-- home_id is where the figures of an activity stand: its asset; its site (an asset-month of kind `site` under the id of the site); or its
-- organisation (kind `organisation`, under an id made from the organisation's: footprint.domain.activities).
CREATE TABLE activities (
    id       uuid PRIMARY KEY,
    org_id   text NOT NULL,
    version  bigint NOT NULL,
    deleted  boolean NOT NULL,
    home_id  uuid NOT NULL,
    asset_id uuid,
    site_id  uuid,
    activity text NOT NULL,
    starts   date NOT NULL,
    ends     date NOT NULL,
    document jsonb NOT NULL
);

CREATE INDEX activities_home ON activities (home_id);
CREATE INDEX activities_organisation ON activities (org_id);
CREATE INDEX activities_activity ON activities (activity);
CREATE INDEX activities_site ON activities (site_id) WHERE site_id IS NOT NULL;

SELECT tenant_isolation('activities');

-- The sites and organisations that have, or had, activities of their own.
CREATE TABLE homes (
    home_id uuid PRIMARY KEY,
    org_id  text NOT NULL
);

SELECT tenant_isolation('homes');

CREATE TABLE applications (
    id       uuid PRIMARY KEY,
    org_id   text NOT NULL,
    version  bigint NOT NULL,
    deleted  boolean NOT NULL,
    code     text NOT NULL,
    name     text NOT NULL,
    users    integer
);

CREATE INDEX applications_organisation ON applications (org_id, code);

SELECT tenant_isolation('applications');

-- What each application claims of which machine, and when: Unix seconds, half-open; ends NULL is still.
CREATE TABLE claims (
    application_id uuid NOT NULL,
    asset_id       uuid NOT NULL,
    org_id         text NOT NULL,
    starts         bigint NOT NULL,
    ends           bigint,
    weight         double precision NOT NULL
);

CREATE INDEX claims_application ON claims (application_id);
CREATE INDEX claims_asset ON claims (asset_id);

SELECT tenant_isolation('claims');

CREATE TABLE overrides (
    org_id   text NOT NULL,
    id       text NOT NULL,
    version  bigint NOT NULL,
    status   text NOT NULL,
    activity text NOT NULL,
    region   text,
    document jsonb NOT NULL,
    PRIMARY KEY (org_id, id, version)
);

SELECT tenant_isolation('overrides');

-- Frozen releases of the catalogue, as heard in parts; complete when all are there. They belong to no organisation.
CREATE TABLE release_parts (
    name  text NOT NULL,
    part  integer NOT NULL,
    parts integer NOT NULL,
    PRIMARY KEY (name, part)
);

CREATE TABLE release_factors (
    name     text NOT NULL,
    id       text NOT NULL,
    version  integer NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (name, id, version)
);

CREATE INDEX release_factors_version ON release_factors (id, version);

ALTER TABLE placements ADD COLUMN ram_gib double precision;
ALTER TABLE placements ADD COLUMN disk_gib double precision;

-- What an organisation decided for its own figures. factor_release NULL: the present catalogue.
CREATE TABLE organisation_settings (
    org_id         text PRIMARY KEY,
    version        integer NOT NULL,
    factor_release text,
    changed_at     timestamptz NOT NULL DEFAULT now(),
    changed_by     text NOT NULL
);

SELECT tenant_isolation('organisation_settings');

ALTER TABLE changes DROP CONSTRAINT changes_kind_check;
ALTER TABLE changes ADD CONSTRAINT changes_kind_check
    CHECK (kind IN ('organisation', 'site', 'factor', 'override', 'measurement', 'activity', 'application'));

-- Uncertainty that adds up: a figure's spread is that of the factor it shares with others (`factor`) and that of what is known of the
-- activity (`source`: shared with others as well where it is a default of the catalogue, its own where it is ''). Within one factor or
-- source, spreads add; between them, their squares do.
ALTER TABLE figures ADD COLUMN factor text NOT NULL DEFAULT '';
ALTER TABLE figures ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE figures ADD COLUMN factor_ln_gsd2 double precision NOT NULL DEFAULT 0;
ALTER TABLE figures ADD COLUMN source_ln_gsd2 double precision NOT NULL DEFAULT 0;

ALTER TABLE organisation_months ADD COLUMN factor text NOT NULL DEFAULT '';
ALTER TABLE organisation_months ADD COLUMN source text NOT NULL DEFAULT '';
ALTER TABLE organisation_months ADD COLUMN factor_weighted numeric NOT NULL DEFAULT 0;
ALTER TABLE organisation_months ADD COLUMN source_weighted numeric NOT NULL DEFAULT 0;
ALTER TABLE organisation_months ADD COLUMN source_squares numeric NOT NULL DEFAULT 0;

COMMENT ON COLUMN organisation_months.factor_weighted IS 'Σ of figure × ln GSD² of its factor, in billionths';
COMMENT ON COLUMN organisation_months.source_weighted IS 'Σ of figure × ln GSD² of its source, in billionths: for sources that are shared';
COMMENT ON COLUMN organisation_months.source_squares IS
    'Σ of (figure × ln GSD² of its source)², in billionths of billionths: for sources that each asset has for itself';

ALTER TABLE organisation_months DROP CONSTRAINT organisation_months_key;
ALTER TABLE organisation_months ADD CONSTRAINT organisation_months_key UNIQUE NULLS NOT DISTINCT
    (org_id, month, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source, restates);

CREATE FUNCTION square_billionths(value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round((value * 1e9)::numeric) * round((value * 1e9)::numeric) $$;

COMMENT ON FUNCTION square_billionths IS 'The square of a figure as a whole number of billionths of billionths.';

-- What the applications claim of an asset-month, in billionths: of each figure the claims add up to it exactly when all of it is claimed.
CREATE TABLE application_figures (
    asset_id       uuid NOT NULL,
    month          integer NOT NULL,
    org_id         text NOT NULL,
    application_id uuid NOT NULL,
    stage          text NOT NULL,
    criterion      text NOT NULL,
    basis          text NOT NULL,
    share          text NOT NULL,
    scope          smallint NOT NULL,
    ghg_category   text NOT NULL,
    beges_item     text NOT NULL,
    factor         text NOT NULL,
    source         text NOT NULL,
    billionths     bigint NOT NULL,
    factor_ln_gsd2 double precision NOT NULL,
    source_ln_gsd2 double precision NOT NULL
) PARTITION BY RANGE (month);

CREATE INDEX application_figures_asset ON application_figures (asset_id);
CREATE INDEX application_figures_application ON application_figures (application_id);

SELECT tenant_isolation('application_figures');

SELECT guard_closed_months('application_figures');

-- Their roll-up, kept like organisation_months. What an organisation's assets weigh beyond it is claimed by no application.
CREATE TABLE application_months (
    org_id          text NOT NULL,
    month           integer NOT NULL,
    application_id  uuid NOT NULL,
    stage           text NOT NULL,
    criterion       text NOT NULL,
    basis           text NOT NULL,
    share           text NOT NULL,
    scope           smallint NOT NULL,
    ghg_category    text NOT NULL,
    beges_item      text NOT NULL,
    factor          text NOT NULL,
    source          text NOT NULL,
    billionths      numeric NOT NULL,
    figures         bigint NOT NULL,
    factor_weighted numeric NOT NULL,
    source_weighted numeric NOT NULL,
    source_squares  numeric NOT NULL,
    CONSTRAINT application_months_key UNIQUE
        (org_id, month, application_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source)
) WITH (fillfactor = 50);

SELECT tenant_isolation('application_months');

SELECT guard_closed_months('application_months');

ALTER TABLE asset_months ADD COLUMN claims_digest bytea;

-- Over which life the making was spread: a closed month tells with which it was closed.
ALTER TABLE asset_months ADD COLUMN life_start bigint;
ALTER TABLE asset_months ADD COLUMN spread_days double precision;

COMMENT ON COLUMN asset_months.claims_digest IS 'Of what applications claim of it; NULL where none does.';

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
        FOREACH parent IN ARRAY ARRAY['asset_months', 'figures', 'application_figures'] LOOP
            partition := format('%s_%s_%s', parent, number / 12, lpad((number % 12 + 1)::text, 2, '0'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
            PERFORM tenant_isolation(partition);
            PERFORM guard_closed_months(partition);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, partition, number, number + 1);
        END LOOP;
    END LOOP;
END $$;
