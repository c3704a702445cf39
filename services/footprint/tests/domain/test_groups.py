"""Sums by groups are what rows added up one by one come to, exactly and in whatever order they come, however large they are."""

import math
import random
from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pytest
from footprint.domain.groups import Column, Pairs, Roots, Sums, grouped, less, whole
from footprint.domain.rollup import ln_gsd2_of_terms, ln_gsd2s_of_terms
from footprint.domain.sums import all_printed, numbers, printed, units, whole_roots
from footprint.domain.uncertainty import interval, intervals
from hypothesis import given
from hypothesis import strategies as st

AMOUNT = st.one_of(st.integers(0, 10**12), st.integers(-(10**20), 10**20))


class Pair(NamedTuple):
    """A row of what is added up."""

    site: str | None
    stage: str
    factor: str
    source: str
    month: int
    billionths: int
    restated: int
    kwh: int | None
    factor_weighted: int
    source_weighted: int


PAIRS = st.lists(
    st.builds(
        Pair,
        st.sampled_from(["a", "b", None]),
        st.sampled_from(["use", "making"]),
        st.sampled_from(["", "fr", "de"]),
        st.sampled_from(["", "server"]),
        st.integers(24300, 24323),
        AMOUNT,
        AMOUNT,
        st.none() | AMOUNT,
        AMOUNT,
        AMOUNT,
    ),
    max_size=25,
)
ROOTS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["use", "making"]), AMOUNT), max_size=12)


def as_columns(rows: list[Pair], roots: list[tuple[Any, str, int]], squares: list[int]) -> tuple[Pairs, Roots]:
    """Rows as they are added up."""
    sites = Column.of([*(row.site for row in rows), *(site for site, _, _ in roots)])
    stages = Column.of([*(row.stage for row in rows), *(stage for _, stage, _ in roots)])
    of_rows, of_roots = np.arange(len(rows)), np.arange(len(rows), len(rows) + len(roots))
    pairs = Pairs(
        [sites.taken(of_rows), stages.taken(of_rows)],
        Column.of([row.factor for row in rows]),
        Column.of([row.source for row in rows]),
        np.array([row.month for row in rows], dtype=np.int64),
        numbers([row.billionths for row in rows]),
        numbers([row.restated for row in rows]),
        numbers([row.kwh or 0 for row in rows]),
        np.array([row.kwh is not None for row in rows], dtype=np.bool_),
        numbers([row.factor_weighted for row in rows]),
        numbers([row.source_weighted for row in rows]),
    )
    known = Roots([sites.taken(of_roots), stages.taken(of_roots)], numbers([root for *_, root in roots]), squares)
    return pairs, known


def shared(rows: list[Pair]) -> float:
    """The squares of what each factor, and each source, comes to."""
    factors: dict[str, int] = defaultdict(int)
    sources: dict[str, int] = defaultdict(int)
    for row in rows:
        factors[row.factor] += row.factor_weighted
        sources[row.source] += row.source_weighted
    return sum(each * each for each in (*factors.values(), *sources.values())) / 10**18


def told(sums: Sums) -> list[tuple[Any, ...]]:
    """The groups as rows."""
    keys = [[key.values[place] for place in key.places] for key in sums.keys]
    kwh = [amount if electric else None for amount, electric in zip(sums.kwh.tolist(), sums.electric, strict=True)]
    return list(zip(*keys, sums.billionths.tolist(), sums.restated.tolist(), kwh, strict=True))


@given(PAIRS, ROOTS, st.lists(AMOUNT, max_size=3), st.randoms(use_true_random=False))
def test_groups_are_what_their_rows_come_to_in_whatever_order(
    rows: list[Pair], roots: list[tuple[Any, str, int]], squares: list[int], chance: random.Random
) -> None:
    sums = grouped(*as_columns(rows, roots, squares))
    of_groups: dict[tuple[Any, str], list[Pair]] = defaultdict(list)
    for row in rows:
        of_groups[row.site, row.stage].append(row)
    expected = sorted(of_groups, key=lambda key: (key[0] is None, key[0] or "", key[1]))
    assert told(sums) == [
        (
            *key,
            sum(row.billionths for row in of_groups[key]),
            sum(row.restated for row in of_groups[key]),
            sum(known) if (known := [row.kwh for row in of_groups[key] if row.kwh is not None]) else None,
        )
        for key in expected
    ]
    assert sums.shared.tolist() == pytest.approx([shared(of_groups[key]) for key in expected], rel=1e-15)
    of_roots = {key: sum(root for site, stage, root in roots if (site, stage) == key) for key in expected}
    assert sums.independent.tolist() == [float(of_roots[key]) / 1e9 for key in expected]
    mixed = grouped(*as_columns(chance.sample(rows, len(rows)), chance.sample(roots, len(roots)), squares))
    assert told(mixed) == told(sums)
    assert (mixed.shared.tobytes(), mixed.independent.tobytes()) == (sums.shared.tobytes(), sums.independent.tobytes())


@given(PAIRS, st.lists(AMOUNT, max_size=3))
def test_the_whole_is_what_all_rows_come_to(rows: list[Pair], squares: list[int]) -> None:
    every = whole(*as_columns(rows, [], squares))
    assert every.billionths == (sum(row.billionths for row in rows) if rows else None)
    assert every.kwh == (sum(known) if (known := [row.kwh for row in rows if row.kwh is not None]) else None)
    assert every.shared == pytest.approx(shared(rows), rel=1e-15)
    assert every.factors == {
        name: max(row.month for row in rows if row.factor == name) for name in {row.factor for row in rows} - {""}
    }


@given(PAIRS, PAIRS)
def test_what_is_left_and_what_is_used_add_up_to_all_there_is(every: list[Pair], used: list[Pair]) -> None:
    all_there_is, of_used = (grouped(*as_columns(rows, [], [])) for rows in (every, used))
    left = told(less(all_there_is, of_used, [0, 1]))
    amounts: dict[Any, int] = defaultdict(int)
    for site, stage, billionths, *_ in [*left, *told(of_used)]:
        amounts[site, stage] += billionths
    found = {(site, stage): billionths for site, stage, billionths, *_ in told(all_there_is)}
    assert {key: amount for key, amount in amounts.items() if amount} == {
        key: each for key, each in found.items() if each
    }
    assert all(any(row[2:]) for row in left)


@given(st.lists(AMOUNT, max_size=8))
def test_many_amounts_are_printed_as_each_of_them(amounts: list[int]) -> None:
    found, expected = all_printed(numbers(amounts)), [printed(amount) for amount in amounts]
    assert list(map(repr, found)) == list(map(repr, expected))
    assert units(numbers(amounts)).tolist() == [amount / 10**9 for amount in amounts]


@pytest.mark.parametrize("square", [-5.0, 0.0, 2.25, 6.25, 1e18, 4e29, 1e30, 7.123456789012345e33])
def test_a_root_is_a_whole_number_of_fifteen_digits(square: float) -> None:
    root = round(math.sqrt(max(square, 0.0)))
    expected = root if root < 10**15 else int(Decimal(f"{math.sqrt(square):.15g}"))
    assert whole_roots(np.array([square])).tolist() == [expected]


@given(st.lists(st.tuples(*[st.floats(1e-3, 1e9)] * 3), min_size=1, max_size=20))
def test_many_intervals_have_the_bits_of_each_of_them(terms: list[tuple[float, float, float]]) -> None:
    totals, of_factors, independent = (np.array(column) for column in zip(*terms, strict=True))
    spreads = ln_gsd2s_of_terms(totals, of_factors, np.minimum(independent, totals))
    assert spreads.tolist() == [ln_gsd2_of_terms(a, b, min(c, a)) for a, b, c in terms]
    low, high = intervals(totals, np.minimum(spreads, 3.0))
    expected = [interval(total, spread) for total, spread in zip(totals, np.minimum(spreads, 3.0), strict=True)]
    assert (low.tolist(), high.tolist()) == ([each.low for each in expected], [each.high for each in expected])
