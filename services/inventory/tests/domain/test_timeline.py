"""The timeline against a naive model: a list of facts, asked moment by moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventory.domain.configuration import Allocation
from inventory.domain.timeline import Change, Segment, State, Timeline, begin, difference, record, retire
from inventory.domain.vocabulary import Status

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
HOSTS = [UUID(int=1), UUID(int=2)]


def day(number: int) -> datetime:
    return EPOCH + timedelta(days=number)


days = st.integers(0, 40).map(day)
changes = st.builds(
    lambda fields: Change(**fields),
    st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from(Status),
            "host_id": st.sampled_from([None, *HOSTS]),
            "plan": st.sampled_from([None, "cloud-like", "dedicated"]),
            "allocation": st.sampled_from([None, Allocation(vcpu=4), Allocation(vcpu=8, ram_gib=32.0)]),
        },
    ),
)
facts = st.tuples(days, changes)
histories = st.lists(facts, min_size=1, max_size=8)


def told(history: list[tuple[datetime, Change]]) -> Timeline:
    (start, change), *rest = history
    timeline = begin(start, change)
    for moment, further in rest:
        timeline = record(timeline, further, moment)
    return timeline


@given(histories)
def test_a_timeline_has_neither_gap_nor_overlap_whatever_is_recorded_in_whatever_order(
    history: list[tuple[datetime, Change]],
) -> None:
    timeline = told(history)
    assert timeline.start == min(moment for moment, _ in history)
    assert timeline.segments[-1].end is None
    for earlier, later in pairwise(timeline.segments):
        assert earlier.end == later.start
        assert earlier.start < later.start
        assert earlier.state != later.state


@given(histories)
def test_facts_told_in_order_hold_until_the_next_fact_about_the_same_attribute(
    history: list[tuple[datetime, Change]],
) -> None:
    history.sort(key=lambda fact: fact[0])
    timeline = told(history)
    for moment in [day(number) for number in range(45)]:
        expected = State()
        for start, change in history:
            if start <= moment:
                expected = replace(expected, **change.given())
        if moment >= history[0][0]:
            assert timeline.at(moment) == expected
        else:
            assert timeline.at(moment) is None


@given(histories)
def test_telling_the_same_history_again_changes_nothing(history: list[tuple[datetime, Change]]) -> None:
    history.sort(key=lambda fact: fact[0])
    once = told(history)
    again = once
    for moment, change in history:
        again = record(again, change, moment)
    assert again == once


@given(histories, facts)
def test_a_fact_that_arrives_twice_changes_nothing_the_second_time(
    history: list[tuple[datetime, Change]], fact: tuple[datetime, Change]
) -> None:
    moment, change = fact
    once = record(told(history), change, moment)
    assert record(once, change, moment) == once


@given(histories, days, days, st.sampled_from(Status), st.sampled_from([None, "cloud-like"]))
def test_facts_about_different_attributes_may_arrive_in_any_order(
    history: list[tuple[datetime, Change]], one: datetime, other: datetime, status: Status, plan: str | None
) -> None:
    timeline = told(history)
    one, other = max(one, timeline.start), max(other, timeline.start)
    status_first = record(record(timeline, Change(status=status), one), Change(plan=plan), other)
    plan_first = record(record(timeline, Change(plan=plan), other), Change(status=status), one)
    assert status_first == plan_first


@given(histories, changes, days, days)
def test_a_bounded_correction_touches_only_its_interval_and_only_what_it_names(
    history: list[tuple[datetime, Change]], change: Change, start: datetime, until: datetime
) -> None:
    before = told(history)
    start = max(start, before.start)
    until = max(until, start + timedelta(days=1))
    after = record(before, change, start, until)
    for moment in [day(number) for number in range(45)]:
        known = before.at(moment)
        expected = replace(known, **change.given()) if known and start <= moment < until else known
        assert after.at(moment) == expected


@given(histories, days)
def test_a_retired_asset_stays_retired_and_its_past_stays_as_it_was(
    history: list[tuple[datetime, Change]], moment: datetime
) -> None:
    before = told(history)
    moment = max(moment, before.start)
    after = retire(before, moment)
    for probe in [day(number) for number in range(45)]:
        state = after.at(probe)
        if probe < moment:
            assert state == before.at(probe)
        else:
            assert state is not None
            assert state.status is Status.RETIRED


@given(histories, facts)
def test_the_difference_of_two_timelines_leads_from_one_to_the_other(
    history: list[tuple[datetime, Change]], fact: tuple[datetime, Change]
) -> None:
    before = told(history)
    after = record(before, fact[1], fact[0])
    gone, new = difference(before, after)
    kept = [piece for piece in before.segments if piece not in gone]
    assert sorted([*kept, *new], key=lambda piece: piece.start) == list(after.segments)


def test_a_machine_resized_three_weeks_earlier_than_recorded_has_one_resize_at_the_earlier_date() -> None:
    small, large = Allocation(vcpu=4), Allocation(vcpu=8)
    recorded = record(begin(day(0), Change(allocation=small)), Change(allocation=large), day(30))
    corrected = record(recorded, Change(allocation=large), day(9))
    assert [(piece.start, piece.state.allocation) for piece in corrected.segments] == [(day(0), small), (day(9), large)]


def test_a_machine_resized_later_than_recorded_is_corrected_by_a_bounded_fact() -> None:
    small, large = Allocation(vcpu=4), Allocation(vcpu=8)
    recorded = record(begin(day(0), Change(allocation=small)), Change(allocation=large), day(9))
    corrected = record(recorded, Change(allocation=small), day(9), until=day(30))
    assert [(piece.start, piece.state.allocation) for piece in corrected.segments] == [
        (day(0), small),
        (day(30), large),
    ]


def test_an_asset_known_earlier_than_thought_has_its_first_state_from_then_unless_told_otherwise() -> None:
    known = begin(day(10), Change(status=Status.IN_SERVICE, plan="cloud-like"))
    earlier = record(known, Change(status=Status.OFF), day(2))
    assert [(piece.start, piece.state.status, piece.state.plan) for piece in earlier.segments] == [
        (day(2), Status.OFF, "cloud-like"),
        (day(10), Status.IN_SERVICE, "cloud-like"),
    ]


def test_a_change_in_the_future_leaves_the_present_alone() -> None:
    timeline = record(begin(day(0), Change()), Change(status=Status.RETIRED), day(400))
    assert timeline.at(day(399)) == State(status=Status.IN_SERVICE)
    assert timeline.at(day(400)) == State(status=Status.RETIRED)


def test_the_status_may_change_back_and_forth_within_one_day() -> None:
    noon = day(0) + timedelta(hours=12)
    timeline = record(begin(day(0), Change()), Change(status=Status.OFF), noon, noon + timedelta(seconds=1))
    assert [piece.state.status for piece in timeline.segments] == [Status.IN_SERVICE, Status.OFF, Status.IN_SERVICE]


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="until must be after start"):
        record(begin(day(0), Change()), Change(status=Status.OFF), day(3), day(3))


def test_an_asset_cannot_be_retired_before_it_is_known() -> None:
    with pytest.raises(ValueError, match="before it is known"):
        retire(begin(day(5), Change()), day(4))


@pytest.mark.parametrize(
    "segments",
    [
        (),
        (Segment(day(0), day(1), State()),),
        (Segment(day(0), day(1), State()), Segment(day(2), None, State(status=Status.OFF))),
        (Segment(day(0), day(2), State()), Segment(day(1), None, State(status=Status.OFF))),
        (Segment(day(0), day(1), State()), Segment(day(1), None, State())),
        (Segment(day(1), day(1), State()), Segment(day(1), None, State(status=Status.OFF))),
    ],
    ids=["empty", "closed", "gap", "overlap", "not merged", "empty segment"],
)
def test_what_is_not_a_timeline_cannot_be_built(segments: tuple[Segment, ...]) -> None:
    with pytest.raises(ValueError, match=r"timeline|gap or overlap|equal neighbours"):
        Timeline(segments)
