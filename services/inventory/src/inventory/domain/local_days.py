"""The days of a time zone as spans of real seconds: an hour less or more when the clocks change."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=65536)
def midnight(day: date, zone: ZoneInfo) -> float:
    """The Unix second at which `day` begins in `zone`."""
    return datetime.combine(day, time.min, zone).timestamp()


def day_at(second: float, zone: ZoneInfo) -> date:
    """The day in `zone` that holds a Unix second."""
    return datetime.fromtimestamp(second, zone).date()


def days_touched(starts: float, ends: float, zone: ZoneInfo) -> list[date]:
    """The days that hold a moment of the closed span of Unix seconds."""
    first, last = day_at(starts, zone), day_at(ends, zone)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """The days as spans of consecutive ones, first and last, sorted."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and found[-1][1] + timedelta(days=1) == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def month_length_s(month: date, zone: ZoneInfo) -> int:
    """The real seconds of a month in `zone`."""
    following = (month + timedelta(days=32)).replace(day=1)
    return round(midnight(following, zone) - midnight(month, zone))
