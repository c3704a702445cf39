"""From a change of one asset to its new footprint, at a steady rate.

A footprint counts as readable when its event comes back over the broker: it is committed, and answered to whoever asks,
some milliseconds before that. So the times are upper bounds, and measuring them puts no load on the services.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from time import perf_counter
from typing import Any

from aiokafka import AIOKafkaConsumer

from benchmarks.figures import Figure
from benchmarks.http_connection import Pool, Target
from benchmarks.load import at_rate, percentile
from examples.platform import Platform, Stack

TOPIC = "footprint.asset-months"
TARGETS = {200: "p50 ≤ 150 ms, p99 ≤ 1 s"}
_CONNECTIONS = 64
_LONGEST_S = 60.0


class Arrivals:
    """Tells each waiting change when the next footprint of its asset for the present month has arrived."""

    def __init__(self, month: str) -> None:
        self._month = month
        self._waiting: dict[str, deque[asyncio.Future[float]]] = defaultdict(deque)

    def expect(self, asset_id: str) -> asyncio.Future[float]:
        """Return what will hold the time of arrival, on the clock of `perf_counter`."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[asset_id].append(future)
        return future

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        """Read new footprints until cancelled."""
        while True:
            batches = await consumer.getmany(timeout_ms=100)
            arrived = perf_counter()
            for records in batches.values():
                for record in records:
                    self._note((record.key or b"").decode(), arrived)

    def _note(self, key: str, arrived: float) -> None:
        asset_id, month = key.split("/")
        if month == self._month and self._waiting[asset_id]:
            waiting = self._waiting[asset_id].popleft()
            if not waiting.done():
                waiting.set_result(arrived)


async def measure(stack: Stack, org: str, per_second: float, seconds: float) -> Figure:
    """Change assets of `org` at a steady rate and time each change until its footprint is there."""
    assets = _changeable(stack, org)
    arrivals = Arrivals(datetime.now(UTC).strftime("%Y-%m"))
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=stack.kafka, auto_offset_reset="latest")
    pool = Pool(Target.of(stack.services["inventory"], stack.token), _CONNECTIONS)
    answered: list[float] = []
    random = Random()
    begun = perf_counter()

    async def change(index: int) -> None:
        asset = assets[index % len(assets)]
        arrival = arrivals.expect(asset["id"])
        body = [_changed(asset, random.uniform(500.0, 6500.0))]
        result = await pool.call("POST", "/v1/assets/batch", body)
        if result["results"][0]["status"] != "updated":
            raise ValueError(f"a change was not taken: {result['results'][0]}")
        answered.append(perf_counter() - begun - index / per_second)
        await asyncio.wait_for(arrival, _LONGEST_S)

    async with consumer:
        await consumer.seek_to_end()
        listening = asyncio.create_task(arrivals.listen(consumer))
        begun = perf_counter()
        try:
            times = await at_rate(per_second, seconds, change)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            pool.close()
    return Figure(
        f"change of an asset → new footprint, {per_second:g} changes/s for {seconds:g} s",
        f"p50 {_ms(times, 0.5)}, p99 {_ms(times, 0.99)}",
        TARGETS.get(round(per_second), ""),
        f"{len(times):,} changes of {len(assets):,} assets; accepted after p50 {_ms(answered, 0.5)}, "
        f"p99 {_ms(answered, 0.99)}",
    )


def _changeable(stack: Stack, org: str) -> list[Mapping[str, Any]]:
    """Assets that stand for themselves: no virtual machines, and not retired."""
    assets: list[Mapping[str, Any]] = []
    with Platform(stack.base_url, stack.token) as platform:
        cursor = None
        while True:
            page = platform.get("/inventory/v1/assets", org=org, status="in_service", limit=500, cursor=cursor)
            assets += [each for each in page["items"] if each["kind"] != "virtual_machine"]
            cursor = page["next_cursor"]
            if cursor is None:
                return assets


def _changed(asset: Mapping[str, Any], annual_kwh: float) -> Mapping[str, Any]:
    names = ("source", "external_id", "org", "kind")
    return {**{name: asset[name] for name in names}, "declared": {"annual_kwh": annual_kwh}}


def _ms(seconds: Sequence[float], share: float) -> str:
    return f"{percentile(seconds, share) * 1000:,.0f} ms"
