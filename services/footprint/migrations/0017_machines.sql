-- Machines count with their quantity, at a public cloud with its provider's PUE and country however it is spelled, and on hosts with their
-- support contracts. What is kept of them says all of that already: only the stays are written anew, and what rests on any of it is computed
-- again. What closed months were computed from stays in the history.

UPDATE placements
SET vcpu = quantity * vcpu,
    ram_gib = quantity * ram_gib,
    disk_gib = quantity * disk_gib
FROM (SELECT id, (document ->> 'quantity')::double precision AS quantity FROM assets WHERE kind = 'virtual_machine') AS machines
WHERE machines.id = placements.vm_id
  AND quantity <> 1;

-- A host brings the machines on it, and a machine alone is enough where only its own figures change.
INSERT INTO marks (asset_id, priority, since, cause)
SELECT DISTINCT touched.id, 1, 0, 'method'
FROM assets
CROSS JOIN LATERAL (
    SELECT host_id AS id FROM placements WHERE vm_id = assets.id AND (document ->> 'quantity')::double precision <> 1
    UNION ALL
    SELECT assets.id
) AS touched
WHERE kind = 'virtual_machine'
  AND NOT deleted
  AND (
      (document ->> 'quantity')::double precision <> 1
      OR document @? '$.segments[*] ? (@.cloud.provider like_regex "[A-Z]" || @.cloud.provider != null && @.site != null)'
      OR document @? '$.segments[*] ? (@.host != null)'
     AND (has_support OR coalesce(document ->> 'annual_kwh', document ->> 'average_w', document ->> 'embodied_kg') IS NOT NULL)
  );
