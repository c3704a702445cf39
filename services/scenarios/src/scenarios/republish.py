"""Publishing anew: every finished run, from its own row."""

from collections.abc import AsyncIterator

from common.database import Connection
from common.events import Event

from scenarios import events
from scenarios.store import runs


async def republish_results(connection: Connection) -> AsyncIterator[Event]:
    """The result of each finished run, oldest first."""
    async for run in runs.finished_runs(connection):
        assert run.result is not None
        assert run.finished_at is not None
        yield events.result_recorded(run, run.result, run.finished_at)
