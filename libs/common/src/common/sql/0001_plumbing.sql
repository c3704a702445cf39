-- What common needs in each service's schema.

CREATE FUNCTION tenant_isolation(table_name text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', table_name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', table_name);
    -- The sub-selects are evaluated once a statement, not once a row.
    EXECUTE format(
        'CREATE POLICY organisations ON %I
         USING ((SELECT current_setting(''app.orgs'', true)) = ''*''
                OR org_id = ANY ((SELECT string_to_array(current_setting(''app.orgs'', true), '',''))::text[]))',
        table_name);
END $$;

COMMENT ON FUNCTION tenant_isolation IS
    'Rows of the table are visible and writable only to transactions whose app.orgs holds their org_id, or *.';

CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    uuid NOT NULL,
    topic       text NOT NULL,
    key         text NOT NULL,
    type        text NOT NULL,
    subject     text NOT NULL,
    occurred_at timestamptz NOT NULL,
    traceparent text,
    value       bytea
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 100000);

CREATE TABLE processed_events (
    event_id     uuid PRIMARY KEY,
    processed_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX processed_events_age ON processed_events (processed_at);

CREATE TABLE dead_letters (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state       text NOT NULL CHECK (state IN ('dead', 'parked', 'replayed', 'skipped')),
    topic       text NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint NOT NULL,
    key         text NOT NULL,
    event_id    uuid NOT NULL,
    type        text NOT NULL,
    source      text NOT NULL,
    subject     text NOT NULL,
    occurred_at timestamptz NOT NULL,
    traceparent text,
    value       bytea,
    reason      text,
    stack       text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    settled_at  timestamptz,
    UNIQUE (topic, partition, "offset")
);

CREATE INDEX dead_letters_open ON dead_letters (topic, key, id) WHERE state IN ('dead', 'parked');

CREATE TABLE idempotency_keys (
    client       text NOT NULL,
    key          text NOT NULL,
    request_hash bytea NOT NULL,
    status       integer NOT NULL,
    headers      jsonb NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client, key)
);

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
