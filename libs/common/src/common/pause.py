"""Waiting that ends early when the process stops."""

import asyncio


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Return after `seconds`, or as soon as `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
