"""SQL of contracts and their price versions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record
from common.database import Connection

from billing.documents.parts import Mandate, Party, PriceTerms
from billing.domain.terms import PriceVersion

_ADD_CONTRACT = """
INSERT INTO contracts (id, org_id, reference, starts_on, ends_on, time_zone, metering, grace_hours, due_days, customer, mandate, version,
                       created_at, event_sources)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12, $13)
"""

_CHANGE_CONTRACT = """
UPDATE contracts
SET ends_on = $2, grace_hours = $3, due_days = $4, customer = $5, mandate = $6, event_sources = $7, version = version + 1
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
WHERE org_id = coalesce($1, org_id) AND starts_on < $3
  AND (ends_on IS NULL OR ends_on > $2
       OR EXISTS (SELECT FROM adjustments WHERE adjustments.contract_id = contracts.id AND billed_by IS NULL))
ORDER BY id
"""

_EVENT_SOURCES = "SELECT org_id, unnest(event_sources) AS source FROM contracts WHERE org_id = ANY ($1)"

_CUSTOMER_NAMES = """
SELECT DISTINCT ON (org_id) org_id, customer ->> 'name' AS name
FROM contracts
ORDER BY org_id, starts_on DESC
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
    mandate: Mandate | None = None
    event_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredPrices:
    """A price version as it was recorded."""

    number: int
    terms: PriceTerms
    recorded_at: datetime

    def to_domain(self) -> PriceVersion:
        """As rated."""
        return self.terms.to_domain(self.number)


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
        _mandate(contract),
        now,
        list(contract.event_sources),
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
        _mandate(contract),
        list(contract.event_sources),
    )


async def read_contract(connection: Connection, contract_id: UUID, *, lock: bool = False) -> Contract | None:
    """The contract of that id, among those that the transaction may see."""
    row = await connection.fetchrow(_CONTRACT + (" FOR UPDATE" if lock else ""), contract_id)
    return None if row is None else _contract(row)


async def read_contracts(connection: Connection, org: str | None, *, after: UUID | None, limit: int) -> list[Contract]:
    """Contracts by id from behind `after`."""
    return [_contract(row) for row in await connection.fetch(_CONTRACTS, org, after, limit)]


async def read_contracts_between(
    connection: Connection, org: str | None, first: date, following: date
) -> list[Contract]:
    """Every contract, of `org` or of all, that holds on some day of `[first, following)`, or that has ended and still owes adjustments."""
    return [_contract(row) for row in await connection.fetch(_CONTRACTS_OF_MONTH, org, first, following)]


async def read_event_sources(connection: Connection, orgs: Collection[str]) -> set[tuple[str, str]]:
    """Of each of `orgs` the sources that may report its use over the broker, as `(org, source)`."""
    return {(row["org_id"], row["source"]) for row in await connection.fetch(_EVENT_SOURCES, list(orgs))}


async def read_customer_names(connection: Connection) -> dict[str, str]:
    """What the customer of each organisation is called, by its newest contract."""
    return {row["org_id"]: row["name"] for row in await connection.fetch(_CUSTOMER_NAMES)}


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


def _mandate(contract: Contract) -> dict[str, Any] | None:
    return None if contract.mandate is None else contract.mandate.model_dump(mode="json")


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
        mandate=None if row["mandate"] is None else Mandate.model_validate(row["mandate"]),
        event_sources=tuple(row["event_sources"]),
    )
