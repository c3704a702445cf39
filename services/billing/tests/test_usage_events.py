"""Usage events of partners: each once, whatever is sent again."""

import asyncio
from typing import Any

from billing.main import SERVICE
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService


def event(number: int, kind: str = "started", **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "/partner",
        "type": f"usage.{kind}.v1",
        "subject": f"vm-{number % 10}",
        "time": "2026-11-01T00:00:00+01:00",
        "data": {"org": "acme", "vcpu": 4, "ram_gib": 16},
    } | changes


async def take(billing: RunningService[Any], *events: dict[str, Any]) -> dict[str, Any]:
    answer = await billing.client.post("/v1/usage-events/batch", json=list(events))
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def stored(billing: RunningService[Any]) -> int:
    async with billing.database.snapshot(EVERY) as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM usage_events")
    return count


async def test_an_event_is_stored_once_however_often_it_is_sent(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    assert [r["status"] for r in (await take(billing, event(1), event(1), event(2)))["results"]] == [
        "created",
        "duplicate",
        "created",
    ]
    assert [r["status"] for r in (await take(billing, event(2), event(3)))["results"]] == ["duplicate", "created"]
    assert await stored(billing) == 3


async def test_concurrent_calls_with_the_same_events_store_each_once(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    events = [event(number) for number in range(200)]
    answers = await asyncio.gather(*(take(billing, *events) for _ in range(6)))
    assert sum(answer["created"] for answer in answers) == 200
    assert all(answer["rejected"] == 0 for answer in answers)
    assert await stored(billing) == 200


async def test_an_id_that_returns_with_other_content_is_refused_and_changes_nothing(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    await take(billing, event(1))
    [result] = (await take(billing, event(1, data={"org": "acme", "vcpu": 8})))["results"]
    assert (result["status"], result["errors"][0]["code"]) == ("error", "conflict")
    [result] = (await take(billing, event(1)))["results"]
    assert result["status"] == "duplicate"


async def test_a_bad_event_does_not_sink_the_good_ones(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    bad = [
        event(2, time="2026-11-01T00:00:00"),
        event(3, data={"org": "acme", "vcpu": -1}),
        event(4, data={"org": "acme", "ram_gib": 0.0001}),
        event(5, type="usage.paused.v1"),
        event(6, data={"org": "acme", "gpu": 1}),
    ]
    document = await take(billing, event(1), *bad, event(7))
    assert (document["created"], document["rejected"]) == (2, 5)
    fields = [result["errors"][0]["field"] for result in document["results"] if result["status"] == "error"]
    assert fields == ["time", "data.vcpu", "data", "type", "data.gpu"]


async def test_events_of_organisations_that_the_token_does_not_name_are_refused(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    async with billing.client_for(["globex"]) as stranger:
        [result] = (await stranger.post("/v1/usage-events/batch", json=[event(1)])).json()["results"]
    assert (result["status"], result["errors"][0]["code"]) == ("error", "forbidden")
    assert await stored(billing) == 0


async def test_text_that_cannot_be_kept_sinks_its_own_event_only(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    answer = await take(
        billing,
        event(1),
        event(2, id="e\u0000"),
        event(3, subject="vm\u0000"),
        event(4, data={"org": "ac\u0000me", "vcpu": 4}),
        event(5),
    )
    assert [r["status"] for r in answer["results"]] == ["created", "error", "error", "error", "created"]
    assert [r["errors"][0]["field"] for r in answer["results"][1:4]] == ["id", "subject", "data.org"]
    assert await stored(billing) == 2
