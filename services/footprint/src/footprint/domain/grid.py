"""Electricity factors of each (region, month) as tables, so that arrays of intervals can look theirs up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from footprint.domain.catalogue import CRITERIA, GWP, Catalogue, Choice, Factor, FactorRef

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FactorTable:
    """Rows are regions and a last row for "no region", columns are months; `value` is NaN and `choice` −1 where there is none."""

    value: Floats
    ln_gsd2: Floats
    years_back: Integers
    choice: Integers
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """The location-based factors by criterion, the residual mixes of the market-based view, what must be said of the factors of climate
    change (`Notice` bits), and the month of the first column."""

    first_month: int
    location: Mapping[str, FactorTable]
    residual: FactorTable
    notices: Integers


Place = tuple[Catalogue, str]
"""A region, and the catalogue in which its factors are looked up: organisations may have their own."""


def read_grid(places: Sequence[Place], months: Integers) -> Grid:
    """The factors of `places` for every month between the first and the last of `months`, each on the month's first day."""
    first, last = (int(months.min()), int(months.max())) if len(months) else (0, 0)
    days = [date(number // 12, number % 12 + 1, 1) for number in range(first, last + 1)] if len(months) else []
    known = frozenset().union(*(catalogue.grid_criteria for catalogue, _ in places)) | {GWP}
    supplies = {
        criterion: [[catalogue.electricity(region, day, criterion) for day in days] for catalogue, region in places]
        for criterion in CRITERIA
        if criterion in known
    }
    return Grid(
        first,
        {criterion: _table(found, len(days)) for criterion, found in supplies.items()},
        _table([[catalogue.residual_mix(region, day) for day in days] for catalogue, region in places], len(days)),
        np.array(
            [*([each.notices if each else 0 for each in row] for row in supplies[GWP]), [0] * len(days)], dtype=np.int64
        ),
    )


def _table(choices: Sequence[Sequence[Choice | None]], width: int) -> FactorTable:
    shape = (len(choices) + 1, width)
    value, spread = np.full(shape, np.nan), np.zeros(shape)
    years_back, choice = np.zeros(shape, dtype=np.int64), np.full(shape, -1, dtype=np.int64)
    position: dict[FactorRef, int] = {}
    factors: list[Factor] = []
    for row, found in enumerate(choices):
        for column, each in enumerate(found):
            if each is None:
                continue
            if each.factor.ref not in position:
                position[each.factor.ref] = len(factors)
                factors.append(each.factor)
            value[row, column] = each.factor.value
            spread[row, column] = each.factor.ln_gsd2
            years_back[row, column] = each.years_back
            choice[row, column] = position[each.factor.ref]
    return FactorTable(value, spread, years_back, choice, tuple(factors))
