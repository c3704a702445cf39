"""Use cases of billing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from common.api.problems import NotFound
from common.database import Connection, Database
from common.organisations import Organisations

from billing.domain.metering import Period, Usage, month_of, total, usage_of, whole_second, within
from billing.store import heard as store

PAGE_OF_TOTALS = 10_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """An allocation within the month, and what it amounts to."""

    period: Period
    vcpu: int
    ram_mib: int
    disk_mib: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class VirtualMachineUsage:
    """What one VM held in the month."""

    holder: store.Holder
    stretches: tuple[Stretch, ...]

    @property
    def usage(self) -> Usage:
        """The sum over the stretches."""
        return total([stretch.usage for stretch in self.stretches])


@dataclass(frozen=True, slots=True)
class MonthUsage:
    """A page of the usage of an organisation's month: `month` is its whole, `metered` the part that has passed."""

    time_zone: str
    month: Period
    metered: Period
    machines: tuple[VirtualMachineUsage, ...]


@dataclass(frozen=True, slots=True)
class MonthTotals:
    """The usage of every VM of an organisation's month, with the footprint heard so far."""

    time_zone: str
    month: Period
    metered: Period
    machines: int
    usage: Usage
    kwh: float
    gwp_kg: float
    without_energy: int
    without_footprint: int


class Metering:
    """Reads what Cloud Like VMs held, month by local month, up to now."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def usage(
        self, organisations: Organisations, org: str, month: date, *, after: UUID | None, limit: int
    ) -> MonthUsage:
        """One page of VMs, by id from behind `after`. Raises `NotFound` for an organisation that has not been heard of."""
        async with self._database.snapshot(organisations) as connection:
            zone, whole, metered = await self._periods(connection, org, month)
            holders = await store.read_holders(connection, org, month, metered, after=after, limit=limit)
        return MonthUsage(zone, whole, metered, tuple(_usage(holder, metered) for holder in holders))

    async def totals(self, organisations: Organisations, org: str, month: date) -> MonthTotals:
        """The sum over every VM. Raises `NotFound` for an organisation that has not been heard of."""
        machines: list[VirtualMachineUsage] = []
        async with self._database.snapshot(organisations) as connection:
            zone, whole, metered = await self._periods(connection, org, month)
            after: UUID | None = None
            while True:
                holders = await store.read_holders(connection, org, month, metered, after=after, limit=PAGE_OF_TOTALS)
                machines += [_usage(holder, metered) for holder in holders]
                if len(holders) < PAGE_OF_TOTALS:
                    break
                after = holders[-1].asset_id
        return MonthTotals(
            time_zone=zone,
            month=whole,
            metered=metered,
            machines=len(machines),
            usage=total([machine.usage for machine in machines]),
            kwh=sum(machine.holder.kwh or 0.0 for machine in machines),
            gwp_kg=sum(machine.holder.gwp_kg or 0.0 for machine in machines),
            without_energy=sum(machine.holder.kwh is None for machine in machines),
            without_footprint=sum(machine.holder.gwp_kg is None for machine in machines),
        )

    async def _periods(self, connection: Connection, org: str, month: date) -> tuple[str, Period, Period]:
        zone = await store.read_time_zone(connection, org)
        if zone is None:
            raise NotFound("organisation", org)
        whole = month_of(month, zone)
        now = whole_second(self._clock())
        return zone.key, whole, Period(whole.start, min(max(now, whole.start), whole.end))


def _usage(holder: store.Holder, metered: Period) -> VirtualMachineUsage:
    stretches = []
    for allocation in holder.allocations:
        part = within(allocation, metered)
        if part is not None:
            stretches.append(
                Stretch(part, allocation.vcpu, allocation.ram_mib, allocation.disk_mib, usage_of(allocation, part))
            )
    return VirtualMachineUsage(holder, tuple(stretches))
