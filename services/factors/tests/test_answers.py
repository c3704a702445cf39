"""Questions, estimates and conversions over HTTP: what is answered, what is refused and how."""

import json
from pathlib import Path
from typing import Any

import pytest
from common.testing.harness import RunningService
from factors.settings import FactorsSettings

Factors = RunningService[FactorsSettings]

CASES = {
    case["id"]: case for case in json.loads((Path(__file__).parent / "cases" / "method.json").read_text())["cases"]
}


async def test_resolve_answers_with_factor_steps_and_warnings(shared: Factors) -> None:
    answer = (
        await shared.client.get("/v1/resolve", params={"activity": "electricity", "region": "FR", "date": "2021-06-01"})
    ).json()
    factor = answer["factor"]
    assert (factor["id"], factor["version"], factor["value"], factor["unit"]) == (
        "electricity-fr-2021-ademe", 1, 0.0569, "kgCO2e/kWh",
    )  # fmt: skip
    assert (factor["region"], factor["valid_from"], factor["perimeter"]) == ("FR", "2021-01-01", "consumption")
    assert factor["source"]["name"] == "ADEME, Base Carbone"
    assert [warning["code"] for warning in answer["warnings"]] == ["perimeter_chosen"]
    assert answer["steps"][-1]["text"]["fr"].startswith("Retenu")


@pytest.mark.parametrize(
    ("question", "status", "code", "named"),
    [
        (
            {"region": "FR", "date": "2026-06-01"},
            404,
            "factor-not-found",
            "electricity-fr-2024-ember (needs allow=year)",
        ),
        (
            {"region": "MQ", "date": "2024-06-01"},
            404,
            "factor-not-found",
            "electricity-mq-2022-ember (needs allow=year)",
        ),
        ({"region": "France", "date": "2024-06-01"}, 404, "unknown-region", "FR (France)"),
        (
            {"region": "FR", "date": "2024-06-01", "perimeter": "losses"},
            404,
            "factor-not-found",
            "perimeter=production",
        ),
        ({"region": "FR", "date": "yesterday"}, 422, "invalid", "date"),
        ({"region": "FR", "date": "1622505600"}, 422, "invalid", "YYYY-MM-DD"),
        ({"region": "FR", "date": "2021-06-01T00:00:00"}, 422, "invalid", "YYYY-MM-DD"),
        ({"region": "FR", "date": "1989-12-31"}, 422, "invalid", "1990"),
        ({"region": "FR", "date": "2024-06-01", "allow": "anything"}, 422, "invalid", "anything"),
        ({"region": "FR", "date": "2024-06-01", "perimeter": "all"}, 422, "invalid", "perimeter"),
        ({"region": "FR", "date": "2024-06-01", "gwp_set": "AR7"}, 422, "invalid", "gwp_set"),
        ({"region": "FR", "date": "2024-06-01", "regoin": "FR"}, 422, "invalid", "regoin"),
        ({"region": "FR"}, 422, "invalid", "date"),
    ],
)
async def test_resolve_refuses_naming_what_and_why(
    shared: Factors, question: dict[str, str], status: int, code: str, named: str
) -> None:
    refusal = await shared.client.get("/v1/resolve", params={"activity": "electricity"} | question)
    assert refusal.status_code == status
    assert refusal.headers["content-type"] == "application/problem+json"
    assert refusal.json()["type"] == f"/problems/{code}"
    assert named in refusal.text


async def test_overseas_answer_says_why_metropolitan_france_is_none(shared: Factors) -> None:
    question = {"activity": "electricity", "region": "RE", "date": "2026-06-01", "allow": "region,year"}
    answer = (await shared.client.get("/v1/resolve", params=question)).json()
    assert (answer["factor"]["id"], answer["factor"]["value"]) == ("electricity-re-2022-ember", 0.5252)
    assert "overseas" in [step["code"] for step in answer["steps"]]


C09 = [
    ("SAR", "SAR", "CH4"),
    ("AR4", "AR4", "CH4"),
    ("AR5", "AR5", "CH4"),
    ("AR5_fossil_CH4", "AR5", "CH4_fossil"),
    ("AR6_nonfossil_CH4", "AR6", "CH4"),
    ("AR6_fossil_CH4", "AR6", "CH4_fossil"),
    ("AR6_IPCC_27.9", "AR6", "CH4_unspecified"),
]


@pytest.mark.parametrize(("expected", "gwp_set", "methane"), C09)
async def test_c09_one_mixture_under_each_set_through_the_api(
    shared: Factors, expected: str, gwp_set: str, methane: str
) -> None:
    case = CASES["C09"]
    inputs = case["inputs"]
    masses = {"CO2": inputs["co2_kg"], methane: inputs["ch4_kg"], "N2O": inputs["n2o_kg"]}
    answer = (await shared.client.post("/v1/co2e", json={"gwp_set": gwp_set, "gases_kg": masses})).json()
    assert answer["co2e_kg"] == pytest.approx(case["expected"][expected], rel=case["rel_tolerance"])
    assert [share["gas"] for share in answer["gases"]] == list(masses)


@pytest.mark.parametrize(("gwp_set", "kg"), [("AR4", 4175), ("AR5", 3847), ("AR6", 4511)])
async def test_two_kilograms_of_r410a_as_gases_and_as_an_activity(shared: Factors, gwp_set: str, kg: float) -> None:
    gases = await shared.client.post("/v1/co2e", json={"gwp_set": gwp_set, "gases_kg": {"R-410A": 2}})
    assert gases.json()["co2e_kg"] == pytest.approx(kg, rel=1e-12)
    leak = {"activity": "refrigerant.r-410a", "date": "2026-06-01", "gwp_set": gwp_set, "quantity": 2000, "unit": "g"}
    [computed] = (await shared.client.post("/v1/estimates", json={"items": [leak]})).json()["items"]
    assert computed["gwp"] == pytest.approx(kg, rel=1e-12)
    assert computed["factor"]["gwp_set"] == gwp_set


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"gases_kg": {"CO3": 1}}, "gases_kg.CO3"),
        ({"gases_kg": {"CO2": -1}}, "gases_kg.CO2"),
        ({"gwp_set": "AR7", "gases_kg": {"CO2": 1}}, "gwp_set"),
        ({"gases_kg": {}}, "gases_kg"),
        ({"gases_kg": {"CO2": 1e308, "CH4": 1e308}}, "gases_kg.CO2"),
        ({"gases_kg": {"R-410A": 1e306}}, "gases_kg.R-410A"),
    ],
)
async def test_co2e_refuses_naming_the_gas(shared: Factors, body: dict[str, Any], field: str) -> None:
    refusal = await shared.client.post("/v1/co2e", json=body)
    assert refusal.status_code == 422
    assert [error["field"] for error in refusal.json()["errors"]] == [field]


async def test_estimates_compute_the_good_items_and_name_the_bad(shared: Factors) -> None:
    good = {"ref": "a", "activity": "electricity", "region": "FR", "date": "2021-06-01", "quantity": 2, "unit": "MWh"}
    items = [
        good,
        good | {"ref": "litres", "quantity": 12, "unit": "L"},
        good | {"ref": "negative", "quantity": -1},
        good | {"ref": "nowhere", "region": "ZZ"},
        good | {"ref": "too late", "date": "2030-01-01"},
        good | {"ref": "no unit", "unit": None},
        good | {"ref": "endless", "quantity": 1e308},
        good | {"ref": "last", "region": "DE", "date": "2024-06-01", "quantity": 10, "unit": "kWh"},
    ]
    answer = (await shared.client.post("/v1/estimates", json={"items": items})).json()
    assert [(item["index"], item["ref"]) for item in answer["items"]] == [(0, "a"), (7, "last")]
    assert answer["items"][0]["gwp"] == pytest.approx(113.8, rel=1e-12)
    assert answer["items"][0]["factor"]["id"] == "electricity-fr-2021-ademe"
    assert answer["items"][0]["steps"]
    assert answer["items"][1]["gwp"] == pytest.approx(3.421, rel=1e-12)
    assert [(error["index"], error["field"], error["code"]) for error in answer["errors"]] == [
        (1, "unit", "unit"),
        (2, "quantity", "negative"),
        (3, "region", "unknown-region"),
        (4, "activity", "factor-not-found"),
        (5, "unit", "string_type"),
        (6, "quantity", "too_large"),
    ]


async def test_many_questions_are_answered_or_refused_one_by_one(shared: Factors) -> None:
    asked = {"activity": "electricity", "region": "FR", "date": "2021-06-01"}
    items = [
        asked | {"ref": "a"},
        asked | {"region": "ZZ"},
        {"activity": "electricity"},
        asked | {"date": "2024-06-01"},
    ]
    answer = (await shared.client.post("/v1/resolve", json={"items": items})).json()
    assert [(item["index"], item["ref"], item["factor"]["value"]) for item in answer["items"]] == [
        (0, "a", 0.0569),
        (3, None, 0.0442),
    ]
    assert [(error["index"], error["field"]) for error in answer["errors"]] == [(1, "region"), (2, "date")]
    single = (await shared.client.get("/v1/resolve", params=asked)).json()
    assert {name: answer["items"][0][name] for name in single} == single


async def test_c13_uncertainty_through_the_api(shared: Factors) -> None:
    terms = [{"value": 100, "gsd2": 1.2}, {"value": 300, "gsd2": 1.5}]
    summed = (await shared.client.post("/v1/uncertainty", json={"terms": terms})).json()
    assert summed["gsd2"] == pytest.approx(1.3600151051103229, rel=1e-9)
    assert (summed["low"], summed["high"]) == pytest.approx((294.1143804189972, 544.0060420441291), rel=1e-9)

    factor = {"reliability": 4, "technical": 4, "geographic": 5, "temporal": 4, "completeness": 4}
    activity = {"reliability": 5, "technical": 5, "geographic": 5, "temporal": 4, "completeness": 5}
    rated = {"terms": [{"value": 1, "factor": factor, "activity": activity}, {"value": 0, "factor": {}}]}
    answer = (await shared.client.post("/v1/uncertainty", json=rated)).json()
    assert answer["terms_gsd2"] == pytest.approx([1.1237110165474755, 2.5163566012590954], rel=1e-9)


async def test_estimates_carry_the_interval_of_the_factor_s_ratings(shared: Factors) -> None:
    item = {"activity": "electricity", "region": "FR", "date": "2024-06-01", "quantity": 1, "unit": "MWh"}
    [computed] = (await shared.client.post("/v1/estimates", json={"items": [item]})).json()["items"]
    gsd2 = computed["factor"]["gsd2"]
    assert 1 < gsd2 < 1.2
    assert (computed["low"], computed["high"]) == pytest.approx((44.2 / gsd2, 44.2 * gsd2), rel=1e-12)


async def test_an_item_that_is_no_object_is_refused_alone(shared: Factors) -> None:
    asked = {"activity": "electricity", "region": "FR", "date": "2021-06-01"}
    answer = (await shared.client.post("/v1/resolve", json={"items": ["FR", asked]})).json()
    assert [item["index"] for item in answer["items"]] == [1]
    assert [error["index"] for error in answer["errors"]] == [0]


async def test_a_mass_is_told_in_things_that_people_know(shared: Factors) -> None:
    answer = (await shared.client.get("/v1/equivalents", params={"kg": "1930"})).json()
    by_activity = {item["activity"]: item for item in answer["items"]}
    assert by_activity["transport.car"]["quantity"] == pytest.approx(10_000, rel=1e-12)
    assert by_activity["transport.car"]["unit"] == "km"
    assert {"equivalent.person_year", "travel.plane", "embodied.laptop"} <= by_activity.keys()
    for kg in ("-1", "1e308"):
        assert (await shared.client.get("/v1/equivalents", params={"kg": kg})).status_code == 422
    assert (await shared.client.get("/v1/equivalents", params={"kg": "1", "region": "ZZ"})).status_code == 404


@pytest.mark.parametrize(("ref", "told"), [('"\\ud800"', None), ("5", None), ('"a"', "a"), ('"\\ud83c\\udf31"', "🌱")])
async def test_a_reference_is_told_again_if_it_is_a_text(shared: Factors, ref: str, told: str | None) -> None:
    item = (
        f'{{"ref": {ref}, "activity": "electricity", "region": "FR", "date": "2021-06-01", "quantity": 1, "unit": "L"}}'
    )
    answer = await shared.client.post(
        "/v1/estimates", content=f'{{"items": [{item}]}}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200
    assert {error["ref"] for error in answer.json()["errors"]} == {told}


@pytest.mark.parametrize("on", ["1622505600", "1622505600.5", '"1622505600"', '"20210601"', "true"])
async def test_a_number_is_no_date(shared: Factors, on: str) -> None:
    items = f'{{"items": [{{"activity": "electricity", "region": "FR", "date": {on}}}]}}'
    answer = await shared.client.post("/v1/resolve", content=items, headers={"content-type": "application/json"})
    assert [error["field"] for error in answer.json()["errors"]] == ["date"]
