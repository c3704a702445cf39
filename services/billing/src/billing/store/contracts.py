"""SQL of contracts, their price versions, and usage events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record
from common.database import Connection

from billing.documents.parts import Party, PriceTerms
from billing.domain.terms import PriceVersion

_ADD_CONTRACT = """
INSERT INTO contracts (id, org_id, reference, starts_on, ends_on, time_zone, metering, grace_hours, due_days, customer, version,
                       created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)
"""

_CHANGE_CONTRACT = """
UPDATE contracts
SET ends_on = $2, grace_hours = $3, due_days = $4, customer = $5, version = version + 1
WHERE id = $1
"""

_CONTRACT = "SELECT * FROM contracts WHERE id = $1"

_CONTRACTS = """
SELECT * FROM contracts
WHERE org_id = coalesce($1, org_id) AND ($2::uuid IS NULL OR id > $2)
ORDER BY id
LIMIT $3
"""

_CONTRACTS_OF_MONTH = """
SELECT * FROM contracts
WHERE starts_on < $2 AND (ends_on IS NULL OR ends_on > $1)
ORDER BY id
"""

_ADD_PRICES = """
INSERT INTO price_versions (contract_id, number, org_id, valid_from, terms, recorded_at)
SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5
FROM price_versions
WHERE contract_id = $1
RETURNING number
"""

_PRICES = """
SELECT number, valid_from, terms, recorded_at
FROM price_versions
WHERE contract_id = $1
ORDER BY number
"""

_ADD_EVENTS = """
INSERT INTO usage_events (org_id, source, id, resource, kind, at, vcpu, ram_mib, disk_mib, received_at)
SELECT *, $10 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[], $8::bigint[],
                          $9::bigint[])
ON CONFLICT DO NOTHING
RETURNING org_id, source, id
"""

_EVENTS_BY_ID = """
SELECT event.*
FROM usage_events AS event
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (org_id, source, id) USING (org_id, source, id)
"""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as it stands."""

    id: UUID
    org: str
    reference: str
    starts_on: date
    ends_on: date | None
    zone: ZoneInfo
    metering: str
    grace_hours: int
    due_days: int
    customer: Party
    version: int


@dataclass(frozen=True, slots=True)
class StoredPrices:
    """A price version as it was recorded."""

    number: int
    terms: PriceTerms
    recorded_at: datetime

    def to_domain(self) -> PriceVersion:
        """As rated."""
        return self.terms.to_domain(self.number)


@dataclass(frozen=True, slots=True)
class EventRow:
    """A usage event as it is stored: sizes in steps, None where it says nothing."""

    org: str
    source: str
    id: str
    resource: str
    kind: str
    at: datetime
    amounts: tuple[int | None, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same event."""
        return self.org, self.source, self.id


async def add_contract(connection: Connection, contract: Contract, now: datetime) -> None:
    """Store a new contract. Raises asyncpg's `ExclusionViolationError` or `UniqueViolationError` when it meets another one."""
    await connection.execute(
        _ADD_CONTRACT,
        contract.id,
        contract.org,
        contract.reference,
        contract.starts_on,
        contract.ends_on,
        contract.zone.key,
        contract.metering,
        contract.grace_hours,
        contract.due_days,
        contract.customer.model_dump(mode="json"),
        now,
    )


async def change_contract(connection: Connection, contract: Contract) -> None:
    """Store what may change of a contract, and raise its version."""
    await connection.execute(
        _CHANGE_CONTRACT,
        contract.id,
        contract.ends_on,
        contract.grace_hours,
        contract.due_days,
        contract.customer.model_dump(mode="json"),
    )


async def read_contract(connection: Connection, contract_id: UUID, *, lock: bool = False) -> Contract | None:
    """The contract of that id, among those that the transaction may see."""
    row = await connection.fetchrow(_CONTRACT + (" FOR UPDATE" if lock else ""), contract_id)
    return None if row is None else _contract(row)


async def read_contracts(connection: Connection, org: str | None, *, after: UUID | None, limit: int) -> list[Contract]:
    """Contracts by id from behind `after`."""
    return [_contract(row) for row in await connection.fetch(_CONTRACTS, org, after, limit)]


async def read_contracts_between(connection: Connection, first: date, following: date) -> list[Contract]:
    """Every contract that holds on some day of `[first, following)`."""
    return [_contract(row) for row in await connection.fetch(_CONTRACTS_OF_MONTH, first, following)]


async def add_prices(connection: Connection, contract: Contract, terms: PriceTerms, now: datetime) -> int:
    """Append a price version and return its number. The contract's row must be locked, so that numbers follow one another."""
    number: int = await connection.fetchval(
        _ADD_PRICES, contract.id, contract.org, terms.valid_from, terms.model_dump(mode="json"), now
    )
    return number


async def read_prices(connection: Connection, contract_id: UUID) -> list[StoredPrices]:
    """Every price version of a contract, in the order in which they were recorded."""
    rows = await connection.fetch(_PRICES, contract_id)
    return [StoredPrices(row["number"], PriceTerms.model_validate(row["terms"]), row["recorded_at"]) for row in rows]


async def add_events(connection: Connection, events: Sequence[EventRow], now: datetime) -> set[tuple[str, str, str]]:
    """Store the events that are new and return their keys; of those that were known nothing changes."""
    columns: list[list[Any]] = [
        [event.org for event in events],
        [event.source for event in events],
        [event.id for event in events],
        [event.resource for event in events],
        [event.kind for event in events],
        [event.at for event in events],
        *([event.amounts[index] for event in events] for index in range(3)),
    ]
    rows = await connection.fetch(_ADD_EVENTS, *columns, now)
    return {(row["org_id"], row["source"], row["id"]) for row in rows}


async def read_events_by_key(
    connection: Connection, keys: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], EventRow]:
    """The stored events of `keys`."""
    rows = await connection.fetch(_EVENTS_BY_ID, *([key[part] for key in keys] for part in range(3)))
    return {row.key: row for row in map(_event, rows)}


def _event(row: Record) -> EventRow:
    amounts = (row["vcpu"], row["ram_mib"], row["disk_mib"])
    return EventRow(row["org_id"], row["source"], row["id"], row["resource"], row["kind"], row["at"], amounts)


def _contract(row: Record) -> Contract:
    return Contract(
        id=row["id"],
        org=row["org_id"],
        reference=row["reference"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        zone=ZoneInfo(row["time_zone"]),
        metering=row["metering"],
        grace_hours=row["grace_hours"],
        due_days=row["due_days"],
        customer=Party.model_validate(row["customer"]),
        version=row["version"],
    )
