"""Knowing when every change has gone all the way: out of the outboxes, over the broker, into computed footprints.

Three questions in this order, since each answer holds only once the one before does. They are asked of Postgres and
Kafka themselves, as an operator would, and not of gauges that are measured now and then.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import TopicPartition

from examples.platform import PlatformError, Stack

_POLL_S = 0.05
_WAITING_WORK = """
SELECT (
    EXISTS (SELECT FROM footprint.changes)
    OR EXISTS (SELECT FROM footprint.marks)
    OR NOT EXISTS (SELECT FROM footprint.factors)
)::int
"""
"""1 while something waits to be computed. Asked twenty times a second: to count the marks of 10,000 assets took 3 % of a core."""

_PUBLISHERS = ("inventory", "factors")
_CONSUMER = "footprint"
_HEARD = (
    "inventory.organizations",
    "inventory.sites",
    "inventory.assets",
    "inventory.measurements",
    "inventory.activities",
    "inventory.applications",
    "factors.factors",
    "factors.overrides",
    "factors.releases",
)
_ALSO_HEARD = {
    "scenarios": (
        "inventory.sites",
        "inventory.assets",
        "factors.factors",
        "factors.releases",
        "footprint.asset-months",
    ),
    "billing": ("inventory.organizations", "inventory.assets", "footprint.asset-months"),
}


async def stages(postgres: str, kafka: str, topic_prefix: str = "") -> AsyncGenerator[str, None]:
    """Yield `published`, `heard` and `computed`, each at the moment when it holds for everything written before.

    `postgres` is the connection string of a role that may read every schema. Meant for when nobody writes.
    """
    connection = await asyncpg.connect(postgres)
    try:
        for publisher in _PUBLISHERS:
            await until_none(partial(connection.fetchval, f"SELECT count(*) FROM {publisher}.outbox"))
        yield "published"
        await _wait_for_no_lag(kafka, topic_prefix)
        yield "heard"
        await until_none(partial(connection.fetchval, _WAITING_WORK))
        yield "computed"
    finally:
        await connection.close()


async def settle(postgres: str, kafka: str, timeout_s: float, topic_prefix: str = "") -> None:
    """Return once nothing is on its way to the footprints; raise PlatformError after `timeout_s` seconds."""
    try:
        async with asyncio.timeout(timeout_s), aclosing(stages(postgres, kafka, topic_prefix)) as reached:
            async for _ in reached:
                continue
    except TimeoutError:
        raise PlatformError(f"The footprints did not settle within {timeout_s:.0f} s: see `make logs`.") from None


async def _passed_on(postgres: str, kafka: str, consumer: str, timeout_s: float) -> None:
    connection = await asyncpg.connect(postgres)
    try:
        async with asyncio.timeout(timeout_s):
            await until_none(partial(connection.fetchval, "SELECT count(*) FROM footprint.outbox"))
            await _wait_for_no_lag(kafka, "", consumer, _ALSO_HEARD[consumer])
    except TimeoutError:
        raise PlatformError(
            f"The footprints did not reach {consumer} within {timeout_s:.0f} s: see `make logs`."
        ) from None
    finally:
        await connection.close()


def wait_until_heard_by(stack: Stack, consumer: str, timeout_s: float) -> None:
    """Return once `consumer`, scenarios or billing, has heard every footprint that is computed."""
    asyncio.run(_passed_on(stack.postgres, stack.kafka, consumer, timeout_s))


def wait_until_settled(stack: Stack, timeout_s: float) -> None:
    """The same for a stack that describes itself, outside any event loop."""
    asyncio.run(settle(stack.postgres, stack.kafka, timeout_s))


async def until_none(count: Callable[[], Awaitable[int]]) -> None:
    """Ask `count` until it answers 0."""
    while True:
        if await count() == 0:
            return
        await asyncio.sleep(_POLL_S)


async def _wait_for_no_lag(
    kafka: str, topic_prefix: str, consumer: str = _CONSUMER, topics: Sequence[str] = _HEARD
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka)
    await admin.start()
    await reader.start()
    try:
        await until_none(
            lambda: _lag(admin, reader, f"{topic_prefix}{consumer}", [f"{topic_prefix}{topic}" for topic in topics])
        )
    finally:
        await reader.stop()
        await admin.close()


async def _lag(admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, group: str, topics: Sequence[str]) -> int:
    """Events of every partition of `topics`, after those whose effects the consumer `group` has committed.

    A broker that has just started says for a while that nobody coordinates the group: what was committed cannot be
    known then, and every event counts as on its way.
    """
    try:
        committed = await admin.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:
        committed = {}
    described = await admin.describe_topics(list(topics))
    partitions = [TopicPartition(each["topic"], part["partition"]) for each in described for part in each["partitions"]]
    ends = await reader.end_offsets(partitions)
    return sum(
        end - (max(committed[partition].offset, 0) if partition in committed else 0) for partition, end in ends.items()
    )
