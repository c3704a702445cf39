"""A contract's month: what was held, by which terms, and what that comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from billing.domain.carbon import Carbon, Footprint, billed_part, covered, on_lines
from billing.domain.events import Finding, Interval, cut
from billing.domain.projection import Projection, month_to_date, project
from billing.domain.rating import Minimum, Rating, TermsWindow, rate_intervals
from billing.domain.terms import PriceVersion, epoch, following_month, local_midnight, windows_of


@dataclass(frozen=True, slots=True)
class Agreement:
    """What of a contract decides its bills: local days `[starts_on, ends_on)` and price versions."""

    zone: ZoneInfo
    starts_on: date
    ends_on: date | None
    versions: tuple[PriceVersion, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What was heard of a month: intervals (which may reach beyond it), what was odd about them, and footprints by resource."""

    intervals: tuple[Interval, ...]
    findings: tuple[Finding, ...]
    footprints: Mapping[str, Footprint]


@dataclass(frozen=True, slots=True)
class Month:
    """The local month that begins on `first`: `[start, end)` in epoch seconds, and the terms in force within it."""

    first: date
    start: int
    end: int
    windows: tuple[TermsWindow, ...]
    minimums: tuple[Minimum, ...]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """When terms are in force."""
        return [(window.start, window.end) for window in self.windows]


@dataclass(frozen=True, slots=True)
class RatedMonth:
    """A month, rated. `intervals` are the evidence: those parts that were billed, each closed."""

    month: Month
    rating: Rating
    intervals: tuple[Interval, ...]
    carbon: Carbon
    findings: tuple[Finding, ...]


def month_of(agreement: Agreement, first: date) -> Month:
    """The month that begins on the local day `first`, as the agreement covers it."""
    following = following_month(first)
    start, end = (epoch(local_midnight(day, agreement.zone)) for day in (first, following))
    begin = max(first, agreement.starts_on)
    finish = min(following, agreement.ends_on or following)
    windows, minimums = windows_of(agreement.versions, agreement.zone, begin, finish) if begin < finish else ([], [])
    return Month(first, start, end, tuple(windows), tuple(minimums))


def rated(month: Month, held: Held) -> RatedMonth:
    """The whole month."""
    rating = rate_intervals(month.start, month.end, month.windows, held.intervals, month.minimums)
    return _with_carbon(month, rating, held, month.end)


def rated_to_date(month: Month, held: Held, now: int) -> RatedMonth:
    """The month up to `now`."""
    rating = month_to_date(month.start, month.end, now, month.windows, held.intervals)
    return _with_carbon(month, rating, held, max(month.start, min(now, month.end)))


def projected(month: Month, held: Held, now: int) -> Projection:
    """Where the month is heading."""
    return project(month.start, month.end, now, month.windows, held.intervals, month.minimums)


def _with_carbon(month: Month, rating: Rating, held: Held, until: int) -> RatedMonth:
    whole: Sequence[Interval] = cut(held.intervals, month.start, until)
    billed = covered(whole, month.spans)
    carbon = on_lines(billed_part(held.footprints, whole, billed), rating.lines)
    return RatedMonth(month, rating, tuple(billed), carbon, held.findings)
