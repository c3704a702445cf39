"""Stateless estimates per second: one item a call, and many items a call."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any

from benchmarks.figures import Figure
from benchmarks.http_connection import Target
from benchmarks.load import Throughput, as_fast_as_answered

PATH = "/v1/estimates"
BATCH_ITEMS = 1_000
CONNECTIONS = 16
_COUNTRIES = ("FR", "DE", "ES", "PL", "MQ", "GB")


def items(seed: int) -> Iterator[Mapping[str, Any]]:
    """Yield servers without end, each with its own configuration, load, country and life."""
    random = Random(seed)
    number = 0
    while True:
        yield {
            "ref": f"item-{number}",
            "kind": "server",
            "country": random.choice(_COUNTRIES),
            "life": {"years": random.choice((4, 5, 6))},
            "configuration": {
                "cpu": {"units": 2, "cores": 24, "die_mm2": random.randint(300, 700), "tdp_w": random.randint(85, 270)},
                "ram": [{"units": 12, "gib": 32}],
                "disks": [{"units": 2, "type": "ssd", "gib": 960}],
            },
            "energy": {"average_w": random.randint(150, 450)},
            "pue": 1.58,
        }
        number += 1


def bodies(seed: int, calls: int, count: int) -> list[bytes]:
    """Return the request bodies of `calls` different calls with `count` items each, over a year."""
    period = {"from": "2025-01-01", "to": "2026-01-01"}
    every = items(seed)
    return [
        json.dumps({"period": period, "criteria": ["gwp"], "items": list(islice(every, count))}).encode()
        for _ in range(calls)
    ]


async def measure_single(target: Target, seconds: float) -> Figure:
    """Load one footprint process, without the edge, with one item a call."""
    single = await _load(target, 1, seconds)
    return Figure(
        "stateless estimate, one item a call, one worker",
        f"{single.per_second:,.0f} calls/s",
        "≥ 3,000 calls/s",
        f"{single.calls:,} calls, {CONNECTIONS} connections; the generator took {single.generator_cpu_share:.0%} of a core",
    )


async def measure_batch(target: Target, seconds: float) -> Figure:
    """The same with many items a call."""
    batch = await _load(target, BATCH_ITEMS, seconds)
    return Figure(
        f"batch estimate, {BATCH_ITEMS:,} items a call",
        f"{batch.per_second * BATCH_ITEMS:,.0f} items/s",
        "≥ 50,000 items/s",
        f"{batch.calls * BATCH_ITEMS:,} items; the generator took {batch.generator_cpu_share:.0%} of a core",
    )


async def _load(target: Target, count: int, seconds: float) -> Throughput:
    connections, different = (CONNECTIONS, 500) if count == 1 else (2, 4)
    requests = [target.request("POST", PATH, body) for body in bodies(7, different, count)]
    return await as_fast_as_answered(target, requests, connections, seconds)
