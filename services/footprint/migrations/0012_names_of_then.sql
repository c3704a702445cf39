-- The name stands in what is kept of replaced organisations too: without it the rows of then have fewer columns than the table (see
-- keep_replaced in 0009), and no closed month could be explained.
ALTER TABLE replaced_organisations ADD COLUMN name text NOT NULL DEFAULT '';

CREATE OR REPLACE FUNCTION keep_replaced_organisations() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO replaced_organisations (org_id, version, deleted, role, time_zone, convention, current_month, written_by, name)
    SELECT org_id, version, deleted, role, time_zone, convention, current_month, written_by, name
    FROM gone
    WHERE written_by <> pg_current_xact_id();
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION organisations_at(moment pg_snapshot) RETURNS SETOF organisations
LANGUAGE sql STABLE AS $$
    SELECT org_id, version, deleted, role, time_zone, convention, current_month, written_by, name
    FROM organisations
    WHERE pg_visible_in_snapshot(written_by, moment)
    UNION ALL
    SELECT org_id, version, deleted, role, time_zone, convention, current_month, written_by, name
    FROM replaced_organisations
    WHERE pg_visible_in_snapshot(written_by, moment) AND NOT pg_visible_in_snapshot(replaced_by, moment)
$$;
