"""Workers that do what waits: woken when there is something, and looking by themselves every so often."""

import asyncio
from collections.abc import Awaitable, Callable

from common.database import Database
from common.wakeup import Wakeup


async def keep_working(
    step: Callable[[], Awaitable[bool]], database: Database, url: str, channel: str, every_s: float, stop: asyncio.Event
) -> None:
    """Call `step` until `stop` is set: again at once when it says that more may wait, else after a wake-up of `channel` or `every_s`."""
    async with Wakeup(url, database, channel) as wakeup:
        stopping = asyncio.ensure_future(stop.wait())
        while not stop.is_set():
            if not await step():
                waiting = asyncio.ensure_future(wakeup.wait(every_s))
                await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        stopping.cancel()
