"""An organisation's own values: they answer for it alone, visibly, and every version is kept."""

from typing import Any

import asyncpg
import pytest
from common.organisations import EVERY
from common.testing.harness import RunningService
from factors import events
from factors.main import republish_overrides
from factors.settings import FactorsSettings
from httpx import Response

Factors = RunningService[FactorsSettings]


@pytest.fixture
def own(draft: dict[str, Any]) -> dict[str, Any]:
    """The body of acme's own value for electricity of France in 2024."""
    validity = {"valid_from": "2024-01-01", "valid_to": "2025-01-01", "perimeter": "production"}
    return draft | validity | {"org": "acme", "id": "supplier-2024", "value": 0.01}


async def resolve(service: Factors, org: str | None = "acme", **more: str) -> Response:
    question = {"activity": "electricity", "region": "FR", "date": "2024-06-01"} | more
    return await service.client.get("/v1/resolve", params=question | ({"org": org} if org else {}))


async def test_an_own_value_answers_for_its_organisation_and_says_what_it_replaces(
    french: Factors, own: dict[str, Any]
) -> None:
    assert (await french.client.post("/v1/overrides", json=own)).status_code == 201
    answer = (await resolve(french)).json()
    assert (answer["factor"]["value"], answer["org"]) == (0.01, "acme")
    assert [warning["code"] for warning in answer["warnings"]] == ["override"]
    assert "electricity-fr-2024-ember, version 1" in answer["warnings"][0]["text"]["en"]

    for other in (await resolve(french, org=None), await resolve(french, org="globex")):
        assert (other.json()["factor"]["value"], other.json()["org"]) == (0.0442, None)


async def test_nothing_stands_in_for_an_own_value(french: Factors, own: dict[str, Any]) -> None:
    await french.client.post("/v1/overrides", json=own)
    later = (await resolve(french, date="2026-06-01", allow="year")).json()
    assert (later["factor"]["id"], later["org"]) == ("electricity-fr-2024-ember", None)
    assert (await resolve(french, perimeter="consumption")).status_code == 404


async def test_estimates_use_own_values(french: Factors, own: dict[str, Any]) -> None:
    await french.client.post("/v1/overrides", json=own)
    item = {"activity": "electricity", "region": "FR", "date": "2024-06-01", "quantity": 100, "unit": "kWh"}
    [computed] = (await french.client.post("/v1/estimates", json={"org": "acme", "items": [item]})).json()["items"]
    assert (computed["gwp"], computed["org"]) == (1, "acme")


async def test_a_change_is_a_new_version_an_end_goes_back_to_the_public_factor_and_both_are_told(
    french: Factors, own: dict[str, Any]
) -> None:
    await french.client.post("/v1/overrides", json=own)
    await french.client.post("/v1/overrides", json=own | {"value": 0.02, "reason": "new contract"})
    assert (await resolve(french)).json()["factor"]["value"] == 0.02
    ended = await french.client.post("/v1/overrides/acme/supplier-2024/end", json={"reason": "contract over"})
    assert (ended.json()["status"], ended.json()["version"]) == ("withdrawn", 3)
    assert (await resolve(french)).json()["org"] is None
    assert (
        await french.client.post("/v1/overrides/acme/supplier-2024/end", json={"reason": "again"})
    ).status_code == 409

    history = (await french.client.get("/v1/overrides/acme/supplier-2024")).json()
    assert [(version["version"], version["value"]) for version in history] == [(3, 0.02), (2, 0.02), (1, 0.01)]
    told = [event for event in await french.outbox() if event.type == events.OVERRIDE_CHANGED]
    assert [
        (event.key, event.data["version"], event.data["status"]) for event in told if isinstance(event.data, dict)
    ] == [
        ("acme/supplier-2024", 1, "published"),
        ("acme/supplier-2024", 2, "published"),
        ("acme/supplier-2024", 3, "withdrawn"),
    ]
    async with french.database.snapshot(EVERY) as connection:
        assert len([event async for event in republish_overrides(connection)]) == 3


async def test_an_organisation_has_one_own_value_for_a_question(french: Factors, own: dict[str, Any]) -> None:
    await french.client.post("/v1/overrides", json=own)
    assert (await french.client.post("/v1/overrides", json=own | {"id": "second"})).status_code == 409
    assert (await french.client.post("/v1/overrides", json=own | {"org": "globex"})).status_code == 201
    assert (await french.client.post("/v1/overrides", json=own | {"id": "worse", "value": -1})).status_code == 422


PARAMETER: dict[str, Any] = {
    "criterion": "parameter",
    "region": None,
    "perimeter": None,
    "gases": {},
    "gwp_set": None,
    "stage": None,
}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        (PARAMETER | {"activity": "life.server", "value": 60, "unit": "month"}, "unit", "other_unit"),
        (PARAMETER | {"activity": "energy.server.dell.r740", "value": 2, "unit": "MWh/year"}, "unit", "other_unit"),
        (PARAMETER | {"activity": "cloud.aws.max_w_per_vcpu", "value": 1, "unit": "kW/unit"}, "unit", "other_unit"),
        (PARAMETER | {"activity": "life.laptop", "value": 0, "unit": "year"}, "value", "out_of_range"),
        (PARAMETER | {"activity": "component.ram_density", "value": 0, "unit": "GB/cm2"}, "value", "out_of_range"),
        (PARAMETER | {"activity": "cloud.aws.host_vcpu", "value": 0, "unit": "1"}, "value", "out_of_range"),
        (PARAMETER | {"activity": "pue", "region": "world", "value": 0.5, "unit": "1"}, "value", "out_of_range"),
        (PARAMETER | {"activity": "cloud.aws.pue", "value": 10.1, "unit": "1"}, "value", "out_of_range"),
        ({"activity": "transport.car", "perimeter": None, "value": 0.0002, "unit": "tCO2e/km"}, "unit", "other_unit"),
        ({"activity": "refurbishing.laptop", "perimeter": None, "value": 9, "unit": "kgCO2e/kg"}, "unit", "other_unit"),
        ({"activity": "component.ram_per_cm2", "perimeter": None, "unit": "kgCO2e/mm2"}, "unit", "other_unit"),
    ],
)
async def test_what_others_compute_with_is_in_their_unit_and_within_its_range(
    french: Factors, own: dict[str, Any], change: dict[str, Any], field: str, code: str
) -> None:
    refused = await french.client.post("/v1/overrides", json=own | change)
    assert refused.status_code == 422, refused.text
    assert [(each["field"], each["code"]) for each in refused.json()["errors"]] == [(field, code)]


@pytest.mark.parametrize(
    "change",
    [
        {"activity": "life.laptop", "value": 0.5, "unit": "year"},
        {"activity": "energy.laptop", "value": 0, "unit": "kWh/year"},
        {"activity": "pue", "region": "world", "value": 1, "unit": "1"},
        {"activity": "cloud.own.w_per_core", "value": 0, "unit": "kW/unit"},
    ],
)
async def test_what_can_be_a_parameter_is_taken(french: Factors, own: dict[str, Any], change: dict[str, Any]) -> None:
    taken = await french.client.post("/v1/overrides", json=own | PARAMETER | change)
    assert taken.status_code == 201, taken.text


async def test_organisations_see_and_change_their_own_only(french: Factors, own: dict[str, Any]) -> None:
    async with french.client_for(["acme"]) as acme, french.client_for(["globex"]) as globex:
        assert (await acme.post("/v1/overrides", json=own)).status_code == 201
        assert (await globex.post("/v1/overrides", json=own)).status_code == 403
        assert (await globex.get("/v1/overrides", params={"org": "acme"})).status_code == 403
        assert (await globex.get("/v1/overrides/acme/supplier-2024")).status_code == 403
        assert (await globex.post("/v1/overrides/acme/supplier-2024/end", json={"reason": "no"})).status_code == 403
        question = {"activity": "electricity", "region": "FR", "date": "2024-06-01", "org": "acme"}
        assert (await globex.get("/v1/resolve", params=question)).status_code == 403
        assert [one["id"] for one in (await acme.get("/v1/overrides", params={"org": "acme"})).json()] == [
            "supplier-2024"
        ]
    async with french.database.snapshot(frozenset({"globex"})) as connection:
        assert await connection.fetchval("SELECT count(*) FROM overrides") == 0


async def test_a_release_and_own_values_are_not_mixed(french: Factors) -> None:
    assert (await resolve(french, release="test")).status_code == 422


@pytest.mark.parametrize("statement", ["UPDATE overrides SET reason = 'x'", "DELETE FROM overrides"])
async def test_the_service_s_own_role_cannot_change_an_override(
    french: Factors, own: dict[str, Any], statement: str
) -> None:
    await french.client.post("/v1/overrides", json=own)

    async def change() -> None:
        async with french.database.transaction(EVERY) as unit:
            await unit.connection.execute(statement)

    with pytest.raises(asyncpg.RestrictViolationError):
        await change()


async def test_an_own_electricity_factor_of_consumption_is_taken_up_with_a_warning_that_no_footprint_takes_it(
    french: Factors, own: dict[str, Any]
) -> None:
    answer = await french.client.post("/v1/overrides", json=own | {"perimeter": "consumption"})
    assert answer.status_code == 201
    [warning] = answer.json()["warnings"]
    assert warning["code"] == "consumption_not_taken"
    assert all("production" in warning["text"][language] for language in ("fr", "en"))
    [listed] = (await french.client.get("/v1/overrides", params={"org": "acme"})).json()
    assert listed["warnings"] == [warning]
    replaced = await french.client.post("/v1/overrides", json=own | {"reason": "another perimeter"})
    assert (replaced.status_code, replaced.json()["warnings"]) == (201, [])
