-- This service's own copy of what inventory and factors publish. Each row keeps the version it was heard at: an older one never overwrites it.

CREATE TABLE organisations (
    org_id        text PRIMARY KEY,
    version       bigint NOT NULL,
    deleted       boolean NOT NULL,
    role          text NOT NULL,
    time_zone     text NOT NULL,
    convention    text NOT NULL,
    current_month integer
);

COMMENT ON COLUMN organisations.current_month IS
    'The local month (year × 12 + month − 1) for which its assets were last marked; NULL until the clock worker has seen it.';

SELECT tenant_isolation('organisations');

CREATE TABLE sites (
    id       uuid PRIMARY KEY,
    org_id   text NOT NULL,
    version  bigint NOT NULL,
    deleted  boolean NOT NULL,
    region   text NOT NULL,
    document jsonb NOT NULL
);

CREATE INDEX sites_organisation ON sites (org_id);
CREATE INDEX sites_region ON sites (region);

SELECT tenant_isolation('sites');

CREATE TABLE assets (
    id               uuid PRIMARY KEY,
    org_id           text NOT NULL,
    version          bigint NOT NULL,
    deleted          boolean NOT NULL,
    kind             text NOT NULL,
    site_ids         uuid[] NOT NULL,
    has_support      boolean NOT NULL,
    document         jsonb NOT NULL
);

CREATE INDEX assets_organisation ON assets (org_id);
CREATE INDEX assets_kind ON assets (kind);
CREATE INDEX assets_sites ON assets USING gin (site_ids);

SELECT tenant_isolation('assets');

-- Every stay of a virtual machine on a host, from the timelines: what makes a host and its machines one group.
CREATE TABLE placements (
    vm_id   uuid NOT NULL,
    host_id uuid NOT NULL,
    starts  bigint NOT NULL,
    ends    bigint,
    org_id  text NOT NULL,
    vcpu    double precision NOT NULL,
    PRIMARY KEY (host_id, starts, vm_id)
);

CREATE INDEX placements_vm ON placements (vm_id);

SELECT tenant_isolation('placements');

-- Factors belong to no organisation: everyone reads the same catalogue. All versions heard are kept, results name the ones they used.
CREATE TABLE factors (
    id       text NOT NULL,
    version  integer NOT NULL,
    status   text NOT NULL,
    activity text NOT NULL,
    region   text,
    document jsonb NOT NULL,
    PRIMARY KEY (id, version)
);

-- One row, counted up whenever the catalogue changes: who has read the catalogue of a revision need not read it again.
CREATE TABLE catalogue_revision (
    single   boolean PRIMARY KEY DEFAULT true CHECK (single),
    revision bigint NOT NULL
);

INSERT INTO catalogue_revision (revision) VALUES (0);
