"""Metering of Cloud Like: from an asset's timeline to allocations, and from allocations to integer unit-seconds of a month.

Nothing is sampled and nothing is rounded: instants are whole seconds, allocations whole vCPU and MiB, so every product and
every sum is an integer, and the parts of a month add up to the month.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Self
from zoneinfo import ZoneInfo

PLAN = "cloud-like"
METERED_STATUS = "in_service"
MIB_PER_GIB = 1024


@dataclass(frozen=True, slots=True)
class State:
    """One stretch `[start, end)` of a timeline, `end` None for "until further notice"; sizes in GiB as inventory states them."""

    start: datetime
    end: datetime | None
    status: str
    plan: str | None
    vcpu: int | None
    ram_gib: float | None
    disk_gib: float | None


@dataclass(frozen=True, slots=True)
class Allocation:
    """What is held over `[start, end)`: whole seconds, whole units; `end` None for "until further notice"."""

    start: datetime
    end: datetime | None
    vcpu: int
    ram_mib: int
    disk_mib: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Unit-seconds: one vCPU held for one second is one `vcpu_seconds`."""

    seconds: int = 0
    vcpu_seconds: int = 0
    ram_mib_seconds: int = 0
    disk_mib_seconds: int = 0

    def __add__(self, other: Self) -> "Usage":
        return Usage(
            self.seconds + other.seconds,
            self.vcpu_seconds + other.vcpu_seconds,
            self.ram_mib_seconds + other.ram_mib_seconds,
            self.disk_mib_seconds + other.disk_mib_seconds,
        )


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of time, both ends instants in UTC."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """Its real length."""
        return _seconds(self.start, self.end)


def whole_second(instant: datetime) -> datetime:
    """`instant` in UTC with its fraction of a second dropped, so that neighbours that met still meet."""
    return instant.astimezone(UTC).replace(microsecond=0)


def allocations_of(timeline: Iterable[State]) -> list[Allocation]:
    """The stretches of `timeline` in which a Cloud Like VM holds resources: its plan is Cloud Like and it is in service.

    A VM that is off, on standby or retired holds none, as if it had been stopped. What a stretch does not state counts 0.
    """
    found = []
    for state in timeline:
        start = whole_second(state.start)
        end = None if state.end is None else whole_second(state.end)
        if state.plan == PLAN and state.status == METERED_STATUS and (end is None or start < end):
            found.append(Allocation(start, end, state.vcpu or 0, _mib(state.ram_gib), _mib(state.disk_gib)))
    return found


def month_of(first_day: date, zone: ZoneInfo) -> Period:
    """The local month that begins on `first_day`, by its real bounds: 743 hours in a French March, 745 in October."""
    following = date(first_day.year + first_day.month // 12, first_day.month % 12 + 1, 1)
    return Period(_local_midnight(first_day, zone), _local_midnight(following, zone))


def within(allocation: Allocation, period: Period) -> Period | None:
    """The part of `allocation` that falls into `period`, or None."""
    start = max(allocation.start, period.start)
    end = period.end if allocation.end is None else min(allocation.end, period.end)
    return Period(start, end) if start < end else None


def usage_of(allocation: Allocation, part: Period) -> Usage:
    """The unit-seconds of `allocation` over `part`, which lies within it."""
    seconds = part.seconds
    return Usage(seconds, seconds * allocation.vcpu, seconds * allocation.ram_mib, seconds * allocation.disk_mib)


def total(usages: Sequence[Usage]) -> Usage:
    """The sum, exact."""
    return sum(usages, Usage())


def _mib(gib: float | None) -> int:
    return 0 if gib is None else round(gib * MIB_PER_GIB)


def _local_midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _seconds(start: datetime, end: datetime) -> int:
    difference = end - start
    return difference.days * 86_400 + difference.seconds
