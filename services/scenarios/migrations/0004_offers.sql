-- An alternative may take offers of the catalogue, with parameters, before its own actions.
ALTER TABLE alternatives ADD COLUMN offers jsonb NOT NULL DEFAULT '[]';
