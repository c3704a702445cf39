-- Each version of a study as it was: its definition, its alternatives, the snapshot that counted, who made it so.
CREATE TABLE study_versions (
    study_id     uuid NOT NULL REFERENCES studies ON DELETE CASCADE,
    number       integer NOT NULL,
    org_id       text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL,
    change       text NOT NULL,
    definition   jsonb NOT NULL,
    alternatives jsonb NOT NULL,
    snapshot     integer NOT NULL,
    PRIMARY KEY (study_id, number)
);
SELECT tenant_isolation('study_versions');

INSERT INTO study_versions (study_id, number, org_id, recorded_at, recorded_by, change, definition, alternatives, snapshot)
SELECT study.id, study.version, study.org_id, study.updated_at, 'unknown', 'as it stood when versions began to be kept',
       study.definition,
       coalesce((SELECT jsonb_agg(jsonb_build_object('name', other.name, 'offers', other.offers, 'actions', other.actions)
                                  ORDER BY other.position)
                 FROM alternatives AS other
                 WHERE other.study_id = study.id), '[]'),
       study.snapshot
FROM studies AS study;

-- A study may be shown to other organisations: they read all of it and change nothing.
CREATE TABLE study_shares (
    study_id  uuid NOT NULL REFERENCES studies ON DELETE CASCADE,
    org_id    text NOT NULL,
    with_org  text NOT NULL,
    shared_at timestamptz NOT NULL,
    shared_by text NOT NULL,
    PRIMARY KEY (study_id, with_org)
);
SELECT tenant_isolation('study_shares');
CREATE INDEX study_shares_with ON study_shares (with_org, study_id);
COMMENT ON COLUMN study_shares.org_id IS 'whose study it is';

CREATE POLICY shown_to ON study_shares FOR SELECT
    USING (with_org = ANY ((SELECT string_to_array(current_setting('app.orgs', true), ','))::text[]));

CREATE POLICY shared ON studies FOR SELECT USING (id IN (SELECT study_id FROM study_shares));
CREATE POLICY shared ON snapshots FOR SELECT USING (study_id IN (SELECT study_id FROM study_shares));
CREATE POLICY shared ON alternatives FOR SELECT USING (study_id IN (SELECT study_id FROM study_shares));
CREATE POLICY shared ON runs FOR SELECT USING (study_id IN (SELECT study_id FROM study_shares));
CREATE POLICY shared ON study_versions FOR SELECT USING (study_id IN (SELECT study_id FROM study_shares));
