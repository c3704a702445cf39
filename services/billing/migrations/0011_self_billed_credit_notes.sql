-- A buy-back that was wrong is corrected by a self-billed credit note (UNTDID 261), which takes its gross out of the wallet again.

ALTER TABLE invoices DROP CONSTRAINT invoices_type_check;
ALTER TABLE invoices ADD CONSTRAINT invoices_type_check CHECK (type IN ('261', '380', '381', '389'));
ALTER TABLE invoices DROP CONSTRAINT invoices_check;
ALTER TABLE invoices ADD CONSTRAINT credit_notes_correct CHECK ((type IN ('261', '381')) = (corrects IS NOT NULL));

ALTER TABLE wallet_entries DROP CONSTRAINT wallet_entries_kind_check;
ALTER TABLE wallet_entries ADD CONSTRAINT wallet_entries_kind_check
    CHECK (kind IN ('buy_back', 'buy_back_credited', 'payment', 'payment_taken_back'));
ALTER TABLE wallet_entries DROP CONSTRAINT wallet_entries_check;
ALTER TABLE wallet_entries ADD CONSTRAINT out_of_the_wallet CHECK ((kind IN ('payment', 'buy_back_credited')) = (amount < 0));
CREATE UNIQUE INDEX one_debit_a_credit_note ON wallet_entries (number) WHERE kind = 'buy_back_credited';
COMMENT ON COLUMN wallet_entries.number IS 'the buy-back that was credited, its credit note, or the invoice that was paid';
