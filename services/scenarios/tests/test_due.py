"""Replacements when they fall due, and what an offer does to those that are still to come."""

from typing import Any

import pytest
from scenarios.catalogue import offers_by_id
from scenarios.domain.description import Refused
from scenarios.domain.estimate import EstimateRequest, estimate
from scenarios.domain.outcome import Comparison, Year

CONFIRMED = ["software_supported", "spare_parts", "eligible_use", "needs_determined"]


def _server(ref: str, age_years: float, life_years: float = 4) -> dict[str, Any]:
    values = {"annual_kwh": 2000, "embodied_kg": 1200, "price_eur": "9000.00", "vcpu": 40, "ram_gib": 256}
    return {"ref": ref, "kind": "server", "age_years": age_years, "life_years": life_years} | values


WHEN_DUE = {"lever": "renew", "on": {"kinds": ["server"]}, "when_due": True, "with": {"price_ratio": 1}}


def _run(
    assets: list[dict[str, Any]],
    *uses: dict[str, Any],
    reference: dict[str, Any] = WHEN_DUE,
    years: int = 10,
    **alternative: Any,
) -> Comparison:
    document = {
        "start": "2027-01-01",
        "years": years,
        "electricity": {"gwp": 0.0569},
        "assets": assets,
        "reference": {"actions": [reference]},
        "alternatives": [{"name": "it", "offers": list(uses)} | alternative],
        "confirmed": CONFIRMED,
    }
    return estimate(EstimateRequest.model_validate(document), offers_by_id())


def _bought(years: list[Year]) -> list[int]:
    return [year.year for year in years if year.capex_eur]


@pytest.mark.parametrize(
    ("age", "bought"),
    [(0.0, [4, 8]), (1.5, [3, 7]), (4.0, [0, 4, 8]), (9.0, [0, 4, 8]), (3.0 + 1e-12, [1, 5, 9])],
    ids=["new", "within a year", "at its end", "long past", "hardly later"],
)
def test_each_asset_is_renewed_in_the_first_year_at_whose_beginning_its_life_has_ended_and_again(
    age: float, bought: list[int]
) -> None:
    assert _bought(_run([_server("a", age)]).reference.years) == bought


def test_what_is_renewed_serves_its_own_life() -> None:
    action = WHEN_DUE | {"with": {"price_ratio": 1, "life_years": 6}}
    assert _bought(_run([_server("a", 4)], reference=action).reference.years) == [0, 6]


def test_assets_of_different_ages_fall_due_in_different_years_by_one_action_whose_fee_is_paid_once() -> None:
    action = WHEN_DUE | {"once_eur": "500.00"}
    run = _run([_server("a", 4), _server("b", 2)], reference=action, years=4)
    assert [str(year.capex_eur) for year in run.reference.years] == ["9000.00", "0.00", "9000.00", "0.00"]
    assert [str(year.opex_eur) for year in run.reference.years] == ["500.00", "0.00", "0.00", "0.00"]


def test_nothing_falling_due_within_the_horizon_is_no_error() -> None:
    assert _bought(_run([_server("a", 0)], years=3).reference.years) == []


def test_a_longer_life_puts_off_every_renewal_that_is_still_to_come() -> None:
    run = _run([_server("a", 4)], {"offer": "long-life-support"})
    assert _bought(run.reference.years) == [0, 4, 8]
    assert _bought(run.alternatives[0].years) == [3, 7]


def test_a_longer_life_that_begins_later_does_not_undo_what_was_bought_before() -> None:
    run = _run([_server("a", 4)], {"offer": "long-life-support", "year": 3})
    assert _bought(run.alternatives[0].years) == [0, 7]


def test_a_move_in_a_later_year_spares_the_purchases_from_then_on_only() -> None:
    run = _run([_server("a", 4)], {"offer": "cloud-like", "year": 4})
    assert _bought(run.alternatives[0].years) == [0]


def test_refurbished_kit_comes_when_the_reference_would_have_bought_new() -> None:
    run = _run([_server("a", 2), _server("b", 3)], {"offer": "refurbished-hardware"}, years=5)
    [alternative] = run.alternatives
    assert [str(year.capex_eur) for year in alternative.years] == ["0.00", "5400.00", "5400.00", "0.00", "0.00"]
    assert alternative.written_off_kg == run.reference.written_off_kg == 0
    assert alternative.avoided.eer_kg == pytest.approx(0, abs=1e-9)


def test_refurbished_kit_where_nothing_is_bought_is_refused_with_the_reason() -> None:
    with pytest.raises(Refused, match="the reference plans none here from year 1 on") as refused:
        _run([_server("a", 4, life_years=20)], {"offer": "refurbished-hardware", "year": 1}, years=5)
    assert refused.value.code == "nothing_to_replace"


def test_refurbished_kit_of_a_plain_action_falls_due_when_what_is_left_of_its_life_ends() -> None:
    action = {"lever": "refurbish", "on": ["a"], "when_due": True, "age_years": 1, "with": {"price_ratio": 0.5}}
    run = _run([_server("a", 4)], actions=[action], years=7)
    assert _bought(run.alternatives[0].years) == [0, 3, 6]
