"""Months are the organisation's own, of real seconds."""

from datetime import UTC, date, datetime

import pytest
from footprint.domain.months import (
    format_month,
    horizon,
    local_midnight,
    month_at,
    month_edges,
    month_number,
    month_start,
    parse_month,
)
from hypothesis import given
from hypothesis import strategies as st

from .makers import PARIS


@pytest.mark.parametrize(
    ("month", "hours"),
    [("2026-01", 744), ("2026-02", 672), ("2028-02", 696), ("2026-03", 743), ("2026-04", 720), ("2026-10", 745)],
)
def test_a_month_is_not_days_times_86400(month: str, hours: int) -> None:
    number = parse_month(month)
    assert month_start(PARIS, number + 1) - month_start(PARIS, number) == hours * 3600


@given(st.integers(1990, 2099))
def test_the_twelve_months_are_the_year(year: int) -> None:
    edges = [month_start(PARIS, month_number(year, month)) for month in range(1, 13)]
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    assert month_start(PARIS, month_number(year + 1, 1)) - edges[0] == days * 86400
    assert edges == sorted(edges)


@given(st.integers(0, 12 * 110 - 1), st.floats(0, 0.999))
def test_every_instant_lies_in_the_month_whose_edges_hold_it(offset: int, share: float) -> None:
    number = 1990 * 12 + offset
    start, end = month_start(PARIS, number), month_start(PARIS, number + 1)
    assert month_at(PARIS, start) == number
    assert month_at(PARIS, end - 1) == number
    assert month_at(PARIS, int(start + share * (end - start))) == number


def test_months_turn_at_local_midnight_and_not_at_utc() -> None:
    assert month_at(PARIS, int(datetime(2026, 1, 31, 23, 30, tzinfo=UTC).timestamp())) == parse_month("2026-02")
    assert month_at("Indian/Reunion", int(datetime(2026, 1, 31, 20, 30, tzinfo=UTC).timestamp())) == parse_month(
        "2026-02"
    )


@given(st.integers(1990 * 12, 2101 * 12 - 1))
def test_months_are_read_as_they_are_written(number: int) -> None:
    assert parse_month(format_month(number)) == number


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-1", "26-01", "2026", "1989-12", "2101-01", "2026-01-01", "", "2026-00", "２０２６-01"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        parse_month(text)


def test_the_projection_reaches_to_the_end_of_the_local_year() -> None:
    assert horizon(PARIS, datetime(2026, 11, 23, tzinfo=UTC)) == local_midnight(PARIS, 2027, 1, 1)
    assert horizon(PARIS, datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == local_midnight(PARIS, 2028, 1, 1)


def test_edges_are_kept_per_zone() -> None:
    assert month_edges(PARIS) is month_edges(PARIS)
