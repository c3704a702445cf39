"""What was measured of an asset, as pieces of time: energy with the level of its meter, and utilisation by band.

A day has at most one figure of each level. One level is taken for a day, the one whose figure covers more of it, and `it` where both
cover the same: there the PUE of the site is known apart. A facility-level figure already holds the PUE and never gets it again. What a
figure covers shares it out evenly by real seconds; days are those of the local calendar, 23 or 25 hours long when the clocks change.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from footprint.domain.energy import Load
from footprint.domain.months import local_midnight

Span = tuple[int, int]


class Meter(NamedTuple):
    """Energy of the whole asset over the seconds after midnight that `covered` lists; merged, sorted, half-open."""

    kwh: float
    covered: tuple[Span, ...]

    @property
    def seconds(self) -> int:
        """How many seconds it covers."""
        return sum(end - start for start, end in self.covered)


class Utilisation(NamedTuple):
    """Utilisation of the processor: mean and seconds of each band, over what `covered` lists."""

    bands: tuple[tuple[float, int], ...]
    covered: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class MeasuredDay:
    """All that was measured on one local day of `zone`."""

    zone: str
    day: date
    it: Meter | None = None
    facility: Meter | None = None
    utilisation: Utilisation | None = None


class EnergyPiece(NamedTuple):
    """A stretch of time with `kwh` shared out evenly over `covered_s` seconds, of which it is a part.

    Where it is projected, it goes on as those seconds were measured, between the Unix seconds of `projected_from`.
    """

    start: int
    end: int
    kwh: float
    covered_s: int
    facility: bool
    projected_from: Span | None = None

    @property
    def watts(self) -> float:
        """Mean power of the whole asset."""
        return self.kwh * 3_600_000.0 / self.covered_s


class LoadPiece(NamedTuple):
    """A stretch of time with the loads of its day, or with those of the time that it is projected from."""

    start: int
    end: int
    loads: tuple[Load, ...]
    projected_from: Span | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """The pieces of one asset, sorted and without overlap."""

    energy: tuple[EnergyPiece, ...] = ()
    loads: tuple[LoadPiece, ...] = ()


NOTHING_MEASURED = Measured()

P = TypeVar("P", EnergyPiece, LoadPiece)


def read_measured(days: Iterable[MeasuredDay]) -> Measured:
    """The pieces of an asset from its days. Where days of two time zones overlap, the earlier one keeps the time."""
    ordered = sorted(days, key=lambda each: (each.day, each.zone))
    return Measured(
        tuple(_without_overlap(_pieces(ordered, _energy_of))), tuple(_without_overlap(_pieces(ordered, _loads_of)))
    )


def level_of_the_day(day: MeasuredDay) -> tuple[Meter, bool] | None:
    """The figure that is taken of a day, and whether it is facility-level; None when no energy was measured."""
    if day.it is None:
        return None if day.facility is None else (day.facility, True)
    if day.facility is not None and day.facility.seconds > day.it.seconds:
        return day.facility, True
    return day.it, False


def within(pieces: Sequence[P], start: int, end: int) -> Sequence[P]:
    """Those of the sorted `pieces` that overlap [start, end)."""
    first = bisect_right(pieces, start, key=lambda each: each.end)
    last = bisect_right(pieces, end - 1, key=lambda each: each.start)
    return pieces[first:last]


def _energy_of(day: MeasuredDay, midnight: int) -> Iterator[EnergyPiece]:
    chosen = level_of_the_day(day)
    if chosen is None:
        return
    meter, facility = chosen
    for start, end in meter.covered:
        yield EnergyPiece(midnight + start, midnight + end, meter.kwh, meter.seconds, facility)


def _loads_of(day: MeasuredDay, midnight: int) -> Iterator[LoadPiece]:
    if day.utilisation is None:
        return
    total = sum(seconds for _, seconds in day.utilisation.bands)
    loads = tuple(Load(seconds / total, min(mean, 1.0)) for mean, seconds in day.utilisation.bands)
    for start, end in day.utilisation.covered:
        yield LoadPiece(midnight + start, midnight + end, loads)


def _pieces(days: Sequence[MeasuredDay], read: Callable[[MeasuredDay, int], Iterator[P]]) -> list[P]:
    pieces: list[P] = []
    for day in days:
        pieces.extend(read(day, local_midnight(day.zone, day.day.year, day.day.month, day.day.day)))
    return sorted(pieces, key=lambda each: each.start)


def _without_overlap(pieces: Iterable[P]) -> Iterator[P]:
    until: int | None = None
    for each in pieces:
        start = each.start if until is None else max(each.start, until)
        if start < each.end:
            yield each._replace(start=start)
            until = each.end
