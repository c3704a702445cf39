"""What each resource held on each local day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing.domain.events import Interval
from billing.domain.terms import epoch, instant_of, local_midnight


@dataclass(frozen=True, slots=True)
class DayUsage:
    """Step-seconds of one resource on one local day, in the order of `METERS`, and the seconds in which it held anything."""

    day: date
    seconds: int
    step_seconds: tuple[int, ...]


def by_day(intervals: Iterable[Interval], zone: ZoneInfo) -> dict[str, list[DayUsage]]:
    """Closed `intervals` by resource and local day, days without usage left out; the days add up to the intervals exactly."""
    sums: dict[str, dict[date, list[int]]] = {}
    for interval in intervals:
        days = sums.setdefault(interval.resource, {})
        for day, seconds in _days(interval, zone):
            row = days.setdefault(day, [0] * (1 + len(interval.amounts)))
            row[0] += seconds
            for index, amount in enumerate(interval.amounts, 1):
                row[index] += seconds * amount
    return {
        resource: [DayUsage(day, row[0], tuple(row[1:])) for day, row in sorted(days.items())]
        for resource, days in sorted(sums.items())
    }


def _days(interval: Interval, zone: ZoneInfo) -> Iterable[tuple[date, int]]:
    if interval.end is None:
        raise ValueError("an open interval has no last day")
    at, day = interval.start, instant_of(interval.start).astimezone(zone).date()
    while at < interval.end:
        day_after = day + timedelta(days=1)
        until = min(_start_of(day_after, zone), interval.end)
        yield day, until - at
        at, day = until, day_after


@lru_cache(maxsize=4096)
def _start_of(day: date, zone: ZoneInfo) -> int:
    return epoch(local_midnight(day, zone))
