"""From the outbox over a real broker into the consumer's transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, RecordTooLargeError
from common import consumer as consumer_module
from common import kafka as kafka_module
from common.api.problems import Problem
from common.consumer import ConsumerRunner, Progress, Subscription
from common.database import Transaction, connect
from common.events import Event, ReceivedEvent, from_record, to_headers
from common.organisations import EVERY
from common.relay import Relay
from common.republish import republish
from common.testing.harness import RunningService, received
from common.testing.plugin import MakeService
from common.testing.servers import KafkaServer
from common.testing.waiting import eventually
from local_stack.kafka import EmbeddedKafka
from local_stack.ports import free_port
from sample import COUNTED, SAMPLE, TOPIC, Thing, event_of


async def publish(service: RunningService, *events: Event) -> None:
    async with service.database.transaction(EVERY) as unit:
        unit.publish(*events)


def things(number: int, *, name: str = "thing") -> list[Event]:
    return [event_of(Thing(id=f"t-{index}", org="acme", name=name)) for index in range(number)]


async def heard(service: RunningService) -> dict[str, str]:
    async with service.database.snapshot(EVERY) as connection:
        return {row["id"]: row["name"] for row in await connection.fetch("SELECT id, name FROM heard")}


async def counted(service: RunningService) -> dict[str, int]:
    async with service.database.snapshot(EVERY) as connection:
        return {row["id"]: row["times"] for row in await connection.fetch("SELECT id, times FROM counted")}


async def test_events_reach_the_projection_and_leave_the_outbox(connected: RunningService) -> None:
    await publish(connected, *things(500))
    async with connected.running(relay=True, consumer=True):
        await eventually(lambda: heard_count(connected, 500))
        await eventually(lambda: is_empty(connected))


async def heard_count(service: RunningService, number: int) -> bool:
    return len(await heard(service)) == number


async def is_empty(service: RunningService) -> bool:
    return not await service.outbox()


async def test_a_new_group_reads_what_was_published_before_it_existed(connected: RunningService) -> None:
    await publish(connected, *things(10))
    async with connected.running(relay=True):
        await eventually(lambda: is_empty(connected))
    async with connected.running(consumer=True):
        await eventually(lambda: heard_count(connected, 10))


async def test_a_consumer_in_no_hurry_hears_together_what_came_one_after_the_other(connected: RunningService) -> None:
    batches: list[int] = []

    async def count(_unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
        batches.append(len(events))

    settings = connected.settings.model_copy(update={"consumer_linger_ms": 10_000})
    runner = ConsumerRunner(settings, connected.database, [Subscription(TOPIC, {"sample.thing.changed.v1": count})])
    large = token_hex(kafka_module.GATHERED_BYTES)  # of what compresses, fewer bytes arrive
    stop = asyncio.Event()
    consuming = asyncio.create_task(runner.run(stop))
    async with connected.running(relay=True):
        await publish(connected, *things(1, name=large))
        await eventually(lambda: has_heard(batches, 1))
        for small in things(5):
            await publish(connected, small)
            await eventually(lambda: is_empty(connected))
        await publish(connected, *things(1, name=large))
        await eventually(lambda: has_heard(batches, 7))
        stop.set()
        await consuming
    assert batches == [1, 6]


async def has_heard(batches: Sequence[int], number: int) -> bool:
    return sum(batches) == number


async def test_more_than_a_batch_of_events_arrives_in_the_order_of_the_outbox(connected: RunningService) -> None:
    """A third of a batch each: batch after batch goes to a partition, and none overtakes another."""
    names: dict[str, list[str]] = {}

    async def note(_unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
        for event in events:
            thing = event.parse(Thing)
            names.setdefault(thing.id, []).append(thing.name.strip("x"))

    subscriptions = [Subscription(TOPIC, {"sample.thing.changed.v1": note})]
    runner = ConsumerRunner(connected.settings, connected.database, subscriptions)
    padding = "x" * (kafka_module.BATCH_BYTES // 3)
    for round_ in range(8):
        await publish(connected, *things(3, name=f"{round_}{padding}"))
    stop = asyncio.Event()
    consuming = asyncio.create_task(runner.run(stop))
    async with connected.running(relay=True):
        await eventually(lambda: has_heard([len(each) for each in names.values()], 24))
    stop.set()
    await consuming
    assert names == {f"t-{index}": [str(round_) for round_ in range(8)] for index in range(3)}


async def test_an_event_goes_to_the_partition_that_any_producer_chooses_for_its_key(connected: RunningService) -> None:
    """Which the relay's own events of before went to as well: a compacted topic keeps one record of a key in each partition."""
    producer = kafka_module.make_producer(connected.settings, "tests")
    await kafka_module.ensure_topics(connected.settings, {TOPIC: kafka_module.COMPACTED})
    await producer.start()
    try:
        topic = connected.settings.topic_prefix + TOPIC
        partitions = sorted(await producer.partitions_for(topic))
        keys = [f"{uuid4()}/2026-{month:02d}"[:length].encode() for month in range(1, 13) for length in (44, *range(6))]
        chosen = [(await producer.send_and_wait(topic, b"{}", key)).partition for key in keys]
    finally:
        await producer.stop()
    assert [kafka_module.partition_of(key, partitions) for key in keys] == chosen
    assert len(set(chosen)) == connected.settings.topic_partitions


async def test_a_batch_that_met_a_transient_failure_is_read_again(connected: RunningService) -> None:
    failures = iter([asyncpg.SerializationError("first"), asyncpg.DeadlockDetectedError("second")])
    hear = connected.parts.subscriptions[0].handlers["sample.thing.changed.v1"]

    async def fail_twice(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
        error = next(failures, None)
        if error is not None:
            raise error
        await hear(unit, events)

    runner = ConsumerRunner(
        connected.settings, connected.database, [Subscription(TOPIC, {"sample.thing.changed.v1": fail_twice})]
    )
    await publish(connected, *things(20))
    stop = asyncio.Event()
    consuming = asyncio.create_task(runner.run(stop))
    async with connected.running(relay=True):
        await eventually(lambda: heard_count(connected, 20))
    stop.set()
    await consuming
    assert next(failures, None) is None


async def test_an_event_of_the_largest_allowed_size_arrives_and_a_larger_one_is_refused_at_the_start(
    connected: RunningService,
) -> None:
    largest = connected.settings.event_limit_bytes
    with pytest.raises(Problem) as refused:
        await publish(connected, event_of(Thing(id="big", org="acme", name="x" * largest)))
    assert (refused.value.status, refused.value.code) == (422, "event-too-large")

    await publish(connected, event_of(Thing(id="big", org="acme", name="x" * (largest - 200))), *things(3))
    async with connected.running(relay=True, consumer=True):
        await eventually(lambda: heard_count(connected, 4))


async def test_events_written_out_early_are_there_at_commit_once_and_in_order(make_service: MakeService) -> None:
    service = await make_service(SAMPLE)
    first, second, third = things(3)
    async with service.database.transaction(EVERY) as unit:
        unit.publish(first)
        await unit.write_out()
        assert unit.events == []
        assert await service.outbox() == [], "others see nothing before the commit"
        async with unit.savepoint():
            unit.publish(second)
            await unit.write_out()
            assert unit.events == [second], "a savepoint may yet undo it"
        unit.publish(third)
    assert [event.key for event in await service.outbox()] == [first.key, second.key, third.key]


async def test_events_written_out_early_go_with_a_transaction_that_fails(make_service: MakeService) -> None:
    service = await make_service(SAMPLE)

    async def fail() -> None:
        async with service.database.transaction(EVERY) as unit:
            unit.publish(*things(3))
            await unit.write_out()
            raise RuntimeError("the use case ends here")

    with pytest.raises(RuntimeError):
        await fail()
    assert await service.outbox() == []


async def test_a_record_that_cannot_be_fetched_stops_the_consumer(
    connected: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CannotFetch(AIOKafkaConsumer):
        async def getmany(self, *partitions: Any, timeout_ms: Any = 0, max_records: Any = None) -> Any:
            raise RecordTooLargeError("larger than the fetch size")

    monkeypatch.setattr(kafka_module, "AIOKafkaConsumer", CannotFetch)
    with pytest.raises(RecordTooLargeError):
        await connected.runner.run(asyncio.Event())


async def test_the_relay_survives_a_broker_that_dies_and_comes_back(make_service: MakeService, tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path, free_port(), free_port()) as broker:
        service = await make_service(SAMPLE, broker=KafkaServer(broker.bootstrap), delivery_timeout_s=2)
        await publish(service, *things(5))
        async with service.running(relay=True):
            await eventually(lambda: is_empty(service))
            await asyncio.to_thread(broker.kill)
            await publish(service, *things(7, name="while away"))
            relay = service.relay()
            connection = await connect(service.settings.database_url, "sample")
            with pytest.raises((KafkaError, TimeoutError)):
                await relay.relay_once(connection)
            assert len(await service.outbox()) == 7
            await connection.close()
            await asyncio.to_thread(broker.start)
            await eventually(lambda: is_empty(service), timeout_s=60)
        async with service.running(consumer=True):
            await eventually(lambda: heard_count(service, 7), timeout_s=60)


async def test_only_one_relay_leads_and_a_standby_takes_over(connected: RunningService) -> None:
    first, second = connected.relay(), connected.relay()
    stop_first, stop_second = asyncio.Event(), asyncio.Event()
    leading = asyncio.create_task(first.run(stop_first))
    await eventually(lambda: leaders(connected))
    waiting = asyncio.create_task(second.run(stop_second))
    await publish(connected, *things(3))
    await eventually(lambda: is_empty(connected))
    assert await leaders(connected) == 1
    stop_first.set()
    await leading
    await publish(connected, *things(4))
    await eventually(lambda: is_empty(connected))
    stop_second.set()
    await waiting


async def leaders(service: RunningService) -> int:
    async with service.database.snapshot(EVERY) as connection:
        number: int = await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return number


async def test_partitions_are_drained_before_they_move_so_no_event_is_handled_twice(connected: RunningService) -> None:
    """The handler counts without a guard: an event handled by both members would show."""
    entered, gate = asyncio.Event(), asyncio.Event()
    times: dict[str, int] = {}

    async def slow(_unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
        entered.set()
        await gate.wait()
        for event in events:
            times[event.key] = times.get(event.key, 0) + 1

    subscriptions = [Subscription(TOPIC, {"sample.thing.changed.v1": slow})]
    runners = [ConsumerRunner(connected.settings, connected.database, subscriptions) for _ in range(2)]
    stop = asyncio.Event()
    await publish(connected, *things(200))
    async with connected.running(relay=True):
        await eventually(lambda: is_empty(connected))
    tasks = [asyncio.create_task(runners[0].run(stop))]
    await entered.wait()
    tasks.append(asyncio.create_task(runners[1].run(stop)))
    await eventually(lambda: runners[0].progress.draining, what="the revocation")
    gate.set()
    await eventually(lambda: len(times) == 200)
    await publish(connected, *[replace(event, key=f"late-{event.key}") for event in things(50)])
    async with connected.running(relay=True):
        await eventually(lambda: len(times) == 250)
    stop.set()
    await asyncio.gather(*tasks)
    assert set(times.values()) == {1}


async def test_the_same_event_twice_has_its_effect_once(sample: RunningService) -> None:
    event = Event(TOPIC, COUNTED, "k", "thing/k", {"id": "k"})
    await sample.handle(event, event)
    await sample.handle(event)
    await sample.handle(replace(event, id=uuid4()))
    assert await counted(sample) == {"k": 2}


async def test_an_older_version_never_replaces_a_newer_one(sample: RunningService) -> None:
    versions = [event_of(Thing(id="t", org="acme", name=f"v{number}", version=number)) for number in (3, 1, 2)]
    await sample.handle(*versions)
    assert await heard(sample) == {"t": "v3"}


async def test_tombstones_and_unknown_types_pass_by(sample: RunningService) -> None:
    tombstone = Event(TOPIC, "sample.thing.changed.v1", "t", "thing/t", None)
    unknown = Event(TOPIC, "sample.thing.painted.v1", "t", "thing/t", {"colour": "red"})
    await sample.handle(tombstone, unknown, *things(1))
    assert list(await heard(sample)) == ["t-0"]


async def test_republish_puts_every_current_document_into_the_outbox(sample: RunningService) -> None:
    for number in range(3):
        await sample.client.post("/v1/things", json={"id": f"t-{number}", "org": "acme", "name": "n"})
    before = await sample.take_outbox()
    assert await republish(sample.database, sample.parts.republishers[TOPIC]) == 3
    assert [event.data for event in await sample.outbox()] == [event.data for event in before]


def test_liveness_fails_only_when_events_wait_nothing_moves_and_nobody_else_is_to_blame() -> None:
    progress = Progress(moved_at=float("-inf"), lag=3)
    assert "3 events" in str(progress.stuck(60))
    assert replace(progress, lag=0).stuck(60) is None
    assert replace(progress, waiting_for_others=True).stuck(60) is None
    progress.moved()
    assert progress.stuck(60) is None


def test_an_envelope_survives_the_journey() -> None:
    event = things(1)[0]
    headers = to_headers(
        event_id=event.id,
        source="/sample",
        type_=event.type,
        subject=event.subject,
        time=event.time,
        traceparent="00-x",
    )
    read = from_record(TOPIC, 1, 2, b"t-0", b"{}", headers)
    assert (read.id, read.type, read.subject, read.time) == (event.id, event.type, event.subject, event.time)
    assert (read.partition, read.offset, read.key, read.traceparent) == (1, 2, "t-0", "00-x")


async def test_aiokafkas_defaults_that_lose_events_are_off(sample: RunningService) -> None:
    made = kafka_module.make_consumer(sample.settings, "sample")
    assert made._enable_auto_commit is False
    assert made._auto_offset_reset == "earliest"
    assert made._max_poll_interval_ms > consumer_module.POLL_MS


def test_received_events_take_rising_offsets() -> None:
    first, second = (received(event) for event in things(2))
    assert second.offset > first.offset


async def test_an_unreachable_broker_leaves_the_outbox_as_it_is(sample: RunningService) -> None:
    await publish(sample, *things(2))
    relay: Relay = sample.relay()
    connection = await connect(sample.settings.database_url, "sample")
    with pytest.raises(KafkaError):
        await relay.relay_once(connection)
    await connection.close()
    assert len(await sample.outbox()) == 2
