-- Totals say what was left out of them: which warnings the asset-months of an organisation carry, by month and kind. They are few, whatever
-- the number of assets, and this index leads from one to the next; with the site, for totals of some sites. It changes nothing that is
-- stored, and a process of the version before does not need it.
CREATE INDEX asset_months_notices ON asset_months (org_id, month, kind, notices, site_id) WHERE NOT removed;
