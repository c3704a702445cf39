-- Activities: quantities of something at a date or over days, for an organisation, a site or an asset.

CREATE TABLE activities (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL REFERENCES organisations,
    source      text NOT NULL,
    external_id text NOT NULL,
    asset_id    uuid REFERENCES assets,
    site_id     uuid REFERENCES sites,
    kind        text NOT NULL,
    activity    text NOT NULL,
    country     text,
    starts      date NOT NULL,
    ends        date NOT NULL CHECK (ends > starts),
    quantity    double precision NOT NULL CHECK (quantity >= 0 AND quantity < 'Infinity'),
    unit        text NOT NULL,
    note        text,
    version     integer NOT NULL CHECK (version >= 1),
    recorded_at timestamptz NOT NULL,
    deleted_at  timestamptz
);
SELECT tenant_isolation('activities');

-- A deleted activity keeps its row and loses its name: the same name sent again is another activity.
CREATE UNIQUE INDEX activities_named ON activities (org_id, source, external_id) WHERE deleted_at IS NULL;
CREATE INDEX activities_listed ON activities (org_id, starts, id) WHERE deleted_at IS NULL;
CREATE INDEX activities_of_asset ON activities (asset_id) WHERE asset_id IS NOT NULL AND deleted_at IS NULL;

-- What an activity said before it was corrected or deleted.
CREATE TABLE activity_versions (
    activity_id uuid NOT NULL REFERENCES activities,
    version     integer NOT NULL,
    org_id      text NOT NULL,
    document    jsonb NOT NULL,
    PRIMARY KEY (activity_id, version)
);
SELECT tenant_isolation('activity_versions');
