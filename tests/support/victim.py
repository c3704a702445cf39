"""How a process of a service is made to kill itself at a chosen moment.

It sends itself SIGKILL, so that nothing is flushed, closed or said: what an out-of-memory kill or a power cut leaves.
"""

import os
import signal
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiokafka import AIOKafkaConsumer
from common.database import Database
from common.relay import Relay

AFTER_ACKNOWLEDGEMENT = "after-acknowledgement"
"""The broker has acknowledged the relay's batch, and its rows are still in the outbox."""
BEFORE_COMMIT = "before-commit"
"""Everything of a transaction is written, its outgoing events too, and it has not been committed."""
AFTER_COMMIT = "after-commit"
"""A consumer's batch is committed in Postgres, and its offsets are not committed in Kafka."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """A call during which the process dies: before the call does anything, or once it has done everything."""

    owner: type
    method: str
    before: bool


_MOMENTS = {
    AFTER_ACKNOWLEDGEMENT: _Moment(Relay, "_delete", before=True),
    BEFORE_COMMIT: _Moment(Database, "_flush", before=False),
    AFTER_COMMIT: _Moment(AIOKafkaConsumer, "commit", before=True),
}


def arrange_death(moment: str, nth: int) -> None:
    """Make this process kill itself when it comes to `moment` for the `nth` time."""
    place = _MOMENTS[moment]
    original = getattr(place.owner, place.method)
    calls = count(1)

    async def fatal(*arguments: Any) -> Any:
        last = next(calls) >= nth
        if last and place.before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await original(*arguments)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(place.owner, place.method, fatal)
