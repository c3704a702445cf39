-- The roll-up of what applications use has a row for a year, with the amounts of its months in columns: totals of two years read a twelfth of
-- the rows, and a computation, which writes most months of a year at once, writes fewer too. See docs/decisions/0085-years-of-applications.md.

-- Nobody writes what applications use from here to the end: what the version before wrote last is in what is filled in below.
LOCK TABLE application_figures IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE application_years (
    org_id         text NOT NULL,
    year           integer NOT NULL,
    application_id uuid NOT NULL,
    kind           text NOT NULL,
    site_id        uuid,
    stage          text NOT NULL,
    criterion      text NOT NULL,
    basis          text NOT NULL,
    share          text NOT NULL,
    scope          smallint NOT NULL,
    ghg_category   text NOT NULL,
    beges_item     text NOT NULL,
    factor         text NOT NULL,
    source         text NOT NULL,
    CONSTRAINT application_years_key UNIQUE NULLS NOT DISTINCT
        (org_id, year, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source)
) WITH (fillfactor = 50);

COMMENT ON TABLE application_years IS
    'billionths_1 to billionths_12 are those of January to December, in whole billionths of the unit, and so are the other amounts.';

SELECT tenant_isolation('application_years');

-- And read month by month, as it was kept before.
DO $$
DECLARE
    months text := '';
    sums text := '';
    amounts text := '';
    bounded text := '';
BEGIN
    FOR month IN 1 .. 12 LOOP
        EXECUTE format('ALTER TABLE application_years
            ADD COLUMN billionths_%1$s bigint NOT NULL DEFAULT 0,
            ADD COLUMN figures_%1$s integer NOT NULL DEFAULT 0,
            ADD COLUMN factor_weighted_%1$s bigint NOT NULL DEFAULT 0,
            ADD COLUMN source_weighted_%1$s bigint NOT NULL DEFAULT 0,
            ADD COLUMN source_squares_%1$s numeric NOT NULL DEFAULT 0', month);
        amounts := amounts || format(
            ', billionths_%1$s, figures_%1$s, factor_weighted_%1$s, source_weighted_%1$s, source_squares_%1$s', month);
        bounded := bounded || CASE month WHEN 1 THEN '' ELSE ', ' END || format(
            'abs(billionths_%1$s), abs(factor_weighted_%1$s), abs(source_weighted_%1$s)', month);
        sums := sums || format(
            ', coalesce(sum(billionths) FILTER (WHERE month %% 12 = %1$s - 1), 0), coalesce(sum(figures) FILTER (WHERE month %% 12 = %1$s - 1), 0)
             , coalesce(sum(factor_weighted) FILTER (WHERE month %% 12 = %1$s - 1), 0)
             , coalesce(sum(source_weighted) FILTER (WHERE month %% 12 = %1$s - 1), 0)
             , coalesce(sum(source_squares) FILTER (WHERE month %% 12 = %1$s - 1), 0)', month);
        months := months || CASE month WHEN 1 THEN '' ELSE ', ' END || format(
            '(%1$s, billionths_%1$s, figures_%1$s, factor_weighted_%1$s, source_weighted_%1$s, source_squares_%1$s)', month);
    END LOOP;
    -- Twelve months of 700,000 t add up within a bigint.
    EXECUTE format('ALTER TABLE application_years ADD CONSTRAINT months_add_up CHECK (greatest(%s) < 700000000000000000)', bounded);
    EXECUTE format('
        CREATE VIEW applications_by_month WITH (security_invoker = true) AS
        SELECT
            org_id, year * 12 + number - 1 AS month, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category,
            beges_item, factor, source, billionths, figures, factor_weighted, source_weighted, source_squares
        FROM application_years CROSS JOIN LATERAL (VALUES %s)
            AS months (number, billionths, figures, factor_weighted, source_weighted, source_squares)', months);
    EXECUTE format('
        INSERT INTO application_years (
            org_id, year, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source %s
        )
        SELECT
            org_id, month / 12, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source %s
        FROM application_months
        GROUP BY
            org_id, month / 12, application_id, kind, site_id, stage, criterion, basis, share, scope, ghg_category, beges_item, factor, source',
        amounts, sums);
END $$;

COMMENT ON VIEW applications_by_month IS 'What applications use, a row for each month of application_years.';
COMMENT ON TABLE application_months IS
    'What application_years has taken the place of: read by the version before while versions run side by side, written by nobody.';

-- Of a year, the months that are closed never change. The earlier months of the year are closed as well, so they come first.
CREATE FUNCTION months_of_year(whole application_years, months integer) RETURNS numeric[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(billionths ORDER BY number) || array_agg(figures ORDER BY number)
    FROM (VALUES
        (1, whole.billionths_1, whole.figures_1::numeric), (2, whole.billionths_2, whole.figures_2), (3, whole.billionths_3, whole.figures_3),
        (4, whole.billionths_4, whole.figures_4), (5, whole.billionths_5, whole.figures_5), (6, whole.billionths_6, whole.figures_6),
        (7, whole.billionths_7, whole.figures_7), (8, whole.billionths_8, whole.figures_8), (9, whole.billionths_9, whole.figures_9),
        (10, whole.billionths_10, whole.figures_10), (11, whole.billionths_11, whole.figures_11), (12, whole.billionths_12, whole.figures_12)
    ) AS amounts (number, billionths, figures)
    WHERE number <= months
$$;

CREATE FUNCTION refuse_closed_months_of_year() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    org text := coalesce(NEW.org_id, OLD.org_id);
    year integer := coalesce(NEW.year, OLD.year);
    closed integer := (SELECT max(month) + 1 - year * 12 FROM periods WHERE org_id = org);
    nothing numeric[];
BEGIN
    IF closed > 0 THEN
        nothing := array_fill(0::numeric, ARRAY[2 * least(closed, 12)]);
        IF coalesce(months_of_year(OLD, closed), nothing) <> coalesce(months_of_year(NEW, closed), nothing) THEN
            RAISE EXCEPTION 'the first % months of % of % are closed and never change', least(closed, 12), year, org
                USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER closed_kept AFTER INSERT OR UPDATE OR DELETE ON application_years
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_months_of_year();

-- A calculator of the version before is made to wait: its write fails like a conflict, and is retried until it is replaced.
CREATE FUNCTION refuse_rows_of_months() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what applications use is rolled up by years' USING ERRCODE = 'serialization_failure';
END $$;

CREATE TRIGGER rolled_up_by_years BEFORE INSERT ON application_months
    FOR EACH ROW EXECUTE FUNCTION refuse_rows_of_months();
