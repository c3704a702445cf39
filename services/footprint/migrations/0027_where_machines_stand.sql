-- What is done of a machine is done where its host stands (docs/decisions/0115-machines-are-where-their-hosts-are.md). What rests on it is computed
-- again; what closed months were computed from stays. A machine whose vCPUs are not stated is found from its host as well: it has a placement
-- without any (NaN), as the service writes it from now on.
INSERT INTO placements (vm_id, host_id, starts, ends, org_id, vcpu, ram_gib, disk_gib)
SELECT
    assets.id, (segment ->> 'host')::uuid, (segment ->> 'start')::bigint, (segment ->> 'end')::bigint, assets.org_id, 'NaN',
    (document ->> 'quantity')::double precision * (segment ->> 'ram_gib')::double precision,
    (document ->> 'quantity')::double precision * (segment ->> 'disk_gib')::double precision
FROM assets CROSS JOIN LATERAL jsonb_array_elements(document -> 'segments') AS segment
WHERE kind = 'virtual_machine'
  AND NOT deleted
  AND segment ->> 'host' IS NOT NULL
  AND segment ->> 'vcpu' IS NULL
  AND segment ->> 'status' <> 'retired'
  AND segment ->> 'start' IS DISTINCT FROM segment ->> 'end'
ON CONFLICT DO NOTHING;

INSERT INTO marks (asset_id, priority, since, cause, org_id)
SELECT home_id, 1, 0, 'method', org_id FROM activities WHERE NOT deleted
UNION
SELECT id, 1, 0, 'method', org_id FROM assets WHERE kind = 'virtual_machine' AND has_support AND NOT deleted;
