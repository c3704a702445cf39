"""The outbox: events wait here, in the transaction that caused them, until the relay has the broker's acknowledgement.

Order: an aggregate's row lock is held when its events get their ids, and ids are taken only once the lock is there, so per aggregate
id order is commit order. Across aggregates it need not be, and nothing relies on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from common import json, telemetry
from common.api.problems import FieldError, Unavailable, Unprocessable
from common.events import Event

if TYPE_CHECKING:
    from common.database import Connection

CHANNEL = "outbox"

_COLUMNS = ["event_id", "topic", "key", "type", "subject", "occurred_at", "traceparent", "value"]

_FEW = 100
"""Events up to which they and the notification are one statement: a small transaction is as dear as it has statements. COPY takes four."""

_INSERT_AND_NOTIFY = f"""
WITH written AS (
    INSERT INTO outbox ({", ".join(_COLUMNS)})
    SELECT *
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bytea[])
)
SELECT pg_notify($9, '')
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth`: waiting events at which writes are refused; `event_bytes`: the largest payload."""

    depth: int
    event_bytes: int


class Gate:
    """Says whether the outbox takes more. Its depth is measured now and then (`measure`), not at each write."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.depth = 0

    async def measure(self, connection: "Connection") -> int:
        """Read the depth: the span of ids, which gaps of rolled-back transactions can only overstate."""
        self.depth = await connection.fetchval("SELECT coalesce(max(id) - min(id) + 1, 0) FROM outbox")
        return self.depth

    def check_room(self) -> None:
        """Raise `Unavailable` (503, Retry-After) when the outbox is full."""
        if self.depth >= self.limits.depth:
            raise Unavailable(
                f"{self.depth} events wait for the broker (limit {self.limits.depth}); nothing was changed", 10
            )


async def write(connection: "Connection", events: Sequence[Event], gate: Gate, channel: str) -> None:
    """Append `events` and notify `channel` at commit. Raises `Unavailable` when the outbox is full and `Unprocessable` when an event is
    too large to send."""
    gate.check_room()
    traceparent = telemetry.current_traceparent()
    rows = [_row(event, traceparent, gate.limits.event_bytes) for event in events]
    if len(rows) <= _FEW:
        await connection.execute(_INSERT_AND_NOTIFY, *zip(*rows, strict=True), channel)
    else:
        await connection.copy_records_to_table("outbox", records=rows, columns=_COLUMNS)
        await notify(connection, channel)


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


def _row(event: Event, traceparent: str | None, largest: int) -> tuple[Any, ...]:
    value = encode(event.data)
    if value is not None and len(value) > largest:
        rule = f"{event.subject} would be an event of {len(value)} bytes; at most {largest} can be sent"
        raise Unprocessable(rule, [FieldError("timeline", "too_large", rule)], code="event-too-large")
    return (
        event.id,
        event.topic,
        event.key,
        event.type,
        event.subject,
        event.time,
        event.traceparent or traceparent,
        value,
    )
