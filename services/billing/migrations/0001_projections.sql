-- What billing has heard of the other services: its own copies, each guarded by the version of the aggregate. A deletion
-- keeps its row, marked, so that a late older version cannot bring the aggregate back.

CREATE TABLE organisations (
    org_id    text PRIMARY KEY,
    name      text NOT NULL,
    time_zone text NOT NULL,
    version   integer NOT NULL,
    deleted   boolean NOT NULL
);
SELECT tenant_isolation('organisations');

CREATE TABLE assets (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL,
    source      text NOT NULL,
    external_id text NOT NULL,
    name        text,
    version     integer NOT NULL,
    deleted     boolean NOT NULL
);
SELECT tenant_isolation('assets');

-- Allocations of Cloud Like, as the asset's timeline states them: half-open, in whole seconds, without overlap.
CREATE TABLE allocations (
    asset_id  uuid NOT NULL REFERENCES assets,
    org_id    text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL DEFAULT 'infinity',
    vcpu      integer NOT NULL CHECK (vcpu >= 0),
    ram_mib   bigint NOT NULL CHECK (ram_mib >= 0),
    disk_mib  bigint NOT NULL CHECK (disk_mib >= 0),
    PRIMARY KEY (asset_id, starts_at),
    CHECK (starts_at < ends_at)
);
SELECT tenant_isolation('allocations');
CREATE INDEX allocations_by_time ON allocations (org_id, starts_at);

CREATE TABLE asset_months (
    asset_id uuid NOT NULL,
    month    date NOT NULL,
    org_id   text NOT NULL,
    kwh      double precision NOT NULL,
    gwp_kg   double precision NOT NULL,
    version  integer NOT NULL,
    deleted  boolean NOT NULL,
    PRIMARY KEY (asset_id, month)
);
SELECT tenant_isolation('asset_months');
COMMENT ON COLUMN asset_months.month IS 'first day of the local month';
COMMENT ON COLUMN asset_months.gwp_kg IS 'kgCO2e of every stage, electricity location-based';
