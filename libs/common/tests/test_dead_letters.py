"""Events that cannot be handled are set aside with what follows them, shown, and settled."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from common.consumer import ConsumerRunner, TooManyDeadLetters
from common.dead_letters import DeadLetter, DeadLetters, StillFailing, UnknownDeadLetter
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService, received
from common.testing.plugin import MakeService
from common.testing.servers import KafkaServer
from common.testing.waiting import eventually
from sample import COUNTED, SAMPLE, TOPIC, Thing, event_of

LETTERS = DeadLetters("sample")


def thing(key: str, name: str, version: int = 1) -> Event:
    return event_of(Thing(id=key, org="acme", name=name, version=version))


async def open_letters(service: RunningService) -> list[DeadLetter]:
    async with service.database.transaction(EVERY) as unit:
        return await LETTERS.open(unit)


async def settle(service: RunningService, letter_id: int, *, skip: bool = False) -> list[DeadLetter]:
    async with service.database.transaction(EVERY) as unit:
        return await LETTERS.settle(unit, letter_id, service.runner.handler, skip=skip)


async def names(service: RunningService) -> dict[str, str]:
    async with service.database.snapshot(EVERY) as connection:
        return {row["id"]: row["name"] for row in await connection.fetch("SELECT id, name FROM heard")}


async def test_a_poison_event_is_set_aside_and_the_others_go_on(sample: RunningService) -> None:
    await sample.handle(thing("a", "fine"), thing("b", "poison"), thing("c", "fine"))

    assert await names(sample) == {"a": "fine", "c": "fine"}
    (letter,) = await open_letters(sample)
    assert (letter.state, letter.event.key) == ("dead", "b")
    assert "this thing cannot be heard" in str(letter.reason)
    assert "Traceback" in str(letter.stack)
    (published,) = await sample.outbox()
    assert (published.topic, published.type) == ("sample.dead-letters", "sample.dead-letter.recorded.v1")


async def test_an_event_that_does_not_fit_the_readers_model_is_set_aside(sample: RunningService) -> None:
    await sample.handle(Event(TOPIC, "sample.thing.changed.v1", "a", "thing/a", {"id": "a"}))
    (letter,) = await open_letters(sample)
    assert "ValidationError" in str(letter.reason)


async def test_later_events_of_the_key_are_parked_in_the_batch_and_after_it(sample: RunningService) -> None:
    await sample.handle(thing("b", "poison"), thing("b", "later", 2), thing("a", "fine"))
    await sample.handle(thing("b", "latest", 3), thing("a", "finer", 2))

    assert await names(sample) == {"a": "finer"}
    assert [letter.state for letter in await open_letters(sample)] == ["dead", "parked", "parked"]


async def test_an_event_of_another_type_does_not_overtake_the_dead_one_of_its_key_in_the_same_batch(
    sample: RunningService,
) -> None:
    counted = Event(TOPIC, COUNTED, "b", "thing/b", {})
    await sample.handle(thing("b", "poison"), counted, thing("b", "later", 2), thing("a", "fine"))

    assert await names(sample) == {"a": "fine"}
    letters = await open_letters(sample)
    assert [letter.state for letter in letters] == ["dead", "parked", "parked"]
    assert letters[1].event.id == counted.id


async def test_reading_a_parked_batch_again_parks_nothing_twice(sample: RunningService) -> None:
    batch = [received(thing("b", "poison")), received(thing("b", "later", 2))]
    await sample.handle(*batch)
    await sample.handle(*batch)
    assert len(await open_letters(sample)) == 2


async def test_skipping_handles_what_was_parked_in_order(sample: RunningService) -> None:
    await sample.handle(thing("b", "poison"), thing("b", "later", 2), thing("b", "latest", 3))
    head = (await open_letters(sample))[0]

    settled = await settle(sample, head.id, skip=True)

    assert len(settled) == 3
    assert await names(sample) == {"b": "latest"}
    assert await open_letters(sample) == []
    await sample.handle(thing("b", "newer", 4))
    assert await names(sample) == {"b": "newer"}


async def test_replaying_what_still_fails_changes_nothing(sample: RunningService) -> None:
    await sample.handle(thing("b", "poison"))
    (letter,) = await open_letters(sample)
    with pytest.raises(StillFailing, match="cannot be heard"):
        await settle(sample, letter.id)
    assert [one.state for one in await open_letters(sample)] == ["dead"]


async def test_replaying_after_the_cause_is_gone_handles_the_event_and_its_followers(sample: RunningService) -> None:
    async with sample.database.transaction(EVERY) as unit:
        await unit.connection.execute("INSERT INTO heard (id, org_id, name, version) VALUES ('x', 'acme', 'x', 1)")
    broken = thing("b", "poison")
    await sample.handle(broken, thing("b", "later", 2))
    head = (await open_letters(sample))[0]
    async with sample.database.transaction(EVERY) as unit:
        mended = Thing(id="b", org="acme", name="mended").model_dump_json().encode()
        await unit.connection.execute("UPDATE dead_letters SET value = $2 WHERE id = $1", head.id, mended)

    assert len(await settle(sample, head.id)) == 2
    assert (await names(sample))["b"] == "later"


async def test_a_follower_that_fails_becomes_the_dead_one(sample: RunningService) -> None:
    await sample.handle(thing("b", "poison"), thing("b", "poison", 2), thing("b", "good", 3))
    head = (await open_letters(sample))[0]
    assert len(await settle(sample, head.id, skip=True)) == 1
    assert [letter.state for letter in await open_letters(sample)] == ["dead", "parked"]


async def test_only_a_dead_letter_can_be_settled(sample: RunningService) -> None:
    await sample.handle(thing("b", "poison"), thing("b", "later", 2))
    parked = (await open_letters(sample))[1]
    with pytest.raises(UnknownDeadLetter, match="parked"):
        await settle(sample, parked.id)
    with pytest.raises(UnknownDeadLetter):
        await settle(sample, 10_000)


async def test_many_in_a_row_stop_the_consumer_and_nothing_of_the_batch_is_kept(make_service: MakeService) -> None:
    service = await make_service(SAMPLE, dead_letter_streak=5)
    with pytest.raises(TooManyDeadLetters):
        await service.handle(*(thing(f"b-{number}", "poison") for number in range(9)))
    assert await open_letters(service) == []


async def test_independent_events_hold_up_nothing_and_many_bad_ones_do_not_stop_the_consumer(
    make_service: MakeService,
) -> None:
    service = await make_service(SAMPLE, dead_letter_streak=3)
    facts = [replace(subscription, independent=True) for subscription in service.parts.subscriptions]
    runner = ConsumerRunner(service.settings, service.database, facts)
    await runner.handle([received(thing(f"b-{number}", "poison")) for number in range(5)])
    await runner.handle([received(thing("b-1", "fine", 2))])
    assert await names(service) == {"b-1": "fine"}
    assert [letter.state for letter in await open_letters(service)] == ["dead"] * 5


async def test_a_record_without_envelope_becomes_a_dead_letter(make_service: MakeService, kafka: KafkaServer) -> None:
    service = await make_service(SAMPLE, broker=kafka)
    async with service.running(relay=True, consumer=True):
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
        await producer.start()
        await eventually(lambda: topic_exists(producer, service.settings.topic_prefix + TOPIC))
        await producer.send_and_wait(service.settings.topic_prefix + TOPIC, b"what is this", key=b"k")
        await producer.stop()
        (letter,) = await eventually(lambda: open_letters(service))
    assert letter.event.type == "unreadable"
    assert "ce_id" in str(letter.reason)


async def topic_exists(producer: AIOKafkaProducer, topic: str) -> bool:
    await producer.client.force_metadata_update()
    return topic in producer.client.cluster.topics()


async def test_the_command_line_lists_shows_and_skips(sample: RunningService) -> None:
    await sample.handle(thing("b", "poison"), thing("b", "later", 2))
    head = (await open_letters(sample))[0]

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "CONSTELLATION_DATABASE_URL": sample.settings.database_url,
            "CONSTELLATION_KAFKA_BOOTSTRAP": "127.0.0.1:1",
            "CONSTELLATION_ISSUER": "none",
        }
        call = [sys.executable, str(Path(__file__).parent / "sample_service/sample.py"), "dead-letters", *arguments]
        return subprocess.run(call, env=environment, capture_output=True, text=True, check=False)

    listed = command("list").stdout.splitlines()
    assert [line.split("\t")[1] for line in listed] == ["dead", "parked"]
    assert "this thing cannot be heard" in command("show", str(head.id)).stdout
    failed = command("replay", str(head.id))
    assert failed.returncode == 1
    assert "fails again" in failed.stderr
    assert command("skip", str(head.id)).stdout == "2 event(s) settled\n"
    assert await names(sample) == {"b": "later"}
