-- Whose assets wait is told by the marks themselves: an organisation's are counted in one index, however many others wait, and its assets
-- in narrow rows. NULL: set by a service of before this migration, by a migration, or before the asset was heard; counted by way of it.
ALTER TABLE calculations ADD COLUMN org_id text;

UPDATE calculations SET org_id = assets.org_id FROM assets WHERE assets.id = calculations.asset_id;
UPDATE calculations SET org_id = homes.org_id FROM homes WHERE homes.home_id = calculations.asset_id;

CREATE INDEX calculations_organisation ON calculations (org_id);

COMMENT ON COLUMN calculations.org_id IS 'whose the asset, or the site or organisation with activities of its own, is; it never becomes another''s';

ALTER TABLE marks ADD COLUMN org_id text;

UPDATE marks SET org_id = calculations.org_id FROM calculations WHERE calculations.asset_id = marks.asset_id;

CREATE INDEX marks_organisation ON marks (org_id);

-- One row: all that was on the broker at `until` has been taken in, and what it touches is marked or noted.
CREATE TABLE heard (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    until  timestamptz NOT NULL
);
