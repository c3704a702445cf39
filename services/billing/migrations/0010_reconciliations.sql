-- The daily look at a contract's months: whether the other source tells the same, and whether an issued month still comes to what was
-- billed of it. One row a month, of the newest look; what it found that somebody should know of is an alert until it is no longer so.

CREATE TABLE reconciliations (
    contract_id   uuid NOT NULL REFERENCES contracts,
    org_id        text NOT NULL,
    month         date NOT NULL,
    made_on       date NOT NULL,
    made_at       timestamptz NOT NULL,
    until         timestamptz NOT NULL,
    compared_with text CHECK (compared_with IN ('inventory', 'events')),
    differences   integer NOT NULL,
    number        text REFERENCES invoices,
    owed          numeric,
    PRIMARY KEY (contract_id, month),
    CHECK ((number IS NULL) = (owed IS NULL))
);
SELECT tenant_isolation('reconciliations');
COMMENT ON COLUMN reconciliations.made_on IS 'local day of the contract; a look is made once a day';
COMMENT ON COLUMN reconciliations.until IS 'the look is at the days that were over then';
COMMENT ON COLUMN reconciliations.compared_with IS 'the source that the contract is not billed by; null where it has told nothing';
COMMENT ON COLUMN reconciliations.owed IS 'euros, net: what the issued month comes to now, less what has been billed of it';

CREATE TABLE reconciliation_differences (
    contract_id     uuid NOT NULL,
    org_id          text NOT NULL,
    month           date NOT NULL,
    resource        text NOT NULL,
    day             date NOT NULL,
    billed_vcpu     bigint NOT NULL,
    billed_ram_mib  bigint NOT NULL,
    billed_disk_mib bigint NOT NULL,
    other_vcpu      bigint NOT NULL,
    other_ram_mib   bigint NOT NULL,
    other_disk_mib  bigint NOT NULL,
    PRIMARY KEY (contract_id, month, resource, day),
    FOREIGN KEY (contract_id, month) REFERENCES reconciliations
);
SELECT tenant_isolation('reconciliation_differences');
COMMENT ON TABLE reconciliation_differences IS 'of the newest look at each month, in step-seconds';

-- An alert is of a threshold, or of what a look found. Only the latter ends: when it is no longer so.
ALTER TABLE alerts ALTER COLUMN threshold_id DROP NOT NULL;
ALTER TABLE alerts ALTER COLUMN measure DROP NOT NULL;
ALTER TABLE alerts ALTER COLUMN amount DROP NOT NULL;
ALTER TABLE alerts ALTER COLUMN value DROP NOT NULL;
ALTER TABLE alerts
    ADD COLUMN finding text CHECK (finding IN ('billed_only', 'other_only', 'quantities_differ', 'issued_month_differs')),
    ADD COLUMN day date,
    ADD COLUMN number text REFERENCES invoices,
    ADD COLUMN ended_at timestamptz,
    ADD CONSTRAINT of_a_threshold_or_a_finding CHECK (
        CASE WHEN finding IS NULL
            THEN num_nulls(threshold_id, measure, amount, value) = 0 AND num_nonnulls(day, number, ended_at) = 0
            WHEN finding = 'issued_month_differs'
            THEN num_nulls(number, value) = 0 AND num_nonnulls(threshold_id, measure, amount, day) = 0
            ELSE day IS NOT NULL AND num_nonnulls(threshold_id, measure, amount, value, number) = 0
        END
    );
CREATE UNIQUE INDEX one_open_alert_a_finding ON alerts (contract_id, month, day, finding) NULLS NOT DISTINCT
    WHERE finding IS NOT NULL AND ended_at IS NULL;
COMMENT ON COLUMN alerts.name IS 'of the threshold; what was found, in a sentence';
COMMENT ON COLUMN alerts.value IS 'euros, net: the figure that reached the threshold; what an issued month comes to now, less what was billed';
COMMENT ON COLUMN alerts.day IS 'the local day on which the two sources differ';

CREATE FUNCTION refuse_all_but_an_end() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
       AND to_jsonb(OLD) - 'ended_at' = to_jsonb(NEW) - 'ended_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only, and ends once', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION refuse_all_but_an_end IS 'For triggers of tables whose rows never change but to end, once.';
DROP TRIGGER append_only ON alerts;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON alerts FOR EACH ROW EXECUTE FUNCTION refuse_all_but_an_end();
