-- Buy-backs: what the operator buys of a customer is billed by the operator in the customer's name (self-billed, 389), and credited to the
-- customer's wallet, which pays invoices.

ALTER TABLE contracts ADD COLUMN mandate jsonb;
COMMENT ON COLUMN contracts.mandate IS 'the customer''s mandate to be billed for in its name: reference and day of signature';

ALTER TABLE invoices DROP CONSTRAINT invoices_type_check;
ALTER TABLE invoices ADD CONSTRAINT invoices_type_check CHECK (type IN ('380', '381', '389'));

ALTER TABLE payments ADD COLUMN means text NOT NULL DEFAULT 'transfer' CHECK (means IN ('transfer', 'wallet'));

-- Append-only; each entry holds the balance that it leaves, so a balance below zero cannot be stored. Whoever appends holds the wallet's lock.
CREATE TABLE wallet_entries (
    org_id      text NOT NULL,
    sequence    integer NOT NULL CHECK (sequence >= 1),
    kind        text NOT NULL CHECK (kind IN ('buy_back', 'payment', 'payment_taken_back')),
    amount      numeric NOT NULL CHECK (amount <> 0),
    balance     numeric NOT NULL CHECK (balance >= 0),
    number      text NOT NULL REFERENCES invoices,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, sequence),
    CHECK ((kind = 'payment') = (amount < 0))
);
SELECT tenant_isolation('wallet_entries');
CREATE UNIQUE INDEX one_credit_a_buy_back ON wallet_entries (number) WHERE kind = 'buy_back';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON wallet_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON wallet_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
COMMENT ON COLUMN wallet_entries.number IS 'the buy-back that was credited, or the invoice that was paid';
