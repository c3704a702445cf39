"""Waiting that ends early when the process stops."""

import asyncio
from time import monotonic
from typing import Final

TURN_S: Final = 0.025
"""How long a turn lasts at least that took few: of the relay, a consumer, a calculator, or calls that are gathered. One length for all:
then what one hands on finds the next ready for it, and a change waits for one turn on its way and not for each."""

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

    @property
    def left_s(self) -> float:
        """How long it still lasts; 0 and less when it is over."""
        return self._ends_at - monotonic()

    async def over(self, taken: int, stop: asyncio.Event) -> None:
        """Return when the turn is over: at once where it has taken `MANY`, and as soon as `stop` is set."""
        if taken < MANY and self.left_s > 0:
            await pause(self.left_s, stop)
