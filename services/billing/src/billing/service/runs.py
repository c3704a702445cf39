"""The monthly run: each contract of a month settled in a transaction of its own, by whichever worker takes it.

A worker that is killed leaves its contract waiting and no document; the next one takes it. A contract that cannot be settled is marked with
the reason and does not stop the others.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID, uuid4

import asyncpg
import structlog
from common.api.problems import NotFound, Problem
from common.database import Database
from common.organisations import EVERY, Organisations
from common.telemetry import worker_span

from billing.documents.sums import WrongSums
from billing.domain.terms import following_month
from billing.einvoice.validation import InvalidXml
from billing.service.invoicing import Invoicing
from billing.service.working import keep_working
from billing.store import contracts as contract_store
from billing.store import runs as run_store
from billing.store.runs import Item, State

log = structlog.get_logger()

CHANNEL = "invoice_runs"
POLL_S = 5.0
UNFORESEEN = (
    "this contract could not be settled, for a reason that the service does not know; nothing was issued and the others went on. Run the "
    "month again; should it fail again, give operations the reference {trace_id}, under which the log has the reason"
)


class Runs:
    """Invoice runs."""

    def __init__(self, database: Database, invoicing: Invoicing, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._invoicing = invoicing
        self._clock = clock

    async def ask(self, organisations: Organisations, month: date, org: str | None = None) -> tuple[UUID, list[Item]]:
        """Store a run over the contracts, of `org` or of all, that hold in `month`, and wake the workers. Raises `NotFound` for none."""
        run = uuid4()
        async with self._database.transaction(organisations) as unit:
            contracts = await contract_store.read_contracts_between(unit.connection, org, month, following_month(month))
            if not contracts:
                raise NotFound("contract in", f"{month:%Y-%m}")
            await run_store.add_run(unit.connection, run, month, contracts, self._clock())
            unit.wake(CHANNEL)
            return run, await run_store.read_run(unit.connection, run)

    async def read(self, organisations: Organisations, run: UUID) -> list[Item]:
        """The contracts of a run. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            items = await run_store.read_run(connection, run)
        if not items:
            raise NotFound("run", run)
        return items

    async def settle_next(self) -> bool:
        """Settle one waiting contract; False when none waits."""
        with worker_span("invoice-runs settle") as trace_id:
            return await self._settle_next(trace_id)

    async def _settle_next(self, trace_id: str) -> bool:
        async with self._database.transaction(EVERY) as unit:
            item = await run_store.take_next(unit.connection)
            if item is None:
                return False
            state: State = "failed"
            number, detail = None, None
            try:
                async with unit.savepoint():
                    settled = await self._invoicing.settle(unit, item.contract_id, item.month)
                    state = settled.state
                    number = None if settled.issued is None else settled.issued.document.number
            except (Problem, WrongSums, InvalidXml) as error:
                detail = str(error)
            except asyncpg.TransactionRollbackError:
                raise
            except Exception:
                # Whatever it is: a worker that died of it would take the same contract again, and nobody would be billed.
                log.exception("invoice.failed", contract=str(item.contract_id), month=f"{item.month:%Y-%m}")
                detail = UNFORESEEN.format(trace_id=trace_id)
            await run_store.settle(unit.connection, item, state, number, detail)
        log.info(
            "invoice.settled", contract=str(item.contract_id), month=f"{item.month:%Y-%m}", state=state, number=number
        )
        return True


async def work(runs: Runs, database: Database, url: str, stop: asyncio.Event) -> None:
    """Settle what waits until `stop` is set; woken by each new run, and looking by itself every few seconds."""
    await keep_working(runs.settle_next, database, url, CHANNEL, POLL_S, stop)
