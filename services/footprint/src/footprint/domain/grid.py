"""Electricity factors of each (region, month) as tables, so that arrays of intervals can look theirs up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from footprint.domain.catalogue import CRITERIA, GWP, Catalogue, Choice, Factor, FactorRef, Supply

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FactorTable:
    """Rows are regions and a last row for "no region", columns are months; `value` is NaN and `choice` −1 where there is none.
    `ended`: its validity had ended by then."""

    value: Floats
    ln_gsd2: Floats
    ended: Booleans
    choice: Integers
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the electricity itself: its upstream, the losses of the grid, and `together` the sum of those that are known.

    The sum has the mean ln GSD² of its parts, for they come from one source, and the error of the heavier one is what it shares.
    """

    upstream: FactorTable
    losses: FactorTable
    together: FactorTable


@dataclass(frozen=True, slots=True)
class Grid:
    """The location-based factors by criterion, what stands beside them, the residual mixes of the market-based view, what must be said of
    the factors of climate change (`Notice` bits), and the month of the first column.

    A criterion is in `beside` only where some upstream or losses are known: catalogues without them cost nothing.
    """

    first_month: int
    location: Mapping[str, FactorTable]
    beside: Mapping[str, Beside]
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
    beside = {criterion: _beside(found, len(days)) for criterion, found in supplies.items()}
    return Grid(
        first,
        {
            criterion: _table([[each.used if each else None for each in row] for row in found], len(days))
            for criterion, found in supplies.items()
        },
        {criterion: found for criterion, found in beside.items() if found is not None},
        _table([[catalogue.residual_mix(region, day) for day in days] for catalogue, region in places], len(days)),
        np.array(
            [*([each.notices if each else 0 for each in row] for row in supplies[GWP]), [0] * len(days)], dtype=np.int64
        ),
    )


def _beside(supplies: Sequence[Sequence[Supply | None]], width: int) -> Beside | None:
    """Upstream and losses of each place and month; None where there are none at all."""
    if not any(each is not None and each.beside for row in supplies for each in row):
        return None
    upstream = _table([[each.upstream if each else None for each in row] for row in supplies], width)
    losses = _table([[each.losses if each else None for each in row] for row in supplies], width)
    return Beside(upstream, losses, _together(upstream, losses))


def _together(one: FactorTable, other: FactorTable) -> FactorTable:
    neither = np.isnan(one.value) & np.isnan(other.value)
    first, second = np.nan_to_num(one.value), np.nan_to_num(other.value)
    value = first + second
    weighted = first * one.ln_gsd2 + second * other.ln_gsd2
    heavier = np.where(
        np.isnan(other.value) | (~np.isnan(one.value) & (first >= second)), one.choice, other.choice + len(one.factors)
    )
    return FactorTable(
        np.where(neither, np.nan, value),
        np.divide(weighted, value, out=np.maximum(one.ln_gsd2, other.ln_gsd2), where=value > 0),
        one.ended | other.ended,
        np.where(neither, -1, heavier),
        (*one.factors, *other.factors),
    )


def _table(choices: Sequence[Sequence[Choice | None]], width: int) -> FactorTable:
    shape = (len(choices) + 1, width)
    value, spread = np.full(shape, np.nan), np.zeros(shape)
    ended, choice = np.zeros(shape, dtype=bool), np.full(shape, -1, dtype=np.int64)
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
            ended[row, column] = each.ended
            choice[row, column] = position[each.factor.ref]
    return FactorTable(value, spread, ended, choice, tuple(factors))
