"""From a timeline to integer unit-seconds of a local month."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from billing.domain.metering import (
    Allocation,
    Period,
    State,
    Usage,
    allocations_of,
    month_of,
    total,
    usage_of,
    within,
)
from hypothesis import given
from hypothesis import strategies as st

PARIS = ZoneInfo("Europe/Paris")


def _state(start: datetime, end: datetime | None, **fields: object) -> State:
    given: dict[str, object] = {
        "status": "in_service",
        "plan": "cloud-like",
        "vcpu": 4,
        "ram_gib": 16.0,
        "disk_gib": 100.0,
    }
    return State(start=start, end=end, **(given | fields))  # type: ignore[arg-type]


def _at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "hours"),
    [((2026, 2), 672), ((2028, 2), 696), ((2026, 3), 743), ((2026, 4), 720), ((2026, 10), 745), ((2026, 12), 744)],
)
def test_a_french_month_has_its_real_length(month: tuple[int, int], hours: int) -> None:
    assert month_of(date(*month, 1), PARIS).seconds == hours * 3600


def test_months_follow_one_another_without_gap() -> None:
    months = [month_of(date(2025 + n // 12, n % 12 + 1, 1), PARIS) for n in range(36)]
    assert all(before.end == after.start for before, after in pairwise(months))


def test_a_full_month_of_one_vcpu_is_as_many_vcpu_seconds_as_the_month_has_seconds() -> None:
    march = month_of(date(2026, 3, 1), PARIS)
    allocation = Allocation(march.start - timedelta(days=400), None, 1, 0, 0)
    part = within(allocation, march)
    assert part == march
    assert usage_of(allocation, march).vcpu_seconds == 743 * 3600


def test_only_cloud_like_machines_in_service_hold_resources() -> None:
    timeline = [
        _state(_at(1), _at(2)),
        _state(_at(2), _at(3), status="off"),
        _state(_at(3), _at(4), plan=None),
        _state(_at(4), None, status="retired"),
    ]
    assert [allocation.start for allocation in allocations_of(timeline)] == [_at(1)]


def test_sizes_become_whole_mebibytes_and_what_is_not_stated_counts_nothing() -> None:
    [allocation] = allocations_of([_state(_at(1), None, ram_gib=1.5, disk_gib=None)])
    assert (allocation.vcpu, allocation.ram_mib, allocation.disk_mib) == (4, 1536, 0)


def test_fractions_of_a_second_are_dropped_without_opening_a_gap() -> None:
    change = _at(5) + timedelta(microseconds=700_000)
    first, second = allocations_of([_state(_at(1), change), _state(change, _at(9), vcpu=8)])
    assert first.end == second.start == _at(5)


def test_a_stretch_shorter_than_a_second_holds_nothing() -> None:
    blink = _at(1) + timedelta(microseconds=1)
    assert allocations_of([_state(_at(1), blink)]) == []


def test_what_lies_outside_the_period_is_no_part_of_it() -> None:
    period = Period(_at(10), _at(20))
    assert within(Allocation(_at(1), _at(10), 1, 1, 1), period) is None
    assert within(Allocation(_at(20), None, 1, 1, 1), period) is None


@given(
    starts=st.lists(st.integers(0, 40_000_000), min_size=2, max_size=8, unique=True).map(sorted),
    sizes=st.lists(
        st.tuples(st.integers(0, 128), st.integers(0, 10**6), st.integers(0, 10**7)), min_size=8, max_size=8
    ),
)
def test_the_parts_of_the_months_add_up_to_the_whole(starts: list[int], sizes: list[tuple[int, int, int]]) -> None:
    begin = datetime(2025, 12, 31, 23, tzinfo=UTC)
    instants = [begin + timedelta(seconds=second) for second in starts]
    allocations = [
        Allocation(start, end, *size) for start, end, size in zip(instants[:-1], instants[1:], sizes[:-1], strict=False)
    ]
    months = [month_of(date(2026 + n // 12, n % 12 + 1, 1), PARIS) for n in range(24)]
    by_month = total(
        [usage_of(a, part) for a in allocations for month in months if (part := within(a, month)) is not None]
    )
    whole = total([usage_of(a, Period(a.start, a.end)) for a in allocations if a.end is not None])
    assert by_month == whole
    assert all(isinstance(value, int) for value in (whole.vcpu_seconds, whole.ram_mib_seconds, whole.disk_mib_seconds))


def test_the_sum_of_nothing_is_nothing() -> None:
    assert total([]) == Usage(0, 0, 0, 0)
