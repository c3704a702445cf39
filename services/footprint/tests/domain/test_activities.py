"""Activities: units, places, homes, and what is shared out with a host."""

import math
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from footprint.domain.activities import home_asset, home_of, organisation_home, read_activities
from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.dated import midnight
from footprint.domain.difference import EVER, changed_since
from footprint.domain.engine import World, compute
from footprint.domain.inventory import (
    Activity,
    AllocationRule,
    Asset,
    Contract,
    Operated,
    Operator,
    Organisation,
    Segment,
    Site,
    Status,
)
from footprint.domain.notices import Notice
from footprint.domain.places import Places
from footprint.domain.results import AssetMonth, Figure
from footprint.domain.sums import billionths
from footprint.domain.units import UnitError, conversion
from hypothesis import given, settings
from hypothesis import strategies as st

from .factors import RECORDS
from .makers import PARIS, SITE, at, machine, server, world
from .test_explanation import check

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def factor(activity: str, value: float, unit: str, region: str | None = None, **fields: Any) -> Factor:
    """A factor of an activity."""
    name = f"{activity.replace('.', '-')}-{region or 'any'}-{fields.get('criterion', 'gwp')}".lower()
    given: dict[str, Any] = {"criterion": "gwp"} | fields
    return Factor(name, 1, activity, value=value, unit=unit, region=region, **given)


CATALOGUE = Catalogue(
    [
        *RECORDS,
        factor("maintenance.it_hardware", 0.4, "kgCO2e/EUR"),
        factor("transport.car", 0.193, "kgCO2e/km"),
        factor("transport.car", 0.25, "kgCO2e/km", "PL"),
        factor("refrigerant.r410a", 2255.5, "kgCO2e/kg", gwp_set="AR6"),
        factor("refrigerant.r410a", 2088.0, "kgCO2e/kg", "DE", gwp_set="AR4"),
        factor("freight.van", 1.1, "kgCO2e/(t*km)"),
        factor("disposal.server", 12.0, "kgCO2e/unit"),
        factor("transport.car", 3.1, "MJ/km", criterion="pe"),
    ]
)


def activity(name: str, quantity: float, unit: str, kind: str = "intervention", **fields: Any) -> Activity:
    """An activity of 12 April 2026."""
    given: dict[str, Any] = {"start": date(2026, 4, 12), "end": date(2026, 4, 13)}
    return Activity(UUID(int=9), "acme", kind, name, quantity=quantity, unit=unit, **(given | fields))


def seen(*activities: Activity, **fields: Any) -> World:
    """A world in which these activities are known."""
    homes: dict[UUID, list[Activity]] = {}
    for each in activities:
        homes.setdefault(home_of(each), []).append(each)
    return replace(world(catalogue=CATALOGUE, **fields), activities=homes)


def of_home(*activities: Activity, **fields: Any) -> list[AssetMonth]:
    """The months of the one home of activities."""
    home = home_asset(home_of(activities[0]), activities, PARIS)
    return list(compute([home], seen(*activities, **fields)).results())


def sums(results: list[AssetMonth], stage: str, criterion: str = "gwp") -> dict[int, float]:
    """The figures of a stage by calendar month."""
    return {
        each.month % 12 + 1: sum(one.value for one in each.figures if (one.stage, one.criterion) == (stage, criterion))
        for each in results
    }


def the_figure(result: AssetMonth, stage: str = "maintenance_and_sale") -> Figure:
    """The only climate figure of a stage."""
    (found,) = [each for each in result.figures if (each.stage, each.criterion) == (stage, "gwp")]
    return found


def test_a_year_of_maintenance_is_spread_by_real_seconds() -> None:
    asset = server()
    contract = activity(
        "maintenance.it_hardware", 12_000.0, "EUR", "maintenance_contract",
        start=date(2026, 1, 1), end=date(2027, 1, 1), asset=asset.id,
    )  # fmt: skip
    months = sums(list(compute([asset], seen(contract)).results()), "maintenance_and_sale")
    assert sum(months.values()) == pytest.approx(4800.0, rel=1e-12)
    assert months[3] == pytest.approx(4800.0 * 743 / 8760, rel=1e-12)
    assert months[10] == pytest.approx(4800.0 * 745 / 8760, rel=1e-12)


def test_units_are_converted_and_another_dimension_is_left_out_with_a_warning() -> None:
    assert conversion("MWh", "kWh") == 1000.0
    assert conversion("t.km", "t*km") == 1.0
    with pytest.raises(UnitError):
        conversion("L", "kWh")
    metres = of_home(activity("transport.car", 84_000.0, "m"))[0]
    assert the_figure(metres).value == pytest.approx(84 * 0.193, rel=1e-12)
    litres = of_home(activity("transport.car", 84.0, "L"))[0]
    assert litres.figures == []
    assert litres.notices & Notice.ACTIVITY_UNIT


def test_an_activity_without_a_factor_is_absent_and_said_and_never_zero() -> None:
    result = of_home(activity("transport.helicopter", 84.0, "km"))[0]
    assert result.figures == []
    assert result.notices & Notice.NO_ACTIVITY_FACTOR


def test_the_factor_is_that_of_the_country_else_one_tied_to_no_place() -> None:
    assert the_figure(of_home(activity("transport.car", 100.0, "km", country="PL"))[0]).value == pytest.approx(25.0)
    assert the_figure(of_home(activity("transport.car", 100.0, "km", country="ES"))[0]).value == pytest.approx(19.3)


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("refrigerant.r410a", "kg", "refrigerant_leak", ("maintenance_and_sale", 1, "1", "1.4")),
        ("maintenance.it_hardware", "EUR", "maintenance_contract", ("maintenance_and_sale", 3, "3.1", "4.5")),
        ("maintenance.it_hardware", "EUR", "spare_part", ("maintenance_and_sale", 3, "3.1", "4.1")),
        ("freight.van", "t.km", "sales_logistics", ("maintenance_and_sale", 3, "3.4", "3.1")),
        ("disposal.server", "unit", "end_of_life", ("end_of_life", 3, "3.5", "4.3")),
        ("transport.car", "km", "a_kind_of_next_year", ("maintenance_and_sale", 3, "3.1", "4.5")),
        ("electricity", "kWh", "other", ("use", 2, "2", "2.1")),
    ],
)
def test_each_kind_has_its_stage_and_reporting_line(
    name: str, unit: str, kind: str, expected: tuple[str, int, str, str]
) -> None:
    result = of_home(activity(name, 2.0, unit, kind, site=SITE.id))[0]
    figure = next(each for each in result.figures if each.criterion == "gwp")
    assert (figure.stage, figure.scope, figure.ghg_category, figure.beges_item) == expected
    assert figure.site == SITE.id


MIX = Catalogue([*RECORDS, factor("electricity.residual_mix", 0.0407, "kgCO2e/kWh", "FR")])


def drawn(site: Site, **fields: Any) -> AssetMonth:
    """March 2026 of a megawatt-hour that was bought for a site."""
    bought = activity("electricity", 1.0, "MWh", "other", site=site.id, start=MARCH, end=APRIL, **fields)
    home = home_asset(site.id, [bought], PARIS)
    known = replace(world(catalogue=MIX, sites=(site,)), activities={site.id: [bought]})
    assert check(home, known) >= 1
    (result,) = compute([home], known).results()
    return result


def market(result: AssetMonth) -> Figure:
    """The market-based figure of electricity."""
    (found,) = [each for each in result.figures if each.basis == "market"]
    return found


@pytest.mark.parametrize(
    ("share", "own", "kg", "shared"),
    [
        (0.0, None, 1000 * 0.0407, "electricity-residual_mix-fr-gwp"),
        (0.4, None, 600 * 0.0407, "electricity-residual_mix-fr-gwp"),
        (0.4, 0.3, 600 * 0.3, f"supplier:{SITE.id}"),
        (1.0, 0.3, 0.0, ""),
        (1.0, None, 0.0, ""),
    ],
)
def test_electricity_of_an_activity_is_bought_under_the_contract_of_its_site(
    share: float, own: float | None, kg: float, shared: str
) -> None:
    result = drawn(replace(SITE, guarantee_share=share, residual_kg_per_kwh=own))
    assert market(result).value == pytest.approx(kg, rel=1e-12)
    assert market(result).factor == shared
    assert (market(result).ln_gsd2 > 0) is (kg > 0)
    assert bool(result.notices & Notice.RESIDUAL_OF_SUPPLIER) is (own is not None and share < 1)
    assert not result.notices & Notice.NO_ACTIVITY_FACTOR


def test_a_contract_counts_from_its_day_and_not_for_what_was_drawn_in_another_country() -> None:
    changed = replace(SITE, contracts=(Contract(1.0, None, date(2026, 3, 17)),))
    left = (midnight(PARIS, date(2026, 3, 17)) - midnight(PARIS, MARCH)) / (
        midnight(PARIS, APRIL) - midnight(PARIS, MARCH)
    )
    assert market(drawn(changed)).value == pytest.approx(1000 * left * 0.0407, rel=1e-12)
    green = replace(SITE, guarantee_share=1.0)
    assert market(drawn(green, country="FR")).value == 0.0
    abroad = drawn(green, country="PL")
    assert {each.basis for each in abroad.figures} == {"location"}


def test_the_kwh_of_an_activity_stand_behind_its_figures_and_in_the_energy_of_the_month() -> None:
    result = drawn(SITE)
    assert result.kwh == pytest.approx(1000.0, rel=1e-12)
    assert {(each.basis, each.kwh) for each in result.figures} == {("location", 10**12), ("market", 10**12)}
    asset = server(start=at(2026))
    bought = activity("electricity", 500.0, "kWh", "other", start=MARCH, end=APRIL, asset=asset.id)
    alone = {each.month: each for each in compute([asset], world(catalogue=MIX)).results()}
    with_it = replace(world(catalogue=MIX), activities={asset.id: [bought]})
    both = {each.month: each for each in compute([asset], with_it).results()}
    march = 2026 * 12 + 2
    assert both[march].kwh == pytest.approx((alone[march].kwh or 0.0) + 500.0, rel=1e-12)
    for basis in ("location", "market"):
        (figure,) = [each for each in both[march].figures if each.basis == basis]
        assert figure.kwh == billionths(both[march].kwh or 0.0)
    assert both[march + 1] == alone[march + 1]


def test_a_leak_at_a_site_that_another_runs_is_that_others() -> None:
    there = replace(SITE, operator=Operator.HOSTED)
    figure = the_figure(
        of_home(activity("refrigerant.r410a", 2.0, "kg", "refrigerant_leak", site=SITE.id), sites=(there,))[0]
    )
    assert (figure.scope, figure.ghg_category) == (3, "3.1")


def test_an_activity_before_a_move_took_place_where_the_asset_stood_then() -> None:
    there = replace(SITE, id=UUID(int=2), code="warsaw", region="PL")
    stays = server(start=at(2026))
    (first,) = stays.segments
    moves = replace(
        stays,
        segments=(replace(first, end=at(2026, 7)), replace(first, start=at(2026, 7), site=there.id)),
    )
    used = activity("electricity", 1000.0, "kWh", "other", start=date(2026, 3, 1), end=date(2026, 4, 1), asset=stays.id)
    after = replace(used, id=UUID(int=10), start=date(2026, 8, 1), end=date(2026, 9, 1))
    before = replace(used, id=UUID(int=11), start=date(2025, 5, 1), end=date(2025, 6, 1))
    picture = seen(used, after, before, sites=(SITE, there))
    told = {each.month: each.figures for each in compute([moves], picture).results()}
    own = {each.month: each.figures for each in compute([moves], replace(picture, activities={})).results()}

    def location(month: int, by: dict[int, list[Figure]]) -> float:
        return sum(each.value for each in by.get(month, ()) if (each.stage, each.basis) == ("use", "location"))

    march, august, may = 2026 * 12 + 2, 2026 * 12 + 7, 2025 * 12 + 4
    assert location(march, told) - location(march, own) == pytest.approx(1000 * 0.0442, rel=1e-12)
    assert location(august, told) - location(august, own) == pytest.approx(1000 * 0.6150, rel=1e-12)
    assert location(may, told) == pytest.approx(1000 * 0.0442, rel=1e-12), "before the timeline, where it came first"
    assert {each.month: each.figures for each in compute([stays], picture).results()}[march] == told[march]
    assert changed_since(stays, moves) == at(2026, 7)
    assert list(compute([moves], picture, at(2026, 8)).results()) == [
        each for each in compute([moves], picture).results() if each.month >= august
    ]
    assert check(moves, picture) > 12
    assert changed_since(stays, replace(stays, segments=(replace(first, site=there.id),))) == EVER


def test_a_leak_before_a_site_is_handed_over_stays_direct_and_a_longer_time_is_cut_at_that_day() -> None:
    handed = replace(
        SITE,
        operator=Operator.HOSTED,
        operators=(Operated(Operator.OWN, None, date(2026, 8, 1)), Operated(Operator.HOSTED, date(2026, 8, 1), None)),
    )
    march = activity(
        "refrigerant.r410a", 2.0, "kg", "refrigerant_leak",
        site=SITE.id, start=date(2026, 3, 10), end=date(2026, 3, 11),
    )  # fmt: skip
    (result,) = of_home(march, sites=(handed,))
    assert (the_figure(result).scope, the_figure(result).beges_item) == (1, "1.4")
    long = replace(march, start=date(2026, 7, 22), end=date(2026, 8, 11))
    july, august = of_home(long, sites=(handed,))
    assert (the_figure(july).scope, the_figure(august).scope) == (1, 3)
    assert the_figure(july).value == pytest.approx(2 * 2255.5 / 2, rel=1e-12)
    assert the_figure(august).value == pytest.approx(2 * 2255.5 / 2, rel=1e-12)
    inside = replace(march, start=date(2026, 8, 1), end=date(2026, 8, 5))
    midway = replace(handed, operators=(Operated(Operator.OWN, None, date(2026, 8, 2)),))
    (result,) = of_home(inside, sites=(midway,))
    by_scope = {each.scope: each.value for each in result.figures}
    assert by_scope == {1: pytest.approx(2255.5 / 2, rel=1e-12), 3: pytest.approx(3 * 2255.5 / 2, rel=1e-12)}
    home = home_asset(SITE.id, [inside], PARIS)
    assert check(home, seen(inside, sites=(midway,))) > 1


def test_time_that_only_an_activity_fills_belongs_to_who_ran_the_site_then() -> None:
    given = replace(SITE, operator=Operator.PROVIDER, operators=(Operated(Operator.OWN, None, date(2026, 4, 13)),))
    gone = server(start=at(2025), end=at(2026, 2))
    part = activity("maintenance.it_hardware", 100.0, "EUR", "spare_part", asset=gone.id, end=date(2026, 4, 14))
    result = list(compute([gone], seen(part, sites=(given,))).results())[-1]
    assert {each.beges_item: each.value for each in result.figures} == {
        "4.1": pytest.approx(20.0, rel=1e-12),
        "4.5": pytest.approx(20.0, rel=1e-12),
    }


def test_time_that_only_an_activity_fills_is_cut_alike_in_any_window() -> None:
    host, there = server(100, capacity=8.0), replace(SITE, id=UUID(int=2), code="warsaw", region="PL")
    guest, stay = machine(200, host, 2.0, at(2026, 2))
    (first,) = guest.segments
    moved = replace(
        guest,
        segments=(
            replace(first, end=at(2026, 5, 9), site=SITE.id),
            Segment(at(2026, 5, 9), None, Status.IN_SERVICE, there.id, host.id, 2.0),
        ),
    )
    year = activity("transport.car", 84.0, "km", start=date(2026, 1, 1), end=date(2027, 1, 1), asset=guest.id)
    picture = replace(seen(year, sites=(SITE, there)), placements=(stay,), hosts={host.id: host})
    whole = list(compute([moved], picture).results())
    assert {each.site for each in whole[7].figures if each.stage == "maintenance_and_sale"} >= {there.id}
    assert list(compute([moved], picture, at(2026, 6)).results()) == [
        each for each in whole if each.month >= 2026 * 12 + 5
    ]


def test_a_gwp_set_other_than_that_of_the_method_is_not_taken() -> None:
    leak = activity("refrigerant.r410a", 2.0, "kg", "refrigerant_leak", country="DE")
    assert the_figure(of_home(leak)[0]).value == pytest.approx(2 * 2255.5)


def test_activities_of_a_site_and_of_an_organisation_have_months_of_their_own() -> None:
    of_site, of_org = activity("transport.car", 10.0, "km", site=SITE.id), activity("transport.car", 10.0, "km")
    assert home_of(of_site) == SITE.id
    assert home_of(of_org) == organisation_home("acme") != organisation_home("globex")
    for each, kind in ((of_site, "site"), (of_org, "organisation")):
        (result,) = of_home(each)
        assert (result.asset.kind, result.month) == (kind, 2026 * 12 + 3)
        assert (result.kwh, result.notices) == (None, 0)


def test_other_criteria_stand_beside_where_the_catalogue_knows_them() -> None:
    (result,) = of_home(activity("transport.car", 10.0, "km"))
    assert {each.criterion: each.value for each in result.figures} == {
        "gwp": pytest.approx(1.93),
        "pe": pytest.approx(31.0),
    }


def test_an_activity_before_an_asset_came_and_after_it_left_is_not_lost() -> None:
    asset = server(start=at(2026, 3), end=at(2026, 5))
    before = activity(
        "freight.van", 1.0, "t.km", "sales_logistics", start=date(2026, 1, 9), end=date(2026, 1, 10), asset=asset.id
    )
    after = activity(
        "disposal.server", 1.0, "unit", "end_of_life", start=date(2026, 8, 1), end=date(2026, 8, 2), asset=asset.id
    )
    after = replace(after, id=UUID(int=10))
    results = list(compute([asset], seen(before, after)).results())
    assert [each.month % 12 + 1 for each in results] == [1, 3, 4, 8]
    assert sums(results, "maintenance_and_sale")[1] == pytest.approx(1.1)
    assert sums(results, "end_of_life")[8] == pytest.approx(12.0)
    assert {each.stage for each in results[0].figures} == {"maintenance_and_sale"}
    assert results[0].kwh is None


def test_months_with_activities_are_explained_bit_for_bit() -> None:
    host = server(100, capacity=7.0)
    guest, stay = machine(200, host, 3.0, at(2026, 2, 3), at(2026, 8, 9))
    repair = activity("transport.car", 83.7, "km", start=date(2026, 3, 20), end=date(2026, 4, 7), asset=host.id)
    part = replace(activity("maintenance.it_hardware", 77.7, "EUR", "spare_part", asset=host.id), id=UUID(int=11))
    for asset in (host, guest):
        picture = replace(seen(repair, part), placements=(stay,), hosts={host.id: host})
        assert check(asset, picture) > 20


quantities = st.floats(0.001, 1e6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(quantities, st.integers(0, 300), st.integers(1, 200)), min_size=1, max_size=4), st.booleans())
def test_what_activities_of_a_host_weigh_is_all_there_machines_and_idle_together(
    stated: list[tuple[float, int, int]], sold: bool
) -> None:
    host = server(100, start=at(2026), capacity=8.0)
    guests = [machine(200 + number, host, 2.0, at(2026, 2 + number)) for number in range(3)]
    activities = [
        replace(
            activity(
                "transport.car", quantity, "km", asset=host.id,
                start=date.fromordinal(date(2026, 1, 1).toordinal() + start),
                end=date.fromordinal(date(2026, 1, 1).toordinal() + min(start + days, 365)),
            ),
            id=UUID(int=500 + number),
        )
        for number, (quantity, start, days) in enumerate(stated)
    ]  # fmt: skip
    rule = AllocationRule.SOLD if sold else AllocationRule.CAPACITY
    picture = seen(*activities, sites=(replace(SITE, rule=rule),))
    picture = replace(picture, placements=tuple(stay for _, stay in guests))
    assets: list[Asset] = [host, *(guest for guest, _ in guests)]
    total = sum(
        figure.value
        for result in compute(assets, picture).results()
        for figure in result.figures
        if (figure.stage, figure.criterion) == ("maintenance_and_sale", "gwp")
    )
    assert total == pytest.approx(math.fsum(quantity * 0.193 for quantity, _, _ in stated), rel=1e-9)


def test_what_is_read_of_activities_is_in_the_order_of_their_days() -> None:
    later = replace(activity("transport.car", 1.0, "km"), id=UUID(int=1), start=date(2026, 5, 1), end=date(2026, 5, 2))
    earlier = activity("transport.car", 2.0, "km")
    extras = read_activities([later, earlier], Organisation("acme"), {}, CATALOGUE, Places(()))
    assert [each.amount for each in extras if each.criterion == "gwp"] == [2.0, 1.0]
