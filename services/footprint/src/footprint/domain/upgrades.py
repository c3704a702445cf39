"""What becomes of the making of a server when its configuration changes (ADR 0093).

What it is made of when it came is spread over its life. A later configuration changes nothing of the time before it: what it adds begins a
line of its own on its day, over what is left of the life (past it, over the rest of the month); what leaves is amortised to its day: what
was left of it counts in that month, and nothing afterwards. So the sum over the life is all that was ever in it. What comes last leaves
first; what a configuration does not state stays as it was; a case, a motherboard and an assembly are had once.

All of it is written as extras beside the line of the making, so that earlier months keep their bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Final

from footprint.domain.catalogue import Catalogue
from footprint.domain.configuration import Configuration
from footprint.domain.difference import base_configuration
from footprint.domain.embodied import MANUFACTURING, Embodied, parts_embodied
from footprint.domain.extras import Extra
from footprint.domain.formulas import DAY_S
from footprint.domain.inventory import Asset, ClosedLife, Status
from footprint.domain.life import Life, retirement
from footprint.domain.months import local_day, month_at, month_start
from footprint.domain.spreading import Part, Phase, runs_of, spread_phases

UNIT: Final = "kg"


@dataclass(slots=True)
class _Lot:
    """So many units of a part that came together, `made` each, on a line of its own from `begin`; of it `carried` is the asset's."""

    begin: int
    units: int
    made: Embodied
    carried: float
    phases: tuple[Phase, ...]
    untils: tuple[float, ...]

    def left_at(self, instant: int) -> float:
        """Which share of it is not charged yet."""
        for phase, until in zip(self.phases, self.untils, strict=True):
            if instant <= until:
                charged = max(0.0, min(phase.end, instant) - phase.start) / DAY_S
                return max(0.0, phase.share - phase.share * charged / phase.days)
        return 0.0

    def lines(self, start: int) -> Iterator[tuple[int, int, float, float]]:
        """What is spread from `start` on: from when to when, which share over how many days."""
        for phase, until in zip(self.phases, self.untils, strict=True):
            begin, end = max(float(start), phase.start), min(phase.end, until)
            if begin < end and phase.share > 0:
                yield int(begin), int(end), phase.share, phase.days


class _Reader:
    """Follows the configurations of one asset in one criterion."""

    def __init__(
        self,
        asset: Asset,
        zone: str,
        catalogue: Catalogue,
        life: Life,
        spread_days: float,
        closed: Sequence[ClosedLife],
        part: Part,
    ) -> None:
        self._asset, self._zone, self._catalogue, self._part = asset, zone, catalogue, part
        runs = runs_of(life, spread_days, closed)
        self._ends = [
            *((float(each.until), life.start + each.days * DAY_S) for each in runs),
            (inf, life.start + spread_days * DAY_S),
        ]
        self._begin = life.start
        self._came = local_day(zone, life.start)
        self._lots: dict[Configuration, list[_Lot]] = {}

    def read(self) -> Iterator[Extra]:
        """What its upgrades weigh, in order."""
        known = base_configuration(self._asset.segments)
        begun = False
        for segment in self._asset.segments:
            stated = segment.configuration
            if stated is None or known is None or (not begun and stated != known):
                continue
            if not begun:
                begun = True
                whole, made = self._part.unit_kg, self._part.embodied.unit_kg
                for unit, count in known.units.items():
                    self._bring(unit, count, self._begin, self._came, whole / made if made else 0.0)
                continue
            now = known.carried_on(stated)
            if segment.status is not Status.RETIRED and now != known:
                yield from self._change(known, now, segment.start)
                known = now

    def _change(self, known: Configuration, now: Configuration, at: int) -> Iterator[Extra]:
        before, after = known.units, now.units
        day = local_day(self._zone, at)
        for unit in dict.fromkeys((*before, *after)):
            more = after.get(unit, 0) - before.get(unit, 0)
            if more > 0 and (lot := self._bring(unit, more, at, day, 1.0)) is not None:
                yield from self._added(lot, day)
            elif more < 0:
                yield from self._taken(unit, -more, at, day)

    def _bring(self, unit: Configuration, units: int, at: int, day: date, carried: float) -> _Lot | None:
        made = parts_embodied(self._catalogue, unit, self._part.criterion, day)
        if made is None:
            return None
        ends = [(until, end) for until, end in self._ends if until > at]
        lengths = [(until, (end if end > at else self._month_end(at)) - at) for until, end in ends]
        phases = spread_phases(float(at), [(until, seconds / DAY_S) for until, seconds in lengths])
        lot = _Lot(at, units, made, carried, phases, tuple(until for until, _ in ends))
        self._lots.setdefault(unit, []).append(lot)
        return lot

    def _added(self, lot: _Lot, day: date) -> Iterator[Extra]:
        origin = f"upgrade of {day}: {lot.units} × ({lot.made.trace[0]})"
        for start, end, share, days in lot.lines(lot.begin):
            yield from self._extras(lot, lot.units, start, end, share, days * DAY_S, origin)

    def _taken(self, unit: Configuration, units: int, at: int, day: date) -> Iterator[Extra]:
        """What came last leaves first: the lines of it end on the day, and what is left of them counts in its month."""
        lots = self._lots.get(unit, [])
        while units > 0 and lots:
            lot = lots[-1]
            taken = min(units, lot.units)
            about = f"{taken} × ({lot.made.trace[0]})"
            for start, end, share, days in lot.lines(at):
                gone = f"removal on {day}: less what was left of {about}"
                yield from self._extras(lot, taken, start, end, share, days * DAY_S, gone, less=True)
            end, left = self._month_end(at), lot.left_at(at)
            if left > 0:
                rest = f"removal on {day}: what was left of {about}"
                yield from self._extras(lot, taken, at, end, left, float(end - at), rest)
            units, lot.units = units - taken, lot.units - taken
            if not lot.units:
                lots.pop()

    def _month_end(self, at: int) -> int:
        """The end of the month, or of the asset where it leaves before."""
        end = month_start(self._zone, month_at(self._zone, at) + 1)
        left = retirement(self._asset)
        return end if left is None else min(end, left)

    def _extras(
        self,
        lot: _Lot,
        units: int,
        start: int,
        end: int,
        share: float,
        over_s: float,
        origin: str,
        *,
        less: bool = False,
    ) -> Iterator[Extra]:
        factors = (self._asset.quantity, float(units), lot.made.unit_kg, lot.carried, share)
        amount = 0.0 - _product(factors) if less else _product(factors)
        written = " × ".join(repr(float(each)) for each in factors)
        for begin, until in self._present(start, end):
            yield Extra(
                begin,
                until,
                stage=MANUFACTURING,
                criterion=self._part.criterion,
                basis="both",
                amount=amount,
                unit=UNIT,
                origin=origin,
                source_ln_gsd2=lot.made.source_ln_gsd2,
                over_s=over_s,
                anywhere=False,
                written_amount=f"(0.0 − {written})" if less else f"({written})",
                made=lot.made,
            )

    def _present(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of a time in which the asset is not retired for a while."""
        for segment in self._asset.segments:
            begin, until = max(start, segment.start), end if segment.end is None else min(end, segment.end)
            if begin < until and segment.status is not Status.RETIRED:
                yield begin, until


def _product(factors: Sequence[float]) -> float:
    product = factors[0]
    for each in factors[1:]:
        product *= each
    return product


def read_upgrades(
    asset: Asset,
    zone: str,
    catalogue: Catalogue,
    life: Life | None,
    spread_days: float | None,
    closed: Sequence[ClosedLife],
    parts: Sequence[Part],
) -> tuple[Extra, ...]:
    """What later configurations of an asset add to its making and take from it, in each criterion that is known by its configuration."""
    if life is None or spread_days is None or len({each.configuration for each in asset.segments}) < 2:
        return ()
    return tuple(
        extra
        for part in parts
        if part.stage == MANUFACTURING and part.embodied.evidence == "configuration"
        for extra in _Reader(asset, zone, catalogue, life, spread_days, closed, part).read()
    )
