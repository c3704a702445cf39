"""Seasons are read from what was measured, asset by asset: nothing that was bought, left, changed or corrected is one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from footprint.domain.configuration import Configuration, Cpu
from footprint.domain.engine import compute
from footprint.domain.inventory import Asset, Pue, Segment, Site, Status
from footprint.domain.measurements import Measured, MeasuredDay, Meter, read_measured
from footprint.domain.seasons import Season, in_seasons, seasons_moved, seasons_of
from footprint.domain.sums import billionths
from hypothesis import given, settings
from hypothesis import strategies as st

from .makers import PARIS, SITE, at, server, world

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
AHEAD = (2026 * 12 + 10, 2026 * 12 + 11)


def meter(first: date, last: date, watts: Mapping[int, float], *, facility: bool = False) -> Measured:
    """What is measured on every day from the first to the last, by the calendar month (1 to 12)."""
    found = []
    for number in range((last - first).days + 1):
        day = first + timedelta(number)
        kwh = Meter(watts[day.month] * 24 / 1000, ((0, 86_400),))
        found.append(MeasuredDay(PARIS, day, None if facility else kwh, kwh if facility else None))
    return read_measured(found)


def flat(watts: float) -> dict[int, float]:
    """The same power in each month."""
    return dict.fromkeys(range(1, 13), watts)


Fleet = Sequence[tuple[Asset, Measured]]


def index(fleet: Fleet, site: Site = SITE, now: datetime = NOW) -> dict[int, float]:
    """The index of each month ahead, of an organisation that owns a fleet."""
    known = replace(world(now=now, sites=(site,)), measured={asset.id: measured for asset, measured in fleet})
    computation = compute([asset for asset, _ in fleet], known)
    rows = [
        {"stage": each.stage, "month": result.month, "billionths": billionths(each.value), "restated": 0}
        for result in computation.results()
        for each in result.figures
        if each.basis != "market" and each.criterion == "gwp"
    ]
    moved: dict[int, int] = {}
    for each in seasons_moved(computation, known):
        moved[each.month] = moved.get(each.month, 0) + each.billionths
    seasonal = in_seasons(rows, seasons_of(rows, moved), AHEAD)
    return dict(seasonal.indices) if seasonal else dict.fromkeys(AHEAD, 1.0)


LAST = date(2026, 10, 31)
DAYS = st.dates(date(2025, 1, 1), date(2026, 10, 30))


@given(st.lists(st.tuples(DAYS, DAYS | st.none(), st.floats(10.0, 3000.0), st.booleans()), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_flat_fleet_that_grows_or_shrinks_in_any_way_has_no_season(
    lives: list[tuple[date, date | None, float, bool]],
) -> None:
    fleet = []
    for number, (one, other, watts, metered) in enumerate(lives):
        came, left = (one, other) if other is None or other > one else (other, one)
        left = None if left == came else left
        asset = server(
            number,
            at(*came.timetuple()[:3]),
            None if left is None else at(*left.timetuple()[:3]),
            annual_kwh=watts * 8.76,
        )
        fleet.append(
            (asset, meter(came, left - timedelta(1) if left else LAST, flat(watts)) if metered else read_measured([]))
        )
    assert index(fleet) == pytest.approx(dict.fromkeys(AHEAD, 1.0), abs=1e-9)


@given(st.lists(st.floats(100.0, 1000.0), min_size=12, max_size=12), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_series_that_is_truly_seasonal_gives_its_indices(powers: list[float], facility: bool) -> None:
    watts = dict(zip(range(1, 13), powers, strict=True))
    asset = server(start=at(2025))
    measured = meter(date(2025, 10, 1), LAST, watts, facility=facility)
    runs_now = sum(watts[(LAST - timedelta(ago)).month] for ago in range(30)) / 30
    found = index([(asset, measured)])
    assert found == pytest.approx({AHEAD[0]: watts[11] / runs_now, AHEAD[1]: watts[12] / runs_now}, rel=1e-9)


def test_days_that_a_projection_rests_on_have_the_season_of_their_months() -> None:
    watts = {month: 300.0 + 20 * month for month in range(1, 13)}
    fleet = [(server(start=at(2025)), meter(date(2025, 10, 1), date(2026, 11, 15), watts))]
    runs_now = (15 * watts[10] + 15 * watts[11]) / 30
    found = index(fleet, now=datetime(2026, 11, 20, tzinfo=UTC))
    assert found[AHEAD[1]] == pytest.approx(watts[12] / runs_now, rel=1e-4)
    # Half of November is measured, as it was; only what is projected of it is moved.
    projected = 15 * runs_now
    assert found[AHEAD[0]] == pytest.approx(
        (15 * watts[11] + projected * watts[11] / runs_now) / (15 * watts[11] + projected), rel=1e-4
    )


def test_what_is_not_measured_has_no_season_and_thins_that_of_the_rest() -> None:
    watts = {**flat(400.0), 11: 800.0}
    measured = meter(date(2025, 10, 1), LAST, watts)
    one, other = server(1, at(2025)), server(2, at(2025))
    assert index([(one, measured)])[AHEAD[0]] == pytest.approx(2.0, rel=1e-9)
    assert index([(one, measured), (other, read_measured([]))])[AHEAD[0]] == pytest.approx(1.5, rel=1e-9)


def test_a_step_or_growth_that_no_timeline_tells_is_no_season() -> None:
    for before, after in ((400.0, 800.0), (400.0, 350.0)):
        kept = [*meter(date(2025, 10, 1), date(2026, 6, 30), flat(before)).energy]
        measured = Measured((*kept, *meter(date(2026, 7, 1), LAST, flat(after)).energy))
        assert index([(server(start=at(2025)), measured)]) == dict.fromkeys(AHEAD, 1.0)


@pytest.mark.parametrize(
    "other", [{"status": Status.STANDBY}, {"configuration": Configuration(cpu=Cpu(units=2, cores=8))}]
)
def test_another_state_within_the_year_leaves_an_asset_without_seasons(other: dict[str, Any]) -> None:
    watts = {**flat(400.0), 11: 800.0}
    one = Segment(at(2025), at(2026, 2), Status.IN_SERVICE, SITE.id)
    segments = one, replace(one, start=at(2026, 2), end=at(2026, 3), **other), replace(one, start=at(2026, 3), end=None)
    assert index([(server(segments=segments), meter(date(2025, 10, 1), LAST, watts))]) == dict.fromkeys(AHEAD, 1.0)


def test_a_pue_that_changes_is_no_season() -> None:
    day = date(2026, 3, 1)
    site = replace(SITE, pue=(Pue(2.0, None, day), Pue(1.5, day, None)))
    asset, measured = server(start=at(2025)), meter(date(2025, 10, 1), LAST, flat(400.0))
    assert index([(asset, measured)], site) == pytest.approx(dict.fromkeys(AHEAD, 1.0), abs=1e-9)


@pytest.mark.parametrize("first", [date(2025, 11, 1), date(2026, 6, 1)])
def test_a_year_needs_the_month_before_it_too(first: date) -> None:
    watts = {**flat(400.0), 11: 800.0}
    assert index([(server(start=at(2025)), meter(first, LAST, watts))]) == dict.fromkeys(AHEAD, 1.0)


@pytest.mark.parametrize("day", [(2026, 3), (2026, 10, 15), (2026, 11)])
def test_seasons_of_a_computation_since_a_day_are_those_of_one_since_ever(day: tuple[int, ...]) -> None:
    asset = server(start=at(2025))
    measured = meter(date(2025, 10, 1), LAST, {**flat(400.0), 11: 700.0, 12: 600.0})
    known = replace(world(now=NOW), measured={asset.id: measured})
    ever = list(seasons_moved(compute([asset], known), known))
    assert [each.month for each in ever] == list(AHEAD)
    assert list(seasons_moved(compute([asset], known, at(*day)), known)) == ever


def test_the_parts_of_a_month_are_moved_as_the_whole_is() -> None:
    season = Season(used=3_000_000_007, moved=-299_999_999)
    assert season.moves(season.used) == season.moved
    assert season.index == pytest.approx(0.9, rel=1e-6)
    assert Season(0, 0).index == 1.0
    assert Season(0, 0).moves(5) == 0
