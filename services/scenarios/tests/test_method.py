"""The worked cases of the method: C05, C07, C14, C17, and C05 on a coal grid."""

from typing import Any

import pytest
from scenarios.api.estimates import EXAMPLE
from scenarios.catalogue import offers_by_id
from scenarios.domain.estimate import EstimateRequest, estimate
from scenarios.domain.outcome import Comparison
from scenarios.domain.trajectories import Pathway, gaps_kg, target_kg

C05: dict[str, Any] = EXAMPLE["value"]
EXACT = 1e-6


def _compare(document: dict[str, Any], **changes: Any) -> Comparison:
    return estimate(EstimateRequest.model_validate(document | changes), offers_by_id())


def _early_replacement() -> dict[str, Any]:
    market = {"annual_kwh": 1500, "embodied_kg": 1313.28, "life_years": 4}
    solution = {"annual_kwh": 1000, "embodied_kg": 1000, "life_years": 5}
    return {
        "start": "2026-01-01",
        "years": 5,
        "electricity": {"gwp": 0.0569},
        "assets": [
            {"ref": "srv", "kind": "server", "annual_kwh": 3000, "embodied_kg": 0, "life_years": 6, "age_years": 4}
        ],
        "reference": {"actions": [{"lever": "renew", "on": ["srv"], "year": 2, "with": market}]},
        "alternatives": [{"name": "now", "actions": [{"lever": "renew", "on": ["srv"], "with": solution}]}],
    }


def _refurbished(convention: str, **fields: Any) -> list[float]:
    action = {"lever": "refurbish", "on": ["pc"], "age_years": 3, "overhead_kg": 10, "convention": convention, **fields}
    document = {
        "start": "2026-01-01",
        "years": 4,
        "electricity": {"gwp": 0},
        "assets": [
            {"ref": "pc", "kind": "laptop", "annual_kwh": 30, "embodied_kg": 181, "life_years": 5, "age_years": 5}
        ],
        "reference": {},
        "alternatives": [{"name": "refurbished", "actions": [action]}],
    }
    return [year.embodied_kg for year in _compare(document).alternatives[0].years]


def test_c05_long_life_support_avoids_what_the_case_says() -> None:
    comparison = _compare(C05)
    [alternative] = comparison.alternatives
    assert comparison.reference.total_kg == pytest.approx(13172.944303, rel=EXACT)
    assert sum(year.embodied_kg for year in comparison.reference.years) == pytest.approx(9849.6, rel=EXACT)
    assert sum(year.use_kg for year in comparison.reference.years) == pytest.approx(3323.344303, rel=EXACT)
    assert alternative.total_kg == pytest.approx(4747.634718, rel=EXACT)
    assert alternative.avoided.eema_kg == pytest.approx(8425.309585, rel=EXACT)
    assert alternative.avoided.eer_kg == 0
    assert alternative.cir == pytest.approx(1.774633, rel=EXACT)
    assert alternative.eur_per_tonne is None


def test_c05_on_a_coal_grid_is_negative_in_every_output() -> None:
    [alternative] = _compare(C05, electricity={"gwp": 0.805}).alternatives
    # reference 9849.6 + 0.7 u, alternative u, with u = 10 x 1760.3 x 1.58 x 0.805 x 3
    assert alternative.avoided.total_kg == pytest.approx(9849.6 - 0.3 * 10 * 1760.3 * 1.58 * 0.805 * 3, rel=EXACT)
    assert alternative.avoided.total_kg < 0
    assert alternative.avoided.eema_kg < 0
    assert all(year.total_kg < 0 for year in alternative.avoided.years)
    assert alternative.cir is not None
    assert alternative.cir < 0


def test_c07_refurbished_kit_is_counted_by_its_convention() -> None:
    assert _refurbished("remaining") == pytest.approx([46.2, 36.2, 0.0, 0.0], rel=EXACT)
    assert _refurbished("cut_off") == pytest.approx([10.0, 0.0, 0.0, 0.0], rel=EXACT)
    assert sum(_refurbished("shared_life", use_years=4)) == pytest.approx(113.428571, rel=EXACT)


def test_c14_target_lines() -> None:
    assert target_kg(Pathway.SBTI_1_5C, 1000, 5) == pytest.approx(790, rel=EXACT)
    assert target_kg(Pathway.SBTI_1_5C, 1000, 10) == pytest.approx(580, rel=EXACT)
    assert target_kg(Pathway.SBTI_WELL_BELOW_2C, 1000, 10) == pytest.approx(750, rel=EXACT)
    assert target_kg(Pathway.ITU_L1470, 1000, 10) == pytest.approx(550, rel=EXACT)
    assert target_kg(Pathway.SNBC_3, 1000, 10) == pytest.approx(598.736939, rel=EXACT)


def test_a_linear_target_ends_at_zero_and_gaps_keep_their_sign() -> None:
    assert target_kg(Pathway.SBTI_1_5C, 1000, 30) == 0
    assert gaps_kg([900, 700], [1000, 500]) == [-100, 200]
    with pytest.raises(ValueError, match="starts at its base year"):
        target_kg(Pathway.SNBC_3, 1000, -1)


def test_c17_early_replacement_is_negative_at_first_and_the_sum_does_not_hide_it() -> None:
    [alternative] = _compare(_early_replacement()).alternatives
    assert alternative.avoided.eer_kg == pytest.approx(-172.4, rel=EXACT)
    assert alternative.avoided.eema_kg == pytest.approx(470.31, rel=EXACT)
    assert alternative.avoided.total_kg == pytest.approx(297.91, rel=EXACT)
    assert [year.eema_kg for year in alternative.avoided.years[:2]] == [0, 0]
    assert [year.eer_kg for year in alternative.avoided.years[2:]] == [0, 0, 0]
