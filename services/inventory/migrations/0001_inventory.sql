-- What exists: organisations, their sites, their assets and the assets' dated history; and the imports that bring them.
-- Every table carries org_id and is isolated by it.

CREATE TABLE organisations (
    org_id                 text PRIMARY KEY,
    name                   text NOT NULL,
    role                   text NOT NULL,
    time_zone              text NOT NULL,
    refurbished_convention text NOT NULL,
    version                integer NOT NULL CHECK (version >= 1),
    recorded_at            timestamptz NOT NULL
);
SELECT tenant_isolation('organisations');

CREATE TABLE sites (
    id              uuid PRIMARY KEY,
    org_id          text NOT NULL REFERENCES organisations,
    code            text NOT NULL,
    name            text NOT NULL,
    kind            text NOT NULL,
    country         text NOT NULL,
    region          text,
    pue             jsonb NOT NULL,
    operator        text NOT NULL,
    allocation_rule text NOT NULL,
    electricity     jsonb NOT NULL,
    version         integer NOT NULL CHECK (version >= 1),
    recorded_at     timestamptz NOT NULL,
    UNIQUE (org_id, code)
);
SELECT tenant_isolation('sites');

-- The undated attributes. source and external_id are the names under which the asset first came; all its names are in
-- asset_identities. A deleted asset keeps its row and its history, and loses its names.
CREATE TABLE assets (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL REFERENCES organisations,
    source      text NOT NULL,
    external_id text NOT NULL,
    kind        text NOT NULL,
    name        text,
    quantity    integer NOT NULL CHECK (quantity >= 1),
    details     jsonb NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    recorded_at timestamptz NOT NULL,
    deleted_at  timestamptz
);
SELECT tenant_isolation('assets');
COMMENT ON COLUMN assets.details IS 'model, acquired, planned_life_years, declared, support, tags; what is not known is absent';

CREATE INDEX assets_listed ON assets (org_id, source, external_id) WHERE deleted_at IS NULL;
CREATE INDEX assets_searched ON assets USING gin ((coalesce(name, '') || ' ' || external_id) gin_trgm_ops)
    WHERE deleted_at IS NULL;

CREATE TABLE asset_identities (
    org_id      text NOT NULL,
    source      text NOT NULL,
    external_id text NOT NULL,
    asset_id    uuid NOT NULL REFERENCES assets,
    PRIMARY KEY (org_id, source, external_id)
);
SELECT tenant_isolation('asset_identities');

CREATE INDEX asset_identities_of_asset ON asset_identities (asset_id);

-- The timeline, bitemporal: `valid` is when the state was true, `known` is when we held it to be true. A row is never
-- edited but to end its `known`, so any past belief can be read back; at no moment were two states held true of one
-- asset at one time.
CREATE TABLE asset_states (
    asset_id      uuid NOT NULL REFERENCES assets,
    org_id        text NOT NULL,
    valid         tstzrange NOT NULL CHECK (NOT isempty(valid) AND NOT lower_inf(valid)),
    known         tstzrange NOT NULL CHECK (NOT isempty(known) AND NOT lower_inf(known)),
    status        text NOT NULL,
    site_id       uuid REFERENCES sites,
    host_id       uuid REFERENCES assets CHECK (host_id <> asset_id),
    plan          text,
    configuration jsonb,
    allocation    jsonb,
    EXCLUDE USING gist (asset_id WITH =, valid WITH &&, known WITH &&)
);
SELECT tenant_isolation('asset_states');

CREATE INDEX asset_states_now ON asset_states (asset_id) WHERE upper_inf(known);
CREATE INDEX asset_states_on_host ON asset_states (host_id) WHERE upper_inf(known) AND host_id IS NOT NULL;
CREATE INDEX asset_states_on_site ON asset_states (site_id) WHERE upper_inf(known) AND site_id IS NOT NULL;

-- Imports are jobs. The files are here before the caller hears 202. Whoever holds the lease works; an expired lease is
-- anybody's. org_id '*' is an import over every organisation: only who may see all of them sees it.
CREATE TABLE imports (
    id            uuid PRIMARY KEY,
    org_id        text NOT NULL,
    organisations text[] NOT NULL,
    format        text NOT NULL,
    options       jsonb NOT NULL,
    dry_run       boolean NOT NULL,
    status        text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed')),
    stage         text NOT NULL DEFAULT 'read' CHECK (stage IN ('read', 'apply')),
    files         jsonb NOT NULL,
    rows_read     integer NOT NULL DEFAULT 0,
    rows_applied  integer NOT NULL DEFAULT 0,
    created       integer NOT NULL DEFAULT 0,
    updated       integer NOT NULL DEFAULT 0,
    unchanged     integer NOT NULL DEFAULT 0,
    rejected      integer NOT NULL DEFAULT 0,
    dropped       jsonb NOT NULL DEFAULT '{}',
    warnings      jsonb NOT NULL DEFAULT '[]',
    failure       jsonb,
    received_at   timestamptz NOT NULL,
    finished_at   timestamptz,
    lease         uuid,
    leased_until  timestamptz,
    attempts      integer NOT NULL DEFAULT 0
);
SELECT tenant_isolation('imports');
COMMENT ON COLUMN imports.organisations IS 'whose rows the import may touch: those of the caller''s token';

CREATE INDEX imports_waiting ON imports (received_at) WHERE status IN ('queued', 'running');
CREATE INDEX imports_listed ON imports (received_at DESC, id);

CREATE TABLE import_chunks (
    import_id uuid NOT NULL REFERENCES imports,
    org_id    text NOT NULL,
    file      integer NOT NULL,
    position  integer NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (import_id, file, position)
);
ALTER TABLE import_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
SELECT tenant_isolation('import_chunks');
COMMENT ON TABLE import_chunks IS 'The content of the files of unfinished imports';

-- What was read and is not applied yet, in the order in which it is applied: hosts before what runs on them.
CREATE TABLE import_rows (
    import_id uuid NOT NULL REFERENCES imports,
    org_id    text NOT NULL,
    rank      smallint NOT NULL,
    asset     text NOT NULL,
    host      text,
    file      integer NOT NULL,
    line      integer NOT NULL,
    tab       text NOT NULL,
    content   jsonb NOT NULL,
    original  text NOT NULL,
    PRIMARY KEY (import_id, rank, asset, file, tab, line)
);
SELECT tenant_isolation('import_rows');

CREATE TABLE import_rejects (
    import_id uuid NOT NULL REFERENCES imports,
    org_id    text NOT NULL,
    file      integer NOT NULL,
    tab       text NOT NULL,
    line      integer NOT NULL,
    ordinal   integer NOT NULL,
    code      text NOT NULL,
    field     text NOT NULL,
    message   text NOT NULL,
    original  text NOT NULL,
    PRIMARY KEY (import_id, file, tab, line, ordinal)
);
SELECT tenant_isolation('import_rejects');
