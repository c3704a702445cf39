"""SQL of the daily look at contracts' months."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from asyncpg import Record
from common.database import Connection

from billing.domain.reconciliation import Difference, Source
from billing.store.contracts import Contract

_DUE = """
WITH today AS (
    SELECT id, starts_on, ends_on, (($1::timestamptz - $2::interval) AT TIME ZONE time_zone)::date AS day
    FROM contracts
), looked_at AS (
    SELECT id, date_trunc('month', day)::date AS month FROM today
    UNION
    SELECT id, (date_trunc('month', day) - interval '1 month')::date FROM today
), kept AS (
    SELECT contract_id AS id, month FROM invoices WHERE type = '380'
    UNION
    SELECT contract_id, month FROM alerts WHERE finding IS NOT NULL AND ended_at IS NULL
    UNION
    SELECT contract_id, month FROM invoice_runs WHERE state = 'nothing'
), months AS (
    SELECT id, month
    FROM looked_at
    JOIN today USING (id)
    WHERE starts_on < month + interval '1 month' AND (ends_on IS NULL OR ends_on > month)
    UNION
    SELECT id, month FROM kept
)
SELECT months.id, months.month
FROM months
JOIN today USING (id)
LEFT JOIN reconciliations AS last ON last.contract_id = months.id AND last.month = months.month
WHERE last.made_on IS NULL OR last.made_on < today.day
ORDER BY months.id, months.month
"""

_KEEP = """
INSERT INTO reconciliations (contract_id, org_id, month, made_on, made_at, until, compared_with, differences, number, owed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (contract_id, month) DO UPDATE
SET made_on = excluded.made_on, made_at = excluded.made_at, until = excluded.until, compared_with = excluded.compared_with,
    differences = excluded.differences, number = excluded.number, owed = excluded.owed
"""

_MADE_ON = "SELECT made_on FROM reconciliations WHERE contract_id = $1 AND month = $2"

_DROP_DIFFERENCES = "DELETE FROM reconciliation_differences WHERE contract_id = $1 AND month = $2"

_ADD_DIFFERENCES = """
INSERT INTO reconciliation_differences (contract_id, org_id, month, resource, day, billed_vcpu, billed_ram_mib, billed_disk_mib,
                                        other_vcpu, other_ram_mib, other_disk_mib)
SELECT $1, $2, $3, * FROM unnest($4::text[], $5::date[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
                                 $11::bigint[])
"""

_SETTLED = "UPDATE reconciliations SET number = $3, owed = 0 WHERE contract_id = $1 AND month = $2"

_OF_MONTH = "SELECT * FROM reconciliations WHERE contract_id = ANY ($1) AND month = $2"

_DIFFERENCES = """
SELECT resource, day, billed_vcpu, billed_ram_mib, billed_disk_mib, other_vcpu, other_ram_mib, other_disk_mib
FROM reconciliation_differences
WHERE contract_id = $1 AND month = $2
ORDER BY resource, day
LIMIT $3
"""

_HAS_EVENTS = "SELECT EXISTS (SELECT FROM usage_events WHERE org_id = $1 AND received_at <= $2)"


@dataclass(frozen=True, slots=True)
class Look:
    """What the look of the local day `made_on` saw of a month, of the days that were over at `until`.

    `compared_with` is None where the other source has told nothing. `owed` is what the month comes to less what has been billed of it, in
    euros net: of a month that has been issued as `number`, or of which a run had found nothing to bill; None of others.
    """

    contract_id: UUID
    month: date
    made_on: date
    made_at: datetime
    until: datetime
    compared_with: Source | None
    differences: int
    number: str | None
    owed: Decimal | None


async def read_due(connection: Connection, now: datetime, settling: timedelta) -> list[tuple[UUID, date]]:
    """By contract the months that have not been looked at on the local day that it was `settling` before `now`.

    The running month, the one before, and those with an invoice, an open finding, or a run that found nothing to bill.
    """
    return [(row["id"], row["month"]) for row in await connection.fetch(_DUE, now, settling)]


async def read_made_on(connection: Connection, contract_id: UUID, month: date) -> date | None:
    """The day of the newest look at a month."""
    made_on: date | None = await connection.fetchval(_MADE_ON, contract_id, month)
    return made_on


async def keep_look(connection: Connection, contract: Contract, look: Look, differences: Sequence[Difference]) -> None:
    """Store a look in the place of the one before it."""
    await connection.execute(
        _KEEP,
        contract.id,
        contract.org,
        look.month,
        look.made_on,
        look.made_at,
        look.until,
        look.compared_with,
        look.differences,
        look.number,
        look.owed,
    )
    await connection.execute(_DROP_DIFFERENCES, contract.id, look.month)
    columns: list[list[Any]] = [
        [difference.resource for difference in differences],
        [difference.day for difference in differences],
        *([difference.billed[index] for difference in differences] for index in range(3)),
        *([difference.other[index] for difference in differences] for index in range(3)),
    ]
    await connection.execute(_ADD_DIFFERENCES, contract.id, contract.org, look.month, *columns)


async def note_settled(connection: Connection, contract_id: UUID, month: date, number: str) -> None:
    """Note that nothing is owed any more of an issued month."""
    await connection.execute(_SETTLED, contract_id, month, number)


async def read_looks(connection: Connection, contracts: Collection[UUID], month: date) -> dict[UUID, Look]:
    """The newest look at a month of each contract that has been looked at."""
    return {row["contract_id"]: _look(row) for row in await connection.fetch(_OF_MONTH, list(contracts), month)}


async def read_differences(connection: Connection, contract_id: UUID, month: date, limit: int) -> list[Difference]:
    """What the newest look found of a month, by resource and day, at most `limit`."""
    rows = await connection.fetch(_DIFFERENCES, contract_id, month, limit)
    return [Difference(row["resource"], row["day"], tuple(row)[2:5], tuple(row)[5:8]) for row in rows]


async def has_events(connection: Connection, org: str, known_at: datetime) -> bool:
    """Whether any partner has reported use of `org`."""
    found: bool = await connection.fetchval(_HAS_EVENTS, org, known_at)
    return found


def _look(row: Record) -> Look:
    return Look(
        row["contract_id"],
        row["month"],
        row["made_on"],
        row["made_at"],
        row["until"],
        row["compared_with"],
        row["differences"],
        row["number"],
        row["owed"],
    )
