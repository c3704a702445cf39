-- Factors and their versions. They are public knowledge, the same for every organisation: no row has an org_id and there is
-- nothing for row-level security to separate. What an organisation puts in their place is kept in a table of its own.

CREATE TABLE factors (
    id             text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{1,118}[a-z0-9]$'),
    latest_version integer NOT NULL CHECK (latest_version >= 0)
);

COMMENT ON COLUMN factors.latest_version IS
    'The highest number given to a version, drafts included. Its row lock makes numbers monotonic.';

-- Drawn under an advisory lock that is held until commit, so that the order of numbers is the order of commits:
-- a reader that has seen number n has seen every smaller one.
CREATE SEQUENCE revisions;

CREATE TABLE factor_versions (
    factor_id          text NOT NULL REFERENCES factors,
    version            integer NOT NULL CHECK (version >= 1),
    status             text NOT NULL CHECK (status IN ('draft', 'published', 'superseded', 'withdrawn')),
    revision           bigint NOT NULL,
    activity           text NOT NULL CHECK (activity <> ''),
    criterion          text NOT NULL CHECK (criterion <> ''),
    stage              text,
    region             text,
    perimeter          text,
    gwp_set            text,
    valid_from         date,
    valid_to           date CHECK (valid_to > valid_from),
    value              double precision NOT NULL CHECK (value >= 0 AND value < 'Infinity'),
    unit               text NOT NULL CHECK (unit <> ''),
    published_year     integer NOT NULL,
    name_fr            text NOT NULL,
    name_en            text NOT NULL,
    note_fr            text,
    note_en            text,
    gases              jsonb NOT NULL,
    biogenic_co2       double precision,
    ratings            jsonb,
    source_name        text NOT NULL CHECK (source_name <> ''),
    source_link        text NOT NULL CHECK (source_link <> ''),
    source_url         text,
    source_licence     text NOT NULL CHECK (source_licence <> ''),
    source_year        integer NOT NULL,
    source_displayable boolean NOT NULL,
    digest             text NOT NULL,
    author             text NOT NULL,
    reason             text NOT NULL,
    recorded_at        timestamptz NOT NULL,
    published_by       text,
    search_text        text NOT NULL,
    PRIMARY KEY (factor_id, version),
    -- One question has one answer on any date. Checked at the end of the transaction, so that a release may move
    -- validities from one factor to another.
    CONSTRAINT one_answer EXCLUDE USING gist (
        activity WITH =,
        criterion WITH =,
        (coalesce(stage, '')) WITH =,
        (coalesce(region, '')) WITH =,
        (coalesce(perimeter, '')) WITH =,
        (coalesce(gwp_set, '')) WITH =,
        daterange(valid_from, valid_to) WITH &&
    ) WHERE (status = 'published') DEFERRABLE INITIALLY DEFERRED
);

CREATE UNIQUE INDEX one_published_version ON factor_versions (factor_id) WHERE status = 'published';
CREATE UNIQUE INDEX one_open_draft ON factor_versions (factor_id) WHERE status = 'draft';
CREATE INDEX factor_versions_by_revision ON factor_versions (revision) WHERE status IN ('published', 'withdrawn');
CREATE INDEX factor_versions_by_text ON factor_versions USING gin (search_text gin_trgm_ops);

CREATE FUNCTION keep_factor_versions() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'version % of factor % is kept: nothing is deleted', OLD.version, OLD.factor_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.factor_id, NEW.version) IS DISTINCT FROM (OLD.factor_id, OLD.version) THEN
        RAISE EXCEPTION 'a version keeps its factor and its number' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.status = 'draft' THEN
        RETURN NEW;
    END IF;
    IF OLD.status = 'published' AND NEW.status = 'superseded'
        AND to_jsonb(NEW) - 'status' = to_jsonb(OLD) - 'status' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'version % of factor % is % and never changes: make a new version',
        OLD.version, OLD.factor_id, OLD.status
        USING ERRCODE = 'restrict_violation';
END $$;

COMMENT ON FUNCTION keep_factor_versions IS
    'Only drafts change. All that may still happen to a published version is to be superseded.';

CREATE TRIGGER keep_factor_versions BEFORE UPDATE OR DELETE ON factor_versions
FOR EACH ROW EXECUTE FUNCTION keep_factor_versions();
