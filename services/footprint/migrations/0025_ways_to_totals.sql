-- From one set of warnings to the next, whatever kinds carry it: a totals' answer looked at each kind's sets apart, which took longer than the
-- sums. And the assets of an organisation in the order of their ids, as pages list them: they were all read and sorted for each page.
-- Nothing that is stored changes; a process of the version before reads by the new indexes as well.
DROP INDEX asset_months_notices;
CREATE INDEX asset_months_notices ON asset_months (org_id, month, notices, kind, site_id) WHERE NOT removed;

DROP INDEX assets_organisation;
CREATE INDEX assets_organisation ON assets (org_id, id);

DROP INDEX homes_organisation;
CREATE INDEX homes_organisation ON homes (org_id, home_id);
