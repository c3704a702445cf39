"""Turns of work end by themselves, and at once when the process stops."""

import asyncio

from common.pause import MANY, Turn


async def test_a_turn_waits_for_no_longer_than_the_process() -> None:
    stop = asyncio.Event()
    over = asyncio.create_task(Turn(3600.0).over(1, stop))
    assert (await asyncio.wait([over], timeout=0))[0] == set(), "there is an hour left"
    stop.set()
    async with asyncio.timeout(10):
        await over


async def test_a_turn_that_has_taken_its_time_is_over() -> None:
    async with asyncio.timeout(10):
        await Turn(0.0).over(1, asyncio.Event())


async def test_a_turn_that_has_taken_many_is_over_at_once() -> None:
    async with asyncio.timeout(10):
        await Turn(3600.0).over(MANY, asyncio.Event())
