-- The files of issued documents: the Factur-X XML, and the PDF/A-3 that holds the same bytes. Their digest is in the document's content,
-- and so in the hash chain.
CREATE TABLE invoice_files (
    number text PRIMARY KEY REFERENCES invoices,
    org_id text NOT NULL,
    xml    bytea NOT NULL,
    pdf    bytea NOT NULL
);
SELECT tenant_isolation('invoice_files');
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON invoice_files FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON invoice_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
