"""Dated values against an oracle that knows the value of every day."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.intervals import Dated, overlaps, spliced, value_at

FIRST = date(2026, 1, 1)
DAYS = 12
Splice = tuple[int | None, int | None, int | None]


def day(number: int | None) -> date | None:
    return None if number is None else FIRST + timedelta(days=number)


@st.composite
def splices(draw: st.DrawFn) -> list[Splice]:
    edges = st.tuples(st.none() | st.integers(1, DAYS - 1), st.none() | st.integers(1, DAYS - 1))
    spans = edges.filter(lambda span: span[0] is None or span[1] is None or span[0] < span[1])
    values = st.none() | st.integers(1, 3)
    return [(start, end, value) for (start, end), value in draw(st.lists(st.tuples(spans, values), max_size=8))]


@given(splices())
def test_each_day_has_what_was_said_last_of_it_and_nothing_overlaps(told: list[Splice]) -> None:
    pieces: tuple[Dated[date, int], ...] = ()
    oracle: dict[int, int | None] = dict.fromkeys(range(DAYS))
    for start, end, value in told:
        pieces = spliced(pieces, day(start), day(end), value)
        for number in oracle:
            if (start is None or start <= number) and (end is None or number < end):
                oracle[number] = value
        assert not overlaps(pieces)
        assert {number: value_at(pieces, FIRST + timedelta(days=number)) for number in oracle} == oracle
        assert all(one.end != two.start or one.value != two.value for one, two in pairwise(pieces))
