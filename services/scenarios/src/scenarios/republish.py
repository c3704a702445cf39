"""Publishing anew: every finished run and every plan, from their own rows."""

from collections.abc import AsyncIterator

from common.database import Connection
from common.events import Event

from scenarios import events
from scenarios.store import plans, runs


async def republish_results(connection: Connection) -> AsyncIterator[Event]:
    """The result of each finished run, oldest first."""
    async for run in runs.finished_runs(connection):
        assert run.result is not None
        assert run.finished_at is not None
        yield events.result_recorded(run, run.result, run.finished_at)


async def republish_plans(connection: Connection) -> AsyncIterator[Event]:
    """Every plan as it is now."""
    async for plan in plans.every_plan(connection):
        yield events.plan_changed(plan)
