"""Comparing: the way from reference to alternative adds up, and the electricity that turns the sign is the one that does."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios.api.estimates import EXAMPLE
from scenarios.catalogue import offers_by_id
from scenarios.domain.estimate import AlternativeSpec, EstimateRequest, estimate
from scenarios.domain.outcome import Alternative
from scenarios.domain.run import ComparisonRequest, ComparisonResult, run_comparison
from scenarios.domain.study import StudyDefinition
from scenarios.domain.waterfall import LEFT_OUT, PUT_OFF

from services.scenarios.tests.conftest import LONG_LIFE, study
from services.scenarios.tests.test_montecarlo import SNAPSHOT

C05: dict[str, Any] = EXAMPLE["value"]


def _c05(gwp: float) -> Alternative:
    request = EstimateRequest.model_validate(C05 | {"electricity": {"gwp": gwp}})
    return estimate(request, offers_by_id()).alternatives[0]


def _run(*alternatives: dict[str, Any]) -> ComparisonResult:
    confirmed = ["software_supported", "spare_parts", "eligible_use", "business_teams_aboard"]
    definition = StudyDefinition.model_validate(study(electricity={"gwp": 0.0569}, confirmed=confirmed, years=5))
    written = [AlternativeSpec.model_validate(each) for each in alternatives]
    request = ComparisonRequest(waterfall=True)
    return run_comparison(definition, written, SNAPSHOT, offers_by_id(), request, lambda done, total: None)


def test_long_life_support_of_c05_turns_where_the_energy_eats_up_the_making() -> None:
    turn = _c05(0.0569).break_even
    assert turn is not None
    assert turn.kg_per_kwh == pytest.approx(9849.6 / (0.3 * 10 * 1760.3 * 1.58 * 3), rel=1e-9)
    assert turn.below, "old servers avoid something on a clean grid only"


@given(st.floats(0.01, 2.0))
@settings(max_examples=30, deadline=None)
def test_at_the_break_even_nothing_is_avoided_and_the_sign_is_another_on_each_side(gwp: float) -> None:
    turn = _c05(gwp).break_even
    assert turn is not None
    assert _c05(turn.kg_per_kwh).avoided.total_kg == pytest.approx(0, abs=1e-6)
    assert _c05(turn.kg_per_kwh * 0.99).avoided.total_kg > 0
    assert _c05(turn.kg_per_kwh * 1.01).avoided.total_kg < 0


def test_an_alternative_better_on_every_grid_has_no_break_even() -> None:
    off = {"name": "off", "actions": [{"lever": "switch_off", "on": ["srv"], "leaves": True}]}
    request = EstimateRequest.model_validate(C05 | {"alternatives": [off]})
    assert estimate(request, offers_by_id()).alternatives[0].break_even is None


def test_of_a_move_to_a_better_site_the_overhead_is_a_driver_of_its_own() -> None:
    [waterfall] = (
        _run(
            {"name": "pue", "actions": [{"lever": "set", "on": {"kinds": ["server"]}, "with": {"pue": 1.0}}]}
        ).waterfalls
        or []
    )
    assert waterfall.drivers.site_overhead_kg < 0
    assert waterfall.drivers.maintenance_and_sale_kg == 0


def test_an_offer_that_saves_energy_alone_has_no_break_even_of_rounding() -> None:
    [alternative] = _run({"name": "audit", "offers": [{"offer": "audit-and-eco-design"}]}).alternatives
    assert alternative.avoided.total_kg > 0
    assert alternative.break_even is None


def test_the_bars_lead_from_the_reference_to_the_alternative() -> None:
    stacked = {
        "name": "stacked",
        "offers": [{"offer": "audit-and-eco-design"}, {"offer": "long-life-support"}],
        "actions": [{"lever": "right_size", "share": 0.5, "on": {"kinds": ["server"]}, "year": 1}],
    }
    result = _run(stacked, LONG_LIFE)
    assert result.waterfalls is not None
    for waterfall, alternative in zip(result.waterfalls, result.alternatives, strict=True):
        assert waterfall.reference_kg == pytest.approx(result.reference.total_kg, rel=1e-12)
        assert waterfall.alternative_kg == pytest.approx(alternative.total_kg, rel=1e-12)
        steps = sum(bar.total_kg for bar in waterfall.bars)
        assert waterfall.reference_kg + steps == pytest.approx(waterfall.alternative_kg, rel=1e-12)
        drivers = sum(waterfall.drivers.model_dump().values())
        assert waterfall.reference_kg + drivers == pytest.approx(waterfall.alternative_kg, rel=1e-12)
    labels = [[bar.label for bar in waterfall.bars] for waterfall in result.waterfalls]
    assert labels == [
        [PUT_OFF, "audit-and-eco-design, year 0", "long-life-support, year 0", "right_size, year 1"],
        [LEFT_OUT, "extend_life, year 0"],
    ]


def test_a_bar_that_adds_emissions_is_positive() -> None:
    result = _run(
        {"name": "kept", "actions": [{"lever": "set", "on": {"kinds": ["server"]}, "with": {"annual_kwh_ratio": 2}}]}
    )
    assert result.waterfalls is not None
    [left_out, doubled] = result.waterfalls[0].bars
    assert left_out.embodied_kg < 0
    assert doubled.use_kg > 0
