"""The best plan: brute force agrees, limits are kept, what it says it avoids is what its whole state avoids."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import count, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios.catalogue import offers_by_id
from scenarios.domain.description import Refused
from scenarios.domain.estimate import AlternativeSpec, Electricity
from scenarios.domain.milp import Limits, Programme
from scenarios.domain.optimum import OptimumRequest, OptimumResult, run_optimum
from scenarios.domain.packages import Fees, Options, Package
from scenarios.domain.run import ComparisonRequest, run_comparison
from scenarios.domain.snapshot import Snapshot, SnapshotAsset
from scenarios.domain.study import StudyDefinition

from services.scenarios.tests.conftest import study

CATALOGUE = offers_by_id()
YEARS = 2
OFFERS = ("a", "b")

_euros = st.integers(-500, 1000).map(Decimal)


@st.composite
def _options(draw: st.DrawFn) -> Options:
    packages = []
    for group in ("g0", "g1", "g2")[: draw(st.integers(1, 3))]:
        packages.append(Package(group, (), 0, 0.0, 0.0, (Decimal(0),) * YEARS))
        for _ in range(draw(st.integers(0, 4))):
            names = draw(st.lists(st.sampled_from(OFFERS), min_size=1, unique=True))
            starts = tuple((name, draw(st.integers(0, YEARS - 1))) for name in names)
            extra = (draw(_euros), draw(_euros))
            kg = float(draw(st.integers(-200, 1000)))
            packages.append(Package(group, starts, draw(st.integers(1, 9)), 0.0, kg, extra))
    fees = {name: Fees(Decimal(draw(st.integers(0, 300))), Decimal(draw(st.integers(0, 100)))) for name in OFFERS}
    return Options(packages, fees, [])


def _plans(options: Options) -> Iterator[tuple[Sequence[Package], list[Decimal]]]:
    """Every plan with its cost by year: each offer begins when it is first needed."""
    groups: dict[str, list[Package]] = {}
    for package in options.packages:
        groups.setdefault(package.group, []).append(package)
    for plan in product(*groups.values()):
        begun: dict[str, int] = {}
        for package in plan:
            for offer, year in package.offers:
                begun[offer] = min(begun.get(offer, year), year)
        costs = [sum((package.extra_eur[year] for package in plan), Decimal(0)) for year in range(YEARS)]
        for offer, start in begun.items():
            fees = options.fees[offer].by_year(start, YEARS)
            costs = [cost + fee for cost, fee in zip(costs, fees, strict=True)]
        yield plan, costs


def _within(plan: Sequence[Package], costs: Sequence[Decimal], limits: Limits) -> bool:
    if limits.budget_eur is not None and sum(costs) > limits.budget_eur:
        return False
    if any(cost > budget for cost, budget in zip(costs, limits.budget_by_year_eur or costs, strict=True)):
        return False
    for offer, units in (limits.capacity or {}).items():
        for year in range(YEARS):
            if sum(package.units for package in plan if (offer, year) in package.offers) > units:
                return False
    return limits.target_kg is None or sum(package.avoided_kg for package in plan) >= limits.target_kg


@given(_options(), st.integers(-200, 2000), st.integers(-100, 1000), st.integers(0, 12))
@settings(max_examples=80, deadline=None)
def test_brute_force_finds_no_plan_that_avoids_more(options: Options, budget: int, yearly: int, units: int) -> None:
    limits = Limits(Decimal(budget), [Decimal(yearly)] * YEARS, None, {"a": units})
    possible = [plan for plan, costs in _plans(options) if _within(plan, costs, limits)]
    found = Programme(options, YEARS, range(YEARS)).solve(limits, 30)
    if not possible:
        assert found.status == "infeasible"
        return
    best = max(sum(package.avoided_kg for package in plan) for plan in possible)
    assert found.status == "optimal"
    assert found.gap == 0
    assert sum(package.avoided_kg for package in found.packages) == pytest.approx(best, abs=1e-6)


@given(_options(), st.integers(1, 2500))
@settings(max_examples=80, deadline=None)
def test_brute_force_finds_no_cheaper_plan_to_the_target(options: Options, target: int) -> None:
    limits = Limits(target_kg=float(target))
    possible = [sum(costs) for plan, costs in _plans(options) if _within(plan, costs, limits)]
    found = Programme(options, YEARS, range(YEARS)).solve(limits, 30)
    if not possible:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    spent = sum((sum(package.extra_eur, Decimal(0)) for package in found.packages), Decimal(0))
    spent += sum(
        (sum(options.fees[offer].by_year(start, YEARS), Decimal(0)) for offer, start in found.starts.items()),
        Decimal(0),
    )
    assert spent == pytest.approx(min(possible), abs=Decimal("0.001"))
    assert sum(package.avoided_kg for package in found.packages) >= target - 1e-6


def _asset(ref: str, kind: str, site: str, **fields: Any) -> SnapshotAsset:
    values = {
        "ref": ref,
        "kind": kind,
        "quantity": 4,
        "annual_kwh": 2200,
        "pue": 1.58,
        "embodied_kg": 1313.28,
        "life_years": 5,
        "age_years": 4,
        "opex_eur_per_year": "700.00",
        "price_eur": "9000.00",
        "site": site,
        "vcpu": 32,
        "ram_gib": 128,
        "electricity": None,
        "evidence": {},
        "tags": {},
    }
    return SnapshotAsset.model_validate(values | fields)


SNAPSHOT = Snapshot(
    assets=[
        _asset("a", "server", "nanterre-1"),
        _asset("b", "server", "lyon-1", pue=1.3, age_years=1),
        _asset("c", "laptop", "nanterre-1", annual_kwh=30, embodied_kg=181, life_years=4, price_eur="900.00", pue=1),
    ],
    left_out=[],
    factors=[],
)


def _definition() -> StudyDefinition:
    reference = {
        "description": "All is renewed at the end of its life",
        "actions": [
            {"lever": "renew", "on": ["a", "c"], "year": 1, "with": {"annual_kwh_ratio": 0.7, "price_ratio": 1}},
        ],
    }
    confirmed = ["software_supported", "spare_parts", "eligible_use", "needs_determined", "business_teams_aboard"]
    return StudyDefinition.model_validate(
        study(scope={}, reference=reference, electricity={"gwp": 0.0569}, confirmed=confirmed, years=4)
    )


def _optimum(**request: Any) -> OptimumResult:
    definition, options = _definition(), OptimumRequest.model_validate({"start_years": [0, 1]} | request)
    return run_optimum(definition, SNAPSHOT, CATALOGUE, options, lambda done, total: None, lambda: 0.0)


def test_what_the_plan_says_is_what_its_whole_state_avoids_and_costs() -> None:
    result = _optimum(budget_eur="40000.00")
    assert result.optimum.status == "optimal"
    assert result.optimum.actions
    run = run_comparison(
        _definition(), [result.alternative], SNAPSHOT, CATALOGUE, ComparisonRequest(), lambda done, total: None
    )
    [alternative] = run.alternatives
    assert alternative.avoided.total_kg == pytest.approx(result.optimum.avoided_kg, rel=1e-9)
    assert alternative.avoided.eer_kg == pytest.approx(result.optimum.eer_kg, rel=1e-9, abs=1e-6)
    assert alternative.cost_eur - run.reference.cost_eur == result.optimum.extra_eur
    assert result.optimum.extra_eur <= 40000


def test_a_larger_budget_never_avoids_less() -> None:
    found = [
        _optimum(budget_eur=budget, together=1).optimum.avoided_kg for budget in ("-20000", "0", "20000", "200000")
    ]
    assert found == sorted(found)


def test_the_cheapest_plan_to_a_target_reaches_it_and_costs_no_more_than_the_plan_that_avoids_most() -> None:
    most = _optimum(budget_eur="1000000").optimum
    cheapest = _optimum(target_kg=most.avoided_kg / 2).optimum
    assert cheapest.avoided_kg >= most.avoided_kg / 2
    assert cheapest.extra_eur <= most.extra_eur


def test_a_target_out_of_reach_is_said_to_be() -> None:
    result = _optimum(target_kg=1e9)
    assert result.optimum.status == "infeasible"
    assert result.optimum.gap is None
    assert result.optimum.actions == []


def test_every_offer_not_taken_has_its_reason() -> None:
    optimum = _optimum(budget_eur="1000.00").optimum
    taken = {(action.offer, action.group) for action in optimum.actions}
    told = {(each.offer, each.group): each.reason for each in optimum.not_chosen}
    groups = {"server · nanterre-1", "server · lyon-1", "laptop · nanterre-1"}
    assert taken | told.keys() == {(offer, group) for offer in CATALOGUE for group in groups}
    assert not taken & told.keys()
    assert "perpetual_licences" in told["flexcarbon-for-virtualisation", "server · lyon-1"]
    assert told["low-carbon-strategy", "server · lyon-1"] == "it changes nothing by itself"
    assert told["low-carbon-master-plan", "server · lyon-1"].startswith("Low-carbon IT master plan needs: a sponsor")
    assert "no asset is one that" in told["cloud-like", "laptop · nanterre-1"]
    assert "avoids more here" in told["application-eco-optimisation", "server · nanterre-1"]


def test_an_offer_beyond_the_budget_says_by_how_much() -> None:
    optimum = _optimum(budget_eur="100000.00", offers=["application-eco-optimisation"]).optimum
    assert optimum.actions == []
    # Four years at 78,000 €, beside a budget of 100,000; right-sizing servers saves no money here.
    assert {each.reason for each in optimum.not_chosen if each.group.startswith("server")} == {
        "instead of nothing it would exceed the budget by 212000.00 €"
    }


def test_offers_that_exclude_each_other_never_stand_on_one_group() -> None:
    optimum = _optimum(budget_eur="1000000", together=2).optimum
    for group in {action.group for action in optimum.actions}:
        taken = {action.offer for action in optimum.actions if action.group == group}
        for offer in taken:
            assert not taken & set(CATALOGUE[offer].excludes)


def test_an_offer_that_changes_nothing_on_a_group_is_not_planned_there() -> None:
    network = Snapshot(assets=[_asset("n", "network", "nanterre-1")], left_out=[], factors=[])
    definition = _definition().model_copy(
        update={
            "confirmed": ["executive_sponsor"],
            "reference": _definition().reference.model_copy(update={"actions": []}),
        }
    )
    request = OptimumRequest.model_validate({"budget_eur": "1000000", "offers": ["low-carbon-master-plan"]})
    found = run_optimum(definition, network, CATALOGUE, request, lambda done, total: None, lambda: 0.0).optimum
    assert [each.reason for each in found.not_chosen] == ["it changes nothing here"]


def test_the_abatement_curve_goes_from_cheap_to_dear_and_holds_nothing_that_avoids_nothing() -> None:
    curve = _optimum(budget_eur="0").optimum.abatement_curve
    prices = [point.eur_per_tonne for point in curve]
    assert prices == sorted(prices)
    assert all(point.avoided_kg > 0 for point in curve)
    assert curve[-1].cumulated_kg == pytest.approx(sum(point.avoided_kg for point in curve))


def test_all_steps_of_the_abatement_curve_can_be_had_together() -> None:
    """One offer stands on each group, and all of them avoid what the curve has added up, for what its steps have cost."""
    optimum = _optimum(budget_eur="0").optimum
    standing = {point.group: point for point in optimum.abatement_curve}
    uses = [
        {"offer": point.offer, "year": point.year, "on": {"kinds": [kind], "sites": [site]}}
        for group, point in standing.items()
        for kind, site in [group.split(" · ")]
    ]
    together = AlternativeSpec.model_validate({"name": "curve", "offers": uses})
    run = run_comparison(_definition(), [together], SNAPSHOT, CATALOGUE, ComparisonRequest(), lambda done, total: None)
    assert run.alternatives[0].avoided.total_kg == pytest.approx(optimum.abatement_curve[-1].cumulated_kg)
    alone = {(each.offer, each.group): each.extra_eur for each in optimum.offers_alone}
    steps = sum(point.extra_eur for point in optimum.abatement_curve)
    assert steps == pytest.approx(
        sum(alone[point.offer, point.group] for point in standing.values()), abs=Decimal("0.05")
    )
    assert any(point.instead_of is not None for point in optimum.abatement_curve)


def test_an_offer_that_emits_more_is_shown_negative_beside_the_others() -> None:
    coal = _definition().model_copy(update={"electricity": Electricity(gwp=5.0)})
    request = OptimumRequest.model_validate({"budget_eur": "0", "offers": ["long-life-support"]})
    found = run_optimum(coal, SNAPSHOT, CATALOGUE, request, lambda done, total: None, lambda: 0.0).optimum
    kept = next(each for each in found.offers_alone if each.group == "server · nanterre-1")
    assert kept.avoided_kg < 0
    assert kept.eur_per_tonne is None
    assert found.abatement_curve == []
    assert found.actions == []


def test_when_the_time_is_up_the_plan_says_that_it_is_not_proven_and_how_far_it_may_be_from_the_best() -> None:
    asked = count()

    def timer() -> float:
        """A second passes with each look at the clock."""
        return float(next(asked))

    request = OptimumRequest.model_validate({"budget_eur": "1000000", "time_limit_s": 60, "start_years": [0, 1]})
    found = run_optimum(_definition(), SNAPSHOT, CATALOGUE, request, lambda done, total: None, timer).optimum
    best = _optimum(budget_eur="1000000").optimum
    assert found.status == "time_limit"
    assert found.packages_left_out > 0
    assert found.packages_compared + found.packages_left_out >= best.packages_compared
    assert found.gap is not None
    assert found.avoided_kg * (1 + found.gap) >= best.avoided_kg
    assert best.packages_left_out == best.gap == 0


def test_a_year_beyond_the_horizon_and_an_unknown_offer_are_refused() -> None:
    with pytest.raises(Refused, match="not before the horizon"):
        _optimum(budget_eur="0", start_years=[4])
    with pytest.raises(Refused, match="not an offer"):
        _optimum(budget_eur="0", offers=["perpetual-motion"])


def test_neither_budget_nor_target_is_refused() -> None:
    with pytest.raises(ValueError, match="give a budget"):
        OptimumRequest()
