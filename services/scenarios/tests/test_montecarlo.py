"""Uncertainty: the same seed, the same figures; ranges that hold; what matters most comes first."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenarios.catalogue import offers_by_id
from scenarios.domain import copies
from scenarios.domain.drivers import Driver, Spreads, draw, drawn_parameters, drivers_of
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.montecarlo import MonteCarloRequest, MonteCarloResult, run_monte_carlo
from scenarios.domain.run import ComparisonRequest, run_comparison
from scenarios.domain.snapshot import Snapshot, SnapshotAsset
from scenarios.domain.study import StudyDefinition

from services.scenarios.tests.conftest import study

CATALOGUE = offers_by_id()
SNAPSHOT = Snapshot(
    assets=[
        SnapshotAsset.model_validate(
            {
                "ref": f"host-{number}",
                "kind": "server",
                "annual_kwh": 1500 + 250 * number,
                "pue": 1.58,
                "embodied_kg": 1313.28,
                "life_years": 4,
                "age_years": 3 + number / 2,
                "electricity": None,
                "evidence": {},
                "tags": {},
            }
        )
        for number in range(5)
    ],
    left_out=[],
    factors=[],
)


def _definition(gwp: float = 0.0569) -> StudyDefinition:
    confirmed = ["software_supported", "spare_parts", "eligible_use"]
    return StudyDefinition.model_validate(study(electricity={"gwp": gwp}, confirmed=confirmed, years=5))


def _alternatives(**parameters: float) -> list[AlternativeSpec]:
    written = [
        {"name": "longer", "offers": [{"offer": "long-life-support"}]},
        {"name": "shared", "offers": [{"offer": "cloud-like", "parameters": parameters}]},
    ]
    return [AlternativeSpec.model_validate(each) for each in written]


def _run(
    seed: int = 7, draws: int = 400, definition: StudyDefinition | None = None, **options: Any
) -> MonteCarloResult:
    request = MonteCarloRequest(seed=seed, draws=draws, **options)
    return run_monte_carlo(
        definition or _definition(), _alternatives(), SNAPSHOT, CATALOGUE, request, lambda done, total: None
    )


def test_the_same_seed_gives_the_same_figures_and_another_seed_others() -> None:
    assert _run(7) == _run(7)
    assert _run(7).uncertain[0].avoided_kg != _run(8).uncertain[0].avoided_kg


def test_the_stream_of_a_driver_is_fixed_for_ever() -> None:
    driver = Driver("electricity", 0.9, 1.0, 1.1, "request", "a test")
    assert draw(driver, 1, 4).tolist() == [
        0.9930081488968242,
        0.9629607326155495,
        0.9676382635363985,
        1.045573410978866,
    ]


def test_the_figures_do_not_depend_on_how_many_draws_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = _run()
    monkeypatch.setattr(copies, "COLUMNS", 35)
    assert _run() == at_once


def test_what_is_left_of_the_making_is_as_uncertain_as_the_making() -> None:
    left = [asset.model_copy(update={"embodied_left_kg": 600.0}) for asset in SNAPSHOT.assets]
    snapshot = SNAPSHOT.model_copy(update={"assets": left})
    kept = {"description": "Nothing is renewed", "actions": [{"lever": "service", "on": {}}]}
    definition = _definition(0.0).model_copy(update={"reference": type(_definition().reference).model_validate(kept)})
    model = copies.model_of(definition, [], snapshot, CATALOGUE)
    drawn = {"making": np.array([1.0, 2.0]), "energy": np.ones(2), "electricity": np.ones(2)}
    total, _ = model.run(drawn)
    assert total == pytest.approx([1200.0, 2400.0], rel=1e-12), "of the two assets within their life"


def test_without_spread_every_percentile_is_the_comparison_itself() -> None:
    sure = {"low": 1.0, "high": 1.0, "source": "certain"}
    spreads = Spreads.model_validate({"electricity": sure, "energy": sure, "making": sure})
    fixed = {
        name: CATALOGUE["cloud-like"].parameters[name].expected for name in drawn_parameters(CATALOGUE["cloud-like"])
    }
    alternatives = _alternatives(**fixed)
    result = run_monte_carlo(
        _definition(),
        alternatives,
        SNAPSHOT,
        CATALOGUE,
        MonteCarloRequest(draws=100, spreads=spreads),
        lambda done, total: None,
    )
    plain = run_comparison(
        _definition(), alternatives, SNAPSHOT, CATALOGUE, ComparisonRequest(), lambda done, total: None
    )
    assert result.reference_kg.p5 == result.reference_kg.p95
    for uncertain, sure_one in zip(result.uncertain, plain.alternatives, strict=True):
        assert uncertain.avoided_kg.p50 == pytest.approx(sure_one.avoided.total_kg, rel=1e-12)
        assert uncertain.eema_kg.p5 == pytest.approx(sure_one.avoided.eema_kg, rel=1e-12, abs=1e-9)


def test_percentiles_are_in_order_and_a_coal_grid_stays_negative() -> None:
    for uncertain in _run().uncertain:
        assert uncertain.avoided_kg.p5 <= uncertain.avoided_kg.p50 <= uncertain.avoided_kg.p95
        assert uncertain.total_kg.p5 < uncertain.total_kg.p95
    [longer, _] = _run(definition=_definition(2.0)).uncertain
    assert longer.avoided_kg.p95 < 0
    assert longer.share_negative == 1


def test_the_driver_that_matters_most_comes_first_and_the_ends_are_its_own() -> None:
    [_, shared] = _run().uncertain
    spans = [abs(bar.avoided_at_high_kg - bar.avoided_at_low_kg) for bar in shared.tornado]
    assert spans == sorted(spans, reverse=True)
    by_driver = {bar.driver: bar for bar in shared.tornado}
    share = by_driver["cloud-like.host_share"]
    assert (share.low, share.high) == (0.25, 1.0)
    assert share.avoided_at_low_kg > share.avoided_at_high_kg


def test_choices_and_prices_are_not_drawn_and_a_given_parameter_is_certain() -> None:
    drivers = drivers_of(Spreads(), _alternatives(host_share=0.4), CATALOGUE)
    assert "long-life-support.extra_years" not in drivers
    assert not drivers.keys() & {"cloud-like.vcpu_eur", "cloud-like.once_eur", "long-life-support.opex_ratio"}
    assert "cloud-like.host_share" not in drivers
    assert "cloud-like.shared_pue" in drivers


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**32))
def test_draws_stay_within_their_range(low: float, to_mode: float, to_high: float, seed: int) -> None:
    driver = Driver("any", low, low + to_mode, low + to_mode + to_high, "request", "a test")
    values = draw(driver, seed, 200)
    slack = 1e-12
    assert np.all(values >= driver.low - slack)
    assert np.all(values <= driver.high + slack)


def test_the_mean_of_many_draws_is_that_of_a_triangle() -> None:
    driver = Driver("any", 1.0, 2.0, 6.0, "request", "a test")
    assert float(draw(driver, 3, 100_000).mean()) == pytest.approx(3.0, abs=0.02)
