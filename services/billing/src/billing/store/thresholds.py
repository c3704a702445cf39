"""SQL of thresholds, and of the alerts that crossing them raised."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from asyncpg import Record
from common.database import Connection

from billing.domain.thresholds import Crossing, Measure, Threshold
from billing.store.contracts import Contract

_ADD = """
INSERT INTO thresholds (id, org_id, contract_id, name, measure, amount, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_WITHDRAW = """
UPDATE thresholds
SET withdrawn_at = $3
WHERE contract_id = $1 AND id = $2 AND withdrawn_at IS NULL
RETURNING id
"""

_THRESHOLDS = """
SELECT id, name, measure, amount
FROM thresholds
WHERE contract_id = $1 AND withdrawn_at IS NULL
ORDER BY created_at, id
"""

_UNCROSSED = """
SELECT id, name, measure, amount
FROM thresholds
WHERE contract_id = $1 AND withdrawn_at IS NULL
  AND NOT EXISTS (SELECT FROM alerts WHERE alerts.threshold_id = thresholds.id AND alerts.month = $2)
ORDER BY created_at, id
"""

_WATCHED = "SELECT DISTINCT contract_id FROM thresholds WHERE withdrawn_at IS NULL ORDER BY contract_id"

_ADD_ALERT = """
INSERT INTO alerts (id, org_id, contract_id, threshold_id, month, name, measure, amount, value, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (threshold_id, month) DO NOTHING
RETURNING *
"""

_ALERTS = """
SELECT * FROM alerts
WHERE org_id = coalesce($1, org_id) AND ($2::uuid IS NULL OR contract_id = $2) AND ($3::date IS NULL OR month = $3)
  AND ($4::timestamptz IS NULL OR (raised_at, id) > ($4, $5::uuid))
ORDER BY raised_at, id
LIMIT $6
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold as it was when a month crossed it, and the figure by which it did."""

    id: UUID
    org: str
    contract_id: UUID
    threshold_id: UUID
    month: date
    name: str
    measure: Measure
    amount: Decimal
    value: Decimal
    raised_at: datetime


async def add_threshold(connection: Connection, contract: Contract, threshold: Threshold, now: datetime) -> None:
    """Store a threshold of a contract."""
    await connection.execute(
        _ADD, threshold.id, contract.org, contract.id, threshold.name, threshold.measure, threshold.amount, now
    )


async def withdraw_threshold(connection: Connection, contract_id: UUID, threshold_id: UUID, now: datetime) -> bool:
    """Watch a threshold no longer; False when the contract has none of that id that is watched."""
    return await connection.fetchval(_WITHDRAW, contract_id, threshold_id, now) is not None


async def read_thresholds(connection: Connection, contract_id: UUID) -> list[Threshold]:
    """The thresholds of a contract that are watched, the oldest first."""
    return [Threshold(*tuple(row)) for row in await connection.fetch(_THRESHOLDS, contract_id)]


async def read_uncrossed(connection: Connection, contract_id: UUID, month: date) -> list[Threshold]:
    """Those that have raised no alert for the month that begins on `month`."""
    return [Threshold(*tuple(row)) for row in await connection.fetch(_UNCROSSED, contract_id, month)]


async def read_watched(connection: Connection) -> list[UUID]:
    """The contracts that have thresholds."""
    return [row["contract_id"] for row in await connection.fetch(_WATCHED)]


async def add_alert(
    connection: Connection, contract: Contract, month: date, crossing: Crossing, now: datetime
) -> Alert | None:
    """Store the alert of a crossing; None when the threshold has raised one for that month, here or in another process."""
    threshold = crossing.threshold
    row = await connection.fetchrow(
        _ADD_ALERT,
        uuid4(),
        contract.org,
        contract.id,
        threshold.id,
        month,
        threshold.name,
        threshold.measure,
        threshold.amount,
        crossing.value,
        now,
    )
    return None if row is None else _alert(row)


async def read_alerts(
    connection: Connection,
    org: str | None,
    contract_id: UUID | None,
    month: date | None,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Alert]:
    """Alerts in the order in which they were raised, from behind `after`."""
    raised_at, last = after or (None, None)
    rows = await connection.fetch(_ALERTS, org, contract_id, month, raised_at, last, limit)
    return [_alert(row) for row in rows]


def _alert(row: Record) -> Alert:
    return Alert(*tuple(row))
