-- What is agreed with a customer. A contract changes by version; its prices are only ever added to.

CREATE TABLE contracts (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL,
    reference   text NOT NULL,
    starts_on   date NOT NULL,
    ends_on     date,
    time_zone   text NOT NULL,
    metering    text NOT NULL CHECK (metering IN ('inventory', 'events')),
    grace_hours integer NOT NULL CHECK (grace_hours >= 0),
    due_days    integer NOT NULL CHECK (due_days BETWEEN 0 AND 60),
    customer    jsonb NOT NULL,
    version     integer NOT NULL,
    created_at  timestamptz NOT NULL,
    CHECK (starts_on < ends_on),
    UNIQUE (org_id, reference),
    CONSTRAINT one_contract_at_a_time EXCLUDE USING gist (org_id WITH =, daterange(starts_on, ends_on) WITH &&)
);
SELECT tenant_isolation('contracts');
COMMENT ON COLUMN contracts.starts_on IS 'first local day, in time_zone';
COMMENT ON COLUMN contracts.ends_on IS 'first local day that is no longer under contract';
COMMENT ON COLUMN contracts.metering IS 'whose word counts: the inventory''s timeline, or the partner''s usage events';
COMMENT ON COLUMN contracts.due_days IS 'days from issue to due date; at most 60 (Code de commerce, L441-10)';

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION refuse_change IS 'For triggers of tables whose rows are never changed or removed.';

CREATE TABLE price_versions (
    contract_id uuid NOT NULL REFERENCES contracts,
    number      integer NOT NULL,
    org_id      text NOT NULL,
    valid_from  date NOT NULL,
    terms       jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (contract_id, number)
);
SELECT tenant_isolation('price_versions');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON price_versions FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON price_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON COLUMN price_versions.valid_from IS 'of the versions valid on a day the latest counts, and of those with the same day the highest number';

-- What partners reported, each event once. Quantities are absolute; null says nothing of that meter.
CREATE TABLE usage_events (
    org_id      text NOT NULL,
    source      text NOT NULL,
    id          text NOT NULL,
    resource    text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('started', 'resized', 'stopped')),
    at          timestamptz NOT NULL,
    vcpu        bigint CHECK (vcpu >= 0),
    ram_mib     bigint CHECK (ram_mib >= 0),
    disk_mib    bigint CHECK (disk_mib >= 0),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, source, id)
);
SELECT tenant_isolation('usage_events');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON usage_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE INDEX usage_events_by_resource ON usage_events (org_id, at);
