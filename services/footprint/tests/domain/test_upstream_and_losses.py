"""Upstream of the electricity and losses of the grid: scope 3.3 (BEGES 4.1) beside scope 2, by hand, and never counted twice.

A server of 400 W runs all January 2026: 744 h × 0.4 kW = 297.6 kWh at the device, × 1.5 PUE = 446.4 kWh at the meter.
"""

import math
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from footprint.domain.activities import home_asset, home_of
from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.engine import compute
from footprint.domain.estimates import Period, estimate
from footprint.domain.explanation import explain
from footprint.domain.inventory import Activity, Claim, Contract, Operator, Organisation, Segment, Site, Status
from footprint.domain.notices import Notice
from footprint.domain.results import AssetMonth, Figure
from footprint.domain.sums import billionths
from footprint.domain.uncertainty import ln_product

from tests.support.formulas import value_of

from .factors import CATALOGUE, LOSSES_ALONE, RECORDS, SPLIT, grid
from .makers import PARIS, SITE, at, machine, server, world
from .test_explanation import check

DEVICE_KWH, METER_KWH = 297.6, 446.4
JANUARY = 2026 * 12
KG = {"direct": 0.02, "upstream": 0.015, "losses": 0.004}
OF_GRID = (
    Notice.UPSTREAM_INSIDE
    | Notice.NO_UPSTREAM
    | Notice.NO_LOSSES
    | Notice.GRID_YEARS_DIFFER
    | Notice.EARLIER_YEAR_FACTOR
)


def january(catalogue: Catalogue, *, site: Site = SITE, role: str = "customer") -> AssetMonth:
    """The month of a server at a site."""
    seen = world(sites=(site,), catalogue=catalogue, organisations=(Organisation("acme", role),))
    return next(compute([server(site=site)], seen).results())


def use(result: AssetMonth) -> dict[tuple[str, int, str, str], float]:
    """Its figures of the use, by basis and line."""
    return {
        (each.basis, each.scope, each.ghg_category, each.beges_item): each.value
        for each in result.figures
        if each.stage == "use" and each.criterion == "gwp"
    }


def said(result: AssetMonth) -> Notice:
    """What is said of its electricity."""
    return Notice(result.notices) & OF_GRID


def own(factor: Factor, value: float) -> Factor:
    """An organisation's own factor in the place of a public one."""
    return replace(factor, id=f"acme/{factor.id}", value=value, own=True)


def test_a_direct_factor_leaves_upstream_and_losses_to_a_line_of_their_own() -> None:
    found = january(SPLIT)
    assert use(found) == {
        ("location", 2, "2", "2.1"): pytest.approx(METER_KWH * 0.02, rel=1e-12),
        ("both", 3, "3.3", "4.1"): pytest.approx(METER_KWH * (0.015 + 0.004), rel=1e-12),
    }
    assert said(found) == Notice(0)
    assert [each.id for each in found.references if "electricity" in each.id] == [
        f"electricity-fr-2026-{name}" for name in sorted(KG)
    ]


def test_a_life_cycle_factor_keeps_its_upstream_and_losses_alone_are_added() -> None:
    """With an upstream factor beside a production factor, that of the production is inside already: 446.4 × (0.0442 + 0.004)."""
    for catalogue in (LOSSES_ALONE, Catalogue([*RECORDS, grid("FR", 0.0442, 2026), *parts("upstream", "losses")])):
        found = january(catalogue)
        assert use(found) == {
            ("location", 2, "2", "2.1"): pytest.approx(METER_KWH * 0.0442, rel=1e-12),
            ("both", 3, "3.3", "4.1"): pytest.approx(METER_KWH * 0.004, rel=1e-12),
        }
        assert said(found) == Notice.UPSTREAM_INSIDE
        assert "electricity-fr-2026-upstream" not in {each.id for each in found.references}


def parts(*perimeters: str, region: str = "FR", year: int = 2026) -> list[Factor]:
    """The factors of some perimeters."""
    return [grid(region, KG[each], year, each) for each in perimeters]


def test_without_such_factors_there_is_no_line_and_what_lacks_is_said() -> None:
    found = january(CATALOGUE)
    assert use(found) == {("location", 2, "2", "2.1"): pytest.approx(METER_KWH * 0.0442, rel=1e-12)}
    assert said(found) == Notice.UPSTREAM_INSIDE | Notice.NO_LOSSES | Notice.EARLIER_YEAR_FACTOR


@pytest.mark.parametrize(
    ("known", "kg_per_kwh", "lacks"),
    [
        (["upstream"], 0.015, Notice.NO_LOSSES),
        (["losses"], 0.004, Notice.NO_UPSTREAM),
        ([], None, Notice.NO_UPSTREAM | Notice.NO_LOSSES),
    ],
)
def test_of_upstream_and_losses_whichever_is_known_is_counted_and_the_other_is_said(
    known: list[str], kg_per_kwh: float | None, lacks: Notice
) -> None:
    found = january(Catalogue([*RECORDS, *parts("direct", *known)]))
    beside = use(found).get(("both", 3, "3.3", "4.1"))
    assert beside == (None if kg_per_kwh is None else pytest.approx(METER_KWH * kg_per_kwh, rel=1e-12))
    assert said(found) == lacks


def test_of_own_kit_in_anothers_room_the_device_is_the_customers_and_the_room_the_hosts() -> None:
    found = use(january(SPLIT, site=replace(SITE, operator=Operator.HOSTED)))
    assert found == {
        ("location", 2, "2", "2.1"): pytest.approx(DEVICE_KWH * 0.02, rel=1e-12),
        ("location", 3, "3.1", "4.5"): pytest.approx((METER_KWH - DEVICE_KWH) * 0.02, rel=1e-12),
        ("both", 3, "3.3", "4.1"): pytest.approx(DEVICE_KWH * 0.019, rel=1e-12),
        ("both", 3, "3.1", "4.5"): pytest.approx((METER_KWH - DEVICE_KWH) * 0.019, rel=1e-12),
    }


def test_at_a_provider_all_of_it_is_a_bought_service_for_the_customer_and_its_own_electricity_for_the_provider() -> (
    None
):
    site = replace(SITE, operator=Operator.PROVIDER)
    bought = use(january(SPLIT, site=site))
    assert set(bought) == {("location", 3, "3.1", "4.5"), ("both", 3, "3.1", "4.5")}
    assert sum(bought.values()) == pytest.approx(METER_KWH * 0.039, rel=1e-12)
    assert set(use(january(SPLIT, site=site, role="provider"))) == {
        ("location", 2, "2", "2.1"),
        ("both", 3, "3.3", "4.1"),
    }


@pytest.mark.parametrize(("share", "residual", "market"), [(1.0, None, 0.0), (0.25, 0.06, 0.75 * 0.06)])
def test_contracts_change_scope_2_and_neither_upstream_nor_losses(
    share: float, residual: float | None, market: float
) -> None:
    """Guarantees of origin say which generation is meant, not how much the grid loses: the market-based total has the grid's own beside."""
    found = use(january(SPLIT, site=replace(SITE, contracts=(Contract(share, residual),))))
    assert found["market", 2, "2", "2.1"] == pytest.approx(METER_KWH * market, rel=1e-12)
    assert found["both", 3, "3.3", "4.1"] == pytest.approx(METER_KWH * 0.019, rel=1e-12)


def test_the_nearer_year_goes_before_the_split_and_an_own_factor_before_the_public_one_of_that_year() -> None:
    old = parts("direct", "upstream", "losses", year=2023)
    newer = Catalogue([*RECORDS, *old]).electricity("FR", date(2026, 1, 1))
    assert newer is not None
    assert (newer.used.factor.value, newer.upstream) == (0.0442, None)
    assert newer.losses is not None
    assert newer.losses.years_back == 3
    assert newer.notices == Notice.EARLIER_YEAR_FACTOR | Notice.GRID_YEARS_DIFFER | Notice.UPSTREAM_INSIDE
    same = Catalogue([*RECORDS, *parts("direct", "upstream", "losses", year=2024)]).electricity("FR", date(2026, 1, 1))
    assert same is not None
    assert (same.direct, same.notices) == (True, Notice.EARLIER_YEAR_FACTOR)
    production = own(grid("FR", 0.0442, 2024), 0.03)
    theirs = Catalogue([*RECORDS, *parts("direct", "upstream", "losses", year=2024), production])
    kept = theirs.electricity("FR", date(2026, 1, 1))
    assert kept is not None
    assert (kept.used.factor.value, kept.upstream) == (0.03, None)
    of_their_own = Catalogue([*RECORDS, *parts("upstream", year=2024), own(grid("FR", 0, 2024, "direct"), 0.01)])
    split = of_their_own.electricity("FR", date(2026, 1, 1))
    assert split is not None
    assert (split.used.factor.value, [each.factor.value for each in split.beside]) == (0.01, [0.015])


def test_a_split_that_ended_more_than_five_years_ago_is_no_split() -> None:
    found = Catalogue(parts("direct", "upstream", "losses", year=2020)).electricity("FR", date(2026, 1, 1))
    assert found is None
    losses_too_old = Catalogue([*RECORDS, *parts("losses", year=2020)]).electricity("FR", date(2026, 1, 1))
    assert losses_too_old is not None
    assert losses_too_old.beside == ()


def test_perimeters_of_one_region_are_never_lent_to_another() -> None:
    found = january(SPLIT, site=replace(SITE, region="PL"))
    assert set(use(found)) == {("location", 2, "2", "2.1")}


def test_a_factor_of_the_region_goes_before_the_split_of_its_country_whose_losses_stand_in_and_are_said() -> None:
    brittany = Catalogue([*RECORDS, grid("FR-BRE", 0.05, 2026), *parts("direct", "upstream", "losses")])
    found = brittany.electricity("FR-BRE", date(2026, 3, 1))
    assert found is not None
    assert [each.value for each in found.factors] == [0.05, 0.004]
    assert found.notices == Notice.UPSTREAM_INSIDE | Notice.COUNTRY_FACTOR
    elsewhere = brittany.electricity("FR-NOR", date(2026, 3, 1))
    assert elsewhere is not None
    assert [each.value for each in elsewhere.factors] == [0.02, 0.015, 0.004]
    assert elsewhere.notices == Notice.COUNTRY_FACTOR


def test_what_is_off_draws_nothing_and_lost_nothing() -> None:
    asset = server(annual_kwh=0.0)
    found = use(next(compute([asset], world(catalogue=SPLIT)).results()))
    assert found == {("location", 2, "2", "2.1"): 0.0, ("both", 3, "3.3", "4.1"): 0.0}


def test_what_is_off_where_no_losses_are_known_has_no_line_of_them_whatever_is_computed_with_it() -> None:
    warsaw = replace(SITE, id=UUID(int=2), code="warsaw", region="PL")
    off = server(101, site=warsaw, segments=(Segment(at(2026), None, Status.OFF, warsaw.id),))
    results = compute([server(100), off], world(sites=(SITE, warsaw), catalogue=SPLIT)).results()
    (found,) = [each for each in results if (each.asset.id, each.month) == (off.id, JANUARY)]
    assert use(found) == {("location", 2, "2", "2.1"): 0.0, ("market", 2, "2", "2.1"): 0.0}


def test_each_factor_is_a_variable_of_its_own_and_the_sum_has_the_heavier_ones() -> None:
    rough = replace(grid("FR", 0.015, 2026, "upstream"), gsd2=1.5)
    fine = replace(grid("FR", 0.004, 2026, "losses"), gsd2=1.1)
    found = january(Catalogue([*RECORDS, *parts("direct"), rough, fine]))
    of_use = {each.basis: each for each in found.figures if each.stage == "use"}
    assert of_use["location"].factor == "electricity-fr-2026-direct"
    assert of_use["both"].factor == "electricity-fr-2026-upstream"
    ln = (0.015 * math.log(1.5) + 0.004 * math.log(1.1)) / 0.019
    assert of_use["both"].factor_ln_gsd2 == pytest.approx(ln, rel=1e-12)
    assert of_use["both"].ln_gsd2 == pytest.approx(ln_product(ln, of_use["both"].source_ln_gsd2), rel=1e-12)


@pytest.mark.parametrize("catalogue", [SPLIT, LOSSES_ALONE, Catalogue([*RECORDS, *parts("direct", "upstream")])])
@pytest.mark.parametrize("operator", Operator)
def test_the_trace_gives_the_new_line_back_bit_for_bit(catalogue: Catalogue, operator: Operator) -> None:
    site = replace(SITE, operator=operator, guarantee_share=0.3)
    asset = server(site=site, quantity=3.0, annual_kwh=1760.3)
    assert check(asset, world(sites=(site,), catalogue=catalogue)) > 20
    host = server(capacity=24.0, annual_kwh=5000.1, site=site)
    guest, stay = machine(200, host, 7.0, at(2026, 1, 5), at(2026, 7, 19))
    assert check(guest, world(stay, sites=(site,), hosts=(host,), catalogue=catalogue)) > 14


def test_a_formula_says_what_is_upstream_and_what_was_lost() -> None:
    explanation = explain(server(), JANUARY, world(catalogue=SPLIT))
    assert explanation is not None
    (beside,) = [each for each in explanation.figures if (each["stage"], each["basis"]) == ("use", "both")]
    (line,) = beside["lines"]
    assert line["formula"] == "1.0 × 400.0 W × 1.0 × 744.0 h ÷ 1000.0 × 1.5 PUE × (0.015 kg + 0.004 kg)"
    assert (beside["scope"], beside["ghg_category"], beside["beges_item"]) == (3, "3.3", "4.1")


def test_applications_share_the_new_line_to_the_last_billionth() -> None:
    host = server(capacity=16.0)
    guest, stay = machine(200, host, 4.0, at(2026))
    claims = [Claim(UUID(int=number), at(2026), None, weight) for number, weight in ((1, 1.0), (2, 2.0), (3, 4.0))]
    seen = replace(world(stay, hosts=(host,), catalogue=SPLIT), claims={guest.id: claims})
    found = next(compute([guest], seen).results())
    used: dict[Figure, int] = {}
    for each in found.claimed:
        used[each.figure] = used.get(each.figure, 0) + each.billionths
    assert used == {each: billionths(each.value) for each in found.figures}
    assert ("use", "both") in {(each.stage, each.basis) for each in used}


@pytest.mark.parametrize(
    ("operator", "line"), [(Operator.OWN, ("both", 3, "3.3", "4.1")), (Operator.PROVIDER, ("both", 3, "3.1", "4.5"))]
)
def test_electricity_bought_as_an_activity_is_split_alike(operator: Operator, line: tuple[str, int, str, str]) -> None:
    site = replace(SITE, operator=operator)
    bought = Activity(
        UUID(int=9), "acme", "other", "electricity", date(2026, 1, 1), date(2026, 2, 1), 2.0, "MWh", site=site.id
    )
    seen = replace(world(sites=(site,), catalogue=SPLIT), activities={home_of(bought): [bought]})
    home = home_asset(home_of(bought), [bought], PARIS)
    found = next(compute([home], seen).results())
    assert use(found)[line] == pytest.approx(2000 * 0.019, rel=1e-12)
    assert sum(use(found).values()) == pytest.approx(2000 * 0.039, rel=1e-12)
    assert check(home, seen) == 3


def test_an_estimate_weighs_upstream_and_losses_too_and_its_trace_adds_up() -> None:
    item: dict[str, Any] = {"kind": "server", "country": "FR", "energy": {"average_w": 400.0}, "pue": 1.5}
    period = Period.between(date(2026, 1, 1), date(2026, 2, 1))
    found = estimate(item, period, ["gwp"], SPLIT)
    assert found["stages"]["use"]["gwp"]["value"] == pytest.approx(METER_KWH * 0.039, rel=1e-12)
    itself, beside = (
        value_of(next(line for line in found["trace"] if line.startswith(start)).partition(": ")[2].partition(" = ")[0])
        for start in ("use gwp", "upstream and losses gwp")
    )
    assert itself + beside == found["stages"]["use"]["gwp"]["value"]
    assert {each["id"] for each in found["factors"]} >= {f"electricity-fr-2026-{name}" for name in KG}
    given = estimate(item | {"electricity": {"gwp": 0.05}}, period, ["gwp"], SPLIT)
    assert given["stages"]["use"]["gwp"]["value"] == pytest.approx(METER_KWH * 0.05, rel=1e-12)
