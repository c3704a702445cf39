"""Terms summed up: runs of terms with one subject, month, site, line and control, and what each measure comes to in them."""

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from footprint.domain.allocation import Terms
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.grid import Floats, Integers
from footprint.domain.ledger import Ledger, expand
from footprint.domain.scopes import CLOUD, USE, Line
from footprint.domain.sums import whole_billionths
from footprint.domain.uncertainty import ln_product
from footprint.domain.weighing import SUPPORT, USE_LOCATION, FigureKey, Measure, Spread, Weights


class Spreads(NamedTuple):
    """How sure a figure is: what its factor's error is shared with ('' for nothing) and ln GSD² of it, and the same of its source."""

    factor: str
    factor_ln_gsd2: float
    source: str
    source_ln_gsd2: float

    @property
    def ln_gsd2(self) -> float:
        """Of the figure as a whole."""
        return ln_product(self.factor_ln_gsd2, self.source_ln_gsd2)


@dataclass(frozen=True, slots=True)
class Cells:
    """Runs of terms; `first` is the index of each run's first term."""

    first: Integers
    cell: Integers
    subject: Integers
    month: Integers
    site: Integers
    line: Integers
    control: Integers

    def terms_of(self, cell: int) -> slice:
        """The terms of a cell."""
        end = int(self.first[cell + 1]) if cell + 1 < len(self.first) else len(self.cell)
        return slice(int(self.first[cell]), end)


def cells_of(terms: Terms) -> Cells:
    """Cut the sorted terms into cells."""
    columns = (terms.subject, terms.month, terms.site, terms.line, terms.control)
    turns = np.zeros(len(terms.subject), dtype=bool)
    turns[:1] = True
    for column in columns:
        turns[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(turns).astype(np.int64)
    return Cells(first, np.cumsum(turns) - 1, *(column[first].astype(np.int64) for column in columns))


class Sum(NamedTuple):
    """A measure summed over a cell's terms: value, how many terms were known, and the spreads (terms of one asset are correlated)."""

    value: list[float]
    known: list[float]
    factor_ln_gsd2: list[float]
    factor: list[int]
    source_ln_gsd2: list[float]
    source: list[int]


def sum_measure(measure: Measure, terms: Terms, cells: Cells) -> Sum:
    """Sum a measure over each cell, term after term in time."""
    count = len(cells.first)
    values: Floats = measure.value[terms.interval] * terms.share
    total = np.bincount(cells.cell, weights=values, minlength=count).astype(np.float64)
    known = np.bincount(cells.cell, weights=measure.known[terms.interval], minlength=count)
    return Sum(
        total.tolist(),
        known.tolist(),
        *_spread(measure.factor, values, total, terms, cells),
        *_spread(measure.source, values, total, terms, cells),
    )


ENERGY: Final = FigureKey(USE, "energy", "location")
"""What electricity without a factor stands for."""


@dataclass(frozen=True, slots=True)
class Energy:
    """The electricity of cells at the meter of the site in kWh, and in whole billionths of a kWh: there, and on the device itself."""

    sums: Sum
    at_meter: list[int]
    at_device: list[int]

    def left_by(self, sums: Mapping[FigureKey, Sum]) -> Sum:
        """That of the cells that have no location-based figure of climate change among these."""
        carbon = sums[USE_LOCATION].known
        known = [
            0.0 if there or not kwh else each
            for there, each, kwh in zip(carbon, self.sums.known, self.at_meter, strict=True)
        ]
        return self.sums._replace(known=known)


def energy_of(ledger: Ledger, terms: Terms, cells: Cells) -> Energy:
    """The electricity of cells."""
    sums = sum_measure(ledger.weights.kwh, terms, cells)
    values = ledger.weights.it_kwh.value[terms.interval] * terms.share
    drawn = np.bincount(cells.cell, weights=values, minlength=len(cells.first)).astype(np.float64)
    return Energy(sums, whole_billionths(np.array(sums.value)), whole_billionths(drawn))


def partly_known(sums: Mapping[FigureKey, Sum], ledger: Ledger, terms: Terms, cells: Cells) -> list[bool]:
    """Of each cell, whether a measure is known of some of its terms and not of others.

    Times that only activities or support fill are left aside, and so is support: who has no contract lacks nothing.
    """
    counted = np.array([each.counted for each in ledger.stretches], dtype=bool)[ledger.stretch]
    terms_in = np.bincount(cells.cell, weights=counted[terms.interval], minlength=len(cells.first))
    partly = np.zeros(len(cells.first), dtype=bool)
    for key, each in sums.items():
        known = np.array(each.known)
        if key != SUPPORT:
            partly |= (known > 0) & (known < terms_in)
    found: list[bool] = partly.tolist()
    return found


def _spread(spread: Spread, values: Floats, total: Floats, terms: Terms, cells: Cells) -> tuple[list[float], list[int]]:
    """The mean ln GSD² of each cell, weighted by what its terms weigh, and what it is shared with: that of the heaviest term."""
    if not len(cells.first):
        return [], []
    ln_gsd2, variable = spread.ln_gsd2[terms.interval], spread.variable[terms.interval]
    weighted = np.bincount(cells.cell, weights=values * ln_gsd2, minlength=len(total))
    mean = np.divide(weighted, total, out=np.zeros_like(total), where=total > 0)
    shared = variable[cells.first]
    mixed = np.minimum.reduceat(variable, cells.first) != np.maximum.reduceat(variable, cells.first)
    for cell in np.flatnonzero(mixed).tolist():
        of_cell = cells.terms_of(cell)
        shared[cell] = variable[of_cell][int(np.argmax(values[of_cell]))]
    return mean.tolist(), shared.tolist()


@dataclass(frozen=True, slots=True)
class ExtraSum:
    """What one kind of extra (a stage, criterion, basis, line and factor) comes to in a cell; `terms` and `extras` are its lines.

    `kwh` is the electricity behind it. `void`: nothing is known of it but its `notices`.
    """

    key: FigureKey
    line: Line | None
    value: float
    spreads: Spreads
    terms: tuple[int, ...]
    extras: tuple[int, ...]
    notices: int
    void: bool
    kwh: float

    @property
    def cloud(self) -> bool:
        """Whether it is what machines at a public cloud share of their reference hosts."""
        return self.line == CLOUD and not self.void and self.key.stage == MANUFACTURING


def sum_extras(ledger: Ledger, terms: Terms, cells: Cells) -> Mapping[int, list[ExtraSum]]:
    """By cell, what is spread over its intervals beside the rates, in the order of the extras."""
    if not len(ledger.extra):
        return {}
    by_interval = np.argsort(terms.interval, kind="stable")
    sorted_intervals = terms.interval[by_interval]
    positions, pair = expand(
        np.searchsorted(sorted_intervals, ledger.extra_interval, side="left"),
        np.searchsorted(sorted_intervals, ledger.extra_interval, side="right"),
    )
    lines: dict[tuple[int, FigureKey, Line | None, str, bool], list[tuple[int, int]]] = {}
    for term, extra in sorted(zip(by_interval[positions].tolist(), ledger.extra[pair].tolist(), strict=True)):
        each = ledger.extras[extra]
        key = FigureKey(each.stage, each.criterion, each.basis)
        lines.setdefault((int(cells.cell[term]), key, each.line, each.shared, each.void), []).append((term, extra))
    found: dict[int, list[ExtraSum]] = {}
    for (cell, key, line, factor, void), pairs in sorted(lines.items(), key=lambda item: item[1]):
        value = kwh = factor_weighted = source_weighted = 0.0
        for term, extra in pairs:
            each, part = ledger.extras[extra], extra_value(ledger, terms, term, extra)
            value += part
            kwh += each.kwh_in(_seconds(ledger, terms, term)) * float(terms.share[term])
            factor_weighted += part * each.factor_ln_gsd2
            source_weighted += part * each.source_ln_gsd2
        spreads = (factor_weighted / value, source_weighted / value) if value else (0.0, 0.0)
        found.setdefault(cell, []).append(
            ExtraSum(
                key,
                line,
                value,
                Spreads(factor, spreads[0], "", spreads[1]),
                tuple(term for term, _ in pairs),
                tuple(extra for _, extra in pairs),
                functools.reduce(operator.or_, (int(ledger.extras[extra].notices) for _, extra in pairs)),
                void,
                kwh,
            )
        )
    return found


def extra_value(ledger: Ledger, terms: Terms, term: int, extra: int) -> float:
    """What an extra comes to in a term."""
    return ledger.extras[extra].value(_seconds(ledger, terms, term)) * float(terms.share[term])


def _seconds(ledger: Ledger, terms: Terms, term: int) -> float:
    interval = int(terms.interval[term])
    return float(ledger.end[interval] - ledger.start[interval])


def reference_runs(references: Integers, cells: Cells) -> Mapping[int, tuple[int, ...]]:
    """For each cell the distinct reference sets of its terms."""
    width = int(references.max(initial=0)) + 1
    runs: dict[int, tuple[int, ...]] = {}
    for code in np.unique(cells.cell * width + references).tolist():
        cell, reference = divmod(code, width)
        runs[cell] = (*runs.get(cell, ()), reference)
    return runs


def reduce(operation: np.ufunc, values: Integers, cells: Cells) -> list[int]:
    """A value of each cell's terms, reduced."""
    reduced: list[int] = operation.reduceat(values, cells.first).tolist() if len(cells.first) else []
    return reduced


EMBODIED_ORDER: Final = ("none", "given", "model", "configuration", "kind")


def embodied_evidence(ledger: Ledger) -> Integers:
    """The place in `EMBODIED_ORDER` of what the making behind each interval rests on."""
    places = [EMBODIED_ORDER.index(profile.embodied_evidence) for profile in ledger.profiles]
    found: Integers = np.array(places, dtype=np.int64)[ledger.asset]
    return found


NOT_DRAWN: Final = 8
"""How far the evidence of times when nothing is drawn lies above that of the others."""


def evidence_bits(weights: Weights) -> Integers:
    """The place of the bit of each interval's evidence of energy; of times when nothing is drawn, higher up."""
    bits: Integers = weights.energy_evidence + np.where(weights.hours > 0, 0, NOT_DRAWN)
    return bits
