"""The figures of each asset and month, put together from the summed terms, ready to be stored and published."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

import numpy as np

from footprint.domain.allocation import LINES, Subject, Terms
from footprint.domain.catalogue import GWP, FactorRef
from footprint.domain.cells import (
    Cells,
    ExtraSum,
    Spreads,
    Sum,
    cells_of,
    extra_value,
    partly_known,
    reduce,
    reference_runs,
    sum_extras,
    sum_measure,
)
from footprint.domain.claims import Piece, apportion, fractions_of, joined, pieces_of, shares_within
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.grid import Integers
from footprint.domain.inventory import Asset, Claim, Segment, Site
from footprint.domain.ledger import Ledger
from footprint.domain.months import month_at, month_start
from footprint.domain.notices import Notice, told_stages
from footprint.domain.scopes import CLOUD, Control, Line, line_of
from footprint.domain.stretches import ENERGY_EVIDENCE
from footprint.domain.sums import billionths
from footprint.domain.uncertainty import ln_product
from footprint.domain.weighing import ELECTRICITY_EVIDENCE, FigureKey, Weights

METHOD_VERSION: Final = "2026.4"
"""Of the method (docs/method.md): it changes when the same inputs give other figures."""


_About: TypeAlias = tuple[str, str, str, str, UUID | None, int, str, str]
"""What a figure is about: its first eight fields."""

_Used: TypeAlias = dict[_About, list[tuple[float, Mapping[UUID, float]]]]
"""By what figures are about: the value of each, and which part of it each application uses."""


class Figure(NamedTuple):
    """One stored number: `value` in the unit of the criterion (kgCO2e for gwp), at a site, on a reporting line.

    `share` is `own`, `idle` (the unsold part of a host) or `sold` (what other organisations use of it). `factor` and `source` name what its
    uncertainty is shared with ('' for nothing), each with its ln GSD²; `ln_gsd2` is of both.
    """

    stage: str
    criterion: str
    basis: str
    share: str
    site: UUID | None
    scope: int
    ghg_category: str
    beges_item: str
    value: float
    ln_gsd2: float
    factor: str = ""
    factor_ln_gsd2: float = 0.0
    source: str = ""
    source_ln_gsd2: float = 0.0

    @property
    def line(self) -> _About:
        """What the figure is about: no two figures of a result are about the same."""
        return self[:8]


class Claimed(NamedTuple):
    """What an application uses of a figure, in billionths of its unit."""

    application: UUID
    figure: Figure
    billionths: int


@dataclass(slots=True)
class AssetMonth:
    """The result for one asset and month. `kwh` is at the meter of the site, None where unknown; `notices` are `Notice` bits.

    `life_start` (a Unix second) and `spread_days` are the life over which its making is spread; of refurbished kit, `first_life_days` and
    `use_days` are what its kg follow from.
    """

    asset: Asset
    month: int
    status: str
    site: UUID | None
    host: UUID | None
    kwh: float | None = None
    figures: list[Figure] = field(default_factory=list)
    references: tuple[FactorRef, ...] = ()
    embodied_evidence: str = "none"
    energy_evidence: str = "none"
    electricity_evidence: str = "none"
    notices: int = 0
    life_start: int | None = None
    spread_days: float | None = None
    first_life_days: float | None = None
    use_days: float | None = None
    claimed: list[Claimed] = field(default_factory=list)


def collect(
    ledger: Ledger,
    terms: Terms,
    subjects: Sequence[Subject],
    first_months: Sequence[int],
    horizons: Sequence[int],
    claims: Mapping[UUID, Sequence[Claim]],
) -> Iterator[AssetMonth]:
    """The months of every subject, from its first segment (or its first month) to its horizon or its leaving, in order."""
    cells = cells_of(terms)
    weights = ledger.weights
    summed = {key: sum_measure(measure, terms, cells) for key, measure in weights.figures.items()}
    at_device = {key: sum_measure(measure, terms, cells) for key, measure in weights.at_device.items()}
    reader = _CellReader(
        ledger=ledger,
        terms=terms,
        cells=cells,
        figures=_figures_of(ledger, cells, summed, at_device),
        energy=sum_measure(weights.kwh, terms, cells),
        extras=sum_extras(ledger, terms, cells),
        line=cells.line.tolist(),
        control=cells.control.tolist(),
        site=cells.site.tolist(),
        notices=[
            bits | (PARTIAL if partly else 0)
            for bits, partly in zip(
                reduce(np.bitwise_or, weights.notices[terms.interval] | terms.notices, cells),
                partly_known(summed, ledger, terms, cells),
                strict=True,
            )
        ],
        energy_evidence=reduce(np.bitwise_or, 1 << _evidence_bits(weights)[terms.interval], cells),
        electricity_evidence=reduce(np.maximum, weights.electricity_evidence[terms.interval], cells),
        embodied_evidence=reduce(np.maximum, _embodied_evidence(ledger)[terms.interval], cells),
        references=reference_runs(weights.references[terms.interval], cells),
    )
    keys = list(zip(cells.subject.tolist(), cells.month.tolist(), strict=True))
    position = 0  # cells past a machine's own horizon, which lies before that of a host further west, are passed over
    for index, subject in enumerate(subjects):
        of_asset = claims.get(subject.asset.id, ())
        for month, status, segment in _months(ledger, subject, first_months[index], horizons[index]):
            result = AssetMonth(subject.asset, month, status, segment.site, segment.host)
            evidence, taken = 0, []
            while position < len(keys) and keys[position] <= (index, month):
                if keys[position] == (index, month):
                    evidence |= reader.add(result, position)
                    taken.append(position)
                position += 1
            _say_evidence(result, evidence)
            if subject.asset.is_virtual:
                _say_what_lacks(result, segment)
            reader.keep_life(result, subject)
            extras = [each for cell in taken for each in reader.extras.get(cell, ())]
            result.notices &= ~int(told_stages(each.key.stage for each in extras if each.key.criterion == GWP))
            if len(taken) > 1 or extras:
                result.figures = merged(result.figures)
            if of_asset and taken:
                zone = subject.organisation.time_zone
                pieces = pieces_of(of_asset, month_start(zone, month), month_start(zone, month + 1))
                result.claimed = list(_claimed(result.figures, reader.used(taken, pieces))) if pieces else []
            yield result


def merged(figures: Sequence[Figure]) -> list[Figure]:
    """In order, with those about the same added up; what two factors share is told by the heavier one."""
    by_line: dict[tuple[object, ...], Figure] = {}
    for each in figures:
        known = by_line.get(each.line)
        by_line[each.line] = each if known is None else _added(known, each)
    return sorted(by_line.values(), key=figure_order)


def _added(one: Figure, other: Figure) -> Figure:
    value = one.value + other.value
    heavier = one if one.value >= other.value else other
    if value <= 0:
        return heavier._replace(value=value)
    spreads = Spreads(
        heavier.factor,
        (one.value * one.factor_ln_gsd2 + other.value * other.factor_ln_gsd2) / value,
        heavier.source,
        (one.value * one.source_ln_gsd2 + other.value * other.source_ln_gsd2) / value,
    )
    return Figure(*one.line, value, spreads.ln_gsd2, *spreads)


def figure_order(figure: Figure) -> tuple[str, str, str, str, str, str, bytes]:
    """The order of the figures of a result, the same wherever they come from."""
    return (
        figure.criterion,
        figure.stage,
        figure.basis,
        figure.share,
        figure.ghg_category,
        figure.beges_item,
        figure.site.bytes if figure.site else b"",
    )


def _months(ledger: Ledger, subject: Subject, first_month: int, horizon: int) -> Iterator[tuple[int, str, Segment]]:
    """Each month of the timeline, and of what else is spread over time, with the status, and the segment, that holds at its end."""
    zone = subject.organisation.time_zone
    segments = subject.asset.segments
    last = segments[-1]
    stop = horizon if last.end is None else min(horizon, last.end)
    if last.status == "retired":
        stop = min(stop, next(each.start for each in _trailing_retired(segments)))
    spans = [(segments[0].start, stop)] if segments[0].start < stop else []
    if subject.ledger_index is not None:
        extras = ledger.profiles[subject.ledger_index].extras
        spans.extend((each.start, min(each.end, horizon)) for each in extras if each.anywhere and each.start < horizon)
    months = {
        month
        for start, end in spans
        for month in range(max(first_month, month_at(zone, start)), month_at(zone, end - 1) + 1)
    }
    at = 0
    for month in sorted(months):
        end = min(month_start(zone, month + 1), stop) - 1
        while at + 1 < len(segments) and segments[at + 1].start <= end:
            at += 1
        over = stop < month_start(zone, month + 1) and stop < horizon
        yield month, "retired" if over else segments[at].status.value, segments[at]


def _trailing_retired(segments: Sequence[Segment]) -> Iterator[Segment]:
    """The first segment of the final run of retired ones."""
    first = len(segments) - 1
    while first > 0 and segments[first - 1].status == "retired":
        first -= 1
    yield segments[first]


def _embodied_evidence(ledger: Ledger) -> Integers:
    """The place in `EMBODIED_ORDER` of what the making behind each interval rests on."""
    places = [EMBODIED_ORDER.index(profile.embodied_evidence) for profile in ledger.profiles]
    found: Integers = np.array(places, dtype=np.int64)[ledger.asset]
    return found


OF_MEASUREMENT: Final = tuple(1 << ENERGY_EVIDENCE.index(each) for each in ("measured", "utilisation"))
NOT_DRAWN: Final = 8
"""How far the evidence of times when nothing is drawn lies above that of the others."""


def _evidence_bits(weights: Weights) -> Integers:
    """The place of the bit of each interval's evidence of energy; of times when nothing is drawn, higher up."""
    bits: Integers = weights.energy_evidence + np.where(weights.hours > 0, 0, NOT_DRAWN)
    return bits


def _say_evidence(result: AssetMonth, bits: int) -> None:
    """The weakest evidence of energy drawn in the month, and whether measurements have gaps that a weaker one fills."""
    drawn = bits & ((1 << NOT_DRAWN) - 1)
    weakest = (drawn or bits >> NOT_DRAWN).bit_length() - 1
    result.energy_evidence = ENERGY_EVIDENCE[max(weakest, 0)]
    if any(drawn & each and drawn > 2 * each - 1 for each in OF_MEASUREMENT):
        result.notices |= int(Notice.MEASUREMENT_GAPS)


def _say_what_lacks(result: AssetMonth, segment: Segment) -> None:
    asset = result.asset
    if segment.host is not None and (asset.annual_kwh, asset.average_w, asset.embodied_kg) != (None, None, None):
        result.notices |= int(Notice.DECLARED_ON_HOST)
    if segment.host is not None and segment.vcpu is None:
        result.notices |= int(Notice.NO_ALLOCATION)
    elif (
        segment.cloud is None and result.kwh is None and not any(each.stage == MANUFACTURING for each in result.figures)
    ):
        result.notices |= int(Notice.HOST_UNKNOWN)


@dataclass(frozen=True, slots=True)
class _CellReader:
    """The summed cells, and how one of them is written into its asset-month."""

    ledger: Ledger
    terms: Terms
    cells: Cells
    figures: list[list[Figure]]
    energy: Sum
    extras: Mapping[int, list[ExtraSum]]
    line: list[int]
    control: list[int]
    site: list[int]
    notices: list[int]
    energy_evidence: list[int]
    electricity_evidence: list[int]
    embodied_evidence: list[int]
    references: Mapping[int, tuple[int, ...]]

    def add(self, result: AssetMonth, cell: int) -> int:
        """Add the figures, evidence and warnings of a cell; the evidences of its energy, as bits."""
        site = self._site(cell)
        extras = self.extras.get(cell, ())
        result.notices |= self.notices[cell]
        if result.site is None and site is not None:
            result.site = site.id
        if self.energy.known[cell]:
            result.kwh = (result.kwh or 0.0) + self.energy.value[cell]
        result.figures.extend(self.figures[cell])
        for extra in extras:
            result.notices |= extra.notices
            if not extra.void:
                result.figures.append(self._extra(extra, cell, site))
        made = "kind" if any(each.cloud for each in extras) else EMBODIED_ORDER[self.embodied_evidence[cell]]
        result.embodied_evidence = _weakest(EMBODIED_ORDER, result.embodied_evidence, made)
        result.electricity_evidence = _weakest(
            ELECTRICITY_EVIDENCE, result.electricity_evidence, ELECTRICITY_EVIDENCE[self.electricity_evidence[cell]]
        )
        for reference in self.references[cell]:
            found = self.ledger.weights.reference_sets[reference]
            if not result.references:
                result.references = found
            elif result.references is not found:
                result.references = tuple(sorted({*result.references, *found}))
        if extras:
            named = {
                factor.ref for extra in extras for index in extra.extras for factor in self.ledger.extras[index].factors
            }
            result.references = tuple(sorted({*result.references, *named}))
        return self.energy_evidence[cell]

    def keep_life(self, result: AssetMonth, subject: Subject) -> None:
        """Say over which life the making of an asset is spread: kept, so that a closed month knows with which it was closed."""
        profile = None if subject.ledger_index is None else self.ledger.profiles[subject.ledger_index]
        if profile is None or profile.life is None or profile.spread_days is None:
            return
        result.life_start, result.spread_days = profile.life.start, profile.spread_days
        if profile.used:
            result.first_life_days, result.use_days = profile.life.nominal_days, profile.life.days

    def used(self, cells: Sequence[int], pieces: Sequence[Piece]) -> _Used:
        """What applications use of the figures of cells, by the time that their terms and claims share."""
        found: _Used = {}
        for cell in cells:
            site, of_cell = self._site(cell), self.cells.terms_of(cell)
            intervals = self.terms.interval[of_cell]
            starts, ends = self.ledger.start[intervals].tolist(), self.ledger.end[intervals].tolist()
            shares = {
                of_cell.start + index: shares_within(pieces, start, end)
                for index, (start, end) in enumerate(zip(starts, ends, strict=True))
            }
            for key, measure in self.ledger.weights.figures.items():
                values = measure.value[intervals] * self.terms.share[of_cell]
                weighted = dict(zip(shares, values.tolist(), strict=True))
                for figure in self.figures[cell]:
                    if figure[:3] == key:
                        found.setdefault(figure.line, []).append((figure.value, fractions_of(weighted, shares)))
            for extra in (each for each in self.extras.get(cell, ()) if not each.void):
                parts: dict[int, float] = {}
                for term, index in zip(extra.terms, extra.extras, strict=True):
                    parts[term] = parts.get(term, 0.0) + extra_value(self.ledger, self.terms, term, index)
                figure = self._extra(extra, cell, site)
                found.setdefault(figure.line, []).append((figure.value, fractions_of(parts, shares)))
        return found

    def _site(self, cell: int) -> Site | None:
        number = self.site[cell]
        return None if number < 0 else self.ledger.stretches[number].site

    def _extra(self, extra: ExtraSum, cell: int, site: Site | None) -> Figure:
        control, line = self.control[cell], extra.line
        if line is None or control & PURCHASED:
            line = line_in(extra.key.stage, extra.key.basis, control)
        about = (*extra.key, LINES[self.line[cell]], site.id if site else None, *line)
        return Figure(*about, extra.value, extra.spreads.ln_gsd2, *extra.spreads)


def _figures_of(
    ledger: Ledger, cells: Cells, sums: Mapping[FigureKey, Sum], at_device: Mapping[FigureKey, Sum]
) -> list[list[Figure]]:
    """The figures of each cell, in their order. Of kit in another's room, what the room adds is a figure of its own.

    What figures are about is put together once for all cells of a kind at a place: there are very many cells, and few of those.
    """
    found: list[list[Figure]] = [[] for _ in cells.first]
    places = list(zip(cells.line.tolist(), cells.site.tolist(), cells.control.tolist(), strict=True))
    variables = ledger.weights.variables
    for key in sorted(sums, key=lambda each: (each.criterion, each.stage, each.basis)):
        value, known, factor_ln_gsd2, factor, source_ln_gsd2, source = sums[key]
        about: dict[tuple[int, int, int], tuple[_About, _About | None]] = {}
        for cell in np.flatnonzero(known).tolist():
            place = places[cell]
            if place not in about:
                about[place] = _about(ledger, key, *place, split=key in at_device)
            whole, room = about[place]
            shared = (variables[factor[cell]], factor_ln_gsd2[cell], variables[source[cell]], source_ln_gsd2[cell])
            ln_gsd2 = ln_product(shared[1], shared[3])
            if room is None:
                found[cell].append(Figure._make((*whole, value[cell], ln_gsd2, *shared)))
                continue
            device = at_device[key].value[cell]
            parts = Figure(*whole, device, ln_gsd2, *shared), Figure(*room, value[cell] - device, ln_gsd2, *shared)
            found[cell] += sorted(parts, key=figure_order)
    return found


def _about(
    ledger: Ledger, key: FigureKey, line: int, site: int, control: int, *, split: bool
) -> tuple[_About, _About | None]:
    """What the figure of a cell is about, or its two figures: of the thing itself, and of what the room of its host adds."""
    place = None if site < 0 else ledger.stretches[site].site
    where = (*key, LINES[line], place.id if place else None)
    if control & HOSTED and split:
        return (*where, *line_in(key.stage, key.basis, 0)), (*where, *CLOUD)
    return (*where, *line_in(key.stage, key.basis, control)), None


def _claimed(figures: Sequence[Figure], used: _Used) -> Iterator[Claimed]:
    """What applications use of figures, in whole billionths: they add up to what a figure of which all is used counts in every total."""
    for figure in figures:
        parts = used.get(figure.line)
        if parts is not None:
            for application, amount in apportion(billionths(figure.value), joined(parts)).items():
                yield Claimed(application, figure, amount)


PARTIAL: Final = int(Notice.PARTIAL)
HOSTED: Final = int(Control.HOSTED)
PURCHASED: Final = int(Control.PURCHASED)


@cache
def line_in(stage: str, basis: str, control: int) -> Line:
    """`line_of` for the bits of a control, remembered: there are a dozen, and they are asked for with every figure."""
    return line_of(stage, basis, Control(control))


EMBODIED_ORDER: Final = ("none", "given", "model", "configuration", "kind")


def _weakest(order: Sequence[str], one: str, other: str) -> str:
    return one if one == other or order.index(one) > order.index(other) else other
