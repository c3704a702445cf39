-- Electricity is looked up where a site stands: in its region, else in its country. `region` held the country until now; the region of
-- sites heard before comes as inventory tells of them again, at the version that is known (inventory 0012, or `inventory republish`).
COMMENT ON COLUMN sites.region IS 'Where its electricity is looked up: a part of its country, the country, or overseas France by its own code';

-- A consumer of the version before hears no region. While versions run side by side its writes wait (they are retried, as after a conflict)
-- for one that does: it keeps the country in the document.
CREATE FUNCTION refuse_without_country() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.document ? 'country' THEN
        RAISE EXCEPTION 'sites are written with country and region' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER country_told BEFORE INSERT ON sites FOR EACH ROW EXECUTE FUNCTION refuse_without_country();
