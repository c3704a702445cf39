"""Factors that are split into gases: their value is the sum under one set, and is computed anew under the others."""

from typing import Any

import pytest
from common.testing.harness import RunningService
from factors.settings import FactorsSettings

Factors = RunningService[FactorsSettings]

SPLIT = {
    "id": "fuel-gas-2025-example",
    "activity": "fuel.gas",
    "name": {"fr": "Gaz naturel", "en": "Natural gas"},
    "unit": "kgCO2e/kWh",
    "published_year": 2025,
    "gases": {"CO2": 0.2, "CH4_fossil": 0.001},
    "gwp_set": "AR5",
    "biogenic_co2": 0.01,
    "source": {"name": "Example", "link": "Example, table 3", "licence": "CC BY 4.0", "year": 2026},
    "reason": "first",
}
"""Under AR5 0.2 + 0.001 × 30 = 0.23, under AR4 0.2 + 0.001 × 25 = 0.225, under AR6 0.2 + 0.001 × 29.8 = 0.2298."""


async def draft(service: Factors, **changes: Any) -> Any:
    return await service.client.post("/v1/factors", json=SPLIT | changes)


async def test_the_value_is_computed_from_the_gases_where_none_is_stated(empty: Factors) -> None:
    drafted = (await draft(empty)).json()
    assert (drafted["value"], drafted["gwp_set"]) == (pytest.approx(0.23, rel=1e-12), "AR5")
    assert drafted["gases"] == SPLIT["gases"]
    assert drafted["biogenic_co2"] == 0.01


@pytest.mark.parametrize(("gwp_set", "value"), [("AR5", 0.23), ("AR4", 0.225), ("AR6", 0.2298)])
async def test_each_set_answers_from_the_same_gases_and_says_so(empty: Factors, gwp_set: str, value: float) -> None:
    await draft(empty)
    await empty.client.post(f"/v1/factors/{SPLIT['id']}/publish")
    question = {"activity": "fuel.gas", "date": "2025-06-01", "gwp_set": gwp_set}
    answer = (await empty.client.get("/v1/resolve", params=question)).json()
    factor = answer["factor"]
    assert (factor["id"], factor["version"], factor["gwp_set"]) == (SPLIT["id"], 1, gwp_set)
    assert factor["value"] == pytest.approx(value, rel=1e-12)
    restated = [step for step in answer["steps"] if step["code"] == "restated"]
    assert len(restated) == (gwp_set != "AR5")
    for step in restated:
        assert "AR5" in step["text"]["fr"]
        assert "0.001 kg CH4_fossil" in step["text"]["en"]


async def test_a_published_set_is_preferred_to_one_computed_anew(empty: Factors) -> None:
    other = {"id": "fuel-gas-2025-example-ar6", "gwp_set": "AR6", "value": 0.229, "gases": {}}
    for changes in ({}, other):
        drafted = (await draft(empty, **changes)).json()
        await empty.client.post(f"/v1/factors/{drafted['id']}/publish")
    question = {"activity": "fuel.gas", "date": "2025-06-01", "gwp_set": "AR6"}
    factor = (await empty.client.get("/v1/resolve", params=question)).json()["factor"]
    assert (factor["id"], factor["value"]) == (other["id"], 0.229)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"value": 0.3}, "value", "gases_disagree"),
        ({"gases": {"CO3": 1}}, "gases.CO3", "unknown_gas"),
        ({"gases": {"SF6": 1}, "gwp_set": "SAR"}, "gases.SF6", "no_potential"),
        ({"value": 0.23, "gwp_set": None}, "gwp_set", "required"),
        ({"gases": {}, "gwp_set": None}, "value", "required"),
        ({"unit": "MJ/kWh"}, "unit", "unit"),
        ({"criterion": "pe", "unit": "MJ/kWh", "value": 1}, "gases", "other_criterion"),
        ({"gsd2": 0.5}, "gsd2", "greater_than_equal"),
    ],
)
async def test_a_split_that_does_not_make_the_value_is_refused(
    empty: Factors, changes: dict[str, Any], field: str, code: str
) -> None:
    refusal = await draft(empty, **changes)
    assert refusal.status_code == 422, refusal.text
    assert [(error["field"], error["code"]) for error in refusal.json()["errors"]] == [(field, code)]


async def test_a_stated_spread_stands_in_the_place_of_the_ratings(empty: Factors) -> None:
    rated = {"ratings": {"technical": 4, "reliability": 4, "temporal": 4, "completeness": 4, "geographic": 4}}
    by_ratings = (await draft(empty, **rated)).json()
    stated = (await draft(empty, **rated, id="fuel-gas-2025-other", gsd2=1.5)).json()
    assert by_ratings["gsd2"] < 1.2
    assert stated["gsd2"] == 1.5
