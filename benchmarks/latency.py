"""From a change of one asset to its new footprint, at a steady rate.

A footprint counts as readable when its event comes back over the broker: it is committed, and answered to whoever asks,
some milliseconds before that. So the times are upper bounds, and measuring them puts no load on the services.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from time import perf_counter
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer

from benchmarks import imports
from benchmarks.figures import Figure
from benchmarks.http_connection import AnswerError, Pool, Target
from benchmarks.load import at_rate, percentile
from examples.generate import rows_standing_alone
from examples.platform import Platform, Stack
from examples.settling import settle

ASSETS = 10_000
"""Assets to be changed in turn: each six times within five minutes of 200 changes a second."""

TOPIC = "footprint.asset-months"
_NAMED_BY = ("source", "external_id", "org", "kind")
_CONNECTIONS = 64
_LONGEST_S = 60.0
_SETTLE_S = 600.0


class BehindError(Exception):
    """The platform does not keep up with the rate: footprints come later and later, or not at all."""


class Arrivals:
    """Tells each waiting change when the next footprint of its asset for the present month has arrived."""

    def __init__(self, month: str) -> None:
        self._month = month
        self._waiting: dict[str, asyncio.Future[float]] = {}

    async def wait_for(self, asset_id: str) -> None:
        """Return when the footprint of the asset has arrived; BehindError when it does not within a minute."""
        self._waiting[asset_id] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(self._waiting[asset_id], _LONGEST_S)
        except TimeoutError:
            raise BehindError(f"a footprint did not come within {_LONGEST_S:g} s") from None
        finally:
            del self._waiting[asset_id]

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        """Read new footprints until cancelled."""
        while True:
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    asset_id, month = (record.key or b"/").decode().split("/")
                    waiting = self._waiting.get(asset_id)
                    if month == self._month and waiting is not None and not waiting.done():
                        waiting.set_result(perf_counter())


Change: TypeAlias = Callable[[Mapping[str, Any], Random], Mapping[str, Any]]
"""What is sent of an asset to change it."""


def switch(asset: Mapping[str, Any], _random: Random) -> Mapping[str, Any]:
    """Switched off, or on again, from this moment: two months of it come out differently, the present one and the next."""
    return {"status": "off" if asset["status"] == "in_service" else "in_service"}


def correction(_asset: Mapping[str, Any], random: Random) -> Mapping[str, Any]:
    """Another electricity consumption than was declared, which was always so: all its months come out differently."""
    return {"declared": {"annual_kwh": random.uniform(500.0, 6500.0), "average_w": None}}


def bring_assets(stack: Stack, org: str) -> None:
    """Import `ASSETS` assets to be changed, of a new organisation `org`: servers, network gear, fleets that stand for themselves."""
    imports.bring(stack, rows_standing_alone(7, ASSETS, org), org)


async def measure(
    stack: Stack, org: str, per_second: float, seconds: float, what: str, change: Change, target: str = ""
) -> Figure:
    """Change assets of `org` at a steady rate and time each change until its footprint is there.

    No asset is changed again before its footprint came; when all are waiting, the figure says that nothing keeps up.
    """
    await settle(stack.postgres, stack.kafka, _SETTLE_S)
    what = f"{what} → new footprint, {per_second:g}/s for {seconds:g} s"
    changes = _Changes(stack, org, change)
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=stack.kafka, auto_offset_reset="latest")
    async with consumer:
        await consumer.seek_to_end()
        listening = asyncio.create_task(changes.arrivals.listen(consumer))
        try:
            times = await at_rate(per_second, seconds, changes.make)
        except ExceptionGroup as failures:
            behind = failures.subgroup(BehindError)
            if behind is None:
                raise
            return Figure(what, "does not keep up", target, str(behind.exceptions[0]))
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            changes.pool.close()
    accepted = changes.accepted_s
    return Figure(
        what,
        f"p50 {_ms(times, 0.5)}, p99 {_ms(times, 0.99)}",
        target,
        f"{len(times):,} changes; each call took p50 {_ms(accepted, 0.5)}, p99 {_ms(accepted, 0.99)}",
    )


class _Changes:
    """Makes one change after another, each of an asset that waits for no footprint."""

    def __init__(self, stack: Stack, org: str, change: Change) -> None:
        self._change = change
        self.arrivals = Arrivals(datetime.now(UTC).strftime("%Y-%m"))
        self.pool = Pool(Target.of(stack.services["inventory"], stack.token), _CONNECTIONS)
        self.accepted_s: list[float] = []
        self._free = deque(_changeable(stack, org))
        self._random = Random()

    async def make(self, index: int) -> None:
        """Change the asset that has rested longest and wait for its footprint."""
        if not self._free:
            raise BehindError(f"after {index:,} changes every asset that can be changed waits for its footprint")
        asset = self._free.popleft()
        begun = perf_counter()
        arrival = asyncio.create_task(self.arrivals.wait_for(asset["id"]))
        try:
            changed = self._change(asset, self._random)
            body = [{**{name: asset[name] for name in _NAMED_BY}, **changed}]
            (result,) = (await self.pool.call("POST", "/v1/assets/batch", body))["results"]
            if result["status"] != "updated":
                raise AnswerError(f"a change was not taken: {result}")
            self.accepted_s.append(perf_counter() - begun)
            await arrival
        finally:
            arrival.cancel()
        self._free.append({**asset, **changed})


def _changeable(stack: Stack, org: str) -> list[Mapping[str, Any]]:
    """Assets that stand for themselves: in service or switched off, neither a virtual machine nor a host of any."""
    with Platform(stack.base_url, stack.token) as platform:
        return [
            asset
            for status in ("in_service", "off")
            for asset in _pages(platform, "/inventory/v1/assets", org=org, status=status)
            if _stands_alone(asset)
        ]


def _pages(platform: Platform, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
    cursor, more = None, True
    while more:
        page = platform.get(path, limit=500, cursor=cursor, **query)
        yield from page["items"]
        cursor = page["next_cursor"]
        more = cursor is not None


def _stands_alone(asset: Mapping[str, Any]) -> bool:
    return asset["kind"] != "virtual_machine" and (asset["tags"] or {}).get("role") != "hypervisor"


def _ms(seconds: Sequence[float], share: float) -> str:
    return f"{percentile(seconds, share) * 1000:,.0f} ms"
