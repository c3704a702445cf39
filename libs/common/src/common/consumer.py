"""The consumer runner: events in batches, each batch one Postgres transaction, offsets committed after it.

Why every event has its effect once: effects, outgoing events and processed ids commit together; a kill before the commit leaves nothing
and the batch is read again; a kill after it, before the offsets, also reads it again, and version guards (or `once`) drop it.
Why nothing is skipped: after a failed batch the runner seeks back to where it began, since `getmany` has already moved on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from itertools import groupby
from typing import Any, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, RecordTooLargeError

from common import metrics, telemetry
from common.database import Database, Transaction
from common.dead_letters import DeadLetters
from common.events import UNREADABLE, MalformedEnvelope, ReceivedEvent, from_record, unreadable
from common.failures import Backoff, is_transient
from common.garbage import collection_paused
from common.kafka import COMPACTED, KEPT, ensure_topics, make_consumer
from common.organisations import EVERY
from common.pause import Turn
from common.settings import ServiceSettings

log = structlog.get_logger()

Handler: TypeAlias = Callable[[Transaction, Sequence[ReceivedEvent]], Awaitable[None]]
"""Takes events of one type, in partition order, in the batch's transaction. Errors that are not transient are held against the event."""

POLL_MS = 500
WATCH_S = 5.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic and what is done with each type of event on it. Types without a handler are counted and left.

    `independent`: its events are facts of their own, sent by partners, not documents of aggregates. Such a topic is kept and not compacted,
    an event that cannot be handled holds up none of its key, and many in a row say nothing about this service and do not stop it.
    """

    topic: str
    handlers: Mapping[str, Handler]
    independent: bool = False


class TooManyDeadLetters(RuntimeError):
    """So many events in a row cannot be handled that the fault is more likely here than in them. Nothing of the batch was kept."""


def once(handler: Handler) -> Handler:
    """Wrap `handler` so that it never sees an event id twice: for money and counters, where a version guard is not enough."""

    @wraps(handler)
    async def guarded(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
        fresh = await unit.connection.fetch(
            "INSERT INTO processed_events (event_id) SELECT DISTINCT unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING event_id",
            [event.id for event in events],
        )
        wanted = {row["event_id"] for row in fresh}
        firsts = []
        for event in events:
            if event.id in wanted:
                wanted.discard(event.id)
                firsts.append(event)
        if firsts:
            await handler(unit, firsts)

    return guarded


@dataclass
class Progress:
    """What liveness looks at: whether the effects keep up with the topics' ends."""

    moved_at: float = field(default_factory=time.monotonic)
    lag: int = 0
    waiting_for_others: bool = False
    draining: bool = False

    def moved(self) -> None:
        """Effects of a batch are committed."""
        self.moved_at = time.monotonic()
        self.waiting_for_others = False

    def stuck(self, after_s: float) -> str | None:
        """Why the consumer must be restarted, or None. A broker or database that is away is not the consumer's fault."""
        idle_s = time.monotonic() - self.moved_at
        if self.lag > 0 and not self.waiting_for_others and idle_s > after_s:
            return f"{self.lag} events wait and none was handled for {idle_s:.0f} s"
        return None


class ConsumerRunner:
    """One service's consumer group member. `run` until stopped; partitions are shared with its replicas by Kafka."""

    def __init__(self, settings: ServiceSettings, database: Database, subscriptions: Sequence[Subscription]) -> None:
        self._settings = settings
        self._database = database
        self._service = database.schema
        self._handlers = {subscription.topic: subscription.handlers for subscription in subscriptions}
        self._independent = frozenset(s.topic for s in subscriptions if s.independent)
        self._dead_letters = DeadLetters(self._service)
        self._busy = asyncio.Lock()
        self._streak = 0
        self.progress = Progress()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set. Raises `TooManyDeadLetters`, `RecordTooLargeError`, or any fault of the runner itself."""
        backoff = Backoff()
        while not stop.is_set():
            consumer = make_consumer(self._settings, self._service)
            watch = asyncio.create_task(self._watch(consumer))
            try:
                await ensure_topics(self._settings, self._topics())
                names = [self._settings.topic_prefix + topic for topic in self._handlers]
                consumer.subscribe(names, listener=_Drain(self._busy, self.progress, self._settings.drain_timeout_s))
                await consumer.start()
                await self._consume(consumer, stop, backoff)
            except RecordTooLargeError:
                raise
            except Exception as error:
                if not is_transient(error):
                    raise
                await self._wait(error, stop, backoff)
            finally:
                watch.cancel()
                await _stop(consumer)

    def _topics(self) -> dict[str, Mapping[str, str]]:
        heard: dict[str, Mapping[str, str]] = {
            topic: KEPT if topic in self._independent else COMPACTED for topic in self._handlers
        }
        return heard | {self._dead_letters.topic: KEPT}

    async def _consume(self, consumer: AIOKafkaConsumer, stop: asyncio.Event, backoff: Backoff) -> None:
        while not stop.is_set():
            records = await consumer.getmany(timeout_ms=POLL_MS, max_records=self._settings.consumer_batch)
            if not records:
                continue
            turn = Turn()
            try:
                async with self._busy:
                    await self._handle_records(consumer, records)
            except Exception as error:
                if not is_transient(error):
                    raise
                _seek_back(consumer, records)
                await self._wait(error, stop, backoff)
            else:
                backoff.reset()
                await turn.over(sum(map(len, records.values())), stop)

    async def _handle_records(
        self, consumer: AIOKafkaConsumer, records: Mapping[TopicPartition, Sequence[Any]]
    ) -> None:
        with metrics.CONSUMER_BATCH_SECONDS.time(), collection_paused():
            await self.handle(self._read(records))
            self.progress.moved()
            await self._commit(consumer, {partition: batch[-1].offset + 1 for partition, batch in records.items()})

    async def _commit(self, consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            # The partitions have moved to another member: it reads these events again and drops them.
            log.info("consumer.offsets_not_committed", error=repr(error))

    def _read(self, records: Mapping[TopicPartition, Sequence[Any]]) -> list[ReceivedEvent]:
        events = []
        for partition, batch in sorted(records.items()):
            topic = partition.topic.removeprefix(self._settings.topic_prefix)
            for record in batch:
                place = (topic, partition.partition, record.offset, record.key, record.value)
                try:
                    events.append(from_record(*place, record.headers))
                except MalformedEnvelope as error:
                    events.append(unreadable(*place, error))
        return events

    async def handle(self, events: Sequence[ReceivedEvent]) -> None:
        """Give `events` to their handlers in one transaction and commit it. Raises what is transient, and `TooManyDeadLetters`."""
        parents = list(dict.fromkeys(event.traceparent for event in events if event.traceparent))
        with telemetry.consumer_span(f"{self._service} consume", parents, len(events)):
            async with self._database.transaction(EVERY) as unit:
                free = await self._dead_letters.park_followers(unit, events, self._independent)
                blocked: set[tuple[str, str]] = set()
                for (topic, kind), group in groupby(free, key=lambda event: (event.topic, event.type)):
                    await self._handle_group(unit, self.handler(topic, kind), list(group), blocked)

    def handler(self, topic: str, kind: str) -> Handler | None:
        """Who handles events of type `kind` on `topic`; None when nobody here does."""
        return refuse if kind == UNREADABLE else self._handlers.get(topic, {}).get(kind)

    async def _handle_group(
        self, unit: Transaction, handler: Handler | None, events: list[ReceivedEvent], blocked: set[tuple[str, str]]
    ) -> None:
        """`blocked` holds topic and key of what became a dead letter earlier in the batch, and is added to."""
        await self._dead_letters.park(unit, [event for event in events if (event.topic, event.key) in blocked])
        free = [event for event in events if (event.topic, event.key) not in blocked]
        live = [event for event in free if event.value is not None]
        if handler is None or not live:
            metrics.CONSUMER_IGNORED.labels(events[0].topic).inc(len(free))
            return
        try:
            async with unit.savepoint():
                await handler(unit, live)
        except Exception as error:
            if is_transient(error):
                raise
            await self._isolate(unit, handler, live, blocked)
        else:
            self._handled(live)

    async def _isolate(
        self, unit: Transaction, handler: Handler, events: list[ReceivedEvent], blocked: set[tuple[str, str]]
    ) -> None:
        """One by one, so that only the events that cannot be handled are set aside, and those behind them."""
        for event in events:
            if (event.topic, event.key) in blocked:
                await self._dead_letters.park(unit, [event])
                continue
            try:
                async with unit.savepoint():
                    await handler(unit, [event])
            except Exception as error:
                if is_transient(error):
                    raise
                if event.topic not in self._independent:
                    self._count_failure(error)
                    blocked.add((event.topic, event.key))
                await self._dead_letters.record(unit, event, error)
            else:
                self._handled([event])

    def _handled(self, events: list[ReceivedEvent]) -> None:
        self._streak = 0
        metrics.CONSUMER_EVENTS.labels(events[0].topic, events[0].type).inc(len(events))

    def _count_failure(self, error: Exception) -> None:
        self._streak += 1
        if self._streak >= self._settings.dead_letter_streak:
            raise TooManyDeadLetters(
                f"{self._streak} events in a row could not be handled, the last: {error!r}"
            ) from error

    async def _wait(self, error: Exception, stop: asyncio.Event, backoff: Backoff) -> None:
        self.progress.waiting_for_others = True
        metrics.CONSUMER_RETRIES.labels(type(error).__name__).inc()
        log.warning("consumer.retry", error=repr(error))
        await backoff.wait(stop)

    async def _watch(self, consumer: AIOKafkaConsumer) -> None:
        """Measure the lag from the broker's side, since a consumer that hangs does not measure its own."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                self.progress.lag = await _lag(consumer)
            except (KafkaError, IllegalStateError, OSError, AssertionError) as error:
                log.debug("consumer.lag_unknown", error=repr(error))


async def refuse(_unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """The handler of what cannot be read: raises `MalformedEnvelope`, so that the record becomes a dead letter."""
    raise MalformedEnvelope(events[0].subject)


class _Drain(ConsumerRebalanceListener):
    """Lets the batch under way finish, with its offsets, before its partitions go to another member."""

    def __init__(self, busy: asyncio.Lock, progress: Progress, deadline_s: float) -> None:
        self._busy = busy
        self._progress = progress
        self._deadline_s = deadline_s

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        self._progress.draining = True
        try:
            async with asyncio.timeout(self._deadline_s), self._busy:
                log.info("consumer.revoked", partitions=len(revoked))
        except TimeoutError:
            log.warning("consumer.drain_timed_out", partitions=len(revoked))
        finally:
            self._progress.draining = False

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        log.info("consumer.assigned", partitions=len(assigned))


async def _lag(consumer: AIOKafkaConsumer) -> int:
    assigned = sorted(consumer.assignment())
    ends = await consumer.end_offsets(assigned)
    firsts = await consumer.beginning_offsets(assigned)
    total = 0
    for partition in assigned:
        committed = await consumer.committed(partition)
        lag = ends[partition] - (firsts[partition] if committed is None else committed)
        metrics.CONSUMER_LAG.labels(partition.topic, partition.partition).set(lag)
        total += lag
    return total


def _seek_back(consumer: AIOKafkaConsumer, records: Mapping[TopicPartition, Sequence[Any]]) -> None:
    for partition, batch in records.items():
        if partition in consumer.assignment():
            consumer.seek(partition, batch[0].offset)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(10):
            await consumer.stop()
    except (KafkaError, TimeoutError) as error:
        log.info("consumer.abandoned", error=repr(error))
