-- 1 January 1990 east of an organisation's time zone is still December 1989 there.
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
        FOREACH parent IN ARRAY ARRAY['asset_months', 'figures'] LOOP
            partition := format('%s_%s_%s', parent, number / 12, lpad((number % 12 + 1)::text, 2, '0'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
            PERFORM tenant_isolation(partition);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', parent, partition, number, number + 1);
        END LOOP;
    END LOOP;
END $$;
