"""`POST /estimates` over HTTP: published cases, errors of items and of calls, batches and languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from footprint.api.estimates import SLICE

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import catalogue, electricity

CASES = json.loads((Path(__file__).parent / "cases" / "footprint.json").read_text())["cases"]


async def post(pipeline: Pipeline, items: list[Any], period: dict[str, str] | None = None) -> dict[str, Any]:
    """A successful call."""
    body = {"period": period or {"from": "2026-01-01", "to": "2027-01-01"}, "criteria": ["gwp"], "items": items}
    answer = await pipeline.service.client.post("/v1/estimates", json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
async def test_published_cases_to_nine_digits(pipeline: Pipeline, case: dict[str, Any]) -> None:
    answer = await post(pipeline, [case["item"]], case["period"])
    if "error" in case["expected"]:
        assert answer["items"] == []
        assert [(each["index"], each["field"]) for each in answer["errors"]] == [
            (0, case["expected"]["error"]["field"])
        ]
        return
    for stage, value in case["expected"].items():
        assert answer["items"][0]["stages"][stage]["gwp"]["value"] == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"energy": {"average_w": -1}}, "energy.average_w", "negative"),
        ({"energy": {"utilisation": 1.5}}, "energy.utilisation", "too_large"),
        ({"life": {"years": 0}}, "life.years", "not_positive"),
        ({"life": {"from": "1980-01-01", "to": "2024-01-01"}}, "life.from", "too_small"),
        ({"life": {"to": "2024-01-01"}}, "life", "incomplete"),
        ({"kind": "toaster"}, "kind", "unknown"),
        ({"country": "XX"}, "country", "unknown"),
        ({"pue": 0.9}, "pue", "too_small"),
        ({"quantity": 0}, "quantity", "not_positive"),
        ({"duty": 2}, "duty", "too_large"),
        ({"colour": "red"}, "colour", "unknown_field"),
        ({"electricity": {"gwp": -0.1}}, "electricity.gwp", "negative"),
        ({"embodied": {"gwp": {"manufacturing": -1}}}, "embodied.gwp.manufacturing", "negative"),
        ({"quantity": 2**64}, "quantity", "too_large"),
        ({"colour": 2**64}, "colour", "unknown_field"),
        ({"quantity": "3"}, "quantity", "not_a_number"),
        ({"quantity": True}, "quantity", "not_a_number"),
        ({"configuration": {"cpu": {"units": "2"}}}, "configuration.cpu.units", "not_a_number"),
        ({"configuration": {"disks": [{"gib": 960}]}}, "configuration.disks.0.type", "missing"),
        ({"energy": {"utilisation": 0.5}}, "energy.utilisation", "needs_configuration"),
        ({"energy": {"utilisation": "0.5"}}, "energy.utilisation", "not_a_number"),
    ],
)
async def test_a_bad_item_is_an_error_row_and_the_others_are_computed(
    pipeline: Pipeline, change: dict[str, Any], field: str, code: str
) -> None:
    good = {"ref": "good", "kind": "server", "energy": {"average_w": 300}, "electricity": {"gwp": 0.05}}
    answer = await post(pipeline, [good, good | {"ref": "bad"} | change, good])
    assert [each["ref"] for each in answer["items"]] == ["good", "good"]
    assert [(each["index"], each["field"], each["code"]) for each in answer["errors"]] == [(1, field, code)]
    assert answer["errors"][0]["detail"]


@pytest.mark.parametrize("bad", [None, 1, "server", [{"kind": "server"}]])
async def test_an_item_that_is_no_object_is_an_error_row(pipeline: Pipeline, bad: Any) -> None:
    answer = await post(pipeline, [bad, {"ref": "good", "kind": "server"}])
    assert [(each["index"], each["field"], each["code"]) for each in answer["errors"]] == [(0, "item", "not_an_object")]
    assert [each["ref"] for each in answer["items"]] == ["good"]


async def test_a_batch_answers_what_each_item_asked_alone_does(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*catalogue())
    machine = {
        "kind": "server",
        "country": "FR",
        "configuration": {"cpu": {"units": 2, "die_mm2": 400, "tdp_w": 150}},
    }
    items: list[dict[str, Any]] = [
        machine | {"ref": f"é{n}", "energy": {"average_w": 100 + n % 7}, "life": {"years": 4 + n % 2}}
        for n in range(2 * SLICE)
    ]
    items[1] = {"ref": "no use", "kind": "server"}
    items[2] = {"ref": "tiny", "kind": "server", "country": "FR", "energy": {"average_w": 1e-9}}
    items[SLICE + 3] = {"ref": "bad", "kind": "server", "pue": 0.5}
    together = await post(pipeline, items)
    assert [each["index"] for each in together["errors"]] == [SLICE + 3]
    for item in items[:5] + items[SLICE - 1 : SLICE + 5]:
        alone = await post(pipeline, [item])
        assert alone["items"] == [each for each in together["items"] if each["ref"] == item["ref"]]


async def test_a_region_outside_the_country_is_an_error_row(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*catalogue(), electricity("DE", 0.35))
    item = {"kind": "server", "country": "FR", "energy": {"average_w": 1000}}
    answer = await post(pipeline, [item | {"region": "DE"}, item | {"region": "FR"}])
    assert [(each["index"], each["field"], each["code"]) for each in answer["errors"]] == [
        (0, "region", "contradictory")
    ]
    assert len(answer["items"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"period": {"from": "2026-01-01", "to": "2026-01-01"}, "items": [{"kind": "server"}]}',
        b'{"period": {"from": "2026-01-01", "to": "2027-01-01"}, "items": []}',
        b'{"period": {"from": "2026-01-01", "to": "2027-01-01"}, "items": [{"kind": "server"}], "criteria": ["beauty"]}',
        b'{"items": [{"kind": "server"}]}',
        b'{"period": {"from": "2026-01-01", "to": "2027-01-01"}, "items": {"kind": "server"}}',
        b'{"period": {"from": "2026-01-01", "to": "2027-01-01"}, "items": [{"kind": "\xff"}]}',
    ],
)
async def test_a_call_that_is_wrong_as_a_whole_is_refused(pipeline: Pipeline, body: bytes) -> None:
    answer = await pipeline.service.client.post("/v1/estimates", content=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize("number", [b"NaN", b"1e999"])
async def test_not_a_number_is_an_error_row(pipeline: Pipeline, number: bytes) -> None:
    item = b'{"kind": "server", "energy": {"average_w": %b}}' % number
    body = b'{"period": {"from": "2026-01-01", "to": "2027-01-01"}, "items": [%b]}' % item
    answer = await pipeline.service.client.post("/v1/estimates", content=body)
    assert [each["field"] for each in answer.json()["errors"]] == ["energy.average_w"]


async def test_traces_and_warnings_are_told_in_french_on_demand_with_the_same_figures(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*catalogue())
    items = [
        {"kind": "server", "country": "FR", "energy": {"average_w": 300}},
        {
            "kind": "virtual_machine",
            "country": "FR",
            "allocation": {"vcpu": 2},
            "host": {"vcpu": 8, "energy": {"annual_kwh": 900}},
        },
    ]
    body = {"period": {"from": "2026-01-01", "to": "2027-01-01"}, "criteria": ["gwp", "pe"], "items": items}
    told = {}
    for language in ("en", "fr"):
        answer = await pipeline.service.client.post(f"/v1/estimates?lang={language}", json=body)
        assert answer.status_code == 200, answer.text
        told[language] = answer.json()["items"]
    for english, french in zip(told["en"], told["fr"], strict=True):
        assert {**english, "trace": 0, "warnings": 0} == {**french, "trace": 0, "warnings": 0}
        assert [re.findall(r"[\d.]+", line) for line in english["trace"]] == [
            re.findall(r"[\d.]+", line) for line in french["trace"]
        ]
        assert not set(english["trace"]) & set(french["trace"])
        of_criterion = [each["detail"] for each in french["warnings"] if each["code"] == "no_factor_of_criterion"]
        assert "Fabrication (pe) : étape absente de ce critère" in of_criterion[0]
        assert "le transport est absent" in french["warnings"][0]["detail"]
    for query, named in (("lang=de", "lang"), ("language=fr", "language")):
        refused = await pipeline.service.client.post(f"/v1/estimates?{query}", json=body)
        assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (422, [named])


async def test_errors_of_items_are_told_in_the_language_asked_for_else_accepted_else_french(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*catalogue())
    items: list[dict[str, Any]] = [
        {"kind": "server", "energy": {"average_w": -5}},
        {"kind": "sever"},
        {"kind": "server", "colour": "red"},
        {"country": "FR"},
        {"kind": "server", "country": "XX", "energy": {"average_w": 5}},
        {"kind": "server", "host": {}},
        {"kind": "virtual_machine", "cloud": {"provider": "aws"}},
        {"kind": "server", "life": {"to": "2026-01-01"}},
        {"kind": "server", "life": {"from": "2025-01-01T08:00:00Z"}},
    ]
    body = {"period": {"from": "2026-01-01", "to": "2027-01-01"}, "items": items}
    told = {}
    for query, accepted in (("", ""), ("", "en"), ("?lang=en", "fr"), ("?lang=fr", "en")):
        headers = {"Accept-Language": accepted} if accepted else {}
        answer = await pipeline.service.client.post(f"/v1/estimates{query}", json=body, headers=headers)
        told[query or accepted] = answer.json()["errors"]
    assert told[""] == told["?lang=fr"]
    assert told["en"] == told["?lang=en"]
    assert [each["index"] for each in told["en"]] == list(range(len(items)))
    for english, french in zip(told["en"], told[""], strict=True):
        assert english | {"detail": ""} == french | {"detail": ""}
        assert english["detail"] != french["detail"]
    assert told[""][0]["detail"] == "energy.average_w : doit être au moins 0 (reçu -5)"
    assert told["en"][0]["detail"].startswith("energy.average_w: Input should be greater than or equal to 0")


async def test_it_uses_the_factors_that_were_heard(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*catalogue())
    item = {"kind": "server", "country": "FR", "energy": {"average_w": 1000}}
    found = (await post(pipeline, [item]))["items"][0]
    assert found["stages"]["use"]["gwp"]["value"] == pytest.approx(8760 * 0.05)
    assert found["evidence"] == {"embodied": "kind", "energy": "declared", "electricity": "region"}
    assert {each["id"] for each in found["factors"]} == {"electricity-fr-2026", "embodied-server", "life-server"}
