-- What reports call an organisation. Empty, and the report names its id, until inventory tells of it again (`inventory republish`).
ALTER TABLE organisations ADD COLUMN name text NOT NULL DEFAULT '';
