"""SQL of alerts: of thresholds that months crossed, and of what looks at months found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from asyncpg import Record
from common.database import Connection

from billing.domain.reconciliation import FindingCode, Found
from billing.domain.thresholds import Crossing, Measure
from billing.store.contracts import Contract

_ADD_CROSSING = """
INSERT INTO alerts (id, org_id, contract_id, threshold_id, month, name, measure, amount, value, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (threshold_id, month) DO NOTHING
RETURNING *
"""

_ADD_FOUND = """
INSERT INTO alerts (id, org_id, contract_id, month, name, finding, day, number, value, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING *
"""

_OPEN_FINDINGS = """
SELECT * FROM alerts
WHERE contract_id = $1 AND month = coalesce($2, month) AND finding IS NOT NULL AND ended_at IS NULL
ORDER BY raised_at, id
"""

_END = "UPDATE alerts SET ended_at = $2 WHERE id = ANY ($1) RETURNING *"

_ALERTS = """
SELECT * FROM alerts
WHERE org_id = coalesce($1, org_id) AND ($2::uuid IS NULL OR contract_id = $2) AND ($3::date IS NULL OR month = $3)
  AND (NOT $4 OR finding IS NOT NULL AND ended_at IS NULL) AND ($5::text IS NULL OR finding = $5)
  AND ($6::timestamptz IS NULL OR (raised_at, id) > ($6, $7::uuid))
ORDER BY raised_at, id
LIMIT $8
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """A threshold as it was when a month crossed it, and the figure by which it did; or something that a look at a month found.

    Of a threshold: `threshold_id`, `measure`, `amount`, `value`. Of a finding: `finding`, and either the `day` that it is of, or the
    `number` of the issued document and in `value` what is owed of it; `ended_at` when it is no longer so.
    """

    id: UUID
    org: str
    contract_id: UUID
    month: date
    name: str
    raised_at: datetime
    threshold_id: UUID | None
    measure: Measure | None
    amount: Decimal | None
    value: Decimal | None
    finding: FindingCode | None
    day: date | None
    number: str | None
    ended_at: datetime | None

    @property
    def key(self) -> tuple[FindingCode | None, date | None, Decimal | None]:
        """As that of `Found`."""
        return self.finding, self.day, self.value


async def add_crossing(
    connection: Connection, contract: Contract, month: date, crossing: Crossing, now: datetime
) -> Alert | None:
    """Store the alert of a crossing; None when the threshold has raised one for that month, here or in another process."""
    threshold = crossing.threshold
    row = await connection.fetchrow(
        _ADD_CROSSING,
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


async def add_found(
    connection: Connection, contract: Contract, month: date, found: Sequence[Found], now: datetime
) -> list[Alert]:
    """Store the alerts of findings, which are read in their order: ids ascend, since all are raised at one instant.

    The contract must be locked and have no open alert of the same finding and day in that month.
    """
    ids = sorted(uuid4() for _ in found)
    rows = [
        await connection.fetchrow(
            _ADD_FOUND,
            alert_id,
            contract.org,
            contract.id,
            month,
            one.sentence,
            one.finding,
            one.day,
            one.number,
            one.value,
            now,
        )
        for alert_id, one in zip(ids, found, strict=True)
    ]
    return [_alert(row) for row in rows if row is not None]


async def read_open_findings(connection: Connection, contract_id: UUID, month: date | None = None) -> list[Alert]:
    """What was found of a contract, or of one of its months, and has not ended, in the order in which it was raised."""
    return [_alert(row) for row in await connection.fetch(_OPEN_FINDINGS, contract_id, month)]


async def count_open_findings(connection: Connection, contracts: Collection[UUID]) -> dict[UUID, int]:
    """How many findings of each contract have not ended, where there are any."""
    rows = await connection.fetch(
        """
        SELECT contract_id, count(*) AS findings
        FROM alerts
        WHERE contract_id = ANY($1::uuid[]) AND finding IS NOT NULL AND ended_at IS NULL
        GROUP BY contract_id
        """,
        list(contracts),
    )
    return {row["contract_id"]: row["findings"] for row in rows}


async def end_alerts(connection: Connection, alerts: Sequence[Alert], now: datetime) -> list[Alert]:
    """Say of open findings that they are no longer so; as they are now."""
    return [_alert(row) for row in await connection.fetch(_END, [alert.id for alert in alerts], now)] if alerts else []


async def read_alerts(
    connection: Connection,
    org: str | None,
    contract_id: UUID | None,
    month: date | None,
    *,
    open_only: bool = False,
    finding: FindingCode | None = None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Alert]:
    """Alerts in the order in which they were raised, from behind `after`.

    With `open_only` the findings that have not ended, with `finding` those of that code.
    """
    raised_at, last = after or (None, None)
    rows = await connection.fetch(_ALERTS, org, contract_id, month, open_only, finding, raised_at, last, limit)
    return [_alert(row) for row in rows]


def _alert(row: Record) -> Alert:
    return Alert(
        id=row["id"],
        org=row["org_id"],
        contract_id=row["contract_id"],
        month=row["month"],
        name=row["name"],
        raised_at=row["raised_at"],
        threshold_id=row["threshold_id"],
        measure=row["measure"],
        amount=row["amount"],
        value=row["value"],
        finding=row["finding"],
        day=row["day"],
        number=row["number"],
        ended_at=row["ended_at"],
    )
