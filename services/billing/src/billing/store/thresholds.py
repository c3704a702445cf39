"""SQL of thresholds."""

from datetime import date, datetime
from uuid import UUID

from common.database import Connection

from billing.domain.thresholds import Threshold
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
