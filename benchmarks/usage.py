"""Cloud Like: usage events stored durably over HTTP and over the broker, and a month of 100,000 machines rated from them."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaProducer

from benchmarks.figures import Figure
from benchmarks.http_connection import AnswerError, Pool, Target
from examples.invoicing import CUSTOMER
from examples.platform import Stack

MACHINES = 100_000
BATCH = 10_000
CONNECTIONS = 2
PARTNER = "/benchmark"
MONTH, STARTED, RESIZED = "2026-10", "2026-09-30T22:00:00Z", "2026-10-16T10:00:00Z"
TOPIC = "billing.usage"
_TARGET = "≥ 20,000 events/s"
_LONGEST_S = 600.0


async def contract(billing: Target, org: str) -> str:
    """Agree on a contract that is metered by events, and return its id."""
    new = {"org": org, "reference": org, "starts_on": "2026-01-01", "metering": "events", "event_sources": [PARTNER]}
    pool = Pool(billing, 1)
    try:
        answer: Mapping[str, Any] = await pool.call("POST", "/v1/contracts", new | {"customer": CUSTOMER})
        return str(answer["id"])
    finally:
        pool.close()


async def measure_http(billing: Target, org: str) -> Figure:
    """Each machine starts: every event once, in batches, answered when it is committed."""
    bodies = [list(batch) for batch in _batches(org)]
    pool = Pool(billing, CONNECTIONS)
    begun = perf_counter()
    try:
        answers = await asyncio.gather(*(pool.call("POST", "/v1/usage-events/batch", body) for body in bodies))
    finally:
        pool.close()
    seconds = perf_counter() - begun
    created = sum(answer["created"] for answer in answers)
    if created != MACHINES:
        raise AnswerError(f"{created} of {MACHINES} usage events were stored")
    note = f"{created:,} events in {seconds:.1f} s, {CONNECTIONS} connections"
    return Figure(f"usage events stored, {BATCH:,} a call", f"{created / seconds:,.0f} events/s", _TARGET, note)


async def measure_broker(stack: Stack, org: str) -> Figure:
    """Each machine is resized: from the first event sent to the last one stored, the sending included."""
    connection = await asyncpg.connect(stack.postgres)
    producer = AIOKafkaProducer(bootstrap_servers=stack.kafka, max_batch_size=256 * 1024, linger_ms=20)
    await producer.start()
    count = "SELECT count(*) FROM billing.usage_events WHERE org_id = $1"
    try:
        before = await connection.fetchval(count, org)
        begun = perf_counter()
        value = json.dumps({"org": org, "vcpu": 8, "ram_gib": 32}).encode()
        for number in range(MACHINES):
            await producer.send(TOPIC, value, key=f"vm-{number}".encode(), headers=_headers(f"vm-{number}"))
        await producer.flush()
        sent = perf_counter() - begun
        async with asyncio.timeout(_LONGEST_S):
            await _until(connection, count, org, before + MACHINES)
        seconds = perf_counter() - begun
    finally:
        await producer.stop()
        await connection.close()
    note = f"{MACHINES:,} events, sent within {sent:.1f} s, stored {seconds:.1f} s after the first"
    return Figure("usage events over the broker", f"{MACHINES / seconds:,.0f} events/s", _TARGET, note)


async def measure_rating(billing: Target, contract_id: str) -> Figure:
    """The month of those machines, read and rated within one call."""
    pool = Pool(billing, 1)
    begun = perf_counter()
    try:
        outlook = await pool.call("GET", f"/v1/contracts/{contract_id}/projection?month={MONTH}")
    finally:
        pool.close()
    seconds = perf_counter() - begun
    note = f"{2 * MACHINES:,} events; to date and both projections: {outlook['net']} €"
    return Figure(f"month of {MACHINES:,} machines rated", f"{seconds:.1f} s", "≤ 20 s", note)


async def _until(connection: asyncpg.Connection, count: str, org: str, wanted: int) -> None:
    while True:
        if await connection.fetchval(count, org) >= wanted:
            return
        await asyncio.sleep(0.2)


def _batches(org: str) -> Iterator[Iterator[Mapping[str, Any]]]:
    for first in range(0, MACHINES, BATCH):
        yield (
            {
                "specversion": "1.0",
                "id": f"started-{number}",
                "source": PARTNER,
                "type": "usage.started.v1",
                "subject": f"vm-{number}",
                "time": STARTED,
                "data": {"org": org, "vcpu": 4, "ram_gib": 16},
            }
            for number in range(first, first + BATCH)
        )


def _headers(machine: str) -> list[tuple[str, bytes]]:
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(uuid4()).encode()),
        ("ce_source", PARTNER.encode()),
        ("ce_type", b"usage.resized.v1"),
        ("ce_subject", machine.encode()),
        ("ce_time", RESIZED.encode()),
        ("content-type", b"application/json"),
    ]
