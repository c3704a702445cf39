"""What billing publishes."""

from common.events import Event

from billing.store.invoices import Issued
from billing.store.thresholds import Alert

INVOICES = "billing.invoices"
ALERTS = "billing.alerts"
ALERT_RAISED = "billing.alert.raised.v1"
INVOICE_ISSUED = "billing.invoice.issued.v1"
BUY_BACK_ISSUED = "billing.buy-back.issued.v1"


def document_issued(issued: Issued) -> Event:
    """The event of an issued document: what it comes to, not its lines. Documents never change, so its version is always 1."""
    return invoice_issued(issued) if issued.document.body.self_billing is None else buy_back_issued(issued)


def buy_back_issued(issued: Issued) -> Event:
    """The event of a self-billed invoice, which is owed to the customer and credited to its wallet."""
    document, body = issued.document, issued.document.body
    data = {
        "number": document.number,
        "version": 1,
        "org": issued.org,
        "contract_id": str(body.contract_id),
        "contract_reference": body.contract_reference,
        "handed_over_on": body.last.isoformat(),
        "issued_on": document.issued_on.isoformat(),
        "currency": body.currency,
        "net": str(body.net),
        "vat": str(body.vat_total),
        "gross": str(body.gross),
        "hash": issued.hash,
    }
    return Event(INVOICES, BUY_BACK_ISSUED, document.number, f"buy-back/{document.number}", data)


def invoice_issued(issued: Issued) -> Event:
    """The event of an invoice or a credit note."""
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


def alert_raised(alert: Alert) -> Event:
    """The event of an alert. Alerts never change, so its version is always 1."""
    data = {
        "id": str(alert.id),
        "version": 1,
        "org": alert.org,
        "contract_id": str(alert.contract_id),
        "threshold_id": str(alert.threshold_id),
        "month": f"{alert.month:%Y-%m}",
        "name": alert.name,
        "measure": alert.measure,
        "amount": f"{alert.amount:.2f}",
        "value": f"{alert.value:.2f}",
        "raised_at": alert.raised_at.isoformat().replace("+00:00", "Z"),
    }
    return Event(ALERTS, ALERT_RAISED, str(alert.id), f"alert/{alert.id}", data)
