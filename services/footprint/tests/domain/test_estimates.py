"""The stateless estimate: the published cases, the evidence ladder, and what contradicts itself."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from footprint.domain.engine import compute
from footprint.domain.errors import ItemError
from footprint.domain.estimates import Period, estimate
from hypothesis import given
from hypothesis import strategies as st

from .factors import CATALOGUE
from .makers import ITEM, server, world

CASES = json.loads((Path(__file__).parent.parent / "cases" / "footprint.json").read_text())["cases"]
YEAR_2026 = Period.between(date(2026, 1, 1), date(2027, 1, 1))


def answer(item: dict[str, Any], period: Period = YEAR_2026) -> dict[str, Any]:
    """The answer for an item as it is sent."""
    return estimate(ITEM.validate_python(item), period, ["gwp"], CATALOGUE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_published_values_are_met_to_nine_digits(case: dict[str, Any]) -> None:
    period = Period.between(date.fromisoformat(case["period"]["from"]), date.fromisoformat(case["period"]["to"]))
    item = ITEM.validate_json(json.dumps(case["item"]))
    if "error" in case["expected"]:
        with pytest.raises(ItemError) as error:
            estimate(item, period, ["gwp"], CATALOGUE)
        assert error.value.field == case["expected"]["error"]["field"]
        return
    found = estimate(item, period, ["gwp"], CATALOGUE)
    for stage, value in case["expected"].items():
        assert found["stages"][stage]["gwp"]["value"] == pytest.approx(value, rel=1e-9)


def test_each_rung_of_the_ladder_is_taken_when_the_better_ones_lack() -> None:
    configuration = {"cpu": {"units": 2, "die_mm2": 400.0, "tdp_w": 150.0}}
    given_first = {"kind": "server", "configuration": configuration, "embodied": {"gwp": {"manufacturing": 900.0}}}
    assert answer(given_first)["evidence"]["embodied"] == "given"
    assert answer({"kind": "server", "configuration": configuration})["evidence"]["embodied"] == "configuration"
    assert answer({"kind": "server"})["evidence"]["embodied"] == "kind"
    assert answer({"kind": "other", "life": {"years": 4.0}})["evidence"]["embodied"] == "none"


def test_a_utilisation_goes_through_the_power_curve() -> None:
    configuration = {
        "cpu": {"units": 2, "tdp_w": 150.0},
        "ram": [{"units": 12, "gib": 32.0}],
        "disks": [{"units": 2, "type": "ssd"}],
    }
    found = answer({"kind": "server", "configuration": configuration, "energy": {"utilisation": 0.5}})
    watts = 1.33 * (2 * 150 * 0.75 + 12 * (3.0 + 0.055 * 32) * (0.7 + 0.3 * 0.5) + 2 * 8.0)
    assert found["evidence"]["energy"] == "utilisation"
    assert found["energy_kwh"] == pytest.approx(watts * 8.76, rel=0.003)


def test_shares_of_time_that_do_not_add_up_are_refused() -> None:
    item = {
        "kind": "server",
        "configuration": {"cpu": {"units": 1, "tdp_w": 100.0}},
        "energy": {"utilisation": [{"share_of_time": 0.5, "utilisation": 0.1}]},
    }
    with pytest.raises(ItemError) as error:
        answer(item)
    assert error.value.field == "energy.utilisation"


def test_a_period_over_two_years_uses_the_factor_of_each() -> None:
    period = Period.between(date(2022, 1, 1), date(2025, 1, 1))
    found = answer({"kind": "other", "country": "FR", "energy": {"average_w": 1000.0}}, period)
    expected = 2 * 8760 * 0.0569 + 8784 * 0.0442
    assert found["stages"]["use"]["gwp"]["value"] == pytest.approx(expected, rel=1e-12)


def test_service_ends_with_a_dated_life_and_begins_with_it() -> None:
    item = {
        "kind": "other",
        "energy": {"average_w": 1000.0},
        "life": {"from": date(2026, 3, 1), "to": date(2026, 4, 1)},
    }
    assert answer(item)["energy_kwh"] == 31 * 24.0


def test_duty_and_quantity_scale_use_and_only_quantity_scales_making() -> None:
    one = {"kind": "server", "country": "FR", "energy": {"average_w": 300.0}}
    whole, half = answer(one), answer(one | {"duty": 0.5, "quantity": 2.0})
    assert half["energy_kwh"] == whole["energy_kwh"]
    assert half["stages"]["manufacturing"]["gwp"]["value"] == 2 * whole["stages"]["manufacturing"]["gwp"]["value"]


@given(st.floats(0, 1e5), st.floats(0.5, 20), st.floats(0, 1e5))
def test_the_estimate_of_a_year_is_what_the_pipeline_computes_for_its_months(
    watts: float, years: float, unit_kg: float
) -> None:
    asset = server(average_w=watts, annual_kwh=None, planned_life_years=years, embodied_kg=unit_kg)
    months = list(compute([asset], world()).results())
    item = {
        "kind": "server",
        "country": "FR",
        "pue": 1.5,
        "life": {"from": date(2026, 1, 1), "years": years},
        "embodied": {"gwp": {"manufacturing": unit_kg}},
        "energy": {"average_w": watts},
    }
    found = answer(item)
    for stage in ("manufacturing", "use"):
        summed = sum(figure.value for month in months for figure in month.figures if figure.stage == stage)
        assert found["stages"][stage]["gwp"]["value"] == pytest.approx(summed, rel=1e-9, abs=1e-9)


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_every_figure_lies_in_its_interval_and_the_total_is_the_sum(making: float, watts: float) -> None:
    found = answer(
        {
            "kind": "server",
            "country": "PL",
            "embodied": {"gwp": {"manufacturing": making}},
            "energy": {"average_w": watts},
        }
    )
    figures = [found["stages"][stage]["gwp"] for stage in ("manufacturing", "use")]
    for figure in (*figures, found["total"]["gwp"]):
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert found["total"]["gwp"]["value"] == sum(figure["value"] for figure in figures)
