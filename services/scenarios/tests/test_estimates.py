"""`POST /estimates`: the fixed call, and what it refuses."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from scenarios.api.estimates import EXAMPLE
from scenarios.main import SERVICE

C05: dict[str, Any] = EXAMPLE["value"]


async def _refusal(scenarios: RunningService[Any], document: dict[str, Any]) -> dict[str, Any]:
    answer = await scenarios.client.post("/v1/estimates", json=document)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    return problem


def _with(path: str, value: Any) -> dict[str, Any]:
    """C05 with one value changed."""
    document = copy.deepcopy(C05)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = document
    for part in parents:
        place = place[part]
    place[last] = value
    return document


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for member in value.values():
            yield from _numbers(member)
    elif isinstance(value, list):
        for member in value:
            yield from _numbers(member)
    elif isinstance(value, float):
        yield value


async def test_the_call_of_the_fixed_page_answers_in_its_shape(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    answer = await scenarios.client.post("/v1/estimates", json=C05)
    assert answer.status_code == 200
    body = answer.json()
    year = {
        "year", "embodied_kg", "use_kg", "maintenance_and_sale_kg", "total_kg", "kwh", "capex_eur", "opex_eur",
    }  # fmt: skip
    assert year <= body["reference"]["years"][0].keys()
    [alternative] = body["alternatives"]
    assert {"name", "years", "total_kg", "avoided", "cir", "eur_per_tonne"} <= alternative.keys()
    assert {"eer_kg", "eema_kg", "total_kg"} <= alternative["avoided"].keys()
    assert body["reference"]["total_kg"] == pytest.approx(13172.944303, rel=1e-6)
    assert alternative["avoided"]["total_kg"] == pytest.approx(8425.309585, rel=1e-6)
    assert body["reference"]["years"][0]["capex_eur"] == "0.00"


async def test_no_number_of_the_answer_is_induced_minus_avoided(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    body = (await scenarios.client.post("/v1/estimates", json=C05)).json()
    [alternative] = body["alternatives"]
    for induced in (body["reference"]["total_kg"], alternative["total_kg"]):
        netted = induced - alternative["avoided"]["total_kg"]
        others = [number for number in _numbers(body) if abs(number - netted) < 1e-6]
        # Reference minus avoided is the alternative itself, by definition of avoided; nothing else may hold it.
        assert all(abs(number - alternative["total_kg"]) < 1e-6 for number in others)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("years", 0, "years"),
        ("electricity.gwp", -0.1, "electricity.gwp"),
        ("electricity.gwp", [0.1, 0.1], "electricity.gwp"),
        ("assets.0.annual_kwh", -1, "assets.0.annual_kwh"),
        ("assets.0.life_years", 0, "assets.0.life_years"),
        ("assets.0.pue", 0.9, "assets.0.pue"),
        ("assets.0.kind", "toaster", "assets.0.kind"),
        ("assets.0.colour", "red", "assets.0.colour"),
        ("reference.actions.0.on", ["nobody"], "reference.actions.0.on.0"),
        ("reference.actions.0.on", ["srv", "srv"], "reference.actions.0.on"),
        ("reference.actions.0.on", {"kinds": ["laptop"]}, "reference.actions.0.on"),
        ("reference.actions.0.year", 3, "reference.actions.0.year"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_name(
    make_service: MakeService, path: str, value: Any, field: str
) -> None:
    scenarios = await make_service(SERVICE)
    problem = await _refusal(scenarios, _with(path, value))
    assert any(error["field"].startswith(field) for error in problem["errors"]), problem


async def test_two_conventions_of_refurbished_kit_in_one_report_are_refused(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    action = {"lever": "refurbish", "on": ["srv"], "age_years": 2}
    alternatives = [
        {"name": convention, "actions": [action | {"convention": convention}]}
        for convention in ("remaining", "cut_off")
    ]
    problem = await _refusal(scenarios, _with("alternatives", alternatives))
    assert problem["errors"][0]["code"] == "mixed_conventions"


async def test_a_selection_is_as_good_as_a_list(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    selected = _with("alternatives.0.actions.0.on", {"kinds": ["server"], "min_age_years": 4})
    listed = (await scenarios.client.post("/v1/estimates", json=C05)).json()
    assert (await scenarios.client.post("/v1/estimates", json=selected)).json() == listed


async def test_what_is_left_of_the_making_is_charged_over_the_rest_of_the_life_and_what_replaces_it_weighs_the_whole(
    make_service: MakeService,
) -> None:
    """1000 kg whole, of which 500 are left for the last of five years (an upgrade came late), not a fifth of the whole."""
    scenarios = await make_service(SERVICE)
    server = {
        "ref": "srv",
        "kind": "server",
        "quantity": 2,
        "annual_kwh": 0,
        "embodied_kg": 1000,
        "embodied_left_kg": 500,
        "life_years": 5,
        "age_years": 4,
    }
    renewed = {"lever": "renew", "on": ["srv"], "when_due": True}
    document = {
        "start": "2027-01-01",
        "years": 4,
        "electricity": {"gwp": 0.05},
        "assets": [server],
        "reference": {"actions": [renewed]},
        "alternatives": [
            {"name": "longer", "actions": [{"lever": "extend_life", "on": ["srv"], "years": 3}]},
            {"name": "early", "actions": [{"lever": "renew", "on": ["srv"]}]},
        ],
    }
    answer = (await scenarios.client.post("/v1/estimates", json=document)).json()
    longer, early = answer["alternatives"]
    charged = [[year["embodied_kg"] for year in each["years"]] for each in (answer["reference"], longer, early)]
    assert charged[0] == pytest.approx([1000.0, 400.0, 400.0, 400.0])
    assert charged[1] == pytest.approx([250.0, 250.0, 250.0, 250.0])
    assert charged[2] == pytest.approx([400.0, 400.0, 400.0, 400.0])
    assert early["written_off_kg"] == pytest.approx(1000.0)
    assert longer["avoided"]["total_kg"] == pytest.approx(2200.0 - 1000.0)
    straight = {key: value for key, value in server.items() if key != "embodied_left_kg"}
    plain = (await scenarios.client.post("/v1/estimates", json=document | {"assets": [straight]})).json()
    assert plain["reference"]["years"][0]["embodied_kg"] == pytest.approx(2 * 1000 / 5)
