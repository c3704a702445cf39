"""What billing publishes."""

from common.events import Event

from billing.store.invoices import Issued

INVOICES = "billing.invoices"
INVOICE_ISSUED = "billing.invoice.issued.v1"


def invoice_issued(issued: Issued) -> Event:
    """The event of an issued document: what it comes to, not its lines. Documents never change, so its version is always 1."""
    document, body = issued.document, issued.document.body
    data = {
        "number": document.number,
        "version": 1,
        "type": body.type,
        "org": issued.org,
        "contract_id": str(body.contract_id),
        "contract_reference": body.contract_reference,
        "month": f"{body.month:%Y-%m}",
        "issued_on": document.issued_on.isoformat(),
        "due_on": document.due_on.isoformat(),
        "currency": body.currency,
        "net": str(body.net),
        "vat": str(body.vat_total),
        "gross": str(body.gross),
        "corrects": None if body.corrects is None else body.corrects.number,
        "kwh": body.footprint.kwh,
        "gwp_kg": body.footprint.gwp_kg,
        "hash": issued.hash,
    }
    return Event(INVOICES, INVOICE_ISSUED, document.number, f"invoice/{document.number}", data)
