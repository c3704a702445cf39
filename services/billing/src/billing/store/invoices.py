"""SQL of issued documents, their numbers and chain, adjustments, and runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from asyncpg import Record
from common.database import Connection

from billing.documents.content import Document, DocumentLine, Seller
from billing.domain.events import Interval
from billing.domain.terms import epoch, instant_of
from billing.einvoice.files import Files

_SELLER = "SELECT seller FROM sellers ORDER BY version DESC LIMIT 1"

_ADD_SELLER = """
INSERT INTO sellers (version, seller, recorded_at)
SELECT coalesce(max(version), 0) + 1, $1, $2 FROM sellers
RETURNING version
"""

_TAKE_NUMBER = """
INSERT INTO number_series AS series (series, year, last, last_hash, last_day)
VALUES ($1, $2, 1, '', $3)
ON CONFLICT (series, year) DO UPDATE SET last = series.last + 1, last_day = greatest(series.last_day, $3)
RETURNING last, last_hash, last_day
"""

_EXTEND_CHAIN = "UPDATE number_series SET last_hash = $3 WHERE series = $1 AND year = $2"

_ADD_INVOICE = """
INSERT INTO invoices (number, org_id, contract_id, type, series, year, sequence, month, corrects, issued_at, issued_on, due_on, net, vat,
                      gross, content, previous_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""

_ADD_FILES = "INSERT INTO invoice_files (number, org_id, xml, pdf) VALUES ($1, $2, $3, $4)"
_FILES = "SELECT xml, pdf FROM invoice_files WHERE number = $1"

_ADD_INTERVALS = """
INSERT INTO invoice_intervals (number, org_id, resource, starts_at, ends_at, vcpu, ram_mib, disk_mib)
SELECT $1, $2, * FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[])
"""

_INTERVALS = """
SELECT resource, starts_at, ends_at, vcpu, ram_mib, disk_mib
FROM invoice_intervals
WHERE number = $1 AND ($2::text IS NULL OR (resource, starts_at) > ($2, $3::timestamptz))
  AND ($5::text IS NULL OR CASE $5 WHEN 'vcpu' THEN vcpu WHEN 'ram_gib' THEN ram_mib ELSE disk_mib END > 0)
  AND ($6::timestamptz IS NULL OR starts_at < $7 AND ends_at > $6)
ORDER BY resource, starts_at
LIMIT $4
"""

_INVOICE = "SELECT * FROM invoices WHERE number = $1"
_INVOICE_OF_MONTH = "SELECT * FROM invoices WHERE contract_id = $1 AND month = $2 AND type = '380'"
_CREDIT_NOTES = "SELECT * FROM invoices WHERE corrects = $1 ORDER BY series, year, sequence"

_INVOICES = """
SELECT * FROM invoices
WHERE org_id = coalesce($1, org_id) AND ($2::date IS NULL OR month = $2) AND ($3::text IS NULL OR number > $3)
ORDER BY number
LIMIT $4
"""

_INVOICE_NUMBERS = "SELECT number FROM invoices WHERE org_id = $1 AND type = '380' ORDER BY due_on, number"

_NUMBERS_TO_CUSTOMERS = """
SELECT number FROM invoices
WHERE type = '380' AND org_id = coalesce($1, org_id) AND ($2::date IS NULL OR month = $2) AND ($3::text IS NULL OR number > $3)
ORDER BY number
LIMIT $4
"""

_INVOICES_BETWEEN = """
SELECT * FROM invoices
WHERE issued_on >= $1 AND issued_on < $2
ORDER BY issued_on, number
"""

_INVOICES_SINCE = """
SELECT * FROM invoices
WHERE month >= $2 AND org_id = coalesce($1, org_id)
ORDER BY issued_at, number
"""

_CHAIN = """
SELECT number, sequence, content, previous_hash, hash
FROM invoices
WHERE series = $1 AND year = $2
ORDER BY sequence
"""

_SERIES = "SELECT last, last_hash FROM number_series WHERE series = $1 AND year = $2"

_ADD_ADJUSTMENT = """
INSERT INTO adjustments (id, org_id, contract_id, corrects, lines, found_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_OPEN_ADJUSTMENTS = (
    "SELECT id, lines FROM adjustments WHERE contract_id = $1 AND billed_by IS NULL ORDER BY found_at, id FOR UPDATE"
)
_ADJUSTMENTS_OF = "SELECT id, lines FROM adjustments WHERE corrects = $1 ORDER BY found_at, id"
_BILL_ADJUSTMENTS = "UPDATE adjustments SET billed_by = $2 WHERE id = ANY ($1)"


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued document and its place in the chain."""

    org: str
    document: Document
    issued_at: datetime
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Place:
    """A number taken in this transaction: it is given back when the transaction rolls back."""

    series: str
    year: int
    sequence: int
    day: date
    previous_hash: str

    @property
    def number(self) -> str:
        """As printed: `F-2026-000001`."""
        return f"{self.series}-{self.year}-{self.sequence:06}"


@dataclass(frozen=True, slots=True)
class Link:
    """A document as the chain sees it."""

    number: str
    sequence: int
    content: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Lines that wait for an invoice, or were billed by one."""

    id: UUID
    lines: tuple[DocumentLine, ...]


async def read_seller(connection: Connection) -> Seller | None:
    """The provider's particulars as they stand."""
    document = await connection.fetchval(_SELLER)
    return None if document is None else Seller.model_validate(document)


async def add_seller(connection: Connection, seller: Seller, now: datetime) -> int:
    """Append a version of the provider's particulars and return its number."""
    version: int = await connection.fetchval(_ADD_SELLER, seller.model_dump(mode="json"), now)
    return version


async def take_number(connection: Connection, series: str, day: date) -> Place:
    """The next number of `series` in the year of `day`; others wait for this transaction. Days never go back within a series."""
    row = await connection.fetchrow(_TAKE_NUMBER, series, day.year, day)
    assert row is not None
    return Place(series, day.year, row["last"], row["last_day"], row["last_hash"])


async def add_invoice(connection: Connection, place: Place, issued: Issued, content: str) -> None:
    """Store a document at the place that was taken for it, as the end of the chain."""
    document, body = issued.document, issued.document.body
    await connection.execute(
        _ADD_INVOICE,
        document.number,
        issued.org,
        body.contract_id,
        body.type,
        place.series,
        place.year,
        place.sequence,
        body.month,
        None if body.corrects is None else body.corrects.number,
        issued.issued_at,
        document.issued_on,
        document.due_on,
        body.net,
        body.vat_total,
        body.gross,
        content,
        issued.previous_hash,
        issued.hash,
    )
    await connection.execute(_EXTEND_CHAIN, place.series, place.year, issued.hash)


async def add_files(connection: Connection, number: str, org: str, files: Files) -> None:
    """Store the files of a document."""
    await connection.execute(_ADD_FILES, number, org, files.xml, files.pdf)


async def read_files(connection: Connection, number: str) -> Files | None:
    """The files of a document."""
    row = await connection.fetchrow(_FILES, number)
    return None if row is None else Files(row["xml"], row["pdf"])


async def add_intervals(connection: Connection, number: str, org: str, intervals: Sequence[Interval]) -> None:
    """Store what a document was made from."""
    columns: list[list[Any]] = [
        [interval.resource for interval in intervals],
        [instant_of(interval.start) for interval in intervals],
        [instant_of(interval.end or 0) for interval in intervals],
        *([interval.amounts[index] for interval in intervals] for index in range(3)),
    ]
    await connection.execute(_ADD_INTERVALS, number, org, *columns)


async def read_intervals(
    connection: Connection,
    number: str,
    *,
    after: tuple[str, datetime] | None,
    limit: int | None,
    meter: str | None = None,
    within: tuple[datetime, datetime] | None = None,
) -> list[Interval]:
    """What a document was made from, by resource and start, from behind `after`; all of it when `limit` is None.

    With `meter`, the intervals that hold any of it; with `within`, those that touch `[start, end)`.
    """
    resource, start = after or (None, None)
    low, high = within or (None, None)
    rows = await connection.fetch(_INTERVALS, number, resource, start, limit, meter, low, high)
    return [
        Interval(
            row["resource"],
            epoch(row["starts_at"]),
            epoch(row["ends_at"]),
            (row["vcpu"], row["ram_mib"], row["disk_mib"]),
        )
        for row in rows
    ]


async def read_invoice(connection: Connection, number: str) -> Issued | None:
    """The document of that number."""
    row = await connection.fetchrow(_INVOICE, number)
    return None if row is None else _issued(row)


async def read_invoice_of_month(connection: Connection, contract_id: UUID, month: date) -> Issued | None:
    """The invoice of a contract's month, when it has been issued."""
    row = await connection.fetchrow(_INVOICE_OF_MONTH, contract_id, month)
    return None if row is None else _issued(row)


async def read_credit_notes(connection: Connection, number: str) -> list[Issued]:
    """The credit notes on an invoice, in the order in which they were issued."""
    return [_issued(row) for row in await connection.fetch(_CREDIT_NOTES, number)]


async def read_invoices(
    connection: Connection, org: str | None, month: date | None, *, after: str | None, limit: int
) -> list[Issued]:
    """Documents by number from behind `after`."""
    return [_issued(row) for row in await connection.fetch(_INVOICES, org, month, after, limit)]


async def read_invoice_numbers(connection: Connection, org: str) -> list[str]:
    """The numbers of the invoices to `org`, the oldest due first."""
    return [row["number"] for row in await connection.fetch(_INVOICE_NUMBERS, org)]


async def read_numbers_to_customers(
    connection: Connection, org: str | None, month: date | None, *, after: str | None, limit: int
) -> list[str]:
    """The numbers of the invoices to customers from behind `after`."""
    return [row["number"] for row in await connection.fetch(_NUMBERS_TO_CUSTOMERS, org, month, after, limit)]


async def read_invoices_between(connection: Connection, first: date, following: date) -> list[Issued]:
    """Documents issued on the days `[first, following)`, by day and number."""
    return [_issued(row) for row in await connection.fetch(_INVOICES_BETWEEN, first, following)]


async def read_invoices_since(connection: Connection, org: str | None, first: date) -> list[Issued]:
    """Documents of the month that begins on `first` and of later ones, in the order in which they were issued."""
    return [_issued(row) for row in await connection.fetch(_INVOICES_SINCE, org, first)]


async def read_chain(connection: Connection, series: str, year: int) -> tuple[list[Link], int, str]:
    """The documents of a series and year in sequence, and the number and hash that the series says it ended with."""
    row = await connection.fetchrow(_SERIES, series, year)
    links = [Link(*tuple(link)) for link in await connection.fetch(_CHAIN, series, year)]
    return (links, 0, "") if row is None else (links, row["last"], row["last_hash"])


async def add_adjustment(connection: Connection, adjustment: Adjustment, original: Issued, now: datetime) -> None:
    """Store lines that the contract's next invoice will bill."""
    lines = [line.model_dump(mode="json") for line in adjustment.lines]
    contract = original.document.body.contract_id
    number = original.document.number
    await connection.execute(_ADD_ADJUSTMENT, adjustment.id, original.org, contract, number, lines, now)


async def take_open_adjustments(connection: Connection, contract_id: UUID) -> list[Adjustment]:
    """The adjustments of a contract that no invoice has billed, locked."""
    return [_adjustment(row) for row in await connection.fetch(_OPEN_ADJUSTMENTS, contract_id)]


async def read_adjustments(connection: Connection, number: str) -> list[Adjustment]:
    """Every adjustment of the month that the invoice `number` billed."""
    return [_adjustment(row) for row in await connection.fetch(_ADJUSTMENTS_OF, number)]


async def bill_adjustments(connection: Connection, adjustments: Sequence[Adjustment], number: str) -> None:
    """Note that the invoice `number` bills `adjustments`."""
    await connection.execute(_BILL_ADJUSTMENTS, [adjustment.id for adjustment in adjustments], number)


def _adjustment(row: Record) -> Adjustment:
    return Adjustment(row["id"], tuple(DocumentLine.model_validate(line) for line in row["lines"]))


def _issued(row: Record) -> Issued:
    document = Document.model_validate_json(row["content"])
    return Issued(row["org_id"], document, row["issued_at"], row["previous_hash"], row["hash"])
