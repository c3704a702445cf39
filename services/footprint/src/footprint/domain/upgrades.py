"""What becomes of the making of a server when its configuration changes (ADR 0093).

What it is made of when it came is spread over its life. A later configuration changes nothing of the time before it: what it adds begins a
line of its own on its day, over what is left of the life (past it, over the rest of the month); what leaves is amortised to its day: what
was left of it counts in that month, and nothing afterwards. So the sum over the life is all that was ever in it. What comes last leaves
first; what a configuration does not state stays as it was; a case, a motherboard and an assembly are had once.

All of it is written as extras beside the line of the making, so that earlier months keep their bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from math import inf
from typing import Final

from footprint.domain.catalogue import GWP, Catalogue
from footprint.domain.configuration import Configuration
from footprint.domain.embodied import MANUFACTURING, Embodied, parts_embodied
from footprint.domain.extras import FAR, Extra
from footprint.domain.formulas import DAY_S
from footprint.domain.inventory import Asset, ClosedLife, Segment, Status
from footprint.domain.life import Life, rest_of_month, retirement
from footprint.domain.months import local_day, month_at, month_start
from footprint.domain.notices import Notice
from footprint.domain.pieces import Piece, Pieces, alone, base_configuration, carried_on, pieces_of, statements
from footprint.domain.spreading import Fitted, Part, Straight, runs_of, spread_phases

UNIT: Final = "kg"


@dataclass(frozen=True, slots=True)
class Upgrades:
    """What later configurations of an asset add to its making and take from it: as figures, and as what is in it since when."""

    extras: tuple[Extra, ...] = ()
    fitted: tuple[Fitted, ...] = ()


NONE: Final = Upgrades()


@dataclass(slots=True)
class _Lot:
    """So many units of a piece that came together, `made` each, on a line of its own from `begin`; of it `carried` is the asset's.

    `came` are the units that it was made with: 0 of what was added.
    """

    begin: int
    units: int
    came: int
    made: Embodied
    carried: float
    line: Straight


@dataclass(slots=True)
class _Reader:
    """Follows the configurations of one asset in one criterion."""

    asset: Asset
    zone: str
    catalogue: Catalogue
    life: Life
    part: Part
    ends: Sequence[tuple[float, float]]
    lots: dict[Piece, list[_Lot]] = field(default_factory=dict)
    fitted: list[Fitted] = field(default_factory=list)

    def read(self, base: Configuration) -> Iterator[Extra]:
        """What its upgrades weigh, in order."""
        held = pieces_of(base)
        came = local_day(self.zone, self.life.start)
        whole, made = self.part.unit_kg, self.part.embodied.unit_kg
        for piece, units in held.items():
            self._bring(piece, units, self.life.start, came, whole / made if made else 0.0, came=units)
        for segment in self.asset.segments:
            if segment.configuration is None or segment.status is Status.RETIRED:
                continue
            now = carried_on(held, segment.configuration)
            if now != held:
                yield from self._change(held, now, segment.start)
                self.fitted.append(self._fitted(segment.start))
                held = now

    def _change(self, held: Pieces, now: Pieces, at: int) -> Iterator[Extra]:
        day = local_day(self.zone, at)
        for piece in dict.fromkeys((*held, *now)):
            more = now.get(piece, 0) - held.get(piece, 0)
            if more > 0 and (lot := self._bring(piece, more, at, day, 1.0)) is not None:
                yield from self._added(lot, day)
            elif more < 0:
                yield from self._taken(piece, -more, at, day)

    def _bring(self, piece: Piece, units: int, at: int, day: date, carried: float, came: int = 0) -> _Lot | None:
        made = parts_embodied(self.catalogue, alone(piece), self.part.criterion, day)
        if made is None:
            return None
        ends = [(until, end) for until, end in self.ends if until > at]
        lengths = [(until, (end if end > at else self._month_end(at)) - at) for until, end in ends]
        rest = partial(rest_of_month, self.asset, self.zone)
        phases = spread_phases(float(at), [(until, seconds / DAY_S) for until, seconds in lengths], rest)
        lot = _Lot(at, units, came, made, carried, Straight(phases, tuple(until for until, _ in ends)))
        self.lots.setdefault(piece, []).append(lot)
        return lot

    def _added(self, lot: _Lot, day: date) -> Iterator[Extra]:
        origin = f"upgrade of {day}: {lot.units} × ({lot.made.trace[0]})"
        for start, end, share, days in lot.line.since(lot.begin):
            yield from self._extras(lot, lot.units, start, end, share, days * DAY_S, origin)

    def _taken(self, piece: Piece, units: int, at: int, day: date) -> Iterator[Extra]:
        """What came last leaves first: the lines of it end on the day, and what is left of them counts in its month."""
        for lot in reversed(self.lots.get(piece, ())):
            taken = min(units, lot.units)
            if not taken:
                continue
            about = f"{taken} × ({lot.made.trace[0]})"
            for start, end, share, days in lot.line.since(at):
                gone = f"removal on {day}: less what was left of {about}"
                yield from self._extras(lot, taken, start, end, share, days * DAY_S, gone, less=True)
            end, left = self._month_end(at), lot.line.left_at(at)
            if left > 0:
                rest = f"removal on {day}: what was left of {about}"
                yield from self._extras(lot, taken, at, end, left, float(end - at), rest)
            units, lot.units = units - taken, lot.units - taken

    def _month_end(self, at: int) -> int:
        """The end of the month, or of the asset where it leaves before."""
        end = month_start(self.zone, month_at(self.zone, at) + 1)
        left = retirement(self.asset)
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
        factors = (self.asset.quantity, float(units), lot.made.unit_kg, lot.carried, share)
        amount = 0.0 - _product(factors) if less else _product(factors)
        written = " × ".join(repr(float(each)) for each in factors)
        for begin, until in _present(self.asset.segments, start, end):
            yield Extra(
                begin,
                until,
                stage=MANUFACTURING,
                criterion=self.part.criterion,
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

    def _fitted(self, at: int) -> Fitted:
        """What is in it now beside what it was made of."""
        whole_kg = 0.0
        lines: list[tuple[float, Straight]] = []
        for lot in (lot for lots in self.lots.values() for lot in lots):
            kg = (lot.units - lot.came) * lot.made.unit_kg
            if kg:
                whole_kg += kg
                lines.append((kg * lot.carried, lot.line))
        return Fitted(at, whole_kg, tuple(lines))


def _present(segments: Sequence[Segment], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a time in which an asset of these segments is not retired for a while."""
    for segment in segments:
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
) -> Upgrades:
    """What later configurations add and take, in each criterion of which the making is known by the configuration."""
    if life is None or spread_days is None or len(statements(asset.segments)) < 2:
        return NONE
    base = base_configuration(asset.segments)
    assert base is not None
    runs = runs_of(asset, zone, life, spread_days, closed)
    ends = [(float(each.until), life.start + each.days * DAY_S) for each in runs]
    ends.append((inf, life.start + spread_days * DAY_S))
    extras: list[Extra] = []
    fitted: tuple[Fitted, ...] = ()
    for part in parts:
        if part.stage == MANUFACTURING and part.embodied.evidence == "configuration":
            reader = _Reader(asset, zone, catalogue, life, part, ends)
            extras.extend(reader.read(base))
            if part.criterion == GWP:
                fitted = tuple(reader.fitted)
                extras.extend(() if base.gpus else _cards(asset, zone))
    return Upgrades(tuple(extras), fitted)


def _cards(asset: Asset, zone: str) -> Iterator[Extra]:
    """Of the times in which an asset that came without graphics cards holds some: that their making is not known."""
    left = retirement(asset)
    for each in asset.segments:
        if each.configuration is not None and each.configuration.gpus and each.status is not Status.RETIRED:
            yield Extra(
                each.start,
                each.end if each.end is not None else left if left is not None else FAR,
                stage=MANUFACTURING,
                criterion=GWP,
                basis="both",
                amount=0.0,
                unit=UNIT,
                origin=f"graphics cards from {local_day(zone, each.start)}: what making them weighed is not known",
                anywhere=False,
                notices=Notice.GPUS_NOT_COUNTED,
                void=True,
            )
