"""The figures of each asset and month, put together from the summed terms of the ledger."""

import functools
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np

from footprint.domain.allocation import LINES, Subject, Terms
from footprint.domain.asset_months import months_of
from footprint.domain.catalogue import GWP
from footprint.domain.cells import (
    EMBODIED_ORDER,
    ENERGY,
    NOT_DRAWN,
    Cells,
    Energy,
    ExtraSum,
    Sum,
    cells_of,
    embodied_evidence,
    energy_of,
    evidence_bits,
    extra_value,
    partly_known,
    reduce,
    reference_runs,
    sum_extras,
    sum_measure,
)
from footprint.domain.claims import Piece, apportion, fractions_of, joined, pieces_of, shares_within
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.inventory import Claim, Segment, Site
from footprint.domain.ledger import Ledger
from footprint.domain.months import month_start
from footprint.domain.notices import Notice, told_stages
from footprint.domain.results import About, AssetMonth, Claimed, Figure, add_up_energy, figure_order, merged
from footprint.domain.scopes import CLOUD, Control, Line, line_of
from footprint.domain.standing import Standing, stand
from footprint.domain.stretches import ENERGY_EVIDENCE
from footprint.domain.sums import billionths
from footprint.domain.uncertainty import ln_product
from footprint.domain.weighing import ELECTRICITY_EVIDENCE, USE_LOCATION, FigureKey

_Used: TypeAlias = dict[About, list[tuple[float, Mapping[UUID, float]]]]
"""By what figures are about: the value of each, and which part of it each application uses."""


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
    energy = energy_of(ledger, terms, cells)
    left = energy.left_by(summed)
    reader = _CellReader(
        ledger=ledger,
        terms=terms,
        cells=cells,
        figures=_figures_of(ledger, cells, summed, at_device, energy),
        without_factor=_figures_of(
            ledger, cells, {ENERGY: left}, {ENERGY: sum_measure(weights.it_kwh, terms, cells)}, energy
        )
        if any(left.known)
        else None,
        energy=energy.sums,
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
        energy_evidence=reduce(np.bitwise_or, 1 << evidence_bits(weights)[terms.interval], cells),
        electricity_evidence=reduce(np.maximum, weights.electricity_evidence[terms.interval], cells),
        embodied_evidence=reduce(np.maximum, embodied_evidence(ledger)[terms.interval], cells),
        references=reference_runs(weights.references[terms.interval], cells),
        standing=stand(ledger, terms, cells, subjects),
    )
    keys = list(zip(cells.subject.tolist(), cells.month.tolist(), strict=True))
    position = 0  # cells past a machine's own horizon, which lies before that of a host further west, are passed over
    for index, subject in enumerate(subjects):
        of_asset = claims.get(subject.asset.id, ())
        for month, status, segment in months_of(ledger, subject, first_months[index], horizons[index]):
            result = AssetMonth(subject.asset, month, status, segment.site, segment.host)
            evidence, taken = 0, []
            while position < len(keys) and keys[position] <= (index, month):
                if keys[position] == (index, month):
                    evidence |= reader.add(result, position)
                    taken.append(position)
                position += 1
            if result.site is None:
                result.site = reader.last_site(taken)
            _say_evidence(result, evidence)
            if subject.asset.is_virtual:
                _say_what_lacks(result, segment)
                result.notices |= int(Notice.MEASURED_ON_HOST) if month in subject.unused else 0
            reader.keep_life(result, subject)
            extras = [each for cell in taken for each in reader.extras.get(cell, ())]
            result.notices &= ~int(told_stages(each.key.stage for each in extras if each.key.criterion == GWP))
            for each in extras:
                if each.key == USE_LOCATION and each.kwh:
                    result.kwh = (result.kwh or 0.0) + each.kwh
            if len(taken) > 1 or extras:
                parts = len(result.figures)
                result.figures, result.without_factor = merged(result.figures), merged(result.without_factor)
                if len(result.figures) < parts:
                    totals = reader.totals(taken)
                    result.figures = [each._replace(value=totals[each.line]) for each in result.figures]
                add_up_energy(result)
            if of_asset and taken:
                zone = subject.organisation.time_zone
                pieces = pieces_of(of_asset, month_start(zone, month), month_start(zone, month + 1))
                result.claimed = list(_claimed(result.every_figure, reader.used(taken, pieces))) if pieces else []
            yield result


PROJECTED: Final = 1 << ENERGY_EVIDENCE.index("projected")
OF_MEASUREMENT: Final = tuple(1 << ENERGY_EVIDENCE.index(each) for each in ("measured", "utilisation"))


def _say_evidence(result: AssetMonth, bits: int) -> None:
    """The weakest evidence of energy drawn in the month, and whether measurements have gaps that a weaker one fills."""
    drawn = bits & ((1 << NOT_DRAWN) - 1)
    weakest = (drawn or bits >> NOT_DRAWN).bit_length() - 1
    result.energy_evidence = ENERGY_EVIDENCE[max(weakest, 0)]
    filled = drawn & ~PROJECTED
    if any(filled & each and filled > 2 * each - 1 for each in OF_MEASUREMENT):
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
    without_factor: list[list[Figure]] | None
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
    standing: Standing

    def add(self, result: AssetMonth, cell: int) -> int:
        """Add the figures, evidence and warnings of a cell; the evidences of its energy, as bits."""
        site = self._site(cell)
        extras = self.extras.get(cell, ())
        result.notices |= self.notices[cell]
        if self.energy.known[cell]:
            result.kwh = (result.kwh or 0.0) + self.energy.value[cell]
        if self.standing.known[cell]:
            result.embodied_kg = (result.embodied_kg or 0.0) + self.standing.whole_kg[cell]
            result.embodied_left_kg = (result.embodied_left_kg or 0.0) + self.standing.left_kg[cell]
        result.figures.extend(self.figures[cell])
        if self.without_factor is not None:
            result.without_factor.extend(self.without_factor[cell])
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
            figures, measures = self.figures[cell], self.ledger.weights.figures
            if self.without_factor is not None:
                figures, measures = (
                    [*figures, *self.without_factor[cell]],
                    {**measures, ENERGY: self.ledger.weights.kwh},
                )
            for key, measure in measures.items():
                values = measure.value[intervals] * self.terms.share[of_cell]
                weighted = dict(zip(shares, values.tolist(), strict=True))
                for figure in figures:
                    if figure[:3] == key:
                        found.setdefault(figure.line, []).append((figure.value, fractions_of(weighted, shares)))
            for extra in (each for each in self.extras.get(cell, ()) if not each.void):
                parts: dict[int, float] = {}
                for term, index in zip(extra.terms, extra.extras, strict=True):
                    parts[term] = parts.get(term, 0.0) + extra_value(self.ledger, self.terms, term, index)
                figure = self._extra(extra, cell, site)
                found.setdefault(figure.line, []).append((figure.value, fractions_of(parts, shares)))
        return found

    def last_site(self, cells: Sequence[int]) -> UUID | None:
        """Where the asset, or what carried it, stood last of all in these cells; None where that is known of none."""
        placed = [cell for cell in cells if self.site[cell] >= 0]
        site = self._site(max(placed, key=self._last_start)) if placed else None
        return site.id if site else None

    def _last_start(self, cell: int) -> int:
        """When the last interval of a cell begins."""
        return int(self.ledger.start[self.terms.interval[self.cells.terms_of(cell).stop - 1]])

    def totals(self, cells: Sequence[int]) -> dict[About, float]:
        """What the lines of cells add up to, one after the other, by what figures are about: as an explanation lists them."""
        found: dict[About, float] = {}
        for cell in cells:
            for about, values in self._lines(cell):
                total = found.get(about, 0.0)
                for value in values:
                    total += value
                found[about] = total
        return found

    def _lines(self, cell: int) -> Iterator[tuple[About, list[float]]]:
        """What the terms of a cell weigh, by what figures are about, in order; of what a room adds the last one is less the device."""
        weights, of_cell, site = self.ledger.weights, self.cells.terms_of(cell), self._site(cell)
        intervals, share = self.terms.interval[of_cell], self.terms.share[of_cell]
        for figure in self.figures[cell]:
            key = FigureKey(*figure[:3])
            values = (weights.figures[key].value[intervals] * share).tolist()
            if key in weights.at_device and self.control[cell] & HOSTED:
                of_device = (weights.at_device[key].value[intervals] * share).tolist()
                room = figure.line[5:] == CLOUD
                values = [*values, -functools.reduce(operator.add, of_device, 0.0)] if room else of_device
            yield figure.line, values
        for extra in (each for each in self.extras.get(cell, ()) if not each.void):
            pairs = zip(extra.terms, extra.extras, strict=True)
            values = [extra_value(self.ledger, self.terms, term, index) for term, index in pairs]
            yield self._extra(extra, cell, site).line, values

    def _site(self, cell: int) -> Site | None:
        number = self.site[cell]
        return None if number < 0 else self.ledger.stretches[number].site

    def _extra(self, extra: ExtraSum, cell: int, site: Site | None) -> Figure:
        control, line = self.control[cell], extra.line
        if line is None or control & PURCHASED:
            line = line_in(extra.key.stage, extra.key.basis, control)
        about = (*extra.key, LINES[self.line[cell]], site.id if site else None, *line)
        return Figure(*about, extra.value, extra.spreads.ln_gsd2, *extra.spreads, billionths(extra.kwh))


def _figures_of(
    ledger: Ledger, cells: Cells, sums: Mapping[FigureKey, Sum], at_device: Mapping[FigureKey, Sum], energy: Energy
) -> list[list[Figure]]:
    """The figures of each cell, in their order. Of kit in another's room, what the room adds is a figure of its own.

    What figures are about is put together once for all cells of a kind at a place: there are very many cells, and few of those.
    """
    found: list[list[Figure]] = [[] for _ in cells.first]
    places = list(zip(cells.line.tolist(), cells.site.tolist(), cells.control.tolist(), strict=True))
    variables = ledger.weights.variables
    for key in sorted(sums, key=lambda each: (each.criterion, each.stage, each.basis)):
        value, known, factor_ln_gsd2, factor, source_ln_gsd2, source = sums[key]
        about: dict[tuple[int, int, int], tuple[About, About | None]] = {}
        electric = key in at_device
        for cell in np.flatnonzero(known).tolist():
            place = places[cell]
            if place not in about:
                about[place] = _about(ledger, key, *place, split=electric)
            whole, room = about[place]
            shared = (variables[factor[cell]], factor_ln_gsd2[cell], variables[source[cell]], source_ln_gsd2[cell])
            ln_gsd2 = ln_product(shared[1], shared[3])
            kwh = energy.at_meter[cell] if electric else 0
            if room is None:
                found[cell].append(Figure._make((*whole, value[cell], ln_gsd2, *shared, kwh)))
                continue
            device = at_device[key].value[cell]
            drawn = energy.at_device[cell] if electric else 0
            parts = (
                Figure(*whole, device, ln_gsd2, *shared, drawn),
                Figure(*room, value[cell] - device, ln_gsd2, *shared, kwh - drawn),
            )
            found[cell] += sorted(parts, key=figure_order)
    return found


def _about(
    ledger: Ledger, key: FigureKey, line: int, site: int, control: int, *, split: bool
) -> tuple[About, About | None]:
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
            shares = joined(parts)
            amounts, energy = apportion(billionths(figure.value), shares), apportion(figure.kwh, shares)
            for application, amount in amounts.items():
                yield Claimed(application, figure, amount, energy[application])


PARTIAL: Final = int(Notice.PARTIAL)
HOSTED: Final = int(Control.HOSTED)
PURCHASED: Final = int(Control.PURCHASED)


@cache
def line_in(stage: str, basis: str, control: int) -> Line:
    """`line_of` for the bits of a control, remembered: there are a dozen, and they are asked for with every figure."""
    return line_of(stage, basis, Control(control))


def _weakest(order: Sequence[str], one: str, other: str) -> str:
    return one if one == other or order.index(one) > order.index(other) else other
