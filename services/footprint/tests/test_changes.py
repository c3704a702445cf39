"""The stream of changes: nothing passed over, in the order of commits, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from common.api.sse import ServerSentEvent
from common.organisations import Organisations
from footprint.changes import ChangeFeed
from footprint.store import changes

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import ORG, asset, foundations, id_of, organisation


async def next_of(stream: AsyncIterator[ServerSentEvent], count: int) -> list[ServerSentEvent]:
    """The next events of a stream."""
    async with asyncio.timeout(30):
        return [await anext(stream) for _ in range(count)]


def follow(pipeline: Pipeline, organisations: Organisations = frozenset({ORG}), last: str | None = None) -> Any:
    """A stream of its own."""
    return ChangeFeed(pipeline.service.database).follow(organisations, None, last)


async def test_a_change_is_told_with_its_months_and_assets(pipeline: Pipeline) -> None:
    stream = follow(pipeline)
    (ready,) = await next_of(stream, 1)
    assert ready.event == "ready"
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    (told,) = await next_of(stream, 1)
    assert (told.event, told.data["org"], told.data["assets"]) == ("figures", ORG, [id_of("srv")])
    assert told.data["months"] == [f"2026-{number:02d}" for number in range(1, 13)]
    await pipeline.service.client.post(f"/v1/periods/2026-01/close?org={ORG}")
    (closed,) = await next_of(stream, 1)
    assert (closed.event, closed.data["months"]) == ("period", ["2026-01"])


async def test_a_stream_goes_on_after_the_last_event_seen(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations())
    first = follow(pipeline)
    (ready,) = await next_of(first, 1)
    for version in range(1, 5):
        await pipeline.service.handle(asset("srv", version, quantity=version))
        await pipeline.settle()
    seen = await next_of(first, 4)
    for place, event in enumerate([ready, *seen]):
        again = follow(pipeline, last=event.id)
        (start,) = await next_of(again, 1)
        assert start.event == "ready"
        rest = seen[place:]
        assert [each.id for each in await next_of(again, len(rest))] == [each.id for each in rest]


@pytest.mark.parametrize("last", ["nonsense", "1-2", "99999999999999-1-1", "1-1-0", "٣-1-1"])
async def test_a_place_that_is_not_known_any_more_begins_anew(pipeline: Pipeline, last: str) -> None:
    (event,) = await next_of(follow(pipeline, last=last), 1)
    assert event.event == "reset"


async def test_another_organisation_is_told_nothing(pipeline: Pipeline) -> None:
    theirs = follow(pipeline, frozenset({"globex"}))
    await next_of(theirs, 1)
    await pipeline.service.handle(*foundations(), organisation("globex"), asset("ours"))
    await pipeline.settle()
    await pipeline.service.handle(asset("theirs", org="globex"))
    await pipeline.settle()
    (told,) = await next_of(theirs, 1)
    assert told.data["assets"] == [id_of("theirs")]
    async with pipeline.service.client_for(["globex"]) as client:
        assert (await client.get(f"/v1/changes?org={ORG}")).status_code == 403


async def test_what_commits_late_is_not_passed_over(pipeline: Pipeline) -> None:
    database = pipeline.service.database
    stream = follow(pipeline)
    await next_of(stream, 1)
    async with database.transaction("*") as late:
        await changes.tell(late, "figures", {ORG: {(id_of("late"), 24310)}})
        async with database.transaction("*") as early:
            await changes.tell(early, "figures", {ORG: {(id_of("early"), 24310)}})
        waiting = asyncio.ensure_future(next_of(stream, 2))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
    told = await waiting
    assert [each.data["assets"] for each in told] == [[id_of("late")], [id_of("early")]]


@pytest.mark.parametrize("text", ["abc", "1-2", "1-2-x", "-1-2-3"])
async def test_what_is_no_id_of_an_event_is_refused_with_the_field_and_the_rule(pipeline: Pipeline, text: str) -> None:
    await pipeline.service.handle(*foundations())
    for query, headers, field in ((f"&after={text}", {}, "after"), ("", {"Last-Event-ID": text}, "Last-Event-ID")):
        answer = await pipeline.service.client.get(f"/v1/changes?org={ORG}{query}", headers=headers)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, "malformed")
        assert repr(text) in error["detail"]
