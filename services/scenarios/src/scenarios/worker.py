"""The worker that computes runs: one at a time, in a thread, under a lease that it renews and with its progress told."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

import structlog
from common.database import Database
from common.failures import is_transient
from common.organisations import EVERY
from common.wakeup import Wakeup

from scenarios import events
from scenarios.catalogue import offers_by_id
from scenarios.domain.description import Refused
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.montecarlo import MonteCarloRequest, run_monte_carlo
from scenarios.domain.optimum import OptimumRequest, run_optimum
from scenarios.domain.run import ComparisonRequest, Progress, run_comparison
from scenarios.domain.snapshot import Snapshot
from scenarios.domain.study import StudyDefinition
from scenarios.service.studies import RUNS_CHANNEL
from scenarios.store import runs, studies
from scenarios.store.runs import Run

log = structlog.get_logger()

IDLE_S = 1.0
TELL_S = 0.5


class Computation(Protocol):
    """What a kind of run does with a study; its result is a JSON document. Raises `Refused`."""

    def __call__(
        self,
        definition: StudyDefinition,
        alternatives: list[AlternativeSpec],
        snapshot: Snapshot,
        options: dict[str, Any],
        progress: Progress,
    ) -> dict[str, Any]: ...


def compute_comparison(
    definition: StudyDefinition,
    alternatives: list[AlternativeSpec],
    snapshot: Snapshot,
    options: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """A run of kind `comparison`."""
    request = ComparisonRequest.model_validate(options)
    return run_comparison(definition, alternatives, snapshot, offers_by_id(), request, progress).model_dump(mode="json")


def compute_monte_carlo(
    definition: StudyDefinition,
    alternatives: list[AlternativeSpec],
    snapshot: Snapshot,
    options: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """A run of kind `monte_carlo`."""
    request = MonteCarloRequest.model_validate(options)
    return run_monte_carlo(definition, alternatives, snapshot, offers_by_id(), request, progress).model_dump(
        mode="json"
    )


def compute_optimum(
    definition: StudyDefinition,
    alternatives: list[AlternativeSpec],
    snapshot: Snapshot,
    options: dict[str, Any],
    progress: Progress,
) -> dict[str, Any]:
    """A run of kind `optimum`; the study's alternatives play no part."""
    request = OptimumRequest.model_validate(options)
    found = run_optimum(definition, snapshot, offers_by_id(), request, progress, time.perf_counter)
    return found.model_dump(mode="json")


COMPUTATIONS: dict[str, Computation] = {
    "comparison": compute_comparison,
    "monte_carlo": compute_monte_carlo,
    "optimum": compute_optimum,
}


class RunWorker:
    """Takes runs as they are queued. Several may work side by side; a run of one that died is taken over when its lease has passed."""

    def __init__(self, database: Database, url: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._url = url
        self._clock = clock
        self._id = uuid4()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        async with Wakeup(self._url, self._database, RUNS_CHANNEL) as wakeup:
            while not stop.is_set():
                if not await self.take_one():
                    await wakeup.wait(IDLE_S)

    async def take_one(self) -> bool:
        """Compute the run that has waited longest; False when none waits."""
        async with self._database.transaction(EVERY) as unit:
            run = await runs.claim_run(unit.connection, self._id, self._clock())
            if run is None:
                return False
            # Who follows the run learns that it began. Without a run a worker would only wake itself, over and over.
            unit.wake(RUNS_CHANNEL)
        try:
            result, problem = await self._compute(run), None
        except Refused as refused:
            result, problem = None, f"{refused.field}: {refused.detail}"
        except Exception as error:
            if is_transient(error):
                raise
            log.error("run.crashed", run=str(run.id), kind=run.kind, exc_info=error)
            result, problem = None, "the computation failed; the fault has been logged"
        await self._finish(run, result, problem)
        return True

    async def _compute(self, run: Run) -> dict[str, Any]:
        async with self._database.snapshot(EVERY) as connection:
            snapshot, _ = await studies.read_snapshot(connection, run.study_id, run.request["snapshot"])
        told = (0, 1)

        def progress(done: int, total: int) -> None:
            nonlocal told
            told = (done, total)

        computation = asyncio.create_task(
            asyncio.to_thread(
                COMPUTATIONS[run.kind],
                StudyDefinition.model_validate(run.request["definition"]),
                [AlternativeSpec.model_validate(each) for each in run.request["alternatives"]],
                snapshot,
                run.request["options"],
                progress,
            )
        )
        while not (await asyncio.wait({computation}, timeout=TELL_S))[0]:
            await self._tell(run.id, *told)
        return computation.result()

    async def _tell(self, run_id: UUID, done: int, total: int) -> None:
        async with self._database.transaction(EVERY) as unit:
            await runs.renew_lease(unit.connection, run_id, self._id, self._clock(), done, total)
            unit.wake(RUNS_CHANNEL)

    async def _finish(self, run: Run, result: dict[str, Any] | None, problem: str | None) -> None:
        now = self._clock()
        async with self._database.transaction(EVERY) as unit:
            kept = await runs.finish_run(unit.connection, run.id, self._id, result, problem, now)
            if kept and result is not None:
                unit.publish(events.result_recorded(run, result, now))
            unit.wake(RUNS_CHANNEL)
        log.info("run.finished", run=str(run.id), kind=run.kind, kept=kept, problem=problem)
