"""What is measured goes on, from its last measurement, as it was measured: in the state that it is in, and in no elapsed month."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from footprint.domain.configuration import Configuration, Cpu
from footprint.domain.engine import World, compute
from footprint.domain.explanation import explain
from footprint.domain.inventory import AllocationRule, Asset, Organisation, Segment, SharedBy, Status
from footprint.domain.measurements import MeasuredDay, Meter, Utilisation, read_measured
from footprint.domain.notices import Notice
from footprint.domain.power import configuration_power_w
from footprint.domain.results import AssetMonth
from hypothesis import given, settings
from hypothesis import strategies as st

from .makers import PARIS, SITE, at, machine, server, world
from .test_explanation import check
from .test_sharing import farm

WHOLE = ((0, 86_400),)
DECEMBER = 2026 * 12 + 11
HOURS = 744.0


def days(first: date, last: date, watts: float, *, facility: bool = False) -> Iterator[MeasuredDay]:
    """Every day from the first to the last, at one power."""
    for number in range((last - first).days + 1):
        meter = Meter(watts * 24 / 1000, WHOLE)
        day = first + timedelta(number)
        yield MeasuredDay(PARIS, day, None if facility else meter, meter if facility else None)


def seen(asset: Asset, measured: Sequence[MeasuredDay], **fields: Any) -> World:
    """The world with what was measured of an asset; the clock says 23 November 2026."""
    return replace(world(**fields), measured={asset.id: read_measured(measured)})


def months(asset: Asset, known: World, since: int = 0) -> dict[int, AssetMonth]:
    """The months of an asset, by number."""
    return {each.month: each for each in compute([asset], known, since).results()}


@given(st.floats(1.0, 2000.0), st.integers(1, 120), st.integers(0, 22))
@settings(max_examples=40, deadline=None)
def test_kit_measured_at_some_power_goes_on_drawing_it(watts: float, length: int, ago: int) -> None:
    last = date(2026, 11, 22) - timedelta(ago)
    asset = server(start=at(2025))
    december = months(asset, seen(asset, list(days(last - timedelta(length), last, watts))))[DECEMBER]
    assert december.kwh == pytest.approx(watts * HOURS / 1000 * 1.5, rel=1e-12)
    assert december.energy_evidence == "projected"
    assert december.notices & Notice.PROJECTED
    assert not december.notices & Notice.MEASUREMENT_GAPS


def test_it_goes_on_at_the_mean_of_its_last_thirty_measured_days() -> None:
    asset = server()
    measured = [*days(date(2026, 1, 1), date(2026, 10, 23), 900.0), *days(date(2026, 10, 24), date(2026, 11, 7), 100.0),
                *days(date(2026, 11, 8), date(2026, 11, 22), 300.0)]  # fmt: skip
    found = months(asset, seen(asset, measured))[DECEMBER]
    # The clocks went back on 25 October: that day was 25 hours long, and its energy covers 24 of them.
    assert found.kwh == pytest.approx(200.0 * HOURS / 1000 * 1.5, rel=1e-12)


def test_the_rest_of_the_current_month_is_projected_and_no_elapsed_month_is() -> None:
    asset = server()
    found = months(asset, seen(asset, list(days(date(2026, 6, 1), date(2026, 10, 20), 600.0))))
    october, november = found[DECEMBER - 2], found[DECEMBER - 1]
    assert october.energy_evidence == "declared"
    assert october.notices & Notice.MEASUREMENT_GAPS
    assert not october.notices & Notice.PROJECTED
    assert november.energy_evidence == "projected"
    assert november.kwh == pytest.approx(600.0 * 720 / 1000 * 1.5, rel=1e-12)
    until_now = months(asset, seen(asset, list(days(date(2026, 6, 1), date(2026, 11, 10), 600.0))))[DECEMBER - 1]
    assert until_now.energy_evidence == "projected"
    assert not until_now.notices & Notice.MEASUREMENT_GAPS
    assert until_now.kwh == pytest.approx(600.0 * 720 / 1000 * 1.5, rel=1e-12)


def test_what_was_measured_long_ago_says_nothing_of_what_runs_now() -> None:
    asset = server()
    recent = months(asset, seen(asset, list(days(date(2026, 5, 1), date(2026, 8, 1), 600.0))))[DECEMBER]
    past = months(asset, seen(asset, list(days(date(2026, 5, 1), date(2026, 7, 31), 600.0))))[DECEMBER]
    assert recent.energy_evidence == "projected"
    assert past.energy_evidence == "declared"


def test_facility_energy_goes_on_with_its_pue_in_it() -> None:
    asset = server()
    found = months(asset, seen(asset, list(days(date(2026, 11, 1), date(2026, 11, 22), 600.0, facility=True))))[
        DECEMBER
    ]
    assert found.kwh == pytest.approx(600.0 * HOURS / 1000, rel=1e-12)


def test_a_load_goes_on_band_by_band_through_the_curve_and_gives_way_to_what_is_declared() -> None:
    made = Configuration(cpu=Cpu(units=2, cores=16, tdp_w=200.0))
    busy = Utilisation(((0.05, 43_200), (0.85, 43_200)), WHOLE)
    measured = [MeasuredDay(PARIS, date(2026, 11, number), utilisation=busy) for number in range(1, 23)]
    plain = server(annual_kwh=None, segments=(Segment(at(2026), None, Status.IN_SERVICE, SITE.id, configuration=made),))
    watts = sum(0.5 * (configuration_power_w(made, load) or 0.0) for load in (0.05, 0.85))
    found = months(plain, seen(plain, measured))[DECEMBER]
    assert found.kwh == pytest.approx(watts * HOURS / 1000 * 1.5, rel=1e-12)
    assert found.energy_evidence == "projected"
    declared = replace(plain, annual_kwh=3504.0)
    assert months(declared, seen(declared, measured))[DECEMBER].energy_evidence == "declared"


def test_only_the_state_that_runs_now_goes_on() -> None:
    small, large = (Configuration(cpu=Cpu(units=units, cores=16, tdp_w=200.0)) for units in (1, 2))
    segments = (
        Segment(at(2026), at(2026, 11, 15), Status.IN_SERVICE, SITE.id, configuration=small),
        Segment(at(2026, 11, 15), at(2026, 12, 10), Status.IN_SERVICE, SITE.id, configuration=large),
        Segment(at(2026, 12, 10), None, Status.OFF, SITE.id, configuration=large),
    )
    asset = server(segments=segments)
    measured = [
        *days(date(2026, 1, 1), date(2026, 11, 14), 300.0),
        *days(date(2026, 11, 15), date(2026, 11, 20), 700.0),
    ]
    found = months(asset, seen(asset, measured))[DECEMBER]
    assert found.kwh == pytest.approx(700.0 * 24 * 9 / 1000 * 1.5, rel=1e-12)


def test_another_configuration_to_come_falls_to_the_next_evidence() -> None:
    made = Configuration(cpu=Cpu(units=2, cores=16, tdp_w=200.0))
    segments = (
        Segment(at(2026), at(2026, 12), Status.IN_SERVICE, SITE.id),
        Segment(at(2026, 12), None, Status.IN_SERVICE, SITE.id, configuration=made),
    )
    asset = server(segments=segments)
    assert (
        months(asset, seen(asset, list(days(date(2026, 11, 1), date(2026, 11, 20), 700.0))))[DECEMBER].energy_evidence
        == "declared"
    )


@pytest.mark.parametrize("facility", [False, True])
def test_a_projection_is_explained_to_the_bit_and_names_the_days_that_it_rests_on(facility: bool) -> None:
    asset = server()
    known = seen(asset, list(days(date(2026, 10, 1), date(2026, 11, 22), 613.7, facility=facility)))
    explanation = explain(asset, DECEMBER, known)
    assert explanation is not None
    assert check(asset, known) > 0
    [line] = explanation.evidence[0]["measured"]
    assert line.startswith("projected from the last measured days, measured at the ")
    assert line.endswith("from 2026-10-24 to 2026-11-23")
    [chosen] = [each for each in explanation.ladder["energy"] if each["chosen"]]
    assert chosen["evidence"] == "projected"
    elapsed = explain(asset, DECEMBER - 2, known)
    assert elapsed is not None
    assert "projected" not in [each["evidence"] for each in elapsed.ladder["energy"]]


@given(st.integers(0, 320))
@settings(max_examples=20, deadline=None)
def test_a_computation_since_a_day_has_the_bits_of_one_since_ever(ago: int) -> None:
    asset = server()
    known = seen(asset, list(days(date(2026, 1, 1), date(2026, 11, 20), 613.7)))
    day = date(2026, 11, 20) - timedelta(ago)
    ever, later = months(asset, known), months(asset, known, at(day.year, day.month, day.day))
    assert later == {month: ever[month] for month in later}
    assert DECEMBER in later


def test_the_year_of_a_machine_does_not_end_with_that_of_its_host_further_east() -> None:
    host = server(capacity=4)
    guest, placement = machine(200, host, 4.0, at(2026), org="west")
    known = world(
        placement,
        hosts=(host,),
        organisations=(Organisation("west", time_zone="America/New_York"),),
        now=datetime(2026, 11, 23, tzinfo=UTC),
    )
    december = months(guest, known)[DECEMBER]
    assert december.kwh == pytest.approx(0.4 * HOURS * 1.5, rel=1e-12)
    assert max(months(guest, known)) == DECEMBER
    assert max(months(host, replace(known, hosts={}))) == DECEMBER


def test_machines_told_apart_by_their_energy_go_on_sharing_their_host_by_it() -> None:
    site, host, guests, stays = farm(SharedBy.MEASURED, AllocationRule.CAPACITY, [(4.0, 8.0, 1.0), (4.0, 8.0, 1.0)])
    powers = {guests[0].id: 50.0, guests[1].id: 150.0}
    measured = {each: read_measured(list(days(date(2026, 10, 1), date(2026, 11, 20), powers[each]))) for each in powers}
    known = replace(world(*stays, sites=(site,), hosts=(host,)), measured=measured)
    for guest in guests:
        december = months(guest, known)[DECEMBER]
        assert december.kwh == pytest.approx(powers[guest.id] * HOURS / 1000 * 1.5, rel=1e-12)
        assert not december.notices & Notice.SHARED_BY_VCPU


def test_what_was_measured_is_told_in_the_days_and_hours_of_the_organisation() -> None:
    asset = server()
    whole = list(days(date(2026, 3, 28), date(2026, 3, 28), 613.7))
    explanation = explain(asset, 2026 * 12 + 2, seen(asset, whole))
    assert explanation is not None
    [line] = explanation.evidence[0]["measured"]
    assert line.endswith(" over 86400 s, from 2026-03-28 to 2026-03-29")
