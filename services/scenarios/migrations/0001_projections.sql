-- What scenarios has heard of the other services: its own copies, each guarded by the version of the aggregate. A deletion
-- keeps its row, marked, so that a late older version cannot bring the aggregate back.

CREATE TABLE sites (
    id       uuid PRIMARY KEY,
    org_id   text NOT NULL,
    name     text NOT NULL,
    country  text NOT NULL,
    region   text,
    pue      jsonb NOT NULL,
    version  integer NOT NULL,
    deleted  boolean NOT NULL
);
SELECT tenant_isolation('sites');
COMMENT ON COLUMN sites.pue IS 'the values by date: [{"from": date or null, "to": date or null, "value": number}]';

CREATE TABLE assets (
    id                 uuid PRIMARY KEY,
    org_id             text NOT NULL,
    kind               text NOT NULL,
    name               text,
    quantity           integer NOT NULL,
    planned_life_years double precision,
    acquired           jsonb,
    declared           jsonb,
    support            jsonb,
    timeline           jsonb NOT NULL,
    version            integer NOT NULL,
    deleted            boolean NOT NULL
);
SELECT tenant_isolation('assets');
CREATE INDEX assets_of_organisation ON assets (org_id, kind) WHERE NOT deleted;

-- Factors belong to no organisation.
CREATE TABLE factors (
    id         text PRIMARY KEY,
    activity   text NOT NULL,
    criterion  text NOT NULL,
    stage      text,
    value      double precision NOT NULL,
    unit       text NOT NULL,
    region     text,
    valid_from date,
    valid_to   date,
    perimeter  text,
    status     text NOT NULL,
    version    integer NOT NULL
);
CREATE INDEX factors_by_activity ON factors (activity, region) WHERE status = 'published';

CREATE TABLE asset_months (
    asset_id uuid NOT NULL,
    month    date NOT NULL,
    org_id   text NOT NULL,
    kind     text NOT NULL,
    site_id  uuid,
    kwh      double precision NOT NULL,
    stages   jsonb NOT NULL,
    version  integer NOT NULL,
    deleted  boolean NOT NULL,
    PRIMARY KEY (asset_id, month)
);
SELECT tenant_isolation('asset_months');
CREATE INDEX asset_months_of_organisation ON asset_months (org_id, month) WHERE NOT deleted;
COMMENT ON COLUMN asset_months.month IS 'first day of the local month';
COMMENT ON COLUMN asset_months.stages IS 'the emissions by stage, as published by footprint';
