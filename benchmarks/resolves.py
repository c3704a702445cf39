"""Factors resolved per second: asked again, asked for the first time, and many in one call."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from random import Random

from benchmarks.figures import Figure
from benchmarks.http_connection import Target
from benchmarks.load import Throughput, as_fast_as_answered

PATH = "/v1/resolve"
CONNECTIONS = 16
BATCH_ITEMS = 1_000
_REGIONS = ("FR", "DE", "ES", "PL", "MQ", "GB", "US", "RE", "IT", "SE", "BE", "NL")
_DAYS = 2_190
_TARGET = "≥ 5,000 resolves/s"


def questions(seed: int) -> Iterator[dict[str, str]]:
    """Yield different questions about electricity of 2020 to 2025, each of which the catalogue answers."""
    every = [(region, day) for region in _REGIONS for day in range(_DAYS)]
    Random(seed).shuffle(every)
    for region, day in every:
        on = date(2020, 1, 1) + timedelta(days=day)
        yield {"activity": "electricity", "region": region, "date": on.isoformat(), "allow": "region,year"}


async def measure_again(target: Target, seconds: float) -> Figure:
    """Load one factors process, without the edge, with the same five hundred questions over and over."""
    return _figure("factor resolved, one a call, asked again", 1, await _singles(target, 500, seconds))


async def measure_anew(target: Target, seconds: float) -> Figure:
    """The same with questions that were not asked before."""
    different = len(_REGIONS) * _DAYS
    return _figure("factor resolved, one a call, asked anew", 1, await _singles(target, different, seconds))


async def measure_batch(target: Target, seconds: float) -> Figure:
    """The same with many different questions a call."""
    return _figure(f"factors resolved, {BATCH_ITEMS:,} a call", BATCH_ITEMS, await _batches(target, seconds))


def _figure(what: str, each: int, measured: Throughput) -> Figure:
    note = f"{measured.calls * each:,} answers; the generator took {measured.generator_cpu_share:.0%} of a core"
    return Figure(what, f"{measured.per_second * each:,.0f} resolves/s", _TARGET, note)


async def _singles(target: Target, different: int, seconds: float) -> Throughput:
    asked = ("&".join(f"{name}={value}" for name, value in each.items()) for each in islice(questions(7), different))
    requests = [target.request("GET", f"{PATH}?{query}") for query in asked]
    # Each connection has questions of its own: none is answered from what another just asked.
    shares = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
    each = await asyncio.gather(*(as_fast_as_answered(target, share, 1, seconds) for share in shares))
    calls = sum(one.calls for one in each)
    return Throughput(calls, max(one.seconds for one in each), each[0].generator_cpu_share)


async def _batches(target: Target, seconds: float) -> Throughput:
    every = questions(11)
    bodies = [json.dumps({"items": list(islice(every, BATCH_ITEMS))}).encode() for _ in range(4)]
    return await as_fast_as_answered(target, [target.request("POST", PATH, body) for body in bodies], 2, seconds)
