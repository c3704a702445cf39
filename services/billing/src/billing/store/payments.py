"""SQL of payments."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from common.database import Connection

_ADD = """
INSERT INTO payments (id, org_id, number, amount, paid_on, reference, means, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 2))"
_PAYMENTS = (
    "SELECT id, amount, paid_on, reference, means FROM payments WHERE number = $1 ORDER BY paid_on, recorded_at, id"
)


_TRANSFERS_BETWEEN = """
SELECT org_id, number, id, amount, paid_on, reference, means
FROM payments
WHERE means = 'transfer' AND paid_on >= $1 AND paid_on < $2
ORDER BY paid_on, recorded_at, id
"""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in, or went back where `amount` is below zero."""

    id: UUID
    amount: Decimal
    paid_on: date
    reference: str
    means: Literal["transfer", "wallet"] = "transfer"


async def add_payment(connection: Connection, org: str, number: str, payment: Payment, now: datetime) -> None:
    """Store a payment of the invoice `number`."""
    await connection.execute(
        _ADD, payment.id, org, number, payment.amount, payment.paid_on, payment.reference, payment.means, now
    )


async def one_at_a_time(connection: Connection, number: str) -> None:
    """Wait until no other transaction records a payment of the invoice `number`, and make others wait for this one."""
    await connection.execute(_LOCK, number)


async def read_payments(connection: Connection, number: str) -> tuple[Payment, ...]:
    """The payments of an invoice, by day."""
    rows = await connection.fetch(_PAYMENTS, number)
    return tuple(Payment(*tuple(row)) for row in rows)


async def read_transfers_between(
    connection: Connection, first: date, following: date
) -> list[tuple[str, str, Payment]]:
    """Transfers of the days `[first, following)`, by day: organisation, invoice, payment."""
    rows = await connection.fetch(_TRANSFERS_BETWEEN, first, following)
    return [(row["org_id"], row["number"], Payment(*tuple(row)[2:])) for row in rows]
