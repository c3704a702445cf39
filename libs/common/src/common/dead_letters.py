"""Dead letters: events that can never be handled as they are, and those parked behind them, until somebody replays or skips them.

Why no event overtakes a dead one of its key: the runner parks whatever follows it. Why none is forgotten: replaying takes the lock that
each batch shares, so no event is parked behind a letter that is being settled.
"""

import base64
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from common import metrics
from common.database import Transaction
from common.events import Event, ReceivedEvent

_LOCK = "hashtextextended('dead letters:' || current_schema(), 0)"

_INSERT = """
INSERT INTO dead_letters (state, topic, partition, "offset", key, event_id, type, source, subject, occurred_at, traceparent, value,
                          reason, stack)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (topic, partition, "offset") DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event set aside. `state`: dead (it failed), parked (it waits behind one), replayed, skipped."""

    id: int
    state: str
    event: ReceivedEvent
    reason: str | None
    stack: str | None
    recorded_at: datetime


class UnknownDeadLetter(LookupError):
    """No open dead letter has that id."""


class StillFailing(RuntimeError):
    """The event fails again; nothing was changed."""


class DeadLetters:
    """The dead letters of one consuming service."""

    def __init__(self, service: str) -> None:
        self.topic = f"{service}.dead-letters"
        self._type = f"{service}.dead-letter.recorded.v1"

    async def park_followers(
        self, unit: Transaction, events: Sequence[ReceivedEvent], independent: Collection[str] = ()
    ) -> list[ReceivedEvent]:
        """Park the events whose key has an open dead letter and return the others; on `independent` topics nothing follows anything."""
        await unit.connection.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
        rows = await unit.connection.fetch(
            "SELECT DISTINCT topic, key FROM dead_letters WHERE state IN ('dead', 'parked')"
        )
        blocked = {(row["topic"], row["key"]) for row in rows if row["topic"] not in independent}
        if not blocked:
            return list(events)
        await self.park(unit, [event for event in events if (event.topic, event.key) in blocked])
        return [event for event in events if (event.topic, event.key) not in blocked]

    async def park(self, unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
        """Set `events` aside behind the dead letter of their key."""
        for event in events:
            await unit.connection.execute(_INSERT, "parked", *_columns(event), None, None)
            metrics.PARKED.labels(event.topic).inc()

    async def record(self, unit: Transaction, event: ReceivedEvent, error: Exception) -> None:
        """Set `event` aside as dead and publish it to the service's dead-letter topic, both in the batch's transaction."""
        reason, stack = f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))
        await unit.connection.execute(_INSERT, "dead", *_columns(event), reason, stack)
        unit.publish(Event(self.topic, self._type, event.key, event.subject, _document(event, reason, stack)))
        metrics.DEAD_LETTERS.labels(event.topic, event.type).inc()

    async def open(self, unit: Transaction) -> list[DeadLetter]:
        """The dead and parked events, oldest first."""
        rows = await unit.connection.fetch("SELECT * FROM dead_letters WHERE state IN ('dead', 'parked') ORDER BY id")
        return [_letter(row) for row in rows]

    async def show(self, unit: Transaction, letter_id: int) -> DeadLetter:
        """One dead letter, settled or not. Raises `UnknownDeadLetter`."""
        row = await unit.connection.fetchrow("SELECT * FROM dead_letters WHERE id = $1", letter_id)
        if row is None:
            raise UnknownDeadLetter(f"there is no dead letter {letter_id}")
        return _letter(row)

    async def settle(
        self, unit: Transaction, letter_id: int, handler: Callable[[str, str], Any], *, skip: bool
    ) -> list[DeadLetter]:
        """Replay a dead event (or skip it), then the events parked behind it, in order; return those settled.

        A follower that fails becomes the dead one and the rest stay parked behind it.
        Raises `UnknownDeadLetter` when `letter_id` is not dead, `StillFailing` when the event itself fails again.
        """
        await unit.connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        head = await self.show(unit, letter_id)
        if head.state != "dead":
            raise UnknownDeadLetter(
                f"dead letter {letter_id} is {head.state}, only a dead one can be replayed or skipped"
            )
        rows = await unit.connection.fetch(
            "SELECT * FROM dead_letters WHERE state = 'parked' AND topic = $1 AND key = $2 AND id > $3 ORDER BY id",
            head.event.topic,
            head.event.key,
            head.id,
        )
        if skip:
            await _close(unit, head, "skipped")
        else:
            try:
                await self._replay(unit, head, handler)
            except Exception as error:
                raise StillFailing(f"dead letter {letter_id} fails again: {type(error).__name__}: {error}") from error
        settled = [head]
        for follower in map(_letter, rows):
            try:
                async with unit.savepoint():
                    await self._replay(unit, follower, handler)
            except Exception as error:
                await self._becomes_dead(unit, follower, error)
                break
            settled.append(follower)
        return settled

    async def _replay(self, unit: Transaction, letter: DeadLetter, handler: Callable[[str, str], Any]) -> None:
        handle = handler(letter.event.topic, letter.event.type)
        if handle is not None and letter.event.value is not None:
            await handle(unit, [letter.event])
        await _close(unit, letter, "replayed")

    async def _becomes_dead(self, unit: Transaction, letter: DeadLetter, error: Exception) -> None:
        reason, stack = f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))
        await unit.connection.execute(
            "UPDATE dead_letters SET state = 'dead', reason = $2, stack = $3 WHERE id = $1", letter.id, reason, stack
        )
        unit.publish(
            Event(
                self.topic, self._type, letter.event.key, letter.event.subject, _document(letter.event, reason, stack)
            )
        )


async def _close(unit: Transaction, letter: DeadLetter, state: str) -> None:
    await unit.connection.execute(
        "UPDATE dead_letters SET state = $2, settled_at = now() WHERE id = $1", letter.id, state
    )


def _columns(event: ReceivedEvent) -> tuple[Any, ...]:
    place = (event.topic, event.partition, event.offset, event.key)
    return (*place, event.id, event.type, event.source, event.subject, event.time, event.traceparent, event.value)


def _document(event: ReceivedEvent, reason: str, stack: str) -> dict[str, Any]:
    return {
        "topic": event.topic,
        "partition": event.partition,
        "offset": event.offset,
        "key": event.key,
        "id": str(event.id),
        "type": event.type,
        "time": event.time.isoformat(),
        "reason": reason,
        "stack": stack,
        "value_base64": base64.b64encode(event.value or b"").decode(),
    }


def _letter(row: asyncpg.Record) -> DeadLetter:
    event = ReceivedEvent(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        key=row["key"],
        id=row["event_id"],
        type=row["type"],
        source=row["source"],
        subject=row["subject"],
        time=row["occurred_at"],
        traceparent=row["traceparent"],
        value=row["value"],
    )
    return DeadLetter(row["id"], row["state"], event, row["reason"], row["stack"], row["recorded_at"])
