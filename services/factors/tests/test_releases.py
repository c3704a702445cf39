"""Releases are frozen: what they answer never changes, whatever is published since."""

from typing import Any

import asyncpg
import pytest
from common.organisations import EVERY
from common.testing.harness import RunningService
from factors.settings import FactorsSettings

Factors = RunningService[FactorsSettings]


async def publish(service: Factors, draft: dict[str, Any], **changes: Any) -> None:
    assert (await service.client.post("/v1/factors", json=draft | changes)).status_code == 201
    assert (await service.client.post(f"/v1/factors/{(draft | changes)['id']}/publish")).status_code == 200


async def release(service: Factors, name: str) -> dict[str, Any]:
    answer = await service.client.post("/v1/releases", json={"name": name, "note": "for the audit"})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def value(service: Factors, pinned: str | None = None) -> float | None:
    question = {"activity": "electricity", "region": "FR", "date": "2025-06-01"}
    answer = await service.client.get("/v1/resolve", params=question | ({"release": pinned} if pinned else {}))
    if answer.status_code == 404:
        return None
    body = answer.json()
    assert body["release"] == pinned
    found: float = body["factor"]["value"]
    return found


async def test_a_pinned_answer_never_changes(empty: Factors, draft: dict[str, Any]) -> None:
    await publish(empty, draft)
    assert (await release(empty, "2026-audit"))["size"] == 1
    await publish(empty, draft, value=0.06)
    assert (await value(empty), await value(empty, "2026-audit")) == (0.06, 0.05)
    await empty.client.post(f"/v1/factors/{draft['id']}/withdraw", json={"reason": "retracted"})
    assert (await value(empty), await value(empty, "2026-audit")) == (None, 0.05)


async def test_estimates_are_pinned_too(empty: Factors, draft: dict[str, Any]) -> None:
    await publish(empty, draft)
    await release(empty, "first")
    await publish(empty, draft, value=0.06)
    item = {"activity": "electricity", "region": "FR", "date": "2025-06-01", "quantity": 100, "unit": "kWh"}
    pinned = (await empty.client.post("/v1/estimates", json={"release": "first", "items": [item]})).json()
    present = (await empty.client.post("/v1/estimates", json={"items": [item]})).json()
    assert [answer["items"][0]["gwp"] for answer in (pinned, present)] == [5, 6]


async def test_two_releases_are_compared_by_what_they_have_and_by_how_much(
    empty: Factors, draft: dict[str, Any]
) -> None:
    gone = {"id": "electricity-fr-2025-production", "perimeter": "production"}
    new = {"id": "electricity-de-2025-example", "region": "DE"}
    await publish(empty, draft)
    await publish(empty, draft, **gone)
    await release(empty, "before")
    await publish(empty, draft, value=0.06)
    await publish(empty, draft, **new)
    await empty.client.post(f"/v1/factors/{gone['id']}/withdraw", json={"reason": "retracted"})
    await release(empty, "after")

    compared = (await empty.client.get("/v1/releases/compare", params={"before": "before", "after": "after"})).json()
    assert [factor["id"] for factor in compared["added"]] == [new["id"]]
    assert [factor["id"] for factor in compared["removed"]] == [gone["id"]]
    [revised] = compared["revised"]
    assert (revised["id"], revised["before_version"], revised["after_version"]) == (draft["id"], 1, 2)
    assert revised["relative_change"] == pytest.approx(0.2)
    assert revised["changes"] == [{"field": "value", "before": 0.05, "after": 0.06}]


async def test_names_are_taken_once_and_unknown_ones_not_found(empty: Factors, draft: dict[str, Any]) -> None:
    await release(empty, "once")
    again = await empty.client.post("/v1/releases", json={"name": "once", "note": "again"})
    assert again.status_code == 409
    assert (await empty.client.get("/v1/releases/never")).status_code == 404
    question = {"activity": "electricity", "region": "FR", "date": "2025-06-01", "release": "never"}
    assert (await empty.client.get("/v1/resolve", params=question)).status_code == 404
    async with empty.client_for(["acme"]) as customer:
        assert (await customer.post("/v1/releases", json={"name": "mine", "note": "no"})).status_code == 403
        assert [one["name"] for one in (await customer.get("/v1/releases")).json()] == ["once"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE releases SET note = 'x'",
        "DELETE FROM releases",
        "DELETE FROM release_items",
        "UPDATE release_items SET version = 2",
        "INSERT INTO release_items VALUES ('first', 'electricity-fr-2024-ember', 1)",
    ],
)
async def test_the_service_s_own_role_cannot_change_a_release(
    french: Factors, draft: dict[str, Any], statement: str
) -> None:
    await french.client.post("/v1/factors/electricity-fr-2024-ember/withdraw", json={"reason": "left out"})
    await release(french, "first")

    async def change() -> None:
        async with french.database.transaction(EVERY) as unit:
            await unit.connection.execute(statement)

    with pytest.raises(asyncpg.RestrictViolationError):
        await change()


async def test_loading_the_catalogue_freezes_its_release(shared: Factors) -> None:
    [made] = (await shared.client.get("/v1/releases")).json()
    assert made["name"] == "test"
    everything = (await shared.client.get("/v1/factors", params={"limit": "1000"})).json()["items"]
    assert made["size"] == len(everything)
