"""The worker of imports: takes the one that waits longest, keeps its lease alive, and ends it one way or the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

import structlog
from common.database import Database
from common.failures import is_transient
from common.organisations import EVERY
from common.wakeup import Wakeup

from inventory.imports.reading import FileFailure
from inventory.service.import_job import ImportJob
from inventory.service.imports import CHANNEL
from inventory.settings import InventorySettings
from inventory.store import imports
from inventory.store.imports import Import, LeaseLost

log = structlog.get_logger()

POLL_S = 1.0
"""How long a worker without work waits for a wake-up before it looks again."""


class ImportWorker:
    """Works imports off, one at a time; any number of processes may run one each."""

    def __init__(self, database: Database, settings: InventorySettings, clock: Callable[[], datetime]) -> None:
        """`clock` says when an import is finished and from when its rows are known."""
        self._database = database
        self._settings = settings
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; the import at hand is finished first."""
        async with Wakeup(self._settings.database_url, self._database, CHANNEL) as wakeup:
            while not stop.is_set():
                if not await self.work_once():
                    await wakeup.wait(POLL_S)

    async def work_once(self) -> bool:
        """Take one import and work it off; whether there was one. Raises what passes by itself, the import given back."""
        async with self._database.transaction(EVERY) as unit:
            job = await imports.claim(unit.connection, uuid4(), self._settings.import_lease_s)
        if job is None:
            return False
        log.info("import.started", import_id=str(job.id), org=job.org, attempt=job.attempts)
        work = ImportJob(self._database, self._settings, job, self._clock)
        try:
            await self._end(job, work)
        except LeaseLost:
            log.warning("import.lease_lost", import_id=str(job.id))
        return True

    async def _end(self, job: Import, work: ImportJob) -> None:
        if job.attempts > self._settings.import_attempts:
            rule = f"{self._settings.import_attempts} workers died over this import; it is given up"
            await work.fail({"file": "", "field": "", "code": "gave_up", "detail": rule})
            return
        try:
            async with self._kept_alive(work):
                await work.run()
        except FileFailure as failure:
            await work.fail(failure.document())
            log.info("import.failed", import_id=str(job.id), code=failure.code)
        except LeaseLost:
            raise
        except Exception as error:
            if is_transient(error):
                await work.release()
                raise
            log.error("import.crashed", import_id=str(job.id), exc_info=error)
            rule = "an unexpected error; it has been logged under this import's id"
            await work.fail({"file": "", "field": "", "code": "internal_error", "detail": rule})
        else:
            log.info("import.done", import_id=str(job.id))

    @asynccontextmanager
    async def _kept_alive(self, work: ImportJob) -> AsyncIterator[None]:
        """Renew the lease three times in its length while the block runs."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(self._settings.import_lease_s / 3)
                await work.hold()

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
