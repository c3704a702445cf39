-- Figures and asset-months are changed in place: pages keep room for that, and the new version of a row then needs no entry in any index.
CREATE OR REPLACE FUNCTION ensure_month_partitions(first_month integer, last_month integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    parent text;
    partition text;
BEGIN
    IF first_month < 1989 * 12 OR last_month >= 2101 * 12 THEN
        RAISE EXCEPTION 'months % to % are outside 1989 to 2100', first_month, last_month;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.month_partitions'));
    FOR number IN first_month .. last_month LOOP
        FOREACH parent IN ARRAY ARRAY['asset_months', 'figures', 'application_figures'] LOOP
            partition := format('%s_%s_%s', parent, number / 12, lpad((number % 12 + 1)::text, 2, '0'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (fillfactor = 85)', partition, parent);
            PERFORM tenant_isolation(partition);
            PERFORM guard_closed_months(partition);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, partition, number, number + 1);
        END LOOP;
    END LOOP;
END $$;

DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN
        SELECT inhrelid FROM pg_inherits WHERE inhparent IN ('asset_months'::regclass, 'figures'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 85)', partition);
    END LOOP;
END $$;

-- The same numbers as before, at a third of the cost: a float becomes a numeric by way of its decimal text, an integer does not. Below 1e14
-- every whole float is told exactly by the 15 digits of that text, and where a part of a billionth is not near one half, both ways round alike.
CREATE OR REPLACE FUNCTION billionths(value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN abs(value) < 1e5 THEN round(value * 1e9)::bigint::numeric ELSE round(value * 1e9)::numeric END
$$;

CREATE OR REPLACE FUNCTION square_billionths(value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN abs(value) < 1e3 AND abs(value * 1e9 - round(value * 1e9)) < 0.4
        THEN round(value * 1e9)::bigint::numeric * round(value * 1e9)::bigint::numeric
        ELSE round((value * 1e9)::numeric) * round((value * 1e9)::numeric)
    END
$$;
