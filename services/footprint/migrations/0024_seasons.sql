-- By how much the seasons of an asset with a measured year move what is projected of its months ahead, in billionths of a kg, and the same
-- rolled up by organisation: kept in the transaction that computes the asset, so that it always is the sum.
CREATE TABLE seasons (
    asset_id   uuid NOT NULL,
    month      integer NOT NULL,
    org_id     text NOT NULL,
    billionths numeric NOT NULL,
    PRIMARY KEY (asset_id, month)
);

SELECT tenant_isolation('seasons');

CREATE TABLE organisation_seasons (
    org_id     text NOT NULL,
    month      integer NOT NULL,
    billionths numeric NOT NULL,
    assets     bigint NOT NULL,
    PRIMARY KEY (org_id, month)
);

COMMENT ON COLUMN organisation_seasons.assets IS 'how many assets have seasons in the month: none has, and the month has no season, at 0';

SELECT tenant_isolation('organisation_seasons');

-- What is measured is projected from its last measured days, and machines to the end of their own year. Whatever is shared with other zones
-- or measured is computed again; what closed months were computed from stays.
INSERT INTO marks (asset_id, priority, since, cause)
SELECT DISTINCT asset_id, 1, 0, 'method' FROM measurement_months WHERE NOT deleted
UNION
SELECT placements.host_id, 1, 0, 'method'
FROM placements
JOIN assets ON assets.id = placements.host_id
WHERE placements.org_id <> assets.org_id;
