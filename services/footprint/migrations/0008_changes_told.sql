-- What clients of `/changes` are told, in the order of commits. Ids are given before commits, so a reader could pass over one that commits
-- late; `transaction` closes that: rows are read once every transaction before theirs has ended, in the order of transaction and id.
CREATE TABLE result_changes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    org_id      text NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    what        text NOT NULL CHECK (what IN ('figures', 'period')),
    months      integer[] NOT NULL,
    assets      uuid[] NOT NULL,
    asset_count integer NOT NULL
);

CREATE INDEX result_changes_order ON result_changes (transaction, id);
CREATE INDEX result_changes_age ON result_changes (changed_at);

SELECT tenant_isolation('result_changes');
