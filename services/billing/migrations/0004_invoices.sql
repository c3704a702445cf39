-- Issued documents. What is issued is never changed or removed; corrections are documents of their own.

-- The provider's own particulars as invoices show them. Of the platform, not of a customer; the highest version counts.
CREATE TABLE sellers (
    version     integer PRIMARY KEY,
    seller      jsonb NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sellers FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The last number of each series and year, and the end of its hash chain. Whoever issues holds the row's lock until commit: so numbers
-- have no gap (a rollback gives the number back) and no double, and documents follow one another in the chain.
CREATE TABLE number_series (
    series      text NOT NULL,
    year        integer NOT NULL,
    last        integer NOT NULL CHECK (last >= 1),
    last_hash   text NOT NULL,
    last_day    date NOT NULL,
    PRIMARY KEY (series, year)
);

CREATE TABLE invoices (
    number        text PRIMARY KEY,
    org_id        text NOT NULL,
    contract_id   uuid NOT NULL REFERENCES contracts,
    type          text NOT NULL CHECK (type IN ('380', '381')),
    series        text NOT NULL,
    year          integer NOT NULL,
    sequence      integer NOT NULL,
    month         date NOT NULL,
    corrects      text REFERENCES invoices,
    issued_at     timestamptz NOT NULL,
    issued_on     date NOT NULL,
    due_on        date NOT NULL,
    net           numeric NOT NULL,
    vat           numeric NOT NULL,
    gross         numeric NOT NULL,
    content       text NOT NULL,
    previous_hash text NOT NULL,
    hash          text NOT NULL UNIQUE,
    UNIQUE (series, year, sequence),
    CHECK ((type = '381') = (corrects IS NOT NULL))
);
SELECT tenant_isolation('invoices');
CREATE UNIQUE INDEX one_invoice_a_month ON invoices (contract_id, month) WHERE type = '380';
CREATE INDEX invoices_by_correction ON invoices (corrects);
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON COLUMN invoices.content IS 'the whole document as canonical JSON: what the hash is of';
COMMENT ON COLUMN invoices.hash IS 'SHA-256 of previous_hash, a line feed, and content';

-- What each invoice was made from: closed intervals, so that it can be rated again and come to the same hash.
CREATE TABLE invoice_intervals (
    number    text NOT NULL REFERENCES invoices,
    org_id    text NOT NULL,
    resource  text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    vcpu      bigint NOT NULL,
    ram_mib   bigint NOT NULL,
    disk_mib  bigint NOT NULL,
    PRIMARY KEY (number, resource, starts_at)
);
SELECT tenant_isolation('invoice_intervals');
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON invoice_intervals FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What a later look at a billed month found to be owed in addition; it goes on the contract's next invoice.
CREATE TABLE adjustments (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL,
    contract_id uuid NOT NULL REFERENCES contracts,
    corrects    text NOT NULL REFERENCES invoices,
    lines       jsonb NOT NULL,
    found_at    timestamptz NOT NULL,
    billed_by   text REFERENCES invoices
);
SELECT tenant_isolation('adjustments');
CREATE INDEX adjustments_open ON adjustments (contract_id) WHERE billed_by IS NULL;

-- A run over the contracts of a month: one row a contract, each settled in the transaction that settles it.
CREATE TABLE invoice_runs (
    id          uuid NOT NULL,
    org_id      text NOT NULL,
    contract_id uuid NOT NULL REFERENCES contracts,
    month       date NOT NULL,
    state       text NOT NULL CHECK (state IN ('waiting', 'issued', 'draft', 'nothing', 'failed')),
    number      text REFERENCES invoices,
    detail      text,
    asked_at    timestamptz NOT NULL,
    PRIMARY KEY (id, contract_id)
);
SELECT tenant_isolation('invoice_runs');
CREATE INDEX invoice_runs_waiting ON invoice_runs (asked_at) WHERE state = 'waiting';
