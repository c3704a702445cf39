"""Reading a contract's month: usage by resource and day, the bill to date, and where it is heading."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from common.api.problems import NotFound
from common.database import Connection, Database
from common.organisations import Organisations

from billing.domain.months import Agreement, Held, Month, RatedMonth, month_of, projected, rated, rated_to_date
from billing.domain.projection import Projection
from billing.domain.terms import epoch, instant_of
from billing.domain.usage_days import DayUsage, by_day
from billing.store import contracts as contract_store
from billing.store import held as held_store
from billing.store.contracts import Contract


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """A contract, one of its months, and what was held in it."""

    contract: Contract
    month: Month
    held: Held

    @property
    def grace_ends(self) -> datetime:
        """When late data is waited for no longer, and the month is issued."""
        return instant_of(self.month.end) + timedelta(hours=self.contract.grace_hours)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A month so far, and two views of its end."""

    facts: MonthFacts
    to_date: RatedMonth
    projection: Projection


class Months:
    """Contract months, from one snapshot each."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def usage(
        self, organisations: Organisations, contract_id: UUID, first: date
    ) -> tuple[RatedMonth, Mapping[str, list[DayUsage]]]:
        """The month up to now, and what each resource held on each of its local days. Raises `NotFound`."""
        facts = await self._facts(organisations, contract_id, first)
        now = epoch(self._clock())

        def count() -> tuple[RatedMonth, Mapping[str, list[DayUsage]]]:
            to_date = rated_to_date(facts.month, facts.held, now)
            return to_date, by_day(to_date.intervals, facts.contract.zone)

        return await asyncio.to_thread(count)

    async def outlook(self, organisations: Organisations, contract_id: UUID, first: date | None) -> Outlook:
        """Month-to-date and projections; the running local month when `first` is None. Raises `NotFound`."""
        facts = await self._facts(organisations, contract_id, first)
        now = epoch(self._clock())

        def look() -> Outlook:
            return Outlook(facts, rated_to_date(facts.month, facts.held, now), projected(facts.month, facts.held, now))

        return await asyncio.to_thread(look)

    async def _facts(self, organisations: Organisations, contract_id: UUID, first: date | None) -> MonthFacts:
        async with self._database.snapshot(organisations) as connection:
            contract = await contract_store.read_contract(connection, contract_id)
            if contract is None:
                raise NotFound("contract", contract_id)
            now = self._clock()
            chosen = first or now.astimezone(contract.zone).date().replace(day=1)
            return await read_facts(connection, contract, chosen, now)


async def read_facts(connection: Connection, contract: Contract, first: date, known_at: datetime) -> MonthFacts:
    """What decides the contract's bill of the month that begins on `first`, as known at `known_at`."""
    month = await read_month(connection, contract, first, known_at)
    return MonthFacts(contract, month, await held_store.read_held(connection, contract, month, known_at))


async def read_month(connection: Connection, contract: Contract, first: date, known_at: datetime) -> Month:
    """The month that begins on `first` as the contract covers it, by the price versions recorded until `known_at`."""
    stored = await contract_store.read_prices(connection, contract.id)
    versions = tuple(version.to_domain() for version in stored if version.recorded_at <= known_at)
    return month_of(Agreement(contract.zone, contract.starts_on, contract.ends_on, versions), first)


def rate_facts(facts: MonthFacts) -> RatedMonth:
    """The whole month, rated."""
    return rated(facts.month, facts.held)
