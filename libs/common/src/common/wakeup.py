"""Being woken by a commit: LISTEN on a channel that a `Transaction.wake` notifies, with a poll as fallback."""

import asyncio
from types import TracebackType
from typing import Self

import asyncpg

from common.database import Database, connect


class Wakeup:
    """`async with Wakeup(url, database, channel) as wakeup: await wakeup.wait(1.0)`.

    A notification that arrives while nobody waits is kept: the next `wait` returns at once. When the listening connection is lost,
    `wait` tries to listen again and meanwhile just lets its timeout pass: a wake-up is a hint, never the only way to learn of work.
    """

    def __init__(self, url: str, database: Database, channel: str) -> None:
        self._url = url
        self._service = database.schema
        self._channel = database.channel(channel)
        self._connection: asyncpg.Connection | None = None
        self._pending = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.terminate()

    async def wait(self, timeout_s: float) -> None:
        """Return when the channel was notified since the last `wait`, or after `timeout_s` seconds."""
        if self._connection is None or self._connection.is_closed():
            await self._listen()
        try:
            async with asyncio.timeout(timeout_s):
                await self._pending.wait()
        except TimeoutError:
            return
        finally:
            self._pending.clear()

    async def _listen(self) -> None:
        try:
            self._connection = await connect(self._url, self._service)
            await self._connection.add_listener(self._channel, self._notified)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._connection = None

    def _notified(self, *_: object) -> None:
        self._pending.set()
