-- What customers paid. A payment that did not hold (a rejected transfer) is taken back by a row of its own.
CREATE TABLE payments (
    id          uuid PRIMARY KEY,
    org_id      text NOT NULL,
    number      text NOT NULL REFERENCES invoices,
    amount      numeric NOT NULL CHECK (amount <> 0),
    paid_on     date NOT NULL,
    reference   text NOT NULL,
    recorded_at timestamptz NOT NULL
);
SELECT tenant_isolation('payments');
CREATE INDEX payments_by_invoice ON payments (number);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION refuse_change();
COMMENT ON COLUMN payments.amount IS 'euros; below zero takes a payment back';
