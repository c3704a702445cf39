-- Every version of an asset: who wrote it, how, and what its undated attributes were then (its timeline of that moment is
-- in asset_states). Mergers of records that proved to be one asset. Suggestions that were turned down.

SELECT set_config('app.orgs', '*', true);

-- Who writes is said once a transaction; a writer that does not say it is not known.
ALTER TABLE document_versions ALTER COLUMN client SET DEFAULT nullif(current_setting('app.client', true), '');
ALTER TABLE document_versions ALTER COLUMN import_id SET DEFAULT nullif(current_setting('app.import', true), '')::uuid;

CREATE TABLE asset_revisions (
    asset_id    uuid NOT NULL REFERENCES assets,
    org_id      text NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    recorded_at timestamptz NOT NULL,
    action      text NOT NULL,
    client      text DEFAULT nullif(current_setting('app.client', true), ''),
    import_id   uuid DEFAULT nullif(current_setting('app.import', true), '')::uuid,
    undoes      integer,
    partner     uuid REFERENCES assets,
    names       jsonb NOT NULL,
    described   jsonb NOT NULL,
    PRIMARY KEY (asset_id, version)
);
SELECT tenant_isolation('asset_revisions');
COMMENT ON COLUMN asset_revisions.undoes IS 'the version that this one undoes';
COMMENT ON COLUMN asset_revisions.partner IS 'of a merger, the other asset';

CREATE INDEX asset_revisions_of_import ON asset_revisions (import_id, asset_id) WHERE import_id IS NOT NULL;

INSERT INTO asset_revisions (asset_id, org_id, version, recorded_at, action, names, described)
SELECT id, org_id, version, recorded_at, CASE WHEN deleted_at IS NULL THEN 'known' ELSE 'deleted' END,
       jsonb_build_array(jsonb_build_array(source, external_id)) || also_known_as,
       jsonb_strip_nulls(details || jsonb_build_object('name', name, 'quantity', quantity))
FROM assets;

CREATE TABLE asset_mergers (
    winner_id      uuid NOT NULL REFERENCES assets,
    winner_version integer NOT NULL,
    org_id         text NOT NULL,
    loser_id       uuid NOT NULL REFERENCES assets,
    loser_version  integer NOT NULL,
    moved          jsonb NOT NULL,
    applications   jsonb NOT NULL,
    PRIMARY KEY (winner_id, winner_version)
);
SELECT tenant_isolation('asset_mergers');
COMMENT ON COLUMN asset_mergers.moved IS 'machines that moved to the winner: [id, version that the move made]';
COMMENT ON COLUMN asset_mergers.applications IS 'applications that moved to the winner: [id, version that the move made]';

CREATE TABLE duplicate_refusals (
    org_id      text NOT NULL,
    one         uuid NOT NULL REFERENCES assets,
    other       uuid NOT NULL REFERENCES assets,
    recorded_at timestamptz NOT NULL,
    client      text DEFAULT nullif(current_setting('app.client', true), ''),
    PRIMARY KEY (one, other),
    CHECK (one < other)
);
SELECT tenant_isolation('duplicate_refusals');

-- Machines that are on a retired host while they are not retired themselves, among those of `machines` and those on
-- `hosts`: of any organisation, for a host must not retire under machines that its owner may not see either.
CREATE FUNCTION stranded_machines(machines uuid[], hosts uuid[])
RETURNS TABLE (machine_id uuid, host_id uuid)
LANGUAGE plpgsql AS $$
DECLARE
    callers text := current_setting('app.orgs', true);
BEGIN
    PERFORM set_config('app.orgs', '*', true);
    RETURN QUERY
        SELECT DISTINCT vm.asset_id, vm.host_id
        FROM asset_states vm
        JOIN asset_states host ON host.asset_id = vm.host_id
        WHERE (vm.asset_id = ANY (machines) OR vm.host_id = ANY (hosts))
          AND upper_inf(vm.known) AND vm.status <> 'retired'
          AND upper_inf(host.known) AND host.status = 'retired' AND host.valid && vm.valid;
    PERFORM set_config('app.orgs', coalesce(callers, ''), true);
END $$;

-- Whether anything of organisations that the caller may not see is on an asset, or runs on it: yes or no, no more.
CREATE FUNCTION used_by_others(asset uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    callers text := current_setting('app.orgs', true);
    all_of  bigint;
    seen    bigint;
BEGIN
    SELECT (SELECT count(*) FROM asset_states WHERE host_id = asset AND upper_inf(known))
         + (SELECT count(*) FROM application_machines WHERE asset_id = asset) INTO seen;
    PERFORM set_config('app.orgs', '*', true);
    SELECT (SELECT count(*) FROM asset_states WHERE host_id = asset AND upper_inf(known))
         + (SELECT count(*) FROM application_machines WHERE asset_id = asset) INTO all_of;
    PERFORM set_config('app.orgs', coalesce(callers, ''), true);
    RETURN all_of > seen;
END $$;
