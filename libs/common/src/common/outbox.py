"""The outbox: events wait here, in the transaction that caused them, until the relay has the broker's acknowledgement.

Order: an aggregate's row lock is held when its events get their ids, and ids are taken only once the lock is there, so per aggregate
id order is commit order. Across aggregates it need not be, and nothing relies on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from common import json, telemetry
from common.api.problems import FieldError, Unavailable, Unprocessable
from common.bundles import Waiting, in_bundles, pack, unpack
from common.events import Event

if TYPE_CHECKING:
    from asyncpg import Record

    from common.database import Connection

CHANNEL = "outbox"

_FEW = 100
"""Events up to which each has a row, written by one statement with the notification; more are a bulk change, and go in bundles by COPY."""

_INSERT_AND_NOTIFY = f"""
WITH written AS (
    INSERT INTO outbox ({", ".join(Waiting._fields)})
    SELECT *
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bytea[])
)
SELECT pg_notify($9, '')
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth`: rows that wait at which writes are refused; `event_bytes`: the largest payload."""

    depth: int
    event_bytes: int


class Gate:
    """Says whether the outbox takes more. Its depth is measured now and then (`measure`), not at each write."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.depth = 0

    async def measure(self, connection: "Connection") -> int:
        """Read the depth in rows: the span of ids, which gaps of rolled-back transactions can only overstate."""
        self.depth = await connection.fetchval("SELECT coalesce(max(id) - min(id) + 1, 0) FROM outbox")
        return self.depth

    def check_room(self) -> None:
        """Raise `Unavailable` (503, Retry-After) when the outbox is full."""
        if self.depth >= self.limits.depth:
            raise Unavailable(
                f"{self.depth} rows of events wait for the broker (limit {self.limits.depth}); nothing was changed", 10
            )


async def write(connection: "Connection", events: Sequence[Event], gate: Gate, channel: str) -> None:
    """Append `events`, in bundles when they are many, and notify `channel` at commit.

    Raises `Unavailable` when the outbox is full and `Unprocessable` when an event is too large to send.
    """
    gate.check_room()
    traceparent = telemetry.current_traceparent()
    waiting = [_waiting(event, traceparent, gate.limits.event_bytes) for event in events]
    if len(waiting) <= _FEW:
        await connection.execute(_INSERT_AND_NOTIFY, *zip(*waiting, strict=True), channel)
    else:
        await connection.copy_records_to_table(
            "outbox",
            records=[(len(each), each[0].occurred_at, pack(each)) for each in in_bundles(waiting)],
            columns=["events", "occurred_at", "bundle"],
        )
        await notify(connection, channel)


async def oldest(connection: "Connection", events: int) -> list["Record"]:
    """The oldest rows, in order: those that begin within the first `events` events."""
    rows: list[Record] = await connection.fetch(
        f"""
        SELECT id, {", ".join(Waiting._fields)}, bundle
        FROM outbox
        WHERE id <= (
            SELECT max(id)
            FROM (
                SELECT id, sum(events) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - events AS events_before
                FROM outbox
                ORDER BY id
                LIMIT $1
            ) AS first
            WHERE events_before < $1
        )
        ORDER BY id
        """,
        events,
    )
    return rows


def events_of(rows: Sequence["Record"]) -> Iterator[Waiting]:
    """The events that rows hold, in their order."""
    for row in rows:
        if row["bundle"] is None:
            yield Waiting._make(row[1:-1])
        else:
            yield from unpack(row["bundle"])


async def notify(connection: "Connection", channel: str) -> None:
    """Wake the listeners of `channel` at commit, once a transaction however often it is said."""
    await connection.execute("SELECT pg_notify($1, '')", channel)


def encode(data: Any) -> bytes | None:
    """The bytes of a payload, as they go to the broker; None stays None, the tombstone."""
    if data is None:
        return None
    if isinstance(data, BaseModel):
        return data.model_dump_json(by_alias=True).encode()
    return json.dumps(data)


def _waiting(event: Event, traceparent: str | None, largest: int) -> Waiting:
    value = encode(event.data)
    if value is not None and len(value) > largest:
        rule = f"{event.subject} would be an event of {len(value)} bytes; at most {largest} can be sent"
        raise Unprocessable(rule, [FieldError("timeline", "too_large", rule)], code="event-too-large")
    return Waiting(
        event.id,
        event.topic,
        event.key,
        event.type,
        event.subject,
        event.time,
        event.traceparent or traceparent,
        value,
    )
