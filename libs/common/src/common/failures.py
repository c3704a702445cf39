"""Which failures pass by themselves. Those are retried for as long as it takes; all others are the event's or the code's own."""

import asyncio
import random

import asyncpg
from aiokafka.errors import KafkaError

from common.api.problems import Unavailable
from common.pause import pause

TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InternalClientError,
    KafkaError,
    ConnectionError,
    TimeoutError,
    OSError,
    Unavailable,
)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without anyone changing anything."""
    # asyncpg's InterfaceError is a lost connection, unless it is also a ValueError: then an argument was wrong, and stays wrong.
    lost = isinstance(error, asyncpg.InterfaceError) and not isinstance(error, (ValueError, TypeError))
    return lost or isinstance(error, TRANSIENT)


def is_undone(error: BaseException) -> bool:
    """Whether what raised it has certainly left nothing, and parts of it may succeed at once.

    Not so where the server was lost on the way (a commit may have been its last act), nor where it refuses all alike.
    """
    passing = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.LockNotAvailableError)
    return isinstance(error, passing) or not is_transient(error)


class Backoff:
    """Waits that double from `first_s` to `longest_s`, each shortened by up to half at random so that replicas spread."""

    def __init__(self, first_s: float = 0.1, longest_s: float = 10.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._attempts = 0

    async def wait(self, stop: asyncio.Event) -> None:
        """Wait the next, longer time, or until `stop` is set."""
        delay_s: float = min(self._first_s * 2**self._attempts, self._longest_s)
        self._attempts += 1
        await pause(delay_s * random.uniform(0.5, 1.0), stop)  # noqa: S311 - jitter, not a secret

    def reset(self) -> None:
        """Start over with the first wait: something succeeded."""
        self._attempts = 0
