"""The event envelope: CloudEvents 1.0 in Kafka's binary mode (headers `ce_*`, the value is the JSON payload)."""

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel

from common.ids import new_id

SPECIFICATION_VERSION = b"1.0"
CONTENT_TYPE = b"application/json"
UNREADABLE = "unreadable"
"""The type given to a record whose envelope cannot be read."""

M = TypeVar("M", bound=BaseModel)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """An event to publish. `key` is the aggregate id (it picks the partition); `data` None is a tombstone.

    `traceparent` is of the call that caused it; None: of the span in which it is written to the outbox.
    """

    topic: str
    type: str
    key: str
    subject: str
    data: Mapping[str, Any] | BaseModel | None
    id: UUID = field(default_factory=new_id)
    time: datetime = field(default_factory=_now)
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as it was read from its topic; `value` None is a tombstone."""

    topic: str
    partition: int
    offset: int
    key: str
    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    traceparent: str | None
    value: bytes | None

    def parse(self, model: builtins.type[M]) -> M:
        """The payload as the reader's own model. Raises `pydantic.ValidationError` when it does not fit."""
        return model.model_validate_json(self.value or b"null")


class MalformedEnvelope(ValueError):
    """A record without the CloudEvents headers that every event of the platform carries."""


def to_headers(
    *, event_id: UUID, source: str, type_: str, subject: str, time: datetime, traceparent: str | None
) -> list[tuple[str, bytes]]:
    """The Kafka headers of an event."""
    headers = [
        ("ce_specversion", SPECIFICATION_VERSION),
        ("ce_id", str(event_id).encode()),
        ("ce_source", source.encode()),
        ("ce_type", type_.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", time.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()),
        ("content-type", CONTENT_TYPE),
    ]
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def from_record(
    topic: str,
    partition: int,
    offset: int,
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[tuple[str, bytes]],
) -> ReceivedEvent:
    """Read a Kafka record. Raises `MalformedEnvelope` naming the header that is missing or wrong."""
    named = {name: content.decode() for name, content in headers}
    try:
        return ReceivedEvent(
            topic=topic,
            partition=partition,
            offset=offset,
            key=(key or b"").decode(),
            id=UUID(named["ce_id"]),
            type=named["ce_type"],
            source=named["ce_source"],
            subject=named["ce_subject"],
            time=datetime.fromisoformat(named["ce_time"]),
            traceparent=named.get("traceparent"),
            value=value,
        )
    except KeyError as missing:
        raise MalformedEnvelope(f"{topic}/{partition}@{offset}: header {missing.args[0]} is missing") from missing
    except ValueError as wrong:
        raise MalformedEnvelope(f"{topic}/{partition}@{offset}: {wrong}") from wrong


def unreadable(
    topic: str, partition: int, offset: int, key: bytes | None, value: bytes | None, error: MalformedEnvelope
) -> ReceivedEvent:
    """A stand-in for a record without a proper envelope, so that it can be set aside like any other; its id is that of its place."""
    return ReceivedEvent(
        topic=topic,
        partition=partition,
        offset=offset,
        key=(key or b"").decode(errors="replace"),
        id=uuid5(NAMESPACE_URL, f"kafka:{topic}/{partition}@{offset}"),
        type=UNREADABLE,
        source="unknown",
        subject=str(error),
        time=_now(),
        traceparent=None,
        value=value if value is not None else b"",
    )
