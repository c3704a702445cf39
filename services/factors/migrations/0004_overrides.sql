-- What an organisation puts in the place of a public factor. Rows are only ever added: a change is a new version, an end is one too.

CREATE TABLE overrides (
    org_id      text NOT NULL,
    id          text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{1,118}[a-z0-9]$'),
    version     integer NOT NULL CHECK (version >= 1),
    status      text NOT NULL CHECK (status IN ('published', 'withdrawn')),
    revision    bigint NOT NULL,
    content     jsonb NOT NULL,
    author      text NOT NULL,
    reason      text NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, id, version)
);

CREATE INDEX overrides_by_revision ON overrides (revision);

SELECT tenant_isolation('overrides');

CREATE FUNCTION keep_overrides() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'version % of override % of % is kept: make a new version', OLD.version, OLD.id, OLD.org_id
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER keep_overrides BEFORE UPDATE OR DELETE ON overrides
FOR EACH ROW EXECUTE FUNCTION keep_overrides();
