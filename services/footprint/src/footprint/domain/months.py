"""Local months as half-open intervals of real seconds.

A month is numbered `year × 12 + month − 1`, so that months can be counted and put in arrays. Its edges are the instants at
which the local calendar turns (Europe/Paris by default): 28 days of 24 h are not assumed, March loses an hour and October gains one.
"""

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

FIRST_YEAR = 1990
"""No timeline starts before: an earlier date is a mistake of the sender."""

LAST_YEAR = 2100

_FORM = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])\Z")


def month_number(year: int, month: int) -> int:
    """The number of a calendar month; `month` is 1 to 12."""
    return year * 12 + month - 1


def parse_month(text: str) -> int:
    """Read `2026-10`. Raises ValueError when malformed or outside 1990–2100."""
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"month {text!r} must be written YYYY-MM, for example 2026-10")
    year, month = int(match[1]), int(match[2])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"month {text!r} must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return month_number(year, month)


@lru_cache(maxsize=4096)
def format_month(number: int) -> str:
    """Write a month as `2026-10`."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def months_of_year(year: int) -> range:
    """The twelve months of a calendar year."""
    return range(year * 12, year * 12 + 12)


def time_zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name. Raises ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ValueError(f"time zone {name!r} is not known") from unknown


@lru_cache(maxsize=64)
def month_edges(zone: str) -> npt.NDArray[np.int64]:
    """Unix seconds at which the local months 1990-01 to 2101-01 begin; index 0 is January 1990."""
    local = time_zone(zone)
    return np.array(
        [
            int(datetime(number // 12, number % 12 + 1, 1, tzinfo=local).timestamp())
            for number in range(FIRST_YEAR * 12, (LAST_YEAR + 1) * 12 + 1)
        ],
        dtype=np.int64,
    )


def month_start(zone: str, number: int) -> int:
    """Unix second at which a local month begins."""
    return int(month_edges(zone)[number - FIRST_YEAR * 12])


def month_seconds(zone: str, number: int) -> int:
    """The real seconds of a local month."""
    return month_start(zone, number + 1) - month_start(zone, number)


def month_at(zone: str, instant: int) -> int:
    """The local month that holds a Unix second."""
    return int(np.searchsorted(month_edges(zone), instant, side="right")) - 1 + FIRST_YEAR * 12


def months_at(zone: str, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The local months that hold Unix seconds."""
    return np.searchsorted(month_edges(zone), instants, side="right") - 1 + FIRST_YEAR * 12


def local_midnight(zone: str, year: int, month: int, day: int) -> int:
    """Unix second at which a local day begins."""
    return int(datetime(year, month, day, tzinfo=time_zone(zone)).timestamp())


def local_day(zone: str, instant: int) -> date:
    """The local day that holds a Unix second."""
    return datetime.fromtimestamp(instant, time_zone(zone)).date()


def current_month(zone: str, now: datetime) -> int:
    """The local month that holds `now`."""
    return month_at(zone, int(now.timestamp()))


def horizon(zone: str, now: datetime) -> int:
    """Unix second at which the current local calendar year ends: results are computed up to it."""
    return month_start(zone, (current_month(zone, now) // 12 + 1) * 12)
