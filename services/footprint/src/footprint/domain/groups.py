"""Sums by any groups, with the spread that the interval of each follows from, column by column: there may be ten thousand groups.

The formula is that of `footprint.domain.rollup`, whose terms are apart: what factors and sources share, and what is known of each thing for
itself, month by month. All that is added up is a whole number (billionths, squares of billionths, and the root of each month, rounded to a
billionth). So a sum has the same interval to the last bit whatever the groups and the order of rows.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from footprint.domain.sums import Numbers, numbers, whole_roots

Places = npt.NDArray[np.int64]
_SPARSE: Final = 16
"""From how many codes for each row on these are sorted: where fewer are possible, each has a place of its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """Values of many rows: those that differ, in their order and None last, and the place of each row's among them."""

    values: Sequence[Any]
    places: Places

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """A column of these values."""
        found = sorted(value for value in set(values) if value is not None)
        place = {value: index for index, value in enumerate([*found, None])}
        return cls([*found, None], np.fromiter(map(place.__getitem__, values), np.int64, len(values)))

    @classmethod
    def of_numbers(cls, values: Places) -> Self:
        """A column of numbers."""
        found, places = np.unique(values, return_inverse=True)
        return cls([*found.tolist(), None], places)

    def taken(self, rows: npt.NDArray[Any]) -> "Column":
        """The column of some rows, by their numbers or as a mask."""
        return replace(self, places=self.places[rows])

    def and_then(self, other: "Column") -> "Column":
        """The rows of this column and, after them, those of another."""
        both = Column.of([*self.values, *other.values])
        mine, others = both.places[: len(self.values)], both.places[len(self.values) :]
        return replace(both, places=np.concatenate([mine[self.places], others[other.places]]))


@dataclass(frozen=True, slots=True)
class Pairs:
    """What lines come to by group, factor and source, in billionths; `months` are the last ones of each, `electric` is what has kWh."""

    keys: Sequence[Column]
    factors: Column
    sources: Column
    months: Places
    billionths: Numbers
    restated: Numbers
    kwh: Numbers
    electric: npt.NDArray[np.bool_]
    factor_weighted: Numbers
    source_weighted: Numbers


@dataclass(frozen=True, slots=True)
class Roots:
    """What is known of each thing for itself, in billionths: of groups, by keys with the values of those of the pairs, sums of the roots of
    their months; and of all groups together the squares of each month."""

    keys: Sequence[Column]
    roots: Numbers
    squares: Sequence[int]


@dataclass(frozen=True, slots=True)
class Sums:
    """What groups come to, each once and in the order of their keys.

    In billionths; `shared` (a square) and `independent` in units of the criterion, not a number for what no interval is told of.
    """

    keys: Sequence[Column]
    billionths: Numbers
    restated: Numbers
    kwh: Numbers
    electric: npt.NDArray[np.bool_]
    shared: npt.NDArray[np.float64]
    independent: npt.NDArray[np.float64]

    def and_then(self, other: "Sums") -> "Sums":
        """These groups and others, which are not among them, in their order."""
        keys = [mine.and_then(theirs) for mine, theirs in zip(self.keys, other.keys, strict=True)]
        order, _ = _groups(keys, len(self.billionths) + len(other.billionths))
        return Sums(
            [key.taken(order) for key in keys],
            _concatenated(self.billionths, other.billionths)[order],
            _concatenated(self.restated, other.restated)[order],
            _concatenated(self.kwh, other.kwh)[order],
            np.concatenate([self.electric, other.electric])[order],
            np.concatenate([self.shared, other.shared])[order],
            np.concatenate([self.independent, other.independent])[order],
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """What everything comes to, as of a group; None of nothing. `factors` are those behind it, with the last month each is used in."""

    billionths: int | None
    restated: int
    kwh: int | None
    shared: float
    independent: float
    factors: Mapping[str, int]


def grouped(pairs: Pairs, roots: Roots) -> Sums:
    """What each group comes to."""
    count = len(pairs.billionths)
    both = [
        replace(key, places=np.concatenate([key.places, other.places]))
        for key, other in zip(pairs.keys, roots.keys, strict=True)
    ]
    every, of_row = _groups(both, count + len(roots.roots))
    firsts, group = _groups(pairs.keys, count)
    shared = _squared(group, pairs.factors, pairs.factor_weighted, len(firsts))
    shared = shared + _squared(group, pairs.sources, pairs.source_weighted, len(firsts))
    independent = _added(of_row[count:], roots.roots, len(every))[of_row[:count][firsts]]
    return Sums(
        [key.taken(firsts) for key in pairs.keys],
        _added(group, pairs.billionths, len(firsts)),
        _added(group, pairs.restated, len(firsts)),
        _added(group, pairs.kwh, len(firsts)),
        np.bincount(group, pairs.electric, len(firsts)) > 0,
        shared.astype(np.float64) / 1e18,
        independent.astype(np.float64) / 1e9,
    )


def whole(pairs: Pairs, roots: Roots) -> Whole:
    """What all groups come to together."""
    if not len(pairs.billionths):
        return Whole(None, 0, None, 0.0, 0.0, {})
    one = np.zeros(len(pairs.billionths), np.int64)
    shared = _squared(one, pairs.factors, pairs.factor_weighted, 1)
    shared = shared + _squared(one, pairs.sources, pairs.source_weighted, 1)
    independent = whole_roots(np.array([float(squares) for squares in roots.squares]))
    last = np.full(len(pairs.factors.values), -1, np.int64)
    np.maximum.at(last, pairs.factors.places, pairs.months)
    return Whole(
        sum(pairs.billionths.tolist()),
        sum(pairs.restated.tolist()),
        sum(pairs.kwh.tolist()) if pairs.electric.any() else None,
        float(shared[0]) / 1e18,
        float(sum(independent.tolist())) / 1e9,
        {name: month for name, month in zip(pairs.factors.values, last.tolist(), strict=True) if name},
    )


def less(every: Sums, used: Sums, names: Sequence[int]) -> Sums:
    """What is left of groups: all there is less what is used, whose columns `names` are the groups; of a difference no interval is told."""
    keys = [mine.and_then(used.keys[index]) for mine, index in zip(every.keys, names, strict=True)]
    firsts, group = _groups(keys, len(every.billionths) + len(used.billionths))
    billionths = _added(group, _concatenated(every.billionths, -used.billionths), len(firsts))
    restated = _added(group, _concatenated(every.restated, -used.restated), len(firsts))
    kwh = _added(group, _concatenated(every.kwh, -used.kwh), len(firsts))
    electric = np.bincount(group, np.concatenate([every.electric, used.electric]), len(firsts)) > 0
    left = np.flatnonzero((billionths != 0) | (restated != 0) | (kwh != 0))
    unknown = np.full(len(left), np.nan)
    return Sums(
        [key.taken(firsts[left]) for key in keys],
        billionths[left],
        restated[left],
        kwh[left],
        electric[left],
        unknown,
        unknown,
    )


def together(left: Sums) -> Whole:
    """What groups of a difference come to, of which no interval is told."""
    if not len(left.billionths):
        return Whole(None, 0, None, math.nan, math.nan, {})
    kwh = sum(left.kwh.tolist()) if left.electric.any() else None
    return Whole(sum(left.billionths.tolist()), sum(left.restated.tolist()), kwh, math.nan, math.nan, {})


def _groups(keys: Sequence[Column], count: int) -> tuple[Places, Places]:
    """A row of each group of `count` rows, in the order of their keys, and the number of the group of each row."""
    group, room = np.zeros(count, np.int64), 1
    for key in keys:
        found, group = _ranked(group * len(key.values) + key.places, room * len(key.values))
        room = len(found)
    firsts = np.zeros(room if count else 0, np.int64)
    firsts[group[::-1]] = np.arange(count)[::-1]
    return firsts, group


def _ranked(codes: Places, room: int) -> tuple[Places, Places]:
    """The different ones of codes below `room`, in their order, and the place of each among them."""
    if room > _SPARSE * (len(codes) + 100):
        found, places = np.unique(codes, return_inverse=True)
        return found, places
    present = np.zeros(room, np.bool_)
    present[codes] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[codes]


def _added(group: Places, amounts: Numbers, count: int) -> Numbers:
    """The sums of amounts by their group, of which there are `count`."""
    sums = np.zeros(count, amounts.dtype)
    np.add.at(sums, group, amounts)
    return sums


def _squared(group: Places, about: Column, weighted: Numbers, count: int) -> Numbers:
    """The sum, for each group, of the squares of what each of its factors (or sources) comes to."""
    codes, of_row = _ranked(group * len(about.values) + about.places, count * len(about.values))
    by_about = _added(of_row, weighted, len(codes)).astype(object)
    return _added(codes // len(about.values), by_about * by_about, count)


def _concatenated(one: Numbers, other: Numbers) -> Numbers:
    """The amounts of one and the other."""
    both: Numbers = np.concatenate([one, other])
    return both if both.dtype == object else numbers(both)
