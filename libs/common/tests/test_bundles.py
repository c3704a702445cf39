"""The events of a bulk change in few rows of the outbox: what comes out is what went in, in its order."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from common import outbox
from common.bundles import MOST_BYTES, MOST_EVENTS, Waiting, in_bundles, pack, unpack
from common.database import connect
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from sample import SAMPLE, Thing, event_of

AT = datetime(2026, 11, 28, 16, 4, 5, 678901, tzinfo=UTC)


def waiting(number: int, value: bytes | None = b"{}") -> Waiting:
    """An event on its way."""
    return Waiting(UUID(int=number), "things", f"t-{number}", "thing.v1", f"thing/{number}", AT, None, value)


def things(number: int, name: str) -> list[Event]:
    """Events of so many things."""
    return [event_of(Thing(id=f"{name}-{index}", org="acme", name=name)) for index in range(number)]


async def publish(service: RunningService, events: list[Event]) -> None:
    """Write events in one transaction."""
    async with service.database.transaction(EVERY) as unit:
        unit.publish(*events)


def test_a_bundle_gives_back_each_event_as_it_was_payloads_to_the_byte() -> None:
    events = [
        waiting(1, b'{"value": 1.50e-7, "name": "\xc3\xa9\\n"}\n{"second": "line"}'),
        waiting(2, None)._replace(traceparent="00-1-2-01", subject="thing/\n"),
        waiting(3, b""),
        waiting(4, b"null"),
    ]
    assert list(unpack(pack(events))) == events


def test_a_bundle_holds_no_more_events_and_hardly_more_bytes_than_it_may() -> None:
    many = [waiting(number) for number in range(2 * MOST_EVENTS + 1)]
    assert [len(each) for each in in_bundles(many)] == [MOST_EVENTS, MOST_EVENTS, 1]
    large = [waiting(number, b"x" * (MOST_BYTES // 2)) for number in range(5)]
    assert [len(each) for each in in_bundles(large)] == [2, 2, 1]
    assert [event for each in in_bundles(large) for event in each] == large


async def test_a_bulk_change_takes_a_row_for_each_bundle_and_a_small_one_a_row_for_each_event(
    make_service: MakeService,
) -> None:
    service = await make_service(SAMPLE)
    bulk, live = things(5 * MOST_EVENTS, "bulk"), things(3, "live")
    await publish(service, bulk)
    await publish(service, live)
    assert [event.key for event in await service.outbox()] == [event.key for event in (*bulk, *live)]
    async with service.database.snapshot(EVERY) as connection:
        assert await connection.fetchval("SELECT count(*) FROM outbox") == 5 + 3


async def test_a_batch_of_the_relay_is_counted_in_events_and_not_in_rows(make_service: MakeService) -> None:
    service = await make_service(SAMPLE)
    await publish(service, things(3, "live"))
    await publish(service, things(5 * MOST_EVENTS, "bulk"))
    async with service.database.snapshot(EVERY) as connection:
        counts = [
            len(list(outbox.events_of(await outbox.oldest(connection, asked))))
            for asked in (1, 3, 4, 3 + MOST_EVENTS, 1_000)
        ]
    assert counts == [1, 3, 3 + MOST_EVENTS, 3 + MOST_EVENTS, 3 + 5 * MOST_EVENTS]


async def test_a_row_is_one_event_or_a_bundle(make_service: MakeService) -> None:
    service = await make_service(SAMPLE)
    connection = await connect(service.settings.database_url, "sample")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO outbox (occurred_at, key) VALUES (now(), 'neither')")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO outbox (occurred_at, key, bundle) VALUES (now(), 'both', 'x')")
    await connection.close()
