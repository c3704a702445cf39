-- What a study needs of what is heard, beside what 0001 keeps.

ALTER TABLE sites ADD COLUMN code text;
ALTER TABLE assets ADD COLUMN tags jsonb NOT NULL DEFAULT '{}';
ALTER TABLE asset_months ADD COLUMN host_id uuid;
COMMENT ON COLUMN asset_months.kwh IS 'at the meter of the site, PUE included; null where footprint knows nothing of it';

-- A study: its definition as written, and which of its snapshots counts.
CREATE TABLE studies (
    id         uuid PRIMARY KEY,
    org_id     text NOT NULL,
    name       text NOT NULL,
    definition jsonb NOT NULL,
    snapshot   integer NOT NULL,
    version    integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
SELECT tenant_isolation('studies');
CREATE INDEX studies_of_organisation ON studies (org_id, id);

-- The assets as heard at one moment, with the factor versions used: never changed, so that a run can be repeated.
CREATE TABLE snapshots (
    study_id uuid NOT NULL REFERENCES studies ON DELETE CASCADE,
    number   integer NOT NULL,
    org_id   text NOT NULL,
    taken_at timestamptz NOT NULL,
    content  jsonb NOT NULL,
    PRIMARY KEY (study_id, number)
);
SELECT tenant_isolation('snapshots');

CREATE TABLE alternatives (
    id       uuid PRIMARY KEY,
    study_id uuid NOT NULL REFERENCES studies ON DELETE CASCADE,
    org_id   text NOT NULL,
    name     text NOT NULL,
    actions  jsonb NOT NULL,
    version  integer NOT NULL,
    position integer GENERATED ALWAYS AS IDENTITY,
    UNIQUE (study_id, name)
);
SELECT tenant_isolation('alternatives');

-- A run freezes what it computes with in `request`. A worker holds it by a lease that it renews; a run whose lease has passed is free.
CREATE TABLE runs (
    id           uuid PRIMARY KEY,
    study_id     uuid NOT NULL REFERENCES studies ON DELETE CASCADE,
    org_id       text NOT NULL,
    kind         text NOT NULL,
    status       text NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
    request      jsonb NOT NULL,
    done         integer NOT NULL DEFAULT 0,
    total        integer NOT NULL DEFAULT 1,
    result       jsonb,
    problem      text,
    worker       uuid,
    leased_until timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    requested_at timestamptz NOT NULL,
    finished_at  timestamptz
);
SELECT tenant_isolation('runs');
CREATE INDEX runs_waiting ON runs (requested_at) WHERE status IN ('queued', 'running');
CREATE INDEX runs_of_study ON runs (study_id, requested_at DESC, id);
