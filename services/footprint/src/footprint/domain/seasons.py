"""The forecast of a year: what runs now, on for the rest; with a year measured, in the seasons of that year.

Seasons are read from meters alone, asset by asset, so that nothing but a season can enter: neither what was bought, left, moved or changed,
nor an activity, a factor or a PUE. An asset has them whose energy was measured at one level, nine tenths of the time or more, in each of
the thirteen months before the current one, in one state throughout, and whose mean power in the last of these is within a tenth of what it
was in the same month a year before: growth, and a step that no timeline tells, are no season. Its index of a calendar month is
the mean power of that month ÷ that of the year. What is projected of it rests on days that had a season too:

    moved = use as projected × (index of the month ÷ index of the days that it is projected from − 1)

Added up, that moves the state-based use of an organisation's month: index of the month = (use + Σ moved) ÷ use; 1 where nothing is
measured.
(Seasonal indices as ratios to the mean of a year without trend: Makridakis, Wheelwright and Hyndman, Forecasting, chapter 3.)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np

from footprint.domain.catalogue import GWP
from footprint.domain.dashboard import Seasonal
from footprint.domain.engine import Computation, World
from footprint.domain.inventory import Asset
from footprint.domain.measurements import NOTHING_MEASURED, EnergyPiece, Measured, Span, within
from footprint.domain.months import current_month, month_at, month_seconds, month_start
from footprint.domain.projecting import state_of
from footprint.domain.scopes import BOTH, USE
from footprint.domain.sums import billionths
from footprint.domain.weighing import USE_LOCATION, FigureKey

HISTORY: Final = 12
"""Months that seasons are read from; the one before them tells whether the year came back to where it began."""

COVERED: Final = 0.9
"""What must be measured of a month."""

CLOSED_WITHIN: Final = 0.1
"""How far the power of a month may be from what it was a year before."""


class Moved(NamedTuple):
    """By how many billionths of a kg the seasons of an asset move what is projected of its month."""

    asset: UUID
    org: str
    month: int
    billionths: int


@dataclass(frozen=True, slots=True)
class Season:
    """What seasons make of an organisation's month: billionths of a kg of its state-based use, and by how many they move it."""

    used: int
    moved: int

    @property
    def index(self) -> float:
        """Of the month's use; 1 where nothing of it is measured."""
        return 1.0 + self.moved / self.used if self.used else 1.0

    def moves(self, amount: int) -> int:
        """By how much a part of that use is moved."""
        return round(Fraction(amount * self.moved, self.used)) if self.used else 0


def seasons_moved(computation: Computation, world: World) -> Iterator[Moved]:
    """What seasons move of every asset asked for, by month; nothing of an asset without a measured year."""
    ledger, figures = computation.ledger, computation.ledger.weights.figures
    projected = np.array([each.projected_from is not None for each in ledger.stretches], dtype=bool)[ledger.stretch]
    if not projected.any():
        return
    used = figures[USE_LOCATION].value
    beside = figures.get(FigureKey(USE, GWP, BOTH))
    used = used if beside is None else used + beside.value
    for subject, horizon in zip(computation.subjects, computation.horizons, strict=True):
        if subject.ledger_index is None:
            continue
        first, last = np.searchsorted(ledger.asset, [subject.ledger_index, subject.ledger_index + 1])
        ahead = [each for each in range(first, last) if projected[each] and ledger.start[each] < horizon]
        zone, asset = subject.organisation.time_zone, subject.asset
        measured = world.measured.get(asset.id, NOTHING_MEASURED)
        powers = year_of(asset, measured, zone, current_month(zone, world.now) - 1) if ahead else None
        if powers is None:
            continue
        moved: dict[int, list[float]] = {}
        for each in ahead:
            month, span = int(ledger.month[each]), ledger.stretches[int(ledger.stretch[each])].projected_from
            held = 0.0 if span is None else _power_of(powers, span, zone)
            if held > 0:
                moved.setdefault(month, []).append(float(used[each]) * (powers[month % 12] / held - 1.0))
        for month, parts in moved.items():
            yield Moved(asset.id, asset.org, month, billionths(fsum(parts)))


def year_of(asset: Asset, measured: Measured, zone: str, last: int) -> dict[int, float] | None:
    """The mean power in W of each calendar month (0 to 11) of the year up to the month `last`; None where it has no measured year."""
    months = range(last - HISTORY, last + 1)
    start, end = month_start(zone, months[0]), month_start(zone, last + 1)
    pieces = within(measured.energy, start, end)
    if not pieces or len({each.facility for each in pieces}) > 1:
        return None
    held = [each for each in asset.segments if each.start < end and (each.end is None or each.end > start)]
    states = {state_of(each, pieces[0].facility) for each in held}
    if len(states) != 1 or held[0].start > start or not all(each.status.powered for each in held):
        return None
    powers = [_mean_power(pieces, zone, month) for month in months]
    known = [each for each in powers if each is not None]
    if len(known) < len(powers) or abs(known[-1] - known[0]) > CLOSED_WITHIN * known[0]:
        return None
    return {month % 12: power for month, power in zip(months[1:], known[1:], strict=True)}


def _mean_power(pieces: Sequence[EnergyPiece], zone: str, month: int) -> float | None:
    """Mean power in W over what was measured of a month; None where that is too little of it."""
    start, end = month_start(zone, month), month_start(zone, month + 1)
    parts = [(each.watts, min(each.end, end) - max(each.start, start)) for each in within(pieces, start, end)]
    seconds = sum(part for _, part in parts)
    if seconds < COVERED * month_seconds(zone, month):
        return None
    return fsum(watts * part for watts, part in parts) / seconds


def _power_of(powers: Mapping[int, float], span: Span, zone: str) -> float:
    """The mean power that a year has in the calendar months of a time, each for its share of it."""
    start, end = span
    held = []
    for month in range(month_at(zone, start), month_at(zone, end - 1) + 1):
        seconds = min(end, month_start(zone, month + 1)) - max(start, month_start(zone, month))
        held.append(powers[month % 12] * seconds)
    return fsum(held) / (end - start)


def seasons_of(rows: Iterable[Mapping[str, Any]], moved: Mapping[int, int]) -> dict[int, Season]:
    """The seasons of an organisation whose roll-up by month and stage is `rows`, in the months that any of its assets has some."""
    used = dict.fromkeys(moved, 0)
    for row in rows:
        if row["stage"] == USE and row["month"] in used:
            used[row["month"]] += int(row["billionths"]) - int(row["restated"])
    return {month: Season(used[month], amount) for month, amount in moved.items()}


def in_seasons(
    rows: Iterable[Mapping[str, Any]], seasons: Mapping[int, Season], ahead: Iterable[int]
) -> Seasonal | None:
    """The use of the months `ahead`, of an organisation or of a part of it, in the seasons of the whole; None without seasons in them."""
    used = dict.fromkeys(ahead, 0)
    if not used.keys() & seasons.keys():
        return None
    for row in rows:
        if row["stage"] == USE and row["month"] in used:
            used[row["month"]] += int(row["billionths"]) - int(row["restated"])
    flat = Season(0, 0)
    found = {month: seasons.get(month, flat) for month in used}
    return Seasonal(
        {month: each.index for month, each in found.items()},
        {month: each.moves(used[month]) for month, each in found.items()},
    )
