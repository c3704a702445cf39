"""Whether a service has taken in all that was on its topics at an instant: what a caller who waits for an effect can ask for.

Why it is sound: the ends of the topics are read after the instant, so whatever was on the broker then lies before them; the group's
offsets are committed after the effects, so an offset at an end says that the effects of all before it are there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from common.kafka import make_observer
from common.pause import pause
from common.settings import ServiceSettings

LOOK_EVERY_S = 1.0


class CatchingUp:
    """Watches how far a service's consumer group is, and tells up to which instant it has taken everything in."""

    def __init__(self, settings: ServiceSettings, service: str, topics: Sequence[str]) -> None:
        """`topics` are those that it hears, without prefix."""
        self._settings = settings
        self._service = service
        self._topics = [settings.topic_prefix + topic for topic in topics]

    async def run(
        self, now: Callable[[], Awaitable[datetime]], tell: Callable[[datetime], Awaitable[None]], stop: asyncio.Event
    ) -> None:
        """Look until stopped. `tell` is given instants of `now`, each later than the one before. Raises `KafkaError` without a broker."""
        async with self._observing() as (admin, consumer):
            while not stop.is_set():
                instant = await now()
                ends = await self._ends(admin, consumer)
                while not stop.is_set() and not await self._reached(admin, consumer, ends):
                    await pause(LOOK_EVERY_S, stop)
                if not stop.is_set():
                    await tell(instant)
                await pause(LOOK_EVERY_S, stop)

    @asynccontextmanager
    async def _observing(self) -> AsyncIterator[tuple[AIOKafkaAdminClient, AIOKafkaConsumer]]:
        admin, consumer = make_observer(self._settings, self._service)
        try:
            await admin.start()
            await consumer.start()
            yield admin, consumer
        finally:
            await consumer.stop()
            await admin.close()

    async def _ends(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
        """The ends of all partitions of the topics. A topic that is not there yet holds nothing."""
        present = set(await admin.list_topics())
        described = await admin.describe_topics([topic for topic in self._topics if topic in present])
        partitions = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions) if partitions else {}
        return ends

    async def _reached(
        self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
    ) -> bool:
        """Whether the group has committed offsets at these ends, or there is nothing before them."""
        committed = await admin.list_consumer_group_offsets(f"{self._settings.topic_prefix}{self._service}")
        behind = [
            partition
            for partition, end in ends.items()
            if end > 0 and (partition not in committed or committed[partition].offset < end)
        ]
        if not behind:
            return True
        firsts = await consumer.beginning_offsets(behind)
        return all(firsts[partition] >= ends[partition] for partition in behind)
