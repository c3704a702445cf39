"""Reading what a topic holds, whole, as any consumer that starts from nothing would."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its place, its key, its CloudEvents headers and its payload (None for a tombstone)."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    data: dict[str, Any] | None

    @property
    def id(self) -> str:
        """The event's id, the same for every delivery of the same event."""
        return self.headers["ce_id"]

    @property
    def type(self) -> str:
        """The event's type with its version, such as `inventory.asset.changed.v1`."""
        return self.headers["ce_type"]


async def read_topic(bootstrap: str, topic: str) -> list[Record]:
    """Return every record of `topic` up to its present end, partition after partition, in the order of offsets."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        records: list[Record] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                records.extend(_record(each) for each in batch)
        return sorted(records, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()


def first_deliveries(records: list[Record]) -> list[Record]:
    """Drop the repetitions of events that were delivered more than once, which at-least-once delivery allows."""
    seen: set[str] = set()
    firsts = []
    for record in records:
        if record.id not in seen:
            seen.add(record.id)
            firsts.append(record)
    return firsts


def _record(raw: Any) -> Record:
    headers = {name: value.decode() for name, value in raw.headers}
    data = None if raw.value is None else json.loads(raw.value)
    return Record(raw.topic, raw.partition, raw.offset, (raw.key or b"").decode(), headers, data)


async def send_again(bootstrap: str, records: Sequence[Record]) -> None:
    """Send records as they were read, same key, headers and payload, one after the other in the given order."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        for record in records:
            value = None if record.data is None else json.dumps(record.data).encode()
            headers = [(name, text.encode()) for name, text in record.headers.items()]
            await producer.send_and_wait(record.topic, value, record.key.encode(), headers=headers)
