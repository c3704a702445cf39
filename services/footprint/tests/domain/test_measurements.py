"""What was measured comes first, for the time that it covers and no other; the PUE once; days of the local calendar."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from footprint.domain.configuration import Configuration, Cpu
from footprint.domain.engine import compute
from footprint.domain.inventory import Asset, Operator, Segment, Status
from footprint.domain.measurements import MeasuredDay, Meter, Utilisation, level_of_the_day, read_measured
from footprint.domain.notices import Notice
from footprint.domain.power import configuration_power_w
from footprint.domain.results import AssetMonth

from .makers import PARIS, SITE, at, server, world
from .test_explanation import check

WHOLE = ((0, 86_400),)


def day(
    year: int,
    month: int,
    number: int,
    kwh: float | None = None,
    *,
    facility_kwh: float | None = None,
    covered: tuple[tuple[int, int], ...] = WHOLE,
    utilisation: Utilisation | None = None,
) -> MeasuredDay:
    """A day with energy at either level, or both."""
    return MeasuredDay(
        PARIS,
        date(year, month, number),
        None if kwh is None else Meter(kwh, covered),
        None if facility_kwh is None else Meter(facility_kwh, covered),
        utilisation,
    )


def month(asset: Asset, number: int, *days: MeasuredDay, **fields: Any) -> AssetMonth:
    """The result of a month of 2026."""
    seen = replace(world(**fields), measured={asset.id: read_measured(days)})
    return next(each for each in compute([asset], seen).results() if each.month == 2026 * 12 + number - 1)


def test_measured_energy_goes_before_what_was_declared() -> None:
    result = month(server(), 6, *(day(2026, 6, number, 7.0) for number in range(1, 31)))
    assert result.energy_evidence == "measured"
    assert result.kwh == pytest.approx(30 * 7.0 * 1.5, rel=1e-12)
    assert not result.notices & Notice.MEASUREMENT_GAPS


def test_a_gap_is_filled_by_the_next_evidence_for_the_gap_only_and_said() -> None:
    asset = server()
    half = day(2026, 6, 10, 5.0, covered=((0, 43_200),))
    result = month(asset, 6, half)
    assert result.kwh == pytest.approx((5.0 + 0.4 * (30 * 24 - 12)) * 1.5, rel=1e-12)
    assert result.energy_evidence == "declared"
    assert result.notices & Notice.MEASUREMENT_GAPS


def test_a_gap_without_other_evidence_is_left_out_and_said() -> None:
    result = month(server(annual_kwh=None), 6, day(2026, 6, 10, 5.0))
    assert result.kwh == pytest.approx(7.5, rel=1e-12)
    assert result.notices & Notice.NO_ENERGY_EVIDENCE
    assert result.notices & Notice.PARTIAL


def test_facility_energy_never_gets_the_pue_again() -> None:
    result = month(server(), 6, *(day(2026, 6, number, facility_kwh=9.0) for number in range(1, 31)))
    assert result.kwh == pytest.approx(30 * 9.0, rel=1e-12)


def test_one_level_is_taken_for_a_day_that_which_covers_more_and_the_device_when_they_cover_the_same() -> None:
    both = day(2026, 6, 1, 4.0, facility_kwh=6.5)
    assert level_of_the_day(both) == (Meter(4.0, WHOLE), False)
    longer = replace(both, it=Meter(2.0, ((0, 43_200),)))
    assert level_of_the_day(longer) == (Meter(6.5, WHOLE), True)
    asset = server(annual_kwh=None)
    assert month(asset, 6, both).kwh == pytest.approx(4.0 * 1.5, rel=1e-12)
    assert month(asset, 6, longer).kwh == pytest.approx(6.5, rel=1e-12)


@pytest.mark.parametrize(("number", "last", "seconds"), [(3, 29, 82_800), (10, 25, 90_000)])
def test_the_days_on_which_the_clocks_change_are_23_and_25_hours_long(number: int, last: int, seconds: int) -> None:
    turn = day(2026, number, last, 10.0, covered=((0, seconds),))
    asset = server(annual_kwh=None)
    result = month(asset, number, turn, replace(turn, day=date(2026, number, last + 1), it=Meter(1.0, WHOLE)))
    assert result.kwh == pytest.approx(11.0 * 1.5, rel=1e-12)
    pieces = read_measured([turn]).energy
    assert pieces[0].end - pieces[0].start == seconds
    assert pieces[0].end == at(2026, number, last + 1)


def test_a_month_counted_in_days_of_86400_seconds_would_be_an_hour_off() -> None:
    result = month(server(), 3)
    assert result.kwh == pytest.approx(743 * 0.4 * 1.5, rel=1e-12)


def test_utilisation_goes_through_the_power_curve_band_by_band_and_not_as_a_mean() -> None:
    made = Configuration(Cpu(2, 24, tdp_w=150.0))
    asset = server(annual_kwh=None, segments=(Segment(at(2026), None, Status.IN_SERVICE, SITE.id, configuration=made),))
    bands = Utilisation(((0.05, 64_800), (0.95, 21_600)), WHOLE)
    result = month(asset, 6, *(day(2026, 6, number, utilisation=bands) for number in range(1, 31)))
    low, high = configuration_power_w(made, 0.05), configuration_power_w(made, 0.95)
    mean = configuration_power_w(made, 0.75 * 0.05 + 0.25 * 0.95)
    assert low is not None
    assert high is not None
    assert mean is not None
    assert result.energy_evidence == "utilisation"
    assert result.kwh == pytest.approx(720 * (0.75 * low + 0.25 * high) / 1000 * 1.5, rel=1e-12)
    assert result.kwh != pytest.approx(720 * mean / 1000 * 1.5, rel=1e-3)


def test_declared_energy_goes_before_measured_utilisation() -> None:
    made = Configuration(Cpu(2, 24, tdp_w=150.0))
    asset = server(segments=(Segment(at(2026), None, Status.IN_SERVICE, SITE.id, configuration=made),))
    result = month(asset, 6, day(2026, 6, 3, utilisation=Utilisation(((0.5, 86_400),), WHOLE)))
    assert result.energy_evidence == "declared"


def test_what_draws_while_it_should_be_off_is_counted_and_said() -> None:
    off = server(segments=(Segment(at(2026), None, Status.OFF, SITE.id),))
    result = month(off, 6, day(2026, 6, 3, 2.0))
    assert result.kwh == pytest.approx(3.0, rel=1e-12)
    assert result.notices & Notice.MEASURED_WHILE_OFF


def test_nothing_is_counted_of_what_was_measured_after_it_left() -> None:
    gone = server(end=at(2026, 6, 10))
    result = month(gone, 6, day(2026, 6, 9, 5.0), day(2026, 6, 12, 50.0))
    assert result.kwh == pytest.approx((8 * 24 * 0.4 + 5.0) * 1.5, rel=1e-12)


def test_a_hosted_device_measured_at_the_facility_leaves_the_room_to_its_host() -> None:
    site = replace(SITE, operator=Operator.HOSTED)
    asset = server(annual_kwh=None)
    result = month(asset, 6, day(2026, 6, 3, facility_kwh=15.0), sites=(site,))
    scopes = {figure.scope: figure.value for figure in result.figures if figure.basis == "location"}
    assert scopes[2] == pytest.approx(10.0 * 0.0442, rel=1e-12)
    assert scopes[3] == pytest.approx(5.0 * 0.0442, rel=1e-9)


def test_measured_months_are_explained_bit_for_bit() -> None:
    made = Configuration(Cpu(2, 24, tdp_w=150.0))
    segment = Segment(at(2026), None, Status.IN_SERVICE, SITE.id, configuration=made)
    asset = server(annual_kwh=None, quantity=3.0, segments=(segment,))
    days = [
        day(2026, 3, 28, 7.3, covered=((0, 36_000), (40_000, 86_400))),
        day(2026, 3, 29, facility_kwh=9.1, covered=((0, 82_800),)),
        day(2026, 3, 30, utilisation=Utilisation(((0.13, 50_001), (1.2, 36_399)), WHOLE)),
    ]
    assert check(asset, replace(world(), measured={asset.id: read_measured(days)})) > 15
