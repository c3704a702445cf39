"""Straight lines: how what makes an asset is spread over its life, in phases where the life was changed after months were closed."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from footprint.domain.embodied import Embodied
from footprint.domain.formulas import DAY_S
from footprint.domain.inventory import Asset, ClosedLife
from footprint.domain.life import Life, month_of_leaving


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is spread in a straight line over the life: `unit_kg` of one unit (in the unit of the criterion), as it is carried.

    `carried` is how a second use comes to carry that, written out; '' where the whole is carried.
    """

    stage: str
    criterion: str
    unit_kg: float
    embodied: Embodied
    carried: str = ""


class Phase(NamedTuple):
    """A straight line: from when to when (Unix seconds, NaN unknown), over how many days, and which share of the whole is spread."""

    start: float
    end: float
    days: float
    share: float


UNKNOWN_PHASE: Final = Phase(math.nan, math.nan, 1.0, 0.0)


def runs_of(
    asset: Asset, zone: str, life: Life | None, spread_days: float | None, closed: Sequence[ClosedLife]
) -> tuple[ClosedLife, ...]:
    """The runs of closed months with another life than what follows; none where the asset began otherwise: that is a correction.

    Where the asset turns out to have left within closed months they end with the month of its leaving: what was left is carried by that.
    """
    if not closed or life is None or spread_days is None or any(each.start != life.start for each in closed):
        return ()
    last = month_of_leaving(asset, zone)
    runs: list[ClosedLife] = []
    for each in closed:
        run = each if last is None else replace(each, until=min(each.until, last))
        if run.until > (runs[-1].until if runs else life.start):
            runs.append(run)
    following = [*(each.days for each in runs[1:]), spread_days]
    return tuple(each for each, days in zip(runs, following, strict=False) if each.days != days)


def spread_phases(
    start: float, lengths: Sequence[tuple[float, float]], rest: Callable[[int], tuple[int, int]]
) -> tuple[Phase, ...]:
    """The phases of a line from `start`: until each Unix second it is spread over so many days from `start`, and then over what is left
    of the next length; where nothing is left of that, over the `rest` of a month. The last length holds for ever."""
    phases: list[Phase] = []
    at, left = start, 1.0
    for until, length in lengths:
        begin, end = at, start + length * DAY_S
        if phases and end <= at and left > 0:
            begin, end = rest(int(at))
        days = (end - begin) / DAY_S if phases else length
        phase = Phase(begin, end, days, left) if days > 0 else Phase(at, at, 1.0, 0.0)
        phases.append(phase)
        charged = max(0.0, min(phase.end, until) - phase.start) / DAY_S
        left = 0.0 if phase.end <= until else max(0.0, left - left * charged / phase.days)
        at = until
    return tuple(phases)


@dataclass(frozen=True, slots=True)
class Straight:
    """Phases that follow one another, each until its Unix second, the last for ever."""

    phases: tuple[Phase, ...]
    untils: tuple[float, ...]

    def left_at(self, instant: float) -> float:
        """Which share of the whole is not charged yet."""
        for phase, until in zip(self.phases, self.untils, strict=True):
            if instant <= until:
                charged = max(0.0, min(phase.end, instant) - phase.start) / DAY_S
                return max(0.0, phase.share - phase.share * charged / phase.days)
        return 0.0

    def since(self, start: int) -> Iterator[tuple[int, int, float, float]]:
        """What is spread from `start` on: from when to when, which share over how many days."""
        for phase, until in zip(self.phases, self.untils, strict=True):
            begin, end = max(float(start), phase.start), min(phase.end, until)
            if begin < end and phase.share > 0:
                yield int(begin), int(end), phase.share, phase.days


class Fitted(NamedTuple):
    """What is in one unit of an asset from `start` on (a Unix second) beside what it was made of, in kg of climate change.

    `whole_kg` is what the making of it weighs, negative where more has left than has come; `lines` are the kg that are spread, each in its
    straight line, and those that no longer are as negative ones.
    """

    start: int
    whole_kg: float
    lines: tuple[tuple[float, Straight], ...]

    def left_kg(self, instant: float) -> float:
        """What of it is not charged yet."""
        left = 0.0
        for kg, line in self.lines:
            left += kg * line.left_at(instant)
        return left
