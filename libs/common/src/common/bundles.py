"""Many events in one piece: how those of a bulk change wait in the outbox.

A bundle is one line of JSON, with the envelope of each event and the length of its payload, followed by the payloads as they are, all
compressed together: documents of one kind say nearly the same, and take a tenth of the room.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from cramjam import lz4

from common import json

MOST_EVENTS: Final = 32
"""In one bundle: more compress hardly better, and the row stays of the size that one event had."""

MOST_BYTES: Final = 256 * 1024
"""Of payload, after which a bundle is full."""

_TOMBSTONE: Final = -1


class Waiting(NamedTuple):
    """An event as it waits for the broker; `value` None is a tombstone."""

    event_id: UUID
    topic: str
    key: str
    type: str
    subject: str
    occurred_at: datetime
    traceparent: str | None
    value: bytes | None


def in_bundles(events: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    """The events in their order, as many at a time as go into one bundle."""
    bundle: list[Waiting] = []
    size = 0
    for event in events:
        bundle.append(event)
        size += len(event.value or b"")
        if len(bundle) == MOST_EVENTS or size >= MOST_BYTES:
            yield bundle
            bundle, size = [], 0
    if bundle:
        yield bundle


def pack(events: Sequence[Waiting]) -> bytes:
    """Events as one bundle."""
    envelopes = [(*event[:-1], _TOMBSTONE if event.value is None else len(event.value)) for event in events]
    payloads = b"".join(event.value or b"" for event in events)
    return bytes(lz4.compress_block(json.dumps(envelopes) + b"\n" + payloads))


def unpack(bundle: bytes) -> Iterator[Waiting]:
    """The events of a bundle, in their order."""
    envelopes, _, payloads = bytes(lz4.decompress_block(bundle)).partition(b"\n")
    begin = 0
    for event_id, topic, key, type_, subject, occurred_at, traceparent, length in json.loads(envelopes):
        end = begin + max(length, 0)
        value = None if length == _TOMBSTONE else payloads[begin:end]
        yield Waiting(
            UUID(event_id), topic, key, type_, subject, datetime.fromisoformat(occurred_at), traceparent, value
        )
        begin = end
