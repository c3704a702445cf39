"""Usage events of partners over the broker: each once, in any order, from whom the contract names; bad ones set aside alone."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from billing.main import SERVICE
from common import json
from common.dead_letters import DeadLetters
from common.events import Event, ReceivedEvent, to_headers
from common.organisations import EVERY
from common.testing.harness import RunningService, received
from common.testing.plugin import MakeService
from common.testing.servers import KafkaServer
from common.testing.waiting import eventually

from services.billing.tests.heard import agreed
from services.billing.tests.test_invoices import AFTER_GRACE, Clock
from services.billing.tests.test_usage_events import stored

TOPIC, PARTNER = "billing.usage", "/partner/cluster-3"
OCTOBER = datetime(2026, 9, 30, 22, tzinfo=UTC)
LETTERS = DeadLetters("billing")


def reported(
    kind: str, hours: int, data: dict[str, Any], *, number: int = 0, resource: str = "vm-1", source: str = PARTNER
) -> ReceivedEvent:
    """What a partner reports `hours` into October."""
    at = OCTOBER + timedelta(hours=hours)
    event = Event(TOPIC, f"usage.{kind}.v1", resource, resource, data, UUID(int=number) if number else uuid4(), at)
    return replace(received(event), source=source)


async def billing_by_events(make_service: MakeService, **settings: Any) -> tuple[RunningService[Any], str]:
    """Billing with a contract that is metered by events, after the grace of October."""
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE), **settings)
    contract = await agreed(billing, metering="events", event_sources=[PARTNER])
    return billing, f"/v1/contracts/{contract['id']}"


async def net(billing: RunningService[Any], path: str) -> str:
    answer = await billing.client.get(f"{path}/projection", params={"month": "2026-10"})
    assert answer.status_code == 200, answer.text
    shown: str = answer.json()["net"]
    return shown


async def open_letters(billing: RunningService[Any]) -> list[tuple[str, str]]:
    async with billing.database.transaction(EVERY) as unit:
        return [(letter.event.key, str(letter.reason)) for letter in await LETTERS.open(unit)]


def month(machines: int) -> list[ReceivedEvent]:
    """Each machine starts, is resized and stops."""
    return [
        event
        for number in range(machines)
        for event in (
            reported("started", 0, {"org": "acme", "vcpu": 2, "ram_gib": 4}, resource=f"vm-{number}"),
            reported("resized", 100 + number, {"org": "acme", "vcpu": 4}, resource=f"vm-{number}"),
            reported("stopped", 500 + number, {"org": "acme"}, resource=f"vm-{number}"),
        )
    ]


async def test_disorder_and_repetition_do_not_change_the_bill(make_service: MakeService) -> None:
    events = month(5)
    billing, path = await billing_by_events(make_service)
    await billing.handle(*events)
    expected = await net(billing, path)
    assert float(expected) > 0
    chance = random.Random(7)
    shuffled = [*events, *events[:9]]
    chance.shuffle(shuffled)
    other, elsewhere = await billing_by_events(make_service)
    for start in range(0, len(shuffled), 4):
        await other.handle(*shuffled[start : start + 4])
    assert await net(other, elsewhere) == expected
    assert await stored(other) == len(events)
    assert await open_letters(other) == []


BAD = {
    "a misspelt meter": reported("started", 0, {"org": "acme", "vcpus": 4}, resource="bad"),
    "no organisation": reported("started", 0, {"vcpu": 4}, resource="bad"),
    "a negative quantity": reported("started", 0, {"org": "acme", "vcpu": -4}, resource="bad"),
    "between two steps": reported("started", 0, {"org": "acme", "vcpu": 0.5}, resource="bad"),
    "before 1990": replace(
        reported("started", 0, {"org": "acme"}, resource="bad"), time=datetime(1989, 1, 1, tzinfo=UTC)
    ),
    "a source that the contract does not name": reported(
        "started", 0, {"org": "acme"}, resource="bad", source="/other"
    ),
    "an organisation of somebody else": reported("started", 0, {"org": "globex"}, resource="bad"),
    "an empty resource": replace(reported("started", 0, {"org": "acme"}, resource="bad"), subject=""),
}


@pytest.mark.parametrize("fault", sorted(BAD))
async def test_a_bad_event_is_set_aside_alone_and_the_next_of_its_resource_counts(
    make_service: MakeService, fault: str
) -> None:
    billing, _ = await billing_by_events(make_service)
    after = reported("started", 0, {"org": "acme", "vcpu": 1}, resource="bad")
    before = reported("started", 0, {"org": "acme", "vcpu": 1})
    await billing.handle(before, BAD[fault], after)
    [(key, reason)] = await open_letters(billing)
    assert (key, bool(reason)) == ("bad", True)
    assert await stored(billing) == 2
    await billing.handle(reported("stopped", 372, {"org": "acme"}, resource="bad"))
    assert await stored(billing) == 3


async def test_an_id_that_returns_with_other_content_is_set_aside_and_changes_nothing(
    make_service: MakeService,
) -> None:
    billing, path = await billing_by_events(make_service)
    await billing.handle(reported("started", 0, {"org": "acme", "vcpu": 4}, number=9))
    before = await net(billing, path)
    await billing.handle(reported("started", 0, {"org": "acme", "vcpu": 8}, number=9))
    [(_, reason)] = await open_letters(billing)
    assert "stored with other content" in reason
    assert await net(billing, path) == before


async def test_a_partner_that_sends_nothing_but_nonsense_does_not_stop_the_service(make_service: MakeService) -> None:
    billing, _ = await billing_by_events(make_service, dead_letter_streak=3)
    await billing.handle(*(reported("started", 0, {"org": "acme", "gpu": 1}, resource=f"vm-{n}") for n in range(9)))
    assert len(await open_letters(billing)) == 9


async def test_what_was_refused_counts_once_the_contract_names_the_source(make_service: MakeService) -> None:
    billing, path = await billing_by_events(make_service)
    await billing.handle(reported("started", 0, {"org": "acme", "vcpu": 4}, source="/partner/new"))
    named = {"event_sources": [PARTNER, "/partner/new"]}
    answer = await billing.client.patch(path, json=named, headers={"If-Match": '"1"'})
    assert answer.json()["event_sources"] == [PARTNER, "/partner/new"]
    async with billing.database.transaction(EVERY) as unit:
        [letter] = await LETTERS.open(unit)
        await LETTERS.settle(unit, letter.id, billing.runner.handler, skip=False)
    assert await net(billing, path) == "31.60"


async def test_over_http_and_over_the_broker_an_event_is_the_same(make_service: MakeService) -> None:
    billing, path = await billing_by_events(make_service)
    event = reported("started", 0, {"org": "acme", "vcpu": 4}, number=9)
    await billing.handle(event)
    sent = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": PARTNER,
        "type": event.type,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "data": {"org": "acme", "vcpu": 4},
    }
    answer = await billing.client.post("/v1/usage-events/batch", json=[sent])
    assert [result["status"] for result in answer.json()["results"]] == ["duplicate"]
    assert await net(billing, path) == "31.60"


async def test_a_partner_on_a_real_broker_is_billed(make_service: MakeService, kafka: KafkaServer) -> None:
    billing, path = await billing_by_events(make_service, broker=kafka)
    topic = billing.settings.topic_prefix + TOPIC
    async with billing.running(relay=True, consumer=True):
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
        await producer.start()

        async def there() -> bool:
            await producer.client.force_metadata_update()
            return topic in producer.client.cluster.topics()

        await eventually(there, what="the topic")
        await send(producer, topic, [*month(3), BAD["a misspelt meter"], *month(3)[:2]])
        await producer.send_and_wait(topic, b"what is this", key=b"k")
        await producer.stop()

        async def all_heard() -> bool:
            return await stored(billing) == 11 and len(await open_letters(billing)) == 2

        await eventually(all_heard, timeout_s=120, what="the usage events")
    assert float(await net(billing, path)) > 0


async def send(producer: AIOKafkaProducer, topic: str, events: Sequence[ReceivedEvent]) -> None:
    """As a partner sends: CloudEvents in binary mode, keyed by the resource."""
    for event in events:
        headers = to_headers(
            event_id=event.id,
            source=event.source,
            type_=event.type,
            subject=event.subject,
            time=event.time,
            traceparent=None,
        )
        await producer.send(topic, json.dumps(json.loads(event.value or b"")), key=event.key.encode(), headers=headers)
    await producer.flush()
