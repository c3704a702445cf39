-- Serial numbers, UUIDs and names are compared without regard to case, spaces and hyphens: found by index.

CREATE FUNCTION likeness_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(translate(value, ' -', ''));

CREATE INDEX assets_by_serial_number ON assets
    (org_id, likeness_key(coalesce(details ->> 'serial_number', details -> 'tags' ->> 'serial')))
    WHERE coalesce(details ->> 'serial_number', details -> 'tags' ->> 'serial') IS NOT NULL;
CREATE INDEX assets_by_uuid ON assets
    (org_id, likeness_key(coalesce(details ->> 'uuid', details -> 'tags' ->> 'uuid')))
    WHERE coalesce(details ->> 'uuid', details -> 'tags' ->> 'uuid') IS NOT NULL;
CREATE INDEX asset_identities_by_likeness ON asset_identities (org_id, likeness_key(external_id));
