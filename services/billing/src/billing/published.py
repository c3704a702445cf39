"""What billing publishes."""

from datetime import datetime
from typing import Any

from common.events import Event

from billing.store.alerts import Alert
from billing.store.invoices import Issued

INVOICES = "billing.invoices"
ALERTS = "billing.alerts"
ALERT_RAISED = "billing.alert.raised.v1"
FINDING_CHANGED = "billing.finding.changed.v1"
INVOICE_ISSUED = "billing.invoice.issued.v1"
BUY_BACK_ISSUED = "billing.buy-back.issued.v1"
BUY_BACK_CREDITED = "billing.buy-back.credited.v1"


def document_issued(issued: Issued) -> Event:
    """The event of an issued document: what it comes to, not its lines. Documents never change, so its version is always 1."""
    body = issued.document.body
    if body.self_billing is None:
        return invoice_issued(issued)
    return buy_back_credited(issued) if body.is_credit_note else buy_back_issued(issued)


def buy_back_issued(issued: Issued) -> Event:
    """The event of a self-billed invoice, which is owed to the customer and credited to its wallet."""
    document, body = issued.document, issued.document.body
    data = _of_document(issued) | {"handed_over_on": body.last.isoformat()}
    return Event(INVOICES, BUY_BACK_ISSUED, document.number, f"buy-back/{document.number}", data)


def buy_back_credited(issued: Issued) -> Event:
    """The event of a self-billed credit note, whose gross has left the customer's wallet."""
    document, body = issued.document, issued.document.body
    data = _of_document(issued) | {"corrects": None if body.corrects is None else body.corrects.number}
    return Event(INVOICES, BUY_BACK_CREDITED, document.number, f"buy-back-credit/{document.number}", data)


def invoice_issued(issued: Issued) -> Event:
    """The event of an invoice or a credit note."""
    document, body = issued.document, issued.document.body
    data = _of_document(issued) | {
        "type": body.type,
        "month": f"{body.month:%Y-%m}",
        "due_on": document.due_on.isoformat(),
        "corrects": None if body.corrects is None else body.corrects.number,
        "kwh": body.footprint.kwh,
        "gwp_kg": body.footprint.gwp_kg,
    }
    return Event(INVOICES, INVOICE_ISSUED, document.number, f"invoice/{document.number}", data)


def _of_document(issued: Issued) -> dict[str, Any]:
    """What the event of any document says."""
    document, body = issued.document, issued.document.body
    return {
        "number": document.number,
        "version": 1,
        "org": issued.org,
        "contract_id": str(body.contract_id),
        "contract_reference": body.contract_reference,
        "issued_on": document.issued_on.isoformat(),
        "currency": body.currency,
        "net": str(body.net),
        "vat": str(body.vat_total),
        "gross": str(body.gross),
        "hash": issued.hash,
    }


def alert_told(alert: Alert) -> Event:
    """The event of an alert as it is."""
    return threshold_crossed(alert) if alert.finding is None else finding_changed(alert)


def threshold_crossed(alert: Alert) -> Event:
    """The event of a threshold that was crossed. It never changes, so its version is always 1."""
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
        "raised_at": _instant(alert.raised_at),
    }
    return Event(ALERTS, ALERT_RAISED, str(alert.id), f"alert/{alert.id}", data)


def finding_changed(alert: Alert) -> Event:
    """The event of a finding: version 1 when it is raised, 2 when it has ended."""
    data = {
        "id": str(alert.id),
        "version": 1 if alert.ended_at is None else 2,
        "org": alert.org,
        "contract_id": str(alert.contract_id),
        "month": f"{alert.month:%Y-%m}",
        "finding": alert.finding,
        "sentence": alert.name,
        "day": None if alert.day is None else alert.day.isoformat(),
        "number": alert.number,
        "owed": None if alert.value is None else f"{alert.value:.2f}",
        "raised_at": _instant(alert.raised_at),
        "ended_at": None if alert.ended_at is None else _instant(alert.ended_at),
    }
    return Event(ALERTS, FINDING_CHANGED, str(alert.id), f"alert/{alert.id}", data)


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
