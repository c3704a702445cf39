-- What is commanded.
CREATE TABLE accounts (
    id      text PRIMARY KEY,
    org_id  text NOT NULL,
    version integer NOT NULL,
    balance bigint NOT NULL
);

CREATE TABLE deposits (
    id      uuid PRIMARY KEY,
    org_id  text NOT NULL,
    account text NOT NULL REFERENCES accounts (id),
    amount  bigint NOT NULL
);

-- What is heard: the state of each account, and a sum that counts an event twice if it is handled twice.
CREATE TABLE heard (
    id      text PRIMARY KEY,
    org_id  text NOT NULL,
    version integer NOT NULL,
    balance bigint NOT NULL
);

CREATE TABLE totals (
    id     text PRIMARY KEY,
    org_id text NOT NULL,
    events integer NOT NULL,
    amount bigint NOT NULL
);

-- Deposits of an account that is barred cannot be handled until it is removed from here.
CREATE TABLE barred (
    id     text PRIMARY KEY,
    org_id text NOT NULL
);

SELECT tenant_isolation('accounts');
SELECT tenant_isolation('deposits');
SELECT tenant_isolation('heard');
SELECT tenant_isolation('totals');
SELECT tenant_isolation('barred');
