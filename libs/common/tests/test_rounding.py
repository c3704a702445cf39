"""Rounded parts add up to rounded totals, and none is further from its amount than rounding takes it."""

import pytest
from common.rounding import apportioned, apportioned_table, rounded
from hypothesis import given
from hypothesis import strategies as some

AMOUNTS = some.integers(-(10**15), 10**15)
ROWS = some.lists(some.tuples(AMOUNTS, AMOUNTS, AMOUNTS).map(list), max_size=14)


@given(some.lists(AMOUNTS, max_size=20), some.integers(1, 10**10))
def test_parts_add_up_to_the_rounded_total(parts: list[int], step: int) -> None:
    printed = apportioned(parts, step)
    assert sum(printed) == rounded(sum(parts), step)
    assert all(abs(units * step - amount) < step for units, amount in zip(printed, parts, strict=True))


@given(ROWS, some.integers(1, 10**10))
def test_rows_and_columns_of_a_table_add_up_to_the_rounded_total(rows: list[list[int]], step: int) -> None:
    printed = apportioned_table(rows, step)
    assert [sum(row) for row in printed] == apportioned([sum(row) for row in rows], step)
    columns = [sum(column) for column in zip(*printed, strict=True)]
    assert sum(columns) == rounded(sum(map(sum, rows)), step)
    for row, amounts in zip(printed, rows, strict=True):
        assert all(abs(units * step - amount) < step for units, amount in zip(row, amounts, strict=True))


def test_the_reviewed_month_adds_up() -> None:
    parts = [2_504, 2_163, 893]
    assert (sum(apportioned(parts, 10)), rounded(sum(parts), 10)) == (556, 556)
    assert apportioned([0, 0, 25, 25], 10) == [0, 0, 3, 2]


def test_a_total_that_rounding_cannot_make_is_refused() -> None:
    with pytest.raises(ValueError, match="7 is not the sum"):
        apportioned([10, 20], 10, total=7)
