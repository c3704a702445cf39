-- Thresholds that a contract's month may cross, and the alerts of those that were: one a threshold and month.

CREATE TABLE thresholds (
    id           uuid PRIMARY KEY,
    org_id       text NOT NULL,
    contract_id  uuid NOT NULL REFERENCES contracts,
    name         text NOT NULL,
    measure      text NOT NULL CHECK (measure IN ('month_to_date', 'state_based', 'linear')),
    amount       numeric NOT NULL CHECK (amount > 0),
    created_at   timestamptz NOT NULL,
    withdrawn_at timestamptz
);
SELECT tenant_isolation('thresholds');
CREATE INDEX thresholds_by_contract ON thresholds (contract_id) WHERE withdrawn_at IS NULL;
COMMENT ON COLUMN thresholds.measure IS 'net of the month so far, or projected to its end: what runs stays on, the mean goes on';
COMMENT ON COLUMN thresholds.amount IS 'euros, net; reached counts as crossed';

CREATE TABLE alerts (
    id           uuid PRIMARY KEY,
    org_id       text NOT NULL,
    contract_id  uuid NOT NULL REFERENCES contracts,
    threshold_id uuid NOT NULL REFERENCES thresholds,
    month        date NOT NULL,
    name         text NOT NULL,
    measure      text NOT NULL,
    amount       numeric NOT NULL,
    value        numeric NOT NULL,
    raised_at    timestamptz NOT NULL,
    UNIQUE (threshold_id, month)
);
SELECT tenant_isolation('alerts');
CREATE INDEX alerts_by_time ON alerts (raised_at, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON alerts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON alerts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
