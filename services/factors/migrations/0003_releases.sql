-- A release is a named set of published versions, frozen in the transaction that makes it.

CREATE TABLE releases (
    name       text PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$'),
    note       text NOT NULL,
    author     text NOT NULL,
    created_at timestamptz NOT NULL,
    made_in    xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE TABLE release_items (
    release   text NOT NULL REFERENCES releases,
    factor_id text NOT NULL,
    version   integer NOT NULL,
    PRIMARY KEY (release, factor_id),
    FOREIGN KEY (factor_id, version) REFERENCES factor_versions
);

CREATE FUNCTION keep_releases() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (SELECT made_in FROM releases WHERE name = NEW.release) = pg_current_xact_id() THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'release % is frozen', NEW.release USING ERRCODE = 'restrict_violation';
    END IF;
    RAISE EXCEPTION 'releases are frozen' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER keep_releases BEFORE UPDATE OR DELETE ON releases
FOR EACH ROW EXECUTE FUNCTION keep_releases();

CREATE TRIGGER keep_release_items BEFORE INSERT OR UPDATE OR DELETE ON release_items
FOR EACH ROW EXECUTE FUNCTION keep_releases();
