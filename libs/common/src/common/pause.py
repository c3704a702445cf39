"""Waiting that ends early when the process stops."""

import asyncio
from time import monotonic
from typing import Final

TURN_S: Final = 0.025
"""How long a turn of the relay, a consumer or a calculator lasts at least."""


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

    async def over(self, stop: asyncio.Event) -> None:
        """Return when the turn is over, or as soon as `stop` is set."""
        left_s = self._ends_at - monotonic()
        if left_s > 0:
            await pause(left_s, stop)
