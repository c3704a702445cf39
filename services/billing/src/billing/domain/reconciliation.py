"""Two accounts of the same month, day by day: what a contract is billed by, and what the other source says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from billing.domain.events import Interval
from billing.domain.usage_days import by_day

NOTHING = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """A resource on a local day: step-seconds as billed and as the other source has them, in the order of `METERS`."""

    resource: str
    day: date
    billed: tuple[int, ...]
    other: tuple[int, ...]


def differences(billed: Iterable[Interval], other: Iterable[Interval], zone: ZoneInfo) -> list[Difference]:
    """The days on which two sets of closed intervals do not hold the same, by resource and day; a resource that only one knows included."""
    ours, theirs = _sums(billed, zone), _sums(other, zone)
    found = []
    for resource, day in sorted(ours.keys() | theirs.keys()):
        pair = ours.get((resource, day), NOTHING), theirs.get((resource, day), NOTHING)
        if pair[0] != pair[1]:
            found.append(Difference(resource, day, *pair))
    return found


def _sums(intervals: Iterable[Interval], zone: ZoneInfo) -> Mapping[tuple[str, date], tuple[int, ...]]:
    days = by_day(intervals, zone)
    return {(resource, usage.day): usage.step_seconds for resource, rows in days.items() for usage in rows}
