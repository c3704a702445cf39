-- Text search over everything that an asset is called, and saved views.

CREATE FUNCTION asset_text(name text, external_id text, also_known_as jsonb, details jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(name, '') || ' ' || external_id || ' ' || (also_known_as #>> '{}')
    || ' ' || coalesce(details ->> 'serial_number', '') || ' ' || coalesce(details ->> 'uuid', '')
    || ' ' || coalesce(details ->> 'owner', '') || ' ' || coalesce(details #>> '{model,maker}', '')
    || ' ' || coalesce(details #>> '{model,name}', '') || ' ' || coalesce(details #>> '{tags}', '');
COMMENT ON FUNCTION asset_text IS 'what a text search of assets looks through';

DROP INDEX assets_searched;
CREATE INDEX assets_searched ON assets USING gin (asset_text(name, external_id, also_known_as, details) gin_trgm_ops)
    WHERE deleted_at IS NULL;

CREATE TABLE saved_views (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL REFERENCES organisations,
    client      text NOT NULL,
    name        text NOT NULL,
    shared      boolean NOT NULL,
    filter      jsonb NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    recorded_at timestamptz NOT NULL,
    UNIQUE (org_id, client, name)
);
SELECT tenant_isolation('saved_views');
COMMENT ON TABLE saved_views IS 'Named filters of a client; those that are shared, of everybody who may read the organisation';
