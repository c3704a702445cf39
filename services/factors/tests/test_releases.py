"""Releases are frozen: what they answer never changes, whatever is published since."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from common import json
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService
from factors.catalogue import reader
from factors.events import PART_SIZE, RELEASE_FROZEN
from factors.loading import load
from factors.main import republish_releases
from factors.settings import FactorsSettings

Factors = RunningService[FactorsSettings]

NOW = datetime(2026, 11, 1, tzinfo=UTC)


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


async def test_what_a_release_would_do_is_told_by_item_and_in_all(empty: Factors, draft: dict[str, Any]) -> None:
    german = {"id": "electricity-de-2025-example", "region": "DE"}
    await publish(empty, draft)
    await publish(empty, draft, **german, value=0.4)
    await release(empty, "before")
    await publish(empty, draft, value=0.06)
    await empty.client.post(f"/v1/factors/{german['id']}/withdraw", json={"reason": "retracted"})

    french = {"activity": "electricity", "region": "FR", "date": "2025-06-01", "quantity": 2, "unit": "MWh"}
    items = [french | {"ref": "a"}, french | {"quantity": 500, "unit": "kWh"}, french | {"region": "DE"}]
    bad = [french | {"unit": "L"}, french | {"region": "PL"}, french | {"quantity": 1e308}]
    told = (await empty.client.post("/v1/releases/compare", json={"before": "before", "items": items + bad})).json()

    first, second, third = told["items"]
    assert (first["ref"], first["before"]["value"], first["after"]["value"]) == (
        "a",
        pytest.approx(100),
        pytest.approx(120),
    )
    assert (first["before"]["factor_version"], first["after"]["factor_version"]) == (1, 2)
    assert (first["change"], first["relative_change"], first["why"]) == (pytest.approx(20), pytest.approx(0.2), None)
    assert second["change"] == pytest.approx(5)
    assert (third["before"]["value"], third["after"], third["change"]) == (pytest.approx(800), None, None)
    assert "region DE" in third["why"]
    assert told["totals"] == [
        {"criterion": "gwp", "unit": "kgCO2e", "items": 2, "before": pytest.approx(125), "after": pytest.approx(150),
         "change": pytest.approx(25), "relative_change": pytest.approx(0.2)}
    ]  # fmt: skip
    assert [(error["index"], error["code"]) for error in told["errors"]] == [
        (3, "unit"),
        (4, "factor-not-found"),
        (5, "too_large"),
    ]
    unknown = await empty.client.post("/v1/releases/compare", json={"before": "never", "items": items})
    assert unknown.status_code == 404


async def test_a_release_is_told_whole_in_parts_that_never_change(empty: Factors) -> None:
    entries = [entry for entry in reader.entries() if entry.content.activity == "electricity"][: 2 * PART_SIZE + 1]
    async with empty.database.transaction(EVERY) as unit:
        await load(unit, entries, "2026.12", NOW)
    parts = [event for event in await empty.take_outbox() if event.type == RELEASE_FROZEN]
    assert [event.key for event in parts] == ["2026.12/1", "2026.12/2", "2026.12/3"]
    documents: list[Any] = [event.data for event in parts]
    assert [len(document["factors"]) for document in documents] == [PART_SIZE, PART_SIZE, 1]
    assert {(document["parts"], document["version"]) for document in documents} == {(3, 1)}
    told = [factor["id"] for document in documents for factor in document["factors"]]
    assert told == sorted(entry.id for entry in entries)

    await empty.client.post(f"/v1/factors/{told[0]}/withdraw", json={"reason": "retracted"})
    async with empty.database.snapshot(EVERY) as connection:
        again = [event async for event in republish_releases(connection)]
    assert [event.key for event in again] == [event.key for event in parts]
    assert [as_told(event) for event in again] == documents


def as_told(event: Event) -> Any:
    return json.loads(json.dumps(event.data))


async def test_names_are_taken_once_and_unknown_ones_not_found(empty: Factors, draft: dict[str, Any]) -> None:
    await release(empty, "once")
    again = await empty.client.post("/v1/releases", json={"name": "once", "note": "again"})
    assert again.status_code == 409
    assert (await empty.client.get("/v1/releases/never")).status_code == 404
    question = {"activity": "electricity", "region": "FR", "date": "2025-06-01", "release": "never"}
    assert (await empty.client.get("/v1/resolve", params=question)).status_code == 404
    async with empty.client_for(["acme"]) as customer:
        assert (await customer.post("/v1/releases", json={"name": "mine", "note": "no"})).status_code == 403
        assert [one["name"] for one in (await customer.get("/v1/releases")).json()["items"]] == ["once"]


async def test_releases_are_listed_page_by_page_the_newest_first(empty: Factors) -> None:
    for number in range(5):
        await release(empty, f"made-{number}")
    seen: list[str] = []
    pages = 0
    more: dict[str, Any] = {}
    while pages == 0 or more:
        page = (await empty.client.get("/v1/releases", params={"limit": "2"} | more)).json()
        seen += [one["name"] for one in page["items"]]
        pages, more = pages + 1, {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
    assert (pages, seen) == (3, [f"made-{number}" for number in (4, 3, 2, 1, 0)])
    for cursor in ("", "x", "WzEsMl0"):
        assert (await empty.client.get("/v1/releases", params={"cursor": cursor})).status_code == 422


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
    [made] = (await shared.client.get("/v1/releases")).json()["items"]
    assert made["name"] == "test"
    assert made["size"] == len(reader.entries())
