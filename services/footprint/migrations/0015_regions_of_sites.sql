-- Electricity is looked up where a site stands: in its region, else in its country. `region` held the country until now; the region of
-- sites heard before comes as inventory tells of them again, at the version that is known (inventory 0012, or `inventory republish`).
ALTER TABLE sites ADD COLUMN country text;
UPDATE sites SET country = region;
ALTER TABLE sites ALTER COLUMN country SET NOT NULL;
CREATE INDEX sites_country ON sites (country);

COMMENT ON COLUMN sites.region IS 'where its electricity is looked up: a part of the country, the country, or overseas France by its own code';

-- A consumer of the version before hears no region. While versions run side by side its writes wait (they are retried, as after a conflict)
-- for one that does.
CREATE FUNCTION refuse_without_region() RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'sites are written with country and region' USING ERRCODE = 'serialization_failure';
END $$;

ALTER TABLE sites ALTER COLUMN country SET DEFAULT refuse_without_region();

-- The warnings of a result are bits of a number, and the 31 of an integer are all in use. A bigint holds 63; what is stored keeps its bits.
ALTER TABLE asset_months ALTER COLUMN notices TYPE bigint;
ALTER TABLE restatements ALTER COLUMN notices TYPE bigint;
