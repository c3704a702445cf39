"""SQL of wallets: a ledger of each organisation, append-only, every entry with the balance that it leaves."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from asyncpg import Record
from common.database import Connection

Kind = Literal["buy_back", "buy_back_credited", "payment", "payment_taken_back"]

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 3))"

_APPEND = """
INSERT INTO wallet_entries (org_id, sequence, kind, amount, balance, number, recorded_at)
SELECT $1, coalesce(max(sequence), 0) + 1, $2, $3, coalesce(sum(amount), 0) + $3, $4, $5
FROM wallet_entries
WHERE org_id = $1
RETURNING sequence, kind, amount, balance, number, recorded_at
"""

_BALANCE = "SELECT balance FROM wallet_entries WHERE org_id = $1 ORDER BY sequence DESC LIMIT 1"

_ENTRIES = """
SELECT sequence, kind, amount, balance, number, recorded_at
FROM wallet_entries
WHERE org_id = $1 AND ($2::integer IS NULL OR sequence < $2)
ORDER BY sequence DESC
LIMIT $3
"""

_ENTRIES_BETWEEN = """
SELECT org_id, sequence, kind, amount, balance, number, recorded_at
FROM wallet_entries
WHERE recorded_at >= $1 AND recorded_at < $2
ORDER BY recorded_at, org_id, sequence
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A change of a wallet by `amount` euros to `balance`.

    `number` is the buy-back that was credited, its credit note, or the invoice that was paid.
    """

    sequence: int
    kind: Kind
    amount: Decimal
    balance: Decimal
    number: str
    recorded_at: datetime


async def hold(connection: Connection, org: str) -> None:
    """Wait until no other transaction changes the wallet of `org`, and make others wait for this one."""
    await connection.execute(_LOCK, org)


async def append(connection: Connection, org: str, kind: Kind, amount: Decimal, number: str, now: datetime) -> Entry:
    """Add an entry; the wallet must be held. Raises asyncpg's `CheckViolationError` when the balance would fall below zero."""
    row = await connection.fetchrow(_APPEND, org, kind, amount, number, now)
    assert row is not None
    return _entry(row)


async def read_balance(connection: Connection, org: str) -> Decimal | None:
    """What is in the wallet of `org`; None when nothing has ever been."""
    balance: Decimal | None = await connection.fetchval(_BALANCE, org)
    return balance


async def read_entries(connection: Connection, org: str, *, before: int | None, limit: int) -> list[Entry]:
    """Entries, the newest first, from before the sequence `before` on."""
    return [_entry(row) for row in await connection.fetch(_ENTRIES, org, before, limit)]


async def read_entries_between(connection: Connection, start: datetime, end: datetime) -> list[tuple[str, Entry]]:
    """Entries of every wallet recorded in `[start, end)`, each with its organisation, in order."""
    return [(row["org_id"], _entry(row)) for row in await connection.fetch(_ENTRIES_BETWEEN, start, end)]


def _entry(row: Record) -> Entry:
    return Entry(row["sequence"], row["kind"], row["amount"], row["balance"], row["number"], row["recorded_at"])
