-- Electricity of activities is weighed under the contract of its site, and stands behind its figures in kWh; machines at a public cloud have
-- their making in every criterion. What rests on either is computed again; what closed months were computed from stays.
INSERT INTO marks (asset_id, priority, since, cause)
SELECT home_id, 1, 0, 'method' FROM activities WHERE activity = 'electricity' AND NOT deleted
UNION
SELECT id, 1, 0, 'method'
FROM assets
WHERE kind = 'virtual_machine'
  AND NOT deleted
  AND document @? '$.segments[*] ? (@.cloud.provider != null)';
