"""Waiting that ends early when the process stops."""

import asyncio
from time import monotonic
from typing import Final

TURN_S: Final = 0.025
"""How long a turn of the relay, a consumer or a calculator lasts at least that took few."""

MANY: Final = 100
"""What a turn has taken when it has been worth its costs: more comes in than turns are to wait for."""


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Return after `seconds`, or as soon as `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


class Turn:
    """A turn of work that takes what has come since the last one.

    A turn's transaction, commits and requests cost about the same for one change as for ten. When changes stream in, turns that last a
    while take several at a time; when a change comes alone, its turn begins at once.
    """

    def __init__(self, seconds: float = TURN_S) -> None:
        """Begin."""
        self._ends_at = monotonic() + seconds

    async def over(self, taken: int, stop: asyncio.Event) -> None:
        """Return when the turn is over: at once where it has taken `MANY`, and as soon as `stop` is set."""
        left_s = self._ends_at - monotonic()
        if taken < MANY and left_s > 0:
            await pause(left_s, stop)
