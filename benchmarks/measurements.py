"""Measurements over HTTP, as a collector sends them: accepted, and applied when nothing is left to be rolled up."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter
from typing import Any

import asyncpg

from benchmarks.figures import Figure
from benchmarks.http_connection import Connection, Target
from examples.organisation import organisations, sites
from examples.platform import Platform, Stack

MACHINES = 1000
HOURS = 24
BATCH_ROWS = 10_000
CONNECTIONS = 2
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)
_TIMEOUT_S = 600.0
_POLL_S = 0.1


def measure(stack: Stack, org: str) -> Figure:
    """Send a day of five-minute utilisation of a thousand machines of a new organisation `org`.

    Raises `examples.platform.PlatformError` when the machines cannot be made, `benchmarks.http_connection.AnswerError` when a batch is
    refused, ValueError when a row of one is.
    """
    ids = _machines(stack, org)
    return asyncio.run(_measured(stack, ids))


def _machines(stack: Stack, org: str) -> Sequence[str]:
    with Platform(stack.base_url, stack.token, _TIMEOUT_S) as platform:
        for body in organisations(org):
            platform.ensure("/inventory/v1/organizations", body)
        for body in sites(org):
            platform.ensure("/inventory/v1/sites", body)
        machine = {"source": "benchmark", "org": org, "kind": "virtual_machine", "effective_from": "2026-01-01"}
        rows = [{**machine, "external_id": f"vm-{number}"} for number in range(MACHINES)]
        answer = platform.post("/inventory/v1/assets/batch", rows)
        return [result["id"] for result in answer["results"]]


async def _measured(stack: Stack, ids: Sequence[str]) -> Figure:
    target = Target.of(stack.services["inventory"], stack.token)
    requests = [target.request("POST", "/v1/measurements/batch", body) for body in _batches(ids)]
    total = MACHINES * HOURS * 12
    waiting = iter(requests)
    connections = [await Connection.open(target) for _ in range(CONNECTIONS)]
    database = await asyncpg.connect(stack.postgres)
    try:
        begun = perf_counter()
        await asyncio.gather(*(_send(connection, waiting) for connection in connections))
        accepted = perf_counter() - begun
        async with asyncio.timeout(_TIMEOUT_S):
            await _until_rolled_up(database)
        applied = perf_counter() - begun
    finally:
        await database.close()
        for connection in connections:
            connection.close()
    return Figure(
        f"measurements accepted and applied, {MACHINES:,} machines × {HOURS} h of five minutes",
        f"{total / applied:,.0f}/s",
        "≥ 20,000/s",
        f"{total:,} samples in batches of {BATCH_ROWS:,}: accepted in {accepted:.1f} s ({total / accepted:,.0f}/s), "
        f"rolled up and in the outbox after {applied:.1f} s",
    )


async def _until_rolled_up(database: asyncpg.Connection) -> None:
    while True:
        if not await database.fetchval("SELECT EXISTS (SELECT FROM inventory.measurement_marks)"):
            return
        await asyncio.sleep(_POLL_S)


async def _send(connection: Connection, waiting: Iterator[bytes]) -> None:
    """Take requests until none is left; a row that is refused ends the measurement."""
    for request in waiting:
        answer: dict[str, Any] = json.loads(await connection.exchange(request))
        if answer["created"] != len(answer["results"]):
            raise ValueError(f"a batch was not taken whole: {answer['results'][:3]}")


def _batches(ids: Sequence[str]) -> Iterator[bytes]:
    rows = _rows(ids)
    while batch := list(islice(rows, BATCH_ROWS)):
        yield json.dumps(batch).encode()


def _rows(ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every machine at each instant, as a collector reads them."""
    for step in range(HOURS * 12):
        begin, end = (BEGIN + STEP * step).isoformat(), (BEGIN + STEP * (step + 1)).isoformat()
        for number, asset in enumerate(ids):
            value = (number * 7 + step * 13) % 100 / 100
            yield {"asset": asset, "metric": "cpu_utilisation", "level": "it", "from": begin, "to": end, "value": value}
