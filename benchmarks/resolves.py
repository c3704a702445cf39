"""Factors resolved per second: asked again, asked for the first time, and many in one call."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import urlencode

from benchmarks.figures import Figure
from benchmarks.http_connection import Connection, Target
from benchmarks.load import Throughput, as_fast_as_answered

PATH = "/v1/resolve"
CONNECTIONS = 16
BATCH_ITEMS = 1_000
_REGIONS = ("FR", "DE", "ES", "PL", "MQ", "GB", "US", "RE", "IT", "SE", "BE", "NL")
_DAYS = 2_190
_GWP_SETS = ("AR4", "AR5", "AR6")
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


async def measure_unlike(target: Target, seconds: float) -> Figure:
    """The same with questions of which no two are alike even but for their date, about any factor of the catalogue."""
    asked = await _unlike(target, 100_000)
    return _figure("factor resolved, one a call, none like another", 1, await _shared_out(target, asked, seconds))


async def measure_batch(target: Target, seconds: float) -> Figure:
    """The same with many different questions a call."""
    return _figure(f"factors resolved, {BATCH_ITEMS:,} a call", BATCH_ITEMS, await _batches(target, seconds))


def _figure(what: str, each: int, measured: Throughput) -> Figure:
    note = f"{measured.calls * each:,} answers; the generator took {measured.generator_cpu_share:.0%} of a core"
    return Figure(what, f"{measured.per_second * each:,.0f} resolves/s", _TARGET, note)


async def _singles(target: Target, different: int, seconds: float) -> Throughput:
    return await _shared_out(target, list(islice(questions(7), different)), seconds)


async def _unlike(target: Target, count: int) -> list[dict[str, str]]:
    """Draw `count` questions that the catalogue answers, each of another combination of factor, years back and warming potentials."""
    connection = await Connection.open(target)
    try:
        page = json.loads(await connection.exchange(target.request("GET", "/v1/factors?criterion=gwp&limit=1000")))
    finally:
        connection.close()
    random = Random(13)
    every = [(each, gap, gwp_set) for each in page["items"] for gap in range(101) for gwp_set in _GWP_SETS]
    random.shuffle(every)
    return [_about(factor, gap, gwp_set) for factor, gap, gwp_set in every if _fits(factor, gwp_set)][:count]


def _fits(factor: dict[str, Any], gwp_set: str) -> bool:
    return factor["gwp_set"] in (None, gwp_set)


def _about(factor: dict[str, Any], gap: int, gwp_set: str) -> dict[str, str]:
    on = {"date": factor["valid_from"] or "2021-06-01", "year_gap": str(gap), "gwp_set": gwp_set}
    return on | {name: factor[name] for name in ("activity", "region", "perimeter", "stage") if factor[name]}


async def _shared_out(target: Target, asked: list[dict[str, str]], seconds: float) -> Throughput:
    requests = [target.request("GET", f"{PATH}?{urlencode(each)}") for each in asked]
    # Each connection has questions of its own: none is answered from what another just asked.
    shares = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
    each = await asyncio.gather(*(as_fast_as_answered(target, share, 1, seconds) for share in shares))
    calls = sum(one.calls for one in each)
    return Throughput(calls, max(one.seconds for one in each), each[0].generator_cpu_share)


async def _batches(target: Target, seconds: float) -> Throughput:
    every = questions(11)
    bodies = [json.dumps({"items": list(islice(every, BATCH_ITEMS))}).encode() for _ in range(4)]
    return await as_fast_as_answered(target, [target.request("POST", PATH, body) for body in bodies], 2, seconds)
