-- What closed months were computed from is kept: every row of what is heard names the transaction that wrote it, and what a newer one
-- replaces goes into a history with the transaction that replaced it. With the moment (a snapshot of the database) at which nothing waited
-- and a month was closed, the world of then can be read again, exactly: no clock decides what was known, but which transactions were
-- visible. The same holds for the moment from which a restatement was computed.

ALTER TABLE periods ADD COLUMN moment pg_snapshot;
ALTER TABLE periods ADD COLUMN closing xid8 NOT NULL DEFAULT '0';
ALTER TABLE periods ALTER COLUMN closing SET DEFAULT pg_current_xact_id();
ALTER TABLE restatements ADD COLUMN moment pg_snapshot;

COMMENT ON COLUMN periods.moment IS 'What was known when nothing waited and the month was closed; NULL where it was closed before this was kept.';
COMMENT ON COLUMN periods.closing IS 'The transaction that closed it.';
COMMENT ON COLUMN restatements.moment IS 'What the calculator knew; NULL where it was restated before this was kept.';

CREATE INDEX periods_moment ON periods (pg_snapshot_xmin(moment), pg_snapshot_xmax(moment)) WHERE moment IS NOT NULL;
CREATE INDEX restatements_moment ON restatements (pg_snapshot_xmin(moment), pg_snapshot_xmax(moment)) WHERE moment IS NOT NULL;

CREATE FUNCTION is_evidence(written_by xid8, replaced_by xid8) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT pg_snapshot_xmax(moment) > written_by FROM periods
        WHERE moment IS NOT NULL AND pg_snapshot_xmin(moment) <= replaced_by
        ORDER BY pg_snapshot_xmin(moment) DESC, pg_snapshot_xmax(moment) DESC LIMIT 1
    ), false) OR coalesce((
        SELECT pg_snapshot_xmax(moment) > written_by FROM restatements
        WHERE moment IS NOT NULL AND pg_snapshot_xmin(moment) <= replaced_by
        ORDER BY pg_snapshot_xmin(moment) DESC, pg_snapshot_xmax(moment) DESC LIMIT 1
    ), false)
$$;

COMMENT ON FUNCTION is_evidence IS
    'Whether a closed month or a restatement may have been computed from a row that was in force between two transactions. The latest moment
     before the end decides: later moments never have an earlier xmax.';

CREATE FUNCTION name_writer() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.written_by := pg_current_xact_id();
    RETURN NEW;
END $$;

CREATE FUNCTION refuse_loss_of_evidence() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone WHERE is_evidence(written_by, replaced_by)) THEN
        RAISE EXCEPTION '% keeps what closed months were computed from', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION keep_replaced(table_name text, key text, isolated boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    history text := 'replaced_' || table_name;
    names text;
BEGIN
    EXECUTE format('ALTER TABLE %I ADD COLUMN written_by xid8 NOT NULL DEFAULT ''0''', table_name);
    EXECUTE format('ALTER TABLE %I ALTER COLUMN written_by SET DEFAULT pg_current_xact_id()', table_name);
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names
    FROM pg_attribute WHERE attrelid = table_name::regclass AND attnum > 0 AND NOT attisdropped;
    EXECUTE format('CREATE TABLE %I (LIKE %I)', history, table_name);
    EXECUTE format('ALTER TABLE %I ADD COLUMN replaced_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
                    ADD COLUMN replaced_at timestamptz NOT NULL DEFAULT clock_timestamp()', history);
    EXECUTE format('CREATE INDEX %I ON %I (%s)', history || '_key', history, key);
    IF isolated THEN
        PERFORM tenant_isolation(history);
    END IF;
    -- What a transaction writes and replaces itself was never known to anybody else.
    EXECUTE format('CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS $f$
                    BEGIN
                        INSERT INTO %I (%s) SELECT %s FROM gone WHERE written_by <> pg_current_xact_id();
                        RETURN NULL;
                    END $f$', 'keep_' || history, history, names, names);
    EXECUTE format('CREATE TRIGGER writer_named BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION name_writer()', table_name);
    EXECUTE format('CREATE TRIGGER updated_kept AFTER UPDATE ON %I REFERENCING OLD TABLE AS gone
                    FOR EACH STATEMENT EXECUTE FUNCTION %I()', table_name, 'keep_' || history);
    EXECUTE format('CREATE TRIGGER deleted_kept AFTER DELETE ON %I REFERENCING OLD TABLE AS gone
                    FOR EACH STATEMENT EXECUTE FUNCTION %I()', table_name, 'keep_' || history);
    EXECUTE format('CREATE TRIGGER never_changed BEFORE UPDATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', history);
    EXECUTE format('CREATE TRIGGER evidence_kept AFTER DELETE ON %I REFERENCING OLD TABLE AS gone
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_loss_of_evidence()', history);
    EXECUTE format('CREATE FUNCTION %I(moment pg_snapshot) RETURNS SETOF %I LANGUAGE sql STABLE AS $f$
                    SELECT %s FROM %I WHERE pg_visible_in_snapshot(written_by, moment)
                    UNION ALL
                    SELECT %s FROM %I
                    WHERE pg_visible_in_snapshot(written_by, moment) AND NOT pg_visible_in_snapshot(replaced_by, moment) $f$',
                   table_name || '_at', table_name, names, table_name, names, history);
END $$;

COMMENT ON FUNCTION keep_replaced IS
    'Keeps what is replaced in the table: `replaced_<table>` holds it, `<table>_at(moment)` reads the rows that were in force at a moment. Who
     gives the table another column later gives it to both as well, and makes keep_replaced_<table> and <table>_at anew.';

SELECT keep_replaced('organisations', 'org_id');
SELECT keep_replaced('sites', 'id');
SELECT keep_replaced('assets', 'id');
SELECT keep_replaced('placements', 'host_id');
SELECT keep_replaced('measurement_months', 'asset_id, month');
SELECT keep_replaced('activities', 'home_id');
SELECT keep_replaced('applications', 'id');
SELECT keep_replaced('claims', 'asset_id');
SELECT keep_replaced('overrides', 'org_id, id');
SELECT keep_replaced('organisation_settings', 'org_id');
SELECT keep_replaced('factors', 'id, version', isolated => false);
