-- Imports that can be cancelled and rehearsed with a diff, that bring sites and applications beside assets, and that
-- remember how an organisation's own files are to be read.

ALTER TABLE imports DROP CONSTRAINT imports_status_check;
ALTER TABLE imports ADD CONSTRAINT imports_status_check
    CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled'));
ALTER TABLE imports ADD COLUMN missing integer NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN hostless integer NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN learnt jsonb NOT NULL DEFAULT '{}';
ALTER TABLE imports ADD COLUMN reached_rank integer NOT NULL DEFAULT -1;
ALTER TABLE imports ADD COLUMN reached_name text NOT NULL DEFAULT '';
COMMENT ON COLUMN imports.learnt IS 'what reading found out and applying needs: the mapping, the end of the charges';
COMMENT ON COLUMN imports.reached_rank IS 'with reached_name: the last row, in their order, that has been applied';
COMMENT ON COLUMN imports.hostless IS 'machines taken without the host that their file names';

-- A row tells of an asset, a site, an application, a purchase or a charge: `entity`. `asset` is its name as one text,
-- `depends` are the names of what it cannot be without.
ALTER TABLE import_rows ADD COLUMN entity text NOT NULL DEFAULT 'asset';
ALTER TABLE import_rows ADD COLUMN depends text[] NOT NULL DEFAULT '{}';
ALTER TABLE import_rejects ADD COLUMN asset text;
CREATE INDEX import_rejects_by_name ON import_rejects (import_id, asset) WHERE asset IS NOT NULL;

-- What an import would do to what is known, or what is known and no longer in its files.
CREATE TABLE import_diffs (
    import_id   uuid NOT NULL REFERENCES imports,
    position    bigint GENERATED ALWAYS AS IDENTITY,
    org_id      text NOT NULL,
    result      text NOT NULL CHECK (result IN ('created', 'updated', 'unchanged', 'missing')),
    entity      text NOT NULL,
    of_org      text NOT NULL,
    source      text NOT NULL,
    external_id text NOT NULL,
    kind        text,
    name        text,
    entity_id   uuid NOT NULL,
    changes     jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (import_id, position)
);
SELECT tenant_isolation('import_diffs');

CREATE INDEX import_diffs_by_result ON import_diffs (import_id, result, position);
CREATE INDEX import_diffs_by_name ON import_diffs (import_id, entity, of_org, source, external_id);
CREATE INDEX import_diffs_by_id ON import_diffs (import_id, entity_id);

CREATE TABLE import_mappings (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL REFERENCES organisations,
    name        text NOT NULL,
    content     jsonb NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    recorded_at timestamptz NOT NULL,
    UNIQUE (org_id, name)
);
SELECT tenant_isolation('import_mappings');
COMMENT ON TABLE import_mappings IS 'How an organisation''s own tables are read: which heading is which column of ours';
