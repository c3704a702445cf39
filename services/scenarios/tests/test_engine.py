"""What holds for every study: whole states, honest signs, order that does not matter, months that sum to years."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios.catalogue import offers_by_id
from scenarios.domain.estimate import EstimateRequest, estimate
from scenarios.domain.outcome import Alternative, Comparison, Scenario

YEARS = 5
SIGNIFICANT = 1e-9

_amount = st.floats(0, 5000, allow_nan=False).map(lambda value: round(value, 3))
_life = st.floats(0.5, 12).map(lambda value: round(value, 2))


@st.composite
def _assets(draw: st.DrawFn) -> list[dict[str, Any]]:
    kinds = st.sampled_from(["server", "virtual_machine", "laptop"])
    return [
        {
            "ref": f"asset-{position}",
            "kind": draw(kinds),
            "quantity": draw(st.integers(1, 50)),
            "annual_kwh": draw(_amount),
            "pue": draw(st.floats(1, 3)),
            "embodied_kg": draw(_amount),
            "life_years": draw(_life),
            "age_years": draw(st.floats(0, 10)),
            "maintenance_kg_per_year": draw(st.floats(0, 20)),
            "opex_eur_per_year": "125.50",
            "price_eur": "999.99",
        }
        for position in range(draw(st.integers(1, 5)))
    ]


@st.composite
def _action(draw: st.DrawFn, refs: list[str]) -> dict[str, Any]:
    placed = {
        "on": draw(st.lists(st.sampled_from(refs), min_size=1, unique=True)),
        "year": draw(st.integers(0, YEARS - 1)),
        "month": draw(st.sampled_from([0, 0, 0, 5])),
        "once_eur": "2500.00",
    }
    values = {
        "annual_kwh_ratio": draw(st.floats(0, 1.5)),
        "embodied_kg": draw(_amount),
        "life_years": draw(_life),
        "price_eur": "5400.10",
    }
    lever: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"lever": "renew", "with": values},
                {"lever": "extend_life", "years": draw(_life)},
                {"lever": "refurbish", "age_years": draw(st.floats(0, 6)), "overhead_kg": 10, "with": values},
                {"lever": "move_to_shared", "pue": 1.3, "sold_ratio": 0.75, "host": values, "buy_back_eur": "50.00"},
                {"lever": "right_size", "share": draw(st.floats(0, 1))},
                {"lever": "switch_off", "leaves": draw(st.booleans())},
                {"lever": "set", "with": {"pue": 1.4, "embodied_kg": draw(_amount)}},
            ]
        )
    )
    return placed | lever


@st.composite
def _studies(draw: st.DrawFn) -> dict[str, Any]:
    assets = draw(_assets())
    actions = st.lists(_action([asset["ref"] for asset in assets]), max_size=4)
    return {
        "start": "2026-01-01",
        "years": YEARS,
        "electricity": {"gwp": draw(st.lists(st.floats(0, 1), min_size=YEARS, max_size=YEARS))},
        "assets": assets,
        "reference": {"actions": draw(actions)},
        "alternatives": [{"name": "other", "actions": draw(actions)}],
        "growth_per_year": draw(st.sampled_from([0.0, 0.05, -0.1])),
        "electricity_eur_per_kwh": "0.1234",
        "discount_rate": "0.04",
    }


def _run(document: dict[str, Any]) -> Comparison:
    return estimate(EstimateRequest.model_validate(document), offers_by_id())


def _server(**fields: Any) -> dict[str, Any]:
    asset = {"ref": "srv", "kind": "server", "annual_kwh": 1000, "embodied_kg": 1200, "life_years": 4}
    return asset | fields


def _one(actions: list[dict[str, Any]], **changes: Any) -> Alternative:
    document = {
        "start": "2026-01-01",
        "years": YEARS,
        "electricity": {"gwp": 0.1},
        "assets": [_server()],
        "reference": {},
        "alternatives": [{"name": "it", "actions": [{"on": ["srv"], **action} for action in actions]}],
    }
    return _run(document | changes).alternatives[0]


def _close(left: float, right: float, scale: float) -> bool:
    return abs(left - right) <= SIGNIFICANT * max(1.0, abs(scale))


@given(_studies())
@settings(max_examples=60, deadline=None)
def test_an_alternative_that_is_the_reference_avoids_exactly_nothing(document: dict[str, Any]) -> None:
    document["alternatives"][0]["actions"] = document["reference"]["actions"]
    comparison = _run(document)
    [alternative] = comparison.alternatives
    assert alternative.avoided.total_kg == 0
    assert alternative.avoided.eer_kg == alternative.avoided.eema_kg == 0
    assert alternative.total_kg == comparison.reference.total_kg
    assert alternative.npv_eur == 0


@given(_studies(), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_assets_changes_nothing_not_even_the_last_bit(document: dict[str, Any], seed: int) -> None:
    shuffled = random.Random(seed).sample(document["assets"], k=len(document["assets"]))
    assert _run(document | {"assets": shuffled}) == _run(document)


@given(_studies())
@settings(max_examples=40, deadline=None)
def test_months_sum_to_years_and_years_to_the_total(document: dict[str, Any]) -> None:
    comparison = _run(document | {"monthly": True})
    scenarios: list[Scenario] = [comparison.reference, *comparison.alternatives]
    for scenario in scenarios:
        assert scenario.months is not None
        assert len(scenario.months) == 12 * YEARS
        for year in scenario.years:
            months = [month for month in scenario.months if month.year == year.year]
            assert _close(sum(month.total_kg for month in months), year.total_kg, scenario.total_kg)
            assert _close(sum(month.kwh for month in months), year.kwh, year.kwh)
        assert _close(sum(year.total_kg for year in scenario.years), scenario.total_kg, scenario.total_kg)


@given(_studies())
@settings(max_examples=40, deadline=None)
def test_yearly_and_monthly_steps_agree(document: dict[str, Any]) -> None:
    for scenario in [document["reference"], *document["alternatives"]]:
        for action in scenario["actions"]:
            action["month"] = 0
    yearly, monthly = _run(document), _run(document | {"monthly": True})
    for by_year, by_month in zip(
        [yearly.reference, *yearly.alternatives], [monthly.reference, *monthly.alternatives], strict=True
    ):
        assert _close(by_year.total_kg, by_month.total_kg, by_year.total_kg)
        assert by_year.cost_eur == by_month.cost_eur


@given(_studies())
@settings(max_examples=40, deadline=None)
def test_avoided_is_the_reference_less_the_alternative_whatever_its_sign(document: dict[str, Any]) -> None:
    comparison = _run(document)
    [alternative] = comparison.alternatives
    scale = comparison.reference.total_kg + alternative.total_kg
    assert _close(alternative.avoided.total_kg, comparison.reference.total_kg - alternative.total_kg, scale)
    assert _close(alternative.avoided.eer_kg + alternative.avoided.eema_kg, alternative.avoided.total_kg, scale)


@given(st.floats(0, 0.9), st.floats(0, 0.9))
def test_two_shares_act_one_after_the_other_and_are_never_added(first: float, second: float) -> None:
    saved = _one([{"lever": "right_size", "share": first}, {"lever": "right_size", "share": second}])
    assert saved.years[0].kwh == pytest.approx(1000 * (1 - first) * (1 - second))


def test_the_sum_over_a_life_is_the_embodied_total_and_extending_it_adds_nothing() -> None:
    as_planned = _one([])
    longer = _one([{"lever": "extend_life", "years": 1, "year": 2}])
    assert [year.embodied_kg for year in as_planned.years] == pytest.approx([300, 300, 300, 300, 0])
    assert [year.embodied_kg for year in longer.years] == pytest.approx([300, 300, 200, 200, 200])


def test_kit_that_leaves_early_is_charged_no_more_and_what_is_left_is_shown() -> None:
    renewed = _one([{"lever": "renew", "year": 1, "with": {"embodied_kg": 400, "life_years": 4}}])
    assert [year.embodied_kg for year in renewed.years] == pytest.approx([300, 100, 100, 100, 100])
    assert renewed.written_off_kg == pytest.approx(900)
    stays = _one([{"lever": "switch_off", "year": 1}])
    assert [year.embodied_kg for year in stays.years] == pytest.approx([300, 300, 300, 300, 0])
    assert stays.written_off_kg == 0


def test_shared_hosts_bear_their_idle_capacity() -> None:
    host = {"annual_kwh": 4000, "embodied_kg": 2000, "life_years": 8}
    moved = _one([{"lever": "move_to_shared", "pue": 1.3, "sold_ratio": 0.75, "host_share": 0.15, "host": host}])
    assert moved.years[0].it_kwh == pytest.approx(4000 * 0.15 / 0.75)
    assert moved.years[0].kwh == pytest.approx(4000 * 0.15 / 0.75 * 1.3)
    assert moved.years[0].embodied_kg == pytest.approx(2000 / 8 * 0.15 / 0.75)


def test_giving_up_a_share_of_a_virtual_machine_frees_its_host_and_of_a_server_does_not() -> None:
    action = {"lever": "right_size", "share": 0.1}
    assert _one([action]).years[0].embodied_kg == pytest.approx(300)
    virtual = _one([action], assets=[_server(kind="virtual_machine")])
    assert virtual.years[0].embodied_kg == pytest.approx(270)


def test_growth_buys_new_units_that_are_charged_from_when_they_enter() -> None:
    grown = _one([], growth_per_year=0.1, assets=[_server(age_years=4, price_eur="1000.00", quantity=10)])
    assert [year.embodied_kg for year in grown.years[:3]] == pytest.approx([0, 300, 630])
    assert [str(year.capex_eur) for year in grown.years[:3]] == ["0.00", "1000.00", "1100.00"]
    assert grown.years[2].units_in_service == pytest.approx(12.1)


def test_a_fleet_that_shrinks_gives_up_units_of_every_age_and_earns_nothing_by_it() -> None:
    shrunk = _one([], growth_per_year=-0.5, assets=[_server(price_eur="1000.00", quantity=8)])
    assert [year.embodied_kg for year in shrunk.years] == pytest.approx([2400, 1200, 600, 300, 0])
    assert shrunk.years[1].kwh == pytest.approx(4000)
    assert shrunk.cost_eur == 0
    assert shrunk.written_off_kg == pytest.approx(3600 + 1200 + 300)


def test_money_is_exact_to_the_cent_and_fees_are_opex() -> None:
    actions = [{"lever": "renew", "with": {"price_eur": "0.10"}, "once_eur": "2500.00", "eur_per_year": "1400.01"}]
    bought = _one(actions, assets=[_server(quantity=3, opex_eur_per_year="33.33")])
    assert [str(year.capex_eur) for year in bought.years[:2]] == ["0.30", "0.00"]
    assert [str(year.opex_eur) for year in bought.years[:2]] == ["4000.00", "1500.00"]


def test_a_saving_that_pays_for_itself_says_when() -> None:
    spared = _one(
        [{"lever": "extend_life", "years": 5, "once_eur": "150.00", "with": {"opex_eur_per_year": "40.00"}}],
        assets=[_server(opex_eur_per_year="100.00", age_years=4)],
        discount_rate="0",
    )
    assert spared.payback_years == pytest.approx(2.5)
    assert str(spared.npv_eur) == "150.00"
    assert spared.eur_per_tonne is None, "nothing is avoided, so no tonne has a price"
