"""The relay: takes events from the outbox to the broker, in order, at least once.

Why nothing is lost: a row is deleted only after the broker acknowledged its event. A kill between the two sends it again, and readers
drop what they have (version guard, event id). Why only one relay sends: it holds a session advisory lock on the very connection that
deletes; when that connection dies the lock is gone and so is the ability to delete.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from common import metrics, outbox
from common.bundles import Waiting
from common.database import Database, connect
from common.events import to_headers
from common.failures import Backoff, is_transient
from common.garbage import collection_paused
from common.kafka import ensure_topics, make_producer, partition_of
from common.pause import Turn, pause
from common.settings import ServiceSettings
from common.wakeup import Wakeup

log = structlog.get_logger()

POLL_S = 1.0
STANDBY_S = 2.0


class Relay:
    """One service's relay. `run` until stopped; standby replicas wait for the lock."""

    def __init__(self, settings: ServiceSettings, database: Database, topics: Mapping[str, Mapping[str, str]]) -> None:
        """`topics` that the service publishes to, with their configuration: created before the first event is sent."""
        self._settings = settings
        self._topics = topics
        self._database = database
        self._service = database.schema
        self._producer: AIOKafkaProducer | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Lead whenever the lock is free, until `stop` is set. Raises only what is not transient."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                async with Wakeup(self._settings.database_url, self._database, outbox.CHANNEL) as wakeup:
                    await self._lead(wakeup, stop, backoff)
            except Exception as error:
                if not is_transient(error):
                    raise
                metrics.RELAY_FAILURES.labels(type(error).__name__).inc()
                log.warning("relay.retry", error=repr(error))
                await self._drop_producer()
                await backoff.wait(stop)
        await self._drop_producer()

    async def _lead(self, wakeup: Wakeup, stop: asyncio.Event, backoff: Backoff) -> None:
        connection = await connect(self._settings.database_url, self._service)
        try:
            while not await connection.fetchval(
                "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", f"relay:{self._service}"
            ):
                metrics.RELAY_LEADER.set(0)
                await pause(STANDBY_S, stop)
                if stop.is_set():
                    return
            metrics.RELAY_LEADER.set(1)
            while not stop.is_set():
                turn = Turn()
                with collection_paused():
                    sent = await self.relay_once(connection)
                if sent:
                    await turn.over(sent, stop)
                if sent < self._settings.relay_batch:
                    await wakeup.wait(POLL_S)
                backoff.reset()
        finally:
            metrics.RELAY_LEADER.set(0)
            connection.terminate()

    async def relay_once(self, connection: asyncpg.Connection) -> int:
        """Deliver the oldest batch and return its size. Raises `KafkaError` or `TimeoutError` when the broker does not acknowledge."""
        rows = await outbox.oldest(connection, self._settings.relay_batch)
        metrics.OUTBOX_OLDEST_SECONDS.set((datetime.now(UTC) - rows[0]["occurred_at"]).total_seconds() if rows else 0)
        metrics.OUTBOX_DEPTH.set(await self._database.gate.measure(connection) if rows else 0)
        events = list(outbox.events_of(rows))
        if events:
            await self._deliver(events)
            await self._delete(connection, rows)
            for topic, number in Counter(event.topic for event in events).items():
                metrics.RELAY_SENT.labels(topic).inc(number)
        return len(events)

    async def _deliver(self, events: Sequence[Waiting]) -> None:
        # aiokafka retries an idempotent send for ever: the bound is ours. `send_batch` waits for its turn, so it is inside it too.
        async with asyncio.timeout(self._settings.delivery_timeout_s):
            producer = await self._live_producer()
            topics = {event.topic: self._settings.topic_prefix + event.topic for event in events}
            partitions = {name: sorted(await producer.partitions_for(topic)) for name, topic in topics.items()}
            of_partitions: dict[tuple[str, int], list[Waiting]] = {}
            for event in events:
                partition = partition_of(event.key.encode(), partitions[event.topic])
                of_partitions.setdefault((topics[event.topic], partition), []).append(event)
            await asyncio.gather(
                *(self._send(producer, *place, of_partition) for place, of_partition in of_partitions.items())
            )

    async def _send(self, producer: AIOKafkaProducer, topic: str, partition: int, events: Sequence[Waiting]) -> None:
        """Send events to their partition in order, as batches: one acknowledgement each, and not one for each event."""
        acknowledged = []
        batch = producer.create_batch()
        for event in events:
            if self._append(batch, event) is None:
                acknowledged.append(await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
                self._append(batch, event)
        acknowledged.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*acknowledged)

    def _append(self, batch: BatchBuilder, event: Waiting) -> object | None:
        """Add an event to a batch; None when the batch is full. The first event always fits."""
        headers = to_headers(
            event_id=event.event_id,
            source=f"/{self._service}",
            type_=event.type,
            subject=event.subject,
            time=event.occurred_at,
            traceparent=event.traceparent,
        )
        added: object | None = batch.append(timestamp=None, key=event.key.encode(), value=event.value, headers=headers)
        return added

    async def _delete(self, connection: asyncpg.Connection, rows: Sequence[asyncpg.Record]) -> None:
        await connection.execute("DELETE FROM outbox WHERE id = ANY ($1)", [row["id"] for row in rows])

    async def _live_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            await ensure_topics(self._settings, self._topics)
            producer = make_producer(self._settings, self._service)
            await producer.start()
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        # After any failure a producer is made anew: one that met an out-of-order sequence number never recovers.
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(5):
                    await producer.stop()
            except Exception as error:
                log.info("relay.producer_abandoned", error=repr(error))
