"""SQL of what was held: allocations of the inventory, usage events of partners, footprints of the month."""

from datetime import UTC, date, datetime

from asyncpg import Record
from common.database import Connection

from billing.domain.carbon import Footprint
from billing.domain.events import MICROSECONDS, Finding, Interval, UsageEvent, intervals_of
from billing.domain.months import Held, Month
from billing.domain.terms import EPOCH, epoch, instant_of
from billing.store.contracts import Contract

_ALLOCATIONS = """
SELECT asset.source || '/' || asset.external_id AS resource, held.starts_at, nullif(held.ends_at, 'infinity') AS ends_at,
       held.vcpu, held.ram_mib, held.disk_mib
FROM allocations AS held
JOIN assets AS asset ON asset.id = held.asset_id AND NOT asset.deleted
WHERE held.org_id = $1 AND held.starts_at < $3 AND held.ends_at > $2
ORDER BY resource, held.starts_at
"""

_EVENTS = """
SELECT source, id, source || '/' || resource AS resource, kind, at, vcpu, ram_mib, disk_mib
FROM usage_events
WHERE org_id = $1 AND at < $2 AND received_at <= $3
"""

_FOOTPRINTS = """
SELECT asset.source || '/' || asset.external_id AS resource, month.kwh, month.gwp_kg
FROM asset_months AS month
JOIN assets AS asset ON asset.id = month.asset_id
WHERE month.org_id = $1 AND month.month = $2 AND NOT month.deleted
"""


async def read_held(connection: Connection, contract: Contract, month: Month, known_at: datetime) -> Held:
    """What the contract's metering says was held in `month`, as far as it was known at `known_at`.

    Usage events remember when they were received. The inventory's timeline is as it stands: what a bill was made from is kept with it.
    """
    footprints = await read_footprints(connection, contract.org, month.first)
    if contract.metering == "inventory":
        return Held(await read_inventory_intervals(connection, contract.org, month), (), footprints)
    intervals, findings = await read_event_intervals(connection, contract.org, month, known_at)
    return Held(intervals, findings, footprints)


async def read_event_intervals(
    connection: Connection, org: str, month: Month, known_at: datetime
) -> tuple[tuple[Interval, ...], tuple[Finding, ...]]:
    """What the partner's usage events of `org`, received until `known_at`, say was held in `month`, and what is odd about them."""
    rows = await connection.fetch(_EVENTS, org, instant_of(month.end), known_at)
    intervals, findings = intervals_of(_event(row) for row in rows)
    touching = (interval for interval in intervals if interval.end is None or interval.end > month.start)
    return tuple(touching), tuple(findings)


async def read_inventory_intervals(connection: Connection, org: str, month: Month) -> tuple[Interval, ...]:
    """The allocations of Cloud Like machines of `org` that touch `month`, by resource and start."""
    rows = await connection.fetch(_ALLOCATIONS, org, instant_of(month.start), instant_of(month.end))
    return tuple(_interval(row) for row in rows)


async def read_footprints(connection: Connection, org: str, first: date) -> dict[str, Footprint]:
    """Footprints heard of the month that begins on `first`, by resource."""
    rows = await connection.fetch(_FOOTPRINTS, org, first)
    return {row["resource"]: Footprint(row["kwh"], row["gwp_kg"]) for row in rows}


def _interval(row: Record) -> Interval:
    end = None if row["ends_at"] is None else epoch(row["ends_at"])
    amounts = (row["vcpu"], row["ram_mib"], row["disk_mib"])
    return Interval(row["resource"], epoch(row["starts_at"]), end, amounts)


def _event(row: Record) -> UsageEvent:
    since = row["at"].astimezone(UTC) - EPOCH
    at_us = (since.days * 86_400 + since.seconds) * MICROSECONDS + since.microseconds
    amounts = (row["vcpu"], row["ram_mib"], row["disk_mib"])
    return UsageEvent(f"{row['source']} {row['id']}", row["resource"], row["kind"], at_us, amounts)
