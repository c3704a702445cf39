-- Applications and the machines that they run on; dated operators and electricity contracts of sites; and what sites,
-- organisations and applications said before, with who changed them.

SELECT set_config('app.orgs', '*', true);

ALTER TABLE sites ADD COLUMN operators jsonb NOT NULL DEFAULT '[]';
ALTER TABLE assets ADD COLUMN also_known_as jsonb NOT NULL DEFAULT '[]';
ALTER TABLE assets ADD COLUMN merged_into uuid REFERENCES assets;
COMMENT ON COLUMN assets.also_known_as IS 'further names [source, external_id], also of a deleted asset; those in use are in asset_identities';

CREATE TABLE applications (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL REFERENCES organisations,
    code        text NOT NULL,
    name        text NOT NULL,
    users       integer CHECK (users >= 1),
    version     integer NOT NULL CHECK (version >= 1),
    recorded_at timestamptz NOT NULL,
    deleted_at  timestamptz
);
SELECT tenant_isolation('applications');

CREATE UNIQUE INDEX applications_code ON applications (org_id, code) WHERE deleted_at IS NULL;

-- On which machines, when, with which weight. A machine may belong to another organisation (a provider's).
CREATE TABLE application_machines (
    application_id uuid NOT NULL REFERENCES applications,
    org_id         text NOT NULL,
    asset_id       uuid NOT NULL REFERENCES assets,
    valid          tstzrange NOT NULL CHECK (NOT isempty(valid) AND NOT lower_inf(valid)),
    weight         double precision NOT NULL CHECK (weight > 0 AND weight < 'Infinity'),
    EXCLUDE USING gist (application_id WITH =, asset_id WITH =, valid WITH &&)
);
SELECT tenant_isolation('application_machines');

CREATE INDEX application_machines_of_asset ON application_machines (asset_id);

-- Whether a machine may be deleted depends on everybody's applications, also on those that the caller may not see: see
-- hosts_anything.
CREATE FUNCTION serves_anything(machine uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    callers text := current_setting('app.orgs', true);
    answer  boolean;
BEGIN
    PERFORM set_config('app.orgs', '*', true);
    SELECT EXISTS (SELECT FROM application_machines WHERE asset_id = machine) INTO answer;
    PERFORM set_config('app.orgs', coalesce(callers, ''), true);
    RETURN answer;
END $$;

CREATE TABLE document_versions (
    kind        text NOT NULL CHECK (kind IN ('organisation', 'site', 'application')),
    id          text NOT NULL,
    org_id      text NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    recorded_at timestamptz NOT NULL,
    client      text,
    import_id   uuid,
    document    jsonb NOT NULL,
    PRIMARY KEY (kind, id, version)
);
SELECT tenant_isolation('document_versions');
COMMENT ON TABLE document_versions IS 'Every version of what is not an asset, as it was written, by whom';

INSERT INTO document_versions (kind, id, org_id, version, recorded_at, document)
SELECT 'organisation', org_id, org_id, version, recorded_at,
       jsonb_build_object('id', org_id, 'name', name, 'role', role, 'time_zone', time_zone,
                          'refurbished_convention', refurbished_convention)
FROM organisations;

INSERT INTO document_versions (kind, id, org_id, version, recorded_at, document)
SELECT 'site', id::text, org_id, version, recorded_at,
       jsonb_build_object('org', org_id, 'code', code, 'name', name, 'kind', kind, 'country', country, 'region', region,
                          'pue', pue, 'operator', operator, 'operators', operators,
                          'allocation_rule', allocation_rule, 'electricity', electricity)
FROM sites;
