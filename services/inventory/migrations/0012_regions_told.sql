-- Sites that state a region are told again, as they are: footprint heard them before it looked electricity up by region, and takes the
-- region from the same version. Should it have heard this before its own migration, `inventory republish` tells it once more.

SELECT set_config('app.orgs', '*', true);

INSERT INTO outbox (event_id, topic, key, type, subject, occurred_at, value)
SELECT
    gen_random_uuid(),
    'inventory.sites',
    id::text,
    'inventory.site.changed.v1',
    'sites/' || id,
    clock_timestamp(),
    convert_to(
        jsonb_build_object(
            'id', id, 'org', org_id, 'code', code, 'name', name, 'kind', kind, 'country', country, 'region', region, 'pue', pue,
            'operator', operator, 'operators', operators, 'allocation_rule', allocation_rule, 'allocation_by', allocation_by,
            'electricity', electricity, 'version', version, 'deleted', false
        )::text,
        'UTF8'
    )
FROM sites
WHERE region IS NOT NULL
ORDER BY id;
