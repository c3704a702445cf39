"""Where something was done: with an asset that moves, on a host, at a public cloud, in another's room."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from footprint.domain.activities import home_asset, home_of
from footprint.domain.catalogue import Catalogue
from footprint.domain.engine import World, compute
from footprint.domain.inventory import (
    Activity,
    Asset,
    Cloud,
    Contract,
    Operator,
    Organisation,
    Placement,
    Segment,
    Site,
    Status,
)
from footprint.domain.notices import Notice
from footprint.domain.places import NOWHERE, Place, read_places
from footprint.domain.results import AssetMonth

from .factors import RECORDS
from .makers import CLOUDS, SITE, at, machine, server, world
from .test_activities import activity, factor
from .test_explanation import check

MARCH = 2026 * 12 + 2
AFTER = 1_292_400 / 2_674_800
"""The part of March 2026 from the 17th on, in real seconds."""
GREEN = replace(SITE, guarantee_share=1.0)
PARTLY = replace(SITE, id=UUID(int=2), code="lille", guarantee_share=0.4, residual_kg_per_kwh=0.3)
WARSAW = replace(SITE, id=UUID(int=3), code="warsaw", region="PL")
CATALOGUE = Catalogue(
    [
        *RECORDS,
        factor("electricity.residual_mix", 0.0407, "kgCO2e/kWh", "FR"),
        factor("electricity.residual_mix", 0.8, "kgCO2e/kWh", "PL"),
        factor("maintenance.it_hardware", 0.4, "kgCO2e/EUR"),
        factor("maintenance.it_hardware", 0.9, "kgCO2e/EUR", "PL"),
        factor("refrigerant.r410a", 2255.5, "kgCO2e/kg", gwp_set="AR6"),
    ]
)


def drawn(asset: Asset, **fields: Any) -> Activity:
    """A megawatt-hour that was drawn for an asset in March 2026."""
    days = {"start": date(2026, 3, 1), "end": date(2026, 4, 1)}
    return activity("electricity", 1.0, "MWh", "other", asset=asset.id, **(days | fields))


def seen(
    *activities: Activity, hosts: tuple[Asset, ...] = (), stays: tuple[Placement, ...] = (), **fields: Any
) -> World:
    """A world in which these activities are known."""
    sites = fields.pop("sites", (GREEN, PARTLY, WARSAW))
    picture = world(*stays, sites=sites, catalogue=fields.pop("catalogue", CATALOGUE), hosts=hosts, **fields)
    homes: dict[UUID, list[Activity]] = {}
    for each in activities:
        homes.setdefault(home_of(each), []).append(each)
    return replace(picture, activities=homes)


def told(asset: Asset, picture: World, month: int = MARCH) -> AssetMonth:
    """What a month comes to."""
    return next(each for each in compute([asset], picture).results() if each.month == month)


def used(result: AssetMonth, basis: str) -> dict[UUID | None, float]:
    """The electricity of a month on a basis, by site."""
    found: dict[UUID | None, float] = {}
    for each in result.figures:
        if (each.stage, each.criterion, each.basis) == ("use", "gwp", basis):
            found[each.site] = found.get(each.site, 0.0) + each.value
    return found


def moving(first: Site, second: Site, **fields: Any) -> Asset:
    """A server that draws nothing and moves on 17 March."""
    before = Segment(at(2026), at(2026, 3, 17), Status.IN_SERVICE, first.id)
    after = Segment(at(2026, 3, 17), None, Status.IN_SERVICE, second.id)
    return server(segments=(before, after), annual_kwh=0.0, **fields)


def test_electricity_of_an_activity_is_bought_day_by_day_under_the_contract_of_where_its_asset_stood() -> None:
    asset = moving(GREEN, PARTLY)
    picture = seen(drawn(asset))
    assert used(told(asset, picture), "market") == {
        GREEN.id: 0.0,
        PARTLY.id: pytest.approx(1000 * AFTER * 0.6 * 0.3, rel=1e-12),
    }
    assert used(told(asset, picture), "market")[PARTLY.id] == pytest.approx(86.97, abs=0.005)
    assert sum(used(told(asset, picture), "location").values()) == pytest.approx(44.2, rel=1e-12)
    assert check(asset, picture) > 20
    dated = replace(PARTLY, contracts=(Contract(1.0, None, None, date(2026, 3, 20)),))
    later = told(asset, seen(drawn(asset), sites=(GREEN, dated)))
    seconds = (at(2026, 4) - at(2026, 3, 20)) / (at(2026, 4) - at(2026, 3))
    assert used(later, "market")[PARTLY.id] == pytest.approx(1000 * seconds * 0.6 * 0.3, rel=1e-12)


def test_a_move_abroad_changes_the_contract_and_its_residual_mix_and_not_the_factor_of_the_country() -> None:
    asset = moving(replace(SITE), WARSAW)
    result = told(asset, seen(drawn(asset), sites=(SITE, WARSAW)))
    assert sum(used(result, "location").values()) == pytest.approx(44.2, rel=1e-12)
    assert used(result, "market")[WARSAW.id] == pytest.approx(1000 * AFTER * 0.8, rel=1e-12)
    named = told(asset, seen(drawn(asset, country="FR"), sites=(SITE, WARSAW)))
    assert used(named, "market")[WARSAW.id] == pytest.approx(1000 * AFTER * 0.0407, rel=1e-12)
    assert told(asset, seen(drawn(asset, site=PARTLY.id))).kwh == pytest.approx(1000.0)


@pytest.mark.parametrize("with_vcpus", [True, False])
def test_an_activity_of_a_machine_took_place_where_its_host_stood(with_vcpus: bool) -> None:
    host = moving(GREEN, PARTLY)
    guest, stay = machine(200, host, 2.0, at(2026, 2))
    if not with_vcpus:
        guest = replace(guest, segments=tuple(replace(each, vcpu=None) for each in guest.segments))
    picture = seen(drawn(guest), hosts=(host,), stays=(stay,) if with_vcpus else ())
    result, of_host = told(guest, picture), told(host, seen(drawn(host)))
    assert not result.notices & Notice.NO_ACTIVITY_FACTOR
    for basis in ("location", "market"):
        assert used(result, basis) == pytest.approx(used(of_host, basis), rel=1e-12)
    assert {each.kwh for each in result.figures if each.basis == "market"} == {
        each.kwh for each in result.figures if each.basis == "location"
    }
    assert check(guest, picture) >= 4
    assert list(compute([guest], picture, at(2026, 3)).results()) == [
        each for each in compute([guest], picture).results() if each.month >= MARCH
    ]


def test_what_is_done_of_a_machine_that_is_not_there_took_place_where_it_came_first_or_was_last() -> None:
    host = moving(SITE, WARSAW)
    guest, stay = machine(200, host, 2.0, at(2026, 2), at(2026, 3, 10))
    before = drawn(guest, start=date(2026, 1, 1), end=date(2026, 2, 1))
    after = replace(drawn(guest, start=date(2026, 6, 1), end=date(2026, 7, 1)), id=UUID(int=10))
    picture = seen(before, after, hosts=(host,), stays=(stay,), sites=(SITE, WARSAW))
    for month in (MARCH - 2, MARCH + 3):
        result = told(guest, picture, month)
        assert used(result, "location") == {SITE.id: pytest.approx(44.2, rel=1e-12)}
        assert result.site == SITE.id
    assert check(guest, picture) > 4


def at_a_cloud(region: str | None = "eu-west-3", **fields: Any) -> Asset:
    """A machine at a public cloud since January."""
    segment = Segment(at(2026), None, Status.IN_SERVICE, vcpu=2.0, cloud=Cloud("aws", None, region), **fields)
    return server(300, segments=(segment,), kind="virtual_machine", annual_kwh=0.0, planned_life_years=None)


CLOUDY = CLOUDS.with_own([factor("electricity.residual_mix", 0.0407, "kgCO2e/kWh", "FR")])


def test_an_activity_of_a_cloud_machine_took_place_in_its_region_whatever_site_counts_it() -> None:
    for asset, sites in ((at_a_cloud(), (None,)), (at_a_cloud(site=GREEN.id), (GREEN.id,))):
        picture = seen(drawn(asset), catalogue=CLOUDY)
        result = told(asset, picture)
        assert used(result, "location") == dict.fromkeys(sites, pytest.approx(44.2, rel=1e-12))
        assert used(result, "market") == dict.fromkeys(sites, pytest.approx(40.7, rel=1e-12)), "no contract of the site"
        assert {each.ghg_category for each in result.figures if each.stage == "use"} == {"3.1"}
        assert check(asset, picture) > 4
    unknown = told(at_a_cloud("mars-north-1"), seen(drawn(at_a_cloud()), catalogue=CLOUDY))
    assert unknown.notices & Notice.NO_ACTIVITY_FACTOR


def test_a_machine_that_moves_to_a_cloud_leaves_the_contract_of_its_host_that_day() -> None:
    host = server(100, capacity=8.0, annual_kwh=0.0)
    guest, stay = machine(200, host, 2.0, at(2026))
    (on_host,) = guest.segments
    moved = replace(on_host, start=at(2026, 3, 17), host=None, cloud=Cloud("aws", None, "eu-west-3"))
    guest = replace(guest, annual_kwh=0.0, segments=(replace(on_host, end=at(2026, 3, 17)), moved))
    picture = seen(
        drawn(guest), hosts=(host,), stays=(replace(stay, end=at(2026, 3, 17)),), catalogue=CLOUDY, sites=(GREEN,)
    )
    result = told(guest, picture)
    assert used(result, "market") == {GREEN.id: 0.0, None: pytest.approx(1000 * AFTER * 0.0407, rel=1e-12)}
    assert sum(used(result, "location").values()) == pytest.approx(44.2, rel=1e-12)
    lines = {(each.site, each.ghg_category) for each in result.figures if each.stage == "use"}
    assert lines == {(GREEN.id, "2"), (None, "3.1")}
    assert check(guest, picture) > 4


def test_what_is_done_of_a_machine_on_anothers_host_is_a_bought_service() -> None:
    host = server(100, capacity=8.0, org="provider")
    guest, stay = machine(200, host, 2.0, at(2026))
    result = told(guest, seen(drawn(guest), hosts=(host,), stays=(stay,)))
    assert {(each.scope, each.beges_item) for each in result.figures} == {(3, "4.5")}
    assert used(result, "market")[GREEN.id] == 0.0


def test_support_of_a_machine_is_weighed_where_its_host_stands() -> None:
    host = moving(SITE, WARSAW)
    guest, stay = machine(200, host, 2.0, at(2026))
    paid = replace(guest, support_eur_per_year=365.0)
    picture = seen(hosts=(host,), stays=(stay,), sites=(SITE, WARSAW))
    months = {
        month: {each.site: each.value for each in told(paid, picture, month).figures if each.stage.startswith("main")}
        for month in (MARCH - 1, MARCH + 1)
    }
    assert months == {
        MARCH - 1: {SITE.id: pytest.approx(28 * 0.4, rel=1e-12)},
        MARCH + 1: {WARSAW.id: pytest.approx(30 * 0.9, rel=1e-12)},
    }
    assert check(paid, picture) > 12


@pytest.mark.parametrize(("role", "line"), [("provider", (1, "1.4")), ("customer", (3, "4.5"))])
def test_what_the_provider_runs_is_its_own_of_the_provider_and_a_service_of_its_customers(
    role: str, line: tuple[int, str]
) -> None:
    run = replace(SITE, operator=Operator.PROVIDER)
    leak = activity("refrigerant.r410a", 2.0, "kg", "refrigerant_leak", site=SITE.id)
    picture = seen(leak, sites=(run,), organisations=(Organisation("acme", role),))
    home = home_asset(SITE.id, [leak], "Europe/Paris")
    (result,) = compute([home], picture).results()
    assert {(each.scope, each.beges_item) for each in result.figures} == {line}
    bought = activity("electricity", 1.0, "MWh", "other", site=SITE.id)
    (result,) = compute([home], replace(picture, activities={SITE.id: [bought]})).results()
    assert {each.scope for each in result.figures} == ({2} if role == "provider" else {3})


def test_places_of_an_asset_are_where_it_says_and_else_where_it_was_last() -> None:
    host = moving(SITE, WARSAW)
    guest, _ = machine(200, host, 2.0, at(2026, 2))
    sites, hosts = {SITE.id: SITE, WARSAW.id: WARSAW}, {host.id: host}
    places = read_places(guest, sites, hosts)
    assert [places.at(at(2026, month)) for month in (1, 3, 4)] == [
        Place(SITE, "FR"), Place(SITE, "FR"), Place(WARSAW, "PL"),
    ]  # fmt: skip
    assert places.moves(at(2026), at(2027)) == (at(2026, 2), at(2026, 3, 17))
    assert read_places(guest, sites, {}).at(at(2026, 3)) == NOWHERE
    nested = replace(guest, kind="virtual_machine", segments=(replace(guest.segments[0], host=guest.id),))
    assert read_places(nested, sites, {guest.id: guest}).at(at(2026, 3)) == NOWHERE
    gone = replace(guest.segments[0], end=None, status=Status.RETIRED, start=at(2026, 3, 10))
    left = replace(guest, segments=(replace(guest.segments[0], end=at(2026, 3, 10)), gone))
    assert read_places(left, sites, hosts).at(at(2026, 6)) == Place(SITE, "FR"), "what left stays where its host was"
