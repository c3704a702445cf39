"""Known mistakes of other calculators (domain §7), each with the test that it cannot be made here.

Of that list, invoice numbers and money are billing's; an event that is acknowledged before its row is durable is what tests/faults looks
for.
"""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from footprint.domain import power
from footprint.domain.catalogue import Catalogue
from footprint.domain.configuration import Configuration, Cpu
from footprint.domain.difference import changed_since
from footprint.domain.engine import compute
from footprint.domain.errors import ItemError
from footprint.domain.estimates import Period, estimate
from footprint.domain.explanation import explain
from footprint.domain.inventory import Asset, Segment, Status
from footprint.domain.notices import Notice
from footprint.domain.results import METHOD_VERSION, AssetMonth
from pydantic import ValidationError

from .factors import CATALOGUE, RECORDS, grid
from .makers import ITEM, SITE, at, machine, server, world

YEAR_2026 = Period.between(date(2026, 1, 1), date(2027, 1, 1))


def january(asset: Asset, catalogue: Catalogue = CATALOGUE) -> AssetMonth:
    """The result of an asset for January 2026."""
    return next(compute([asset], world(catalogue=catalogue)).results())


def stages(result: AssetMonth) -> set[str]:
    """The stages that a result has figures for."""
    return {figure.stage for figure in result.figures}


def test_an_unknown_country_is_an_error_and_not_a_european_average() -> None:
    with pytest.raises(ItemError) as error:
        estimate({"kind": "server", "country": "XX", "energy": {"average_w": 300.0}}, YEAR_2026, ["gwp"], CATALOGUE)
    assert (error.value.field, error.value.code) == ("country", "unknown")


def test_a_country_without_a_factor_leaves_the_stage_out_with_a_warning() -> None:
    answer = estimate(
        {"kind": "server", "country": "MG", "energy": {"average_w": 300.0}}, YEAR_2026, ["gwp"], CATALOGUE
    )
    assert "use" not in answer["stages"]
    assert "no_electricity_factor" in {warning["code"] for warning in answer["warnings"]}


def test_overseas_france_never_takes_the_factor_of_metropolitan_france() -> None:
    assert CATALOGUE.electricity("MQ", date(2026, 1, 1)) is None
    reunion = CATALOGUE.electricity("RE", date(2026, 1, 1))
    assert reunion is not None
    assert reunion.used.factor.value == 0.5252


def test_a_factor_older_than_five_years_does_not_stand_in() -> None:
    old = Catalogue([grid("FR", 0.05, 2020)])
    assert old.electricity("FR", date(2025, 6, 1)) is not None
    assert old.electricity("FR", date(2026, 1, 1)) is None


def test_perimeters_are_never_mixed() -> None:
    both = Catalogue([grid("FR", 0.0569, 2024, "consumption"), grid("FR", 0.0442, 2023)])
    supply = both.electricity("FR", date(2024, 6, 1))
    assert supply is not None
    assert (supply.used.factor.value, supply.used.years_back) == (0.0442, 1)


def test_a_later_year_never_stands_in() -> None:
    assert Catalogue([grid("FR", 0.05, 2024)]).electricity("FR", date(2023, 6, 1)) is None


def test_a_server_without_a_data_centre_gets_the_world_mean_pue_and_says_so() -> None:
    result = january(server(site=None))
    assert result.kwh == pytest.approx(400 * 744 / 1000 * 1.58)
    assert result.notices & Notice.DEFAULT_PUE
    assert result.notices & Notice.NO_SITE
    assert "use" not in stages(result)


@pytest.mark.parametrize("kind", ["server", "storage", "network"])
def test_kit_of_a_computer_room_in_an_office_gets_it_too_and_what_stands_on_desks_does_not(kind: str) -> None:
    office = replace(SITE, kind="office", pue=())
    (kit,) = list(compute([server(kind=kind)], world(sites=(office,))).results())[:1]
    assert kit.kwh == pytest.approx(3504.0 / 8760 * 744 * 1.58, rel=1e-12)
    assert kit.notices & Notice.DEFAULT_PUE
    (desk,) = list(compute([server(kind="laptop")], world(sites=(office,))).results())[:1]
    assert desk.kwh == pytest.approx(3504.0 / 8760 * 744, rel=1e-12)
    assert not desk.notices & Notice.DEFAULT_PUE


def test_a_stage_without_evidence_is_absent_and_never_zero() -> None:
    result = january(server(annual_kwh=None))
    assert stages(result) == {"manufacturing"}
    assert result.kwh is None
    assert result.notices & Notice.NO_ENERGY_EVIDENCE


def test_what_is_off_uses_nothing_and_that_is_known() -> None:
    off = server(segments=(Segment(at(2026), None, Status.OFF, SITE.id),), annual_kwh=None)
    result = january(off)
    assert result.kwh == 0.0
    assert stages(result) == {"manufacturing", "use"}


def test_a_life_without_length_is_not_the_whole_making_at_once() -> None:
    gone = server(1, at(2026), at(2026, 2), acquired_on=date(2026, 3, 1))
    result = january(gone)
    assert "manufacturing" not in stages(result)
    assert result.notices & Notice.NO_LIFE


def test_nothing_is_charged_after_the_life() -> None:
    result = january(server(acquired_on=date(2019, 1, 1)))
    assert [figure.value for figure in result.figures if figure.stage == "manufacturing"] == [0.0]
    assert result.notices & Notice.PAST_LIFE


def test_the_power_curve_is_fitted_once() -> None:
    before = power.CPU_CURVE
    power.configuration_power_w(Configuration(Cpu(2, tdp_w=150.0)), 0.3)
    assert power.CPU_CURVE is before


def test_the_power_curve_passes_near_the_published_points() -> None:
    for percent, share in power.TDP_POINTS:
        assert power.CPU_CURVE.share(percent / 100) == pytest.approx(share, abs=0.003)


def test_an_annual_figure_is_for_365_days_also_in_a_leap_year() -> None:
    leap = Period.between(date(2028, 1, 1), date(2029, 1, 1))
    answer = estimate({"kind": "other", "energy": {"annual_kwh": 365.0}}, leap, ["gwp"], CATALOGUE)
    assert answer["energy_kwh"] == pytest.approx(366.0)
    assert "An annual figure is for 365 days" in answer["trace"]


def test_results_name_the_versions_they_rest_on() -> None:
    result = january(server())
    assert ("embodied-server", 1) in result.references
    assert ("electricity-fr-2024-production", 1) in result.references
    assert METHOD_VERSION


def test_a_draft_or_withdrawn_factor_is_none_of_the_catalogue() -> None:
    without = Catalogue([each for each in RECORDS if each.activity != "embodied.server"])
    assert january(server(), catalogue=without).notices & Notice.NO_EMBODIED_EVIDENCE


def test_a_missing_host_leaves_the_share_out_and_says_so() -> None:
    orphan = Asset(
        UUID(int=9), "acme", "virtual_machine", (Segment(at(2026), None, Status.IN_SERVICE, None, UUID(int=8), 4.0),)
    )
    result = january(orphan)
    assert result.figures == []
    assert result.notices & Notice.HOST_UNKNOWN


def test_shares_of_a_host_do_not_depend_on_which_machines_are_computed_together() -> None:
    host = server(capacity=64.0)
    guests = [machine(200 + number, host, 1.0 + number % 3, at(2026, 1 + number % 5)) for number in range(40)]
    stays = [stay for _, stay in guests]
    together = {
        (each.asset.id, each.month): each
        for each in compute([host, *(guest for guest, _ in guests)], world(*stays)).results()
    }
    for page in (guests[:1], guests[7:20], guests[20:]):
        for each in compute([guest for guest, _ in page], world(*stays, hosts=(host,))).results():
            assert each == together[each.asset.id, each.month]


def test_a_month_is_its_real_seconds_and_not_days_of_86400() -> None:
    hours = {each.month % 12 + 1: (each.kwh or 0.0) / 0.4 / 1.5 for each in compute([server()], world()).results()}
    assert [hours[number] for number in (2, 3, 10)] == pytest.approx([672.0, 743.0, 745.0])


def test_a_life_is_a_number_of_years_and_no_date_stands_in_for_it() -> None:
    answer = estimate({"kind": "server", "life": {"years": 2.5}}, YEAR_2026, ["gwp"], CATALOGUE)
    assert answer["stages"]["manufacturing"]["gwp"]["value"] == pytest.approx(1215 / 2.5)


def test_no_input_leads_to_less_than_nothing() -> None:
    for item in (
        {"kind": "server", "energy": {"average_w": -1.0}},
        {"kind": "server", "energy": {"annual_kwh": -1.0}},
        {"kind": "server", "embodied": {"gwp": {"manufacturing": -1.0}}},
        {"kind": "server", "quantity": -1.0},
        {"kind": "server", "life": {"years": 0.0}},
        {"kind": "server", "pue": 0.9},
    ):
        with pytest.raises(ValidationError):
            ITEM.validate_python(item)


def test_one_changed_line_recomputes_the_months_from_its_day_on_and_no_earlier_one() -> None:
    before = server()
    turn = at(2026, 8)
    first = before.segments[0]
    after = replace(before, segments=(replace(first, end=turn), replace(first, start=turn, status=Status.OFF)))
    assert changed_since(before, after) == turn
    assert min(each.month for each in compute([after], world(), turn).results()) == 2026 * 12 + 7


def test_a_trace_can_be_asked_for_at_any_time_and_gives_the_same_bits() -> None:
    asset = server()
    (one, other) = (explain(asset, 2026 * 12, world()) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.figures == other.figures
    assert [each["value"] for each in one.figures] == [each.value for each in one.result.figures]
