"""Two ways to load a service: as fast as it answers, or at a steady rate that never waits for it."""

import asyncio
import resource
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from benchmarks.http_connection import Connection, Target

CALLS_LIMIT = 2_000_000
"""No single measurement makes more calls than this."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """Calls answered within `seconds`, and the share of one core that the load generator itself took for them."""

    calls: int
    seconds: float
    generator_cpu_share: float

    @property
    def per_second(self) -> float:
        """Answered calls per second."""
        return self.calls / self.seconds


async def as_fast_as_answered(
    target: Target, requests: Sequence[bytes], connections: int, seconds: float
) -> Throughput:
    """Keep one of `requests` under way on each connection for `seconds` and count the answers (closed loop)."""
    opened = [await Connection.open(target) for _ in range(connections)]
    try:
        for connection in opened:
            await connection.exchange(requests[0])
        cpu, begun = _own_cpu_s(), perf_counter()
        counts = await asyncio.gather(
            *(_repeat(each, requests, begun + seconds, CALLS_LIMIT // connections) for each in opened)
        )
        took = perf_counter() - begun
        return Throughput(sum(counts), took, (_own_cpu_s() - cpu) / took)
    finally:
        for connection in opened:
            connection.close()


async def _repeat(connection: Connection, requests: Sequence[bytes], end: float, limit: int) -> int:
    calls = 0
    while perf_counter() < end and calls < limit:
        await connection.exchange(requests[calls % len(requests)])
        calls += 1
    return calls


async def at_rate(per_second: float, seconds: float, call: Callable[[int], Awaitable[None]]) -> list[float]:
    """Start call 0, 1, 2, … at a steady rate whatever the earlier ones do (open loop); return each one's seconds.

    A call's time runs from the moment it was due, not from when it could begin: what a stall delays is counted
    (no coordinated omission). Raises the first error of any call, and ValueError beyond `CALLS_LIMIT`.
    """
    calls = round(per_second * seconds)
    if calls > CALLS_LIMIT:
        raise ValueError(f"{calls} calls are more than the limit of {CALLS_LIMIT}")
    begun = perf_counter()

    async def one(index: int) -> float:
        due = begun + index / per_second
        await call(index)
        return perf_counter() - due

    async with asyncio.TaskGroup() as group:
        tasks = []
        for index in range(calls):
            await asyncio.sleep(begun + index / per_second - perf_counter())
            tasks.append(group.create_task(one(index)))
    return [task.result() for task in tasks]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
