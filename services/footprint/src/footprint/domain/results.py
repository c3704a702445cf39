"""Terms summed up: the figures of each asset and month, ready to be stored and published."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np

from footprint.domain.allocation import LINES, Subject, Terms
from footprint.domain.catalogue import FactorRef
from footprint.domain.grid import Floats, Integers
from footprint.domain.inventory import Asset, Operator, Segment, Site
from footprint.domain.ledger import Ledger
from footprint.domain.months import month_at, month_start
from footprint.domain.notices import Notice
from footprint.domain.profiles import ENERGY_EVIDENCE
from footprint.domain.scopes import CLOUD, Line, line_of
from footprint.domain.weighing import ELECTRICITY_EVIDENCE, FigureKey, Measure

METHOD_VERSION: Final = "2026.1"
"""Of the method (docs/method.md): it changes when the same inputs give other figures."""


class Figure(NamedTuple):
    """One stored number: `value` in the unit of the criterion (kgCO2e for gwp), at a site, on a reporting line.

    `share` is `own`, `idle` (the unsold part of a host) or `sold` (what other organisations use of it).
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


@dataclass(slots=True)
class AssetMonth:
    """The result for one asset and month. `kwh` is at the meter of the site, None where unknown; `notices` are `Notice` bits."""

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


@dataclass(frozen=True, slots=True)
class Cells:
    """Runs of terms with one subject, month, site, line and owner; `first` is the index of each run's first term."""

    first: Integers
    cell: Integers
    subject: Integers
    month: Integers
    site: Integers
    line: Integers
    purchased: Integers


class Sum(NamedTuple):
    """A measure summed over a cell's terms: value, how many terms were known, and ln GSD² (terms of one asset are correlated)."""

    value: list[float]
    known: list[float]
    ln_gsd2: list[float]


def cells_of(terms: Terms) -> Cells:
    """Cut the sorted terms into cells."""
    columns = (terms.subject, terms.month, terms.site, terms.line, terms.purchased)
    turns = np.zeros(len(terms.subject), dtype=bool)
    turns[:1] = True
    for column in columns:
        turns[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(turns).astype(np.int64)
    return Cells(first, np.cumsum(turns) - 1, *(column[first].astype(np.int64) for column in columns))


def sum_measure(measure: Measure, terms: Terms, cells: Cells) -> Sum:
    """Sum a measure over each cell, term after term in time."""
    count = len(cells.first)
    values: Floats = measure.value[terms.interval] * terms.share
    total = np.bincount(cells.cell, weights=values, minlength=count).astype(np.float64)
    known = np.bincount(cells.cell, weights=measure.known[terms.interval], minlength=count)
    spreads = np.bincount(cells.cell, weights=values * measure.ln_gsd2[terms.interval], minlength=count)
    mean = np.divide(spreads, total, out=np.zeros_like(total), where=total > 0)
    return Sum(total.tolist(), known.tolist(), mean.tolist())


def collect(
    ledger: Ledger, terms: Terms, subjects: Sequence[Subject], first_months: Sequence[int], horizons: Sequence[int]
) -> Iterator[AssetMonth]:
    """The months of every subject, from its first segment (or its first month) to its horizon or its leaving, in order."""
    cells = cells_of(terms)
    weights = ledger.weights
    figures = {key: sum_measure(measure, terms, cells) for key, measure in weights.figures.items()}
    at_device = {key: sum_measure(measure, terms, cells) for key, measure in weights.at_device.items()}
    energy = sum_measure(weights.kwh, terms, cells)
    reader = _CellReader(
        ledger=ledger,
        figures=figures,
        at_device=at_device,
        energy=energy,
        terms_in=np.diff(np.append(cells.first, len(terms.subject))).tolist(),
        line=cells.line.tolist(),
        purchased=cells.purchased.tolist(),
        site=cells.site.tolist(),
        notices=_reduce(np.bitwise_or, weights.notices[terms.interval] | terms.notices, cells),
        energy_evidence=_reduce(np.maximum, weights.energy_evidence[terms.interval], cells),
        electricity_evidence=_reduce(np.maximum, weights.electricity_evidence[terms.interval], cells),
        embodied=[
            profile.embodied.evidence if profile.embodied and profile.spread else "none" for profile in ledger.profiles
        ],
        owner=ledger.asset[terms.interval[cells.first]].tolist() if len(cells.first) else [],
        references=_reference_runs(weights.references[terms.interval], cells),
    )
    keys = list(zip(cells.subject.tolist(), cells.month.tolist(), strict=True))
    position = 0  # cells past a machine's own horizon, which lies before that of a host further west, are passed over
    for index, subject in enumerate(subjects):
        for month, status, segment in _months(subject, first_months[index], horizons[index]):
            result = AssetMonth(subject.asset, month, status, segment.site, segment.host)
            while position < len(keys) and keys[position] <= (index, month):
                if keys[position] == (index, month):
                    reader.add(result, position)
                position += 1
            if subject.asset.is_virtual:
                _say_what_lacks(result, segment)
            result.figures.sort(key=figure_order)
            yield result


def figure_order(figure: Figure) -> tuple[str, str, str, str, str, bytes]:
    """The order of the figures of a result, the same wherever they come from."""
    return (
        figure.criterion,
        figure.stage,
        figure.basis,
        figure.share,
        figure.ghg_category,
        figure.site.bytes if figure.site else b"",
    )


def _reduce(operation: np.ufunc, values: Integers, cells: Cells) -> list[int]:
    reduced: list[int] = operation.reduceat(values, cells.first).tolist() if len(cells.first) else []
    return reduced


def _reference_runs(references: Integers, cells: Cells) -> Mapping[int, tuple[int, ...]]:
    """For each cell the distinct reference sets of its terms."""
    width = int(references.max(initial=0)) + 1
    runs: dict[int, tuple[int, ...]] = {}
    for code in np.unique(cells.cell * width + references).tolist():
        cell, reference = divmod(code, width)
        runs[cell] = (*runs.get(cell, ()), reference)
    return runs


def _months(subject: Subject, first_month: int, horizon: int) -> Iterator[tuple[int, str, Segment]]:
    """Each month of the timeline, with the status, and the segment, that holds at its end."""
    zone = subject.organisation.time_zone
    segments = subject.asset.segments
    last = segments[-1]
    stop = horizon if last.end is None else min(horizon, last.end)
    if last.status == "retired":
        stop = min(stop, next(each.start for each in _trailing_retired(segments)))
    if segments[0].start >= stop:
        return
    at = 0
    for month in range(max(first_month, month_at(zone, segments[0].start)), month_at(zone, stop - 1) + 1):
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


def _say_what_lacks(result: AssetMonth, segment: Segment) -> None:
    if segment.host is not None and segment.vcpu is None:
        result.notices |= int(Notice.NO_ALLOCATION)
    elif segment.host is not None and not result.figures and result.kwh is None:
        result.notices |= int(Notice.HOST_UNKNOWN)


@dataclass(frozen=True, slots=True)
class _CellReader:
    """The summed cells, and how one of them is written into its asset-month."""

    ledger: Ledger
    figures: Mapping[FigureKey, Sum]
    at_device: Mapping[FigureKey, Sum]
    energy: Sum
    terms_in: list[int]
    line: list[int]
    purchased: list[int]
    site: list[int]
    notices: list[int]
    energy_evidence: list[int]
    electricity_evidence: list[int]
    embodied: list[str]
    owner: list[int]
    references: Mapping[int, tuple[int, ...]]

    def add(self, result: AssetMonth, cell: int) -> None:
        """Add the figures, evidence and warnings of a cell."""
        line, purchased = self.line[cell], bool(self.purchased[cell])
        site = self._site(cell)
        count = self.terms_in[cell]
        result.notices |= self.notices[cell]
        if result.site is None and site is not None:
            result.site = site.id
        if self.energy.known[cell]:
            result.kwh = (result.kwh or 0.0) + self.energy.value[cell]
        for key, summed in self.figures.items():
            known = summed.known[cell]
            if not known:
                continue
            if known < count:
                result.notices |= PARTIAL
            result.figures.extend(self._figures(key, summed, cell, LINES[line], site, purchased))
        result.embodied_evidence = _weakest(EMBODIED_ORDER, result.embodied_evidence, self.embodied[self.owner[cell]])
        result.energy_evidence = _weakest(
            ENERGY_EVIDENCE, result.energy_evidence, ENERGY_EVIDENCE[self.energy_evidence[cell]]
        )
        result.electricity_evidence = _weakest(
            ELECTRICITY_EVIDENCE, result.electricity_evidence, ELECTRICITY_EVIDENCE[self.electricity_evidence[cell]]
        )
        for reference in self.references[cell]:
            found = self.ledger.weights.reference_sets[reference]
            if not result.references:
                result.references = found
            elif result.references is not found:
                result.references = tuple(sorted({*result.references, *found}))

    def _site(self, cell: int) -> Site | None:
        number = self.site[cell]
        return None if number < 0 else self.ledger.stretches[number].site

    def _figures(
        self, key: FigureKey, summed: Sum, cell: int, share: str, site: Site | None, purchased: bool
    ) -> Iterator[Figure]:
        value, spread = summed.value[cell], summed.ln_gsd2[cell]
        site_id = site.id if site else None
        if key in self.at_device and site is not None and site.operator is Operator.HOSTED and not purchased:
            device = self.at_device[key].value[cell]
            yield Figure(*key, share, site_id, *line_of(key.stage, purchased=False), device, spread)
            yield Figure(*key, share, site_id, *CLOUD, value - device, spread)
            return
        line: Line = line_of(key.stage, purchased=purchased)
        yield Figure(*key, share, site_id, *line, value, spread)


PARTIAL: Final = int(Notice.PARTIAL)

EMBODIED_ORDER: Final = ("none", "given", "model", "configuration", "kind")


def _weakest(order: Sequence[str], one: str, other: str) -> str:
    return one if one == other or order.index(one) > order.index(other) else other
