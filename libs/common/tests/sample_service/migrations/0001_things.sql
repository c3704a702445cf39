CREATE TABLE things (
    id      text PRIMARY KEY,
    org_id  text NOT NULL,
    name    text NOT NULL,
    version integer NOT NULL
);

SELECT tenant_isolation('things');

CREATE TABLE heard (
    id      text PRIMARY KEY,
    org_id  text NOT NULL,
    name    text NOT NULL,
    version integer NOT NULL
);

SELECT tenant_isolation('heard');

CREATE TABLE counted (
    id    text PRIMARY KEY,
    times integer NOT NULL
);
