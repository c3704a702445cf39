"""Issuing: the one place in which a document gets its number, its dates and its place in the chain, all in the caller's transaction."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from common.database import Transaction

from billing.documents.content import Body, Document
from billing.documents.sums import check_sums
from billing.domain.canonical import canonical
from billing.domain.chain import link_hash
from billing.einvoice.files import Files
from billing.published import document_issued
from billing.store import invoices as store
from billing.store.invoices import Issued

LEGAL_ZONE = ZoneInfo("Europe/Paris")
"""Where a document's day of issue is counted: the provider's."""


def series_of(body: Body) -> str:
    """Invoices (factures) and credit notes (avoirs) are numbered apart.

    Buy-backs and their credit notes have series of each customer in whose name they are (BOI-TVA-DECLA-30-20-20-10: a series of its own for
    each who gave a mandate).
    """
    if body.self_billing is not None:
        return f"{'RA' if body.is_credit_note else 'R'}{body.seller.siren}"
    return "F" if body.type == "380" else "A"


class DocumentWriter(Protocol):
    """What checks a document before it has a number, and writes its files when it has."""

    async def check(self, body: Body, series: str, day: date) -> None:
        """Raise when the document may not be issued."""
        ...

    async def write(self, document: Document) -> Files:
        """The files of a numbered document."""
        ...


async def issue(
    unit: Transaction, org: str, body: Body, clock: Callable[[], datetime], writer: DocumentWriter
) -> Issued:
    """Give `body` the next number and store it with its files. Raises `WrongSums` or `InvalidXml` before a number is taken.

    The series' row stays locked until the caller commits: two issues never hold the same number, a rollback gives it back, and a killed
    process leaves neither number nor document.
    """
    check_sums(body)
    series, today = series_of(body), clock().astimezone(LEGAL_ZONE).date()
    await writer.check(body, series, today)
    place = await store.take_number(unit.connection, series, today)
    numbered = Document(
        number=place.number, issued_on=place.day, due_on=place.day + timedelta(days=body.due_days), body=body
    )
    files = await writer.write(numbered)
    document = numbered.model_copy(update={"files_sha256": files.digest})
    content = canonical(document.model_dump(mode="python"))
    digest = link_hash(place.previous_hash, content)
    issued = Issued(org, document, clock(), place.previous_hash, digest)
    await store.add_invoice(unit.connection, place, issued, content)
    await store.add_files(unit.connection, document.number, org, files)
    unit.publish(document_issued(issued))
    return issued
