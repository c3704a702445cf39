"""What runs now, of kit that is measured: from its last measurement on, and not before the current month, it goes on as it was measured.

Energy goes on at the mean power of the last `WINDOW_DAYS` measured days, utilisation at their loads, band by band. Only while it is in the
state (status, configuration, allocation at a cloud; of a meter of the facility, the site too) that it was measured in last, and only days
since that state began count; and only while the last measurement is of the current month or of the `WITHIN_MONTHS` before it: what was
measured earlier says nothing of what runs now. Elapsed months have no projection: what they lack is a gap, filled by the next evidence.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from math import fsum
from typing import Final, NamedTuple, TypeVar

from footprint.domain.energy import Load
from footprint.domain.inventory import Asset, Segment
from footprint.domain.measurements import EnergyPiece, LoadPiece, Measured, Span
from footprint.domain.months import local_day, month_at, month_start

WINDOW_DAYS: Final = 30
"""Measured days that a projection rests on, at most: those by which recommendations judge what is idle."""

WITHIN_MONTHS: Final = 3
"""A quarter: meters that are read four times a year are still known to run."""

BANDS: Final = 10
"""Utilisation comes in bands of ten points."""


class Now(NamedTuple):
    """From when on is projected, in which time zone, and how far: Unix seconds of the current month's beginning and of the end."""

    start: int
    end: int
    zone: str


class Projected(NamedTuple):
    """What was measured with what goes on of it, and the last state that it was measured in; `state` is None where nothing goes on."""

    measured: Measured
    state: Segment | None

    def of(self, segment: Segment, measured: Measured) -> Measured:
        """What holds within a segment: without projection where the asset is in another state than it was measured in."""
        facility = any(each.facility for each in self.measured.energy[-1:])
        same = self.state is not None and state_of(segment, facility) == state_of(self.state, facility)
        return self.measured if same else measured


def state_of(segment: Segment, facility: bool) -> tuple[object, ...]:
    """What decides on the power of an asset, as its timeline tells it; of a meter that holds the PUE, where it stands too."""
    size = (segment.vcpu, segment.ram_gib, segment.cloud) if segment.cloud is not None else ()
    return segment.status, segment.configuration, size, segment.site if facility else None


def project(asset: Asset, measured: Measured, now: Now) -> Projected:
    """What was measured of an asset, carried on from its last measurement to the end of `now`."""
    ends = [*(each.end for each in measured.energy[-1:]), *(each.end for each in measured.loads[-1:])]
    until = max(ends, default=None)
    nothing = Projected(measured, None)
    if until is None or not _recent(until, now):
        return nothing
    begin = max(until, now.start)
    last = next(
        (each for each in asset.segments if each.start < until and (each.end is None or until <= each.end)), None
    )
    if begin >= now.end or last is None or not last.status.powered:
        return nothing
    energy = [each for each in measured.energy[-1:] if _recent(each.end, now)]
    facility = any(each.facility for each in energy)
    since = _since(asset.segments, last, facility)
    metered = (
        _window([each for each in measured.energy if each.facility == facility], since, now.zone) if energy else ()
    )
    loaded = (
        _window(measured.loads, since, now.zone) if any(_recent(each.end, now) for each in measured.loads[-1:]) else ()
    )
    ahead = [_energy(metered, begin, now.end)] if metered else []
    load = [LoadPiece(begin, now.end, _loads(loaded), _span(loaded))] if loaded else []
    return Projected(Measured((*measured.energy, *ahead), (*measured.loads, *load)), last)


def carried_on(measured: Measured, now: Now) -> Measured:
    """The energy of a machine, carried on whatever its state: what is shared out by it is asked for all the same."""
    until = max((each.end for each in measured.energy[-1:]), default=None)
    if until is None or not _recent(until, now) or (begin := max(until, now.start)) >= now.end:
        return measured
    facility = measured.energy[-1].facility
    metered = _window([each for each in measured.energy if each.facility == facility], 0, now.zone)
    return Measured((*measured.energy, _energy(metered, begin, now.end)), measured.loads)


def _recent(until: int, now: Now) -> bool:
    return until > month_start(now.zone, month_at(now.zone, now.start) - WITHIN_MONTHS)


def _since(segments: Sequence[Segment], last: Segment, facility: bool) -> int:
    """When the state of a segment began: with the first of the segments in a row that tell the same."""
    place = segments.index(last)
    while place > 0 and state_of(segments[place - 1], facility) == state_of(last, facility):
        place -= 1
    return segments[place].start


P = TypeVar("P", EnergyPiece, LoadPiece)


def _window(pieces: Sequence[P], since: int, zone: str) -> tuple[P, ...]:
    """The pieces of the last measured days, and only since an instant, in their order."""
    days: set[date] = set()
    found: list[P] = []
    for each in reversed(pieces):
        if each.end <= since:
            break
        piece = each._replace(start=max(each.start, since))
        day = local_day(zone, piece.start)
        if day not in days and len(days) == WINDOW_DAYS:
            break
        days.add(day)
        found.append(piece)
    return tuple(reversed(found))


def _span(pieces: Sequence[P]) -> Span:
    return pieces[0].start, pieces[-1].end


def _energy(window: Sequence[EnergyPiece], start: int, end: int) -> EnergyPiece:
    """A piece whose mean power is that of the window: its energy, over the seconds that were measured of it."""
    kwh = fsum(each.kwh * (each.end - each.start) / each.covered_s for each in window)
    seconds = sum(each.end - each.start for each in window)
    return EnergyPiece(start, end, kwh, seconds, window[-1].facility, _span(window))


def _loads(window: Iterable[LoadPiece]) -> tuple[Load, ...]:
    """The loads of the window, each band by its time and at its mean."""
    held: dict[int, list[tuple[float, float]]] = {}
    for piece in window:
        for load in piece.loads:
            band = min(int(load.utilisation * BANDS), BANDS - 1)
            held.setdefault(band, []).append((load.share_of_time * (piece.end - piece.start), load.utilisation))
    seconds = {band: fsum(each for each, _ in held[band]) for band in sorted(held)}
    whole = fsum(seconds.values())
    return tuple(
        Load(seconds[band] / whole, fsum(time * load for time, load in held[band]) / seconds[band])
        for band in seconds
        if seconds[band] > 0
    )
