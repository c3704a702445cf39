"""The daily look at contracts' months: both accounts held against one another, issued months rated again, and an alert of what is found.

A look is made once a local day of the contract and at days that are over, a few hours later, when what partners and the inventory say of
them has had time to come. Whoever looks holds the contract's lock and then sees whether another process has looked already; look, alerts
and events are one transaction, so that a process that is killed leaves nothing of it and the next one makes it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import structlog
from common.api.problems import NotFound
from common.database import Connection, Database, Transaction
from common.failures import is_transient
from common.organisations import EVERY, Organisations

from billing.domain.carbon import covered
from billing.domain.events import cut
from billing.domain.reconciliation import (
    NOT_COMPARED,
    Comparison,
    Difference,
    Found,
    Source,
    compared,
    outdated,
    unbilled,
)
from billing.domain.terms import epoch, local_midnight
from billing.published import alert_told
from billing.service.months import rate_facts, read_facts, read_month
from billing.service.rerating import rerated
from billing.service.working import keep_working
from billing.store import alerts as alert_store
from billing.store import contracts as contract_store
from billing.store import held as held_store
from billing.store import invoices as invoice_store
from billing.store import reconciliations as store
from billing.store import runs as run_store
from billing.store.alerts import Alert
from billing.store.contracts import Contract
from billing.store.reconciliations import Look

log = structlog.get_logger()

CHANNEL = "reconciliations"
SETTLING = timedelta(hours=4)
"""So long after local midnight the day that has ended is looked at."""

OTHER: dict[str, Source] = {"inventory": "events", "events": "inventory"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest look at a month, the first of its differences, and every finding of the contract that has not ended."""

    look: Look | None
    differences: tuple[Difference, ...]
    alerts: tuple[Alert, ...]


class Reconciliations:
    """Holds the two accounts of a month against one another, and issued months against what has been billed of them."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def compare(self, organisations: Organisations, contract_id: UUID, first: date) -> tuple[str, Comparison]:
        """By which source the contract is billed, and where the other one tells another month, up to now. Raises `NotFound`."""
        now = self._clock()
        async with self._database.snapshot(organisations) as connection:
            contract = await contract_store.read_contract(connection, contract_id)
            if contract is None:
                raise NotFound("contract", contract_id)
            return contract.metering, await _compared(connection, contract, first, now, now)

    async def reading(self, organisations: Organisations, contract_id: UUID, first: date, limit: int) -> Reading:
        """What the newest look saw of a month, with at most `limit` of its differences."""
        async with self._database.snapshot(organisations) as connection:
            looks = await store.read_looks(connection, [contract_id], first)
            found = await store.read_differences(connection, contract_id, first, limit)
            alerts = await alert_store.read_open_findings(connection, contract_id)
        return Reading(looks.get(contract_id), tuple(found), tuple(alerts))

    async def overview(
        self, organisations: Organisations, contracts: Collection[UUID], first: date
    ) -> tuple[Mapping[UUID, Look], Mapping[UUID, int]]:
        """By contract the newest look at a month, and how many findings have not ended; nothing where there is none."""
        async with self._database.snapshot(organisations) as connection:
            looks = await store.read_looks(connection, contracts, first)
            return looks, await alert_store.count_open_findings(connection, contracts)

    async def look_at_all(self) -> int:
        """Make every look that is due; how many this process has made. A month that cannot be looked at does not stop the others."""
        async with self._database.snapshot(EVERY) as connection:
            due = await store.read_due(connection, self._clock(), SETTLING)
        made = 0
        for contract_id, month in due:
            try:
                made += await self._look(contract_id, month)
            except Exception as error:
                if is_transient(error):
                    raise
                log.exception("reconciliation.failed", contract=str(contract_id), month=f"{month:%Y-%m}")
        return made

    async def _look(self, contract_id: UUID, first: date) -> bool:
        """Look at one month, unless that has been done today."""
        async with self._database.transaction(EVERY) as unit:
            contract = await contract_store.read_contract(unit.connection, contract_id, lock=True)
            if contract is None:
                return False
            now = self._clock()
            today = (now - SETTLING).astimezone(contract.zone).date()
            last = await store.read_made_on(unit.connection, contract_id, first)
            if last is not None and last >= today:
                return False
            until = local_midnight(today, contract.zone)
            other = await _other_account(unit.connection, contract, now)
            comparison = NOT_COMPARED
            if other is not None:
                comparison = await _compared(unit.connection, contract, first, now, until)
            number, owed = await _owed(unit.connection, contract, first, now)
            look = Look(contract_id, first, today, now, until, other, comparison.differences, number, owed)
            await store.keep_look(unit.connection, contract, look, comparison.first)
            wanted = [*_owed_finding(first, number, owed), *comparison.found]
            raised, ended = await _tell(unit, contract, first, wanted, now)
        log.info(
            "month.reconciled",
            contract=str(contract_id),
            month=f"{first:%Y-%m}",
            differences=comparison.differences,
            owed=str(owed),
            alerts_raised=raised,
            alerts_ended=ended,
        )
        return True


async def work(
    reconciliations: Reconciliations, database: Database, url: str, every_s: float, stop: asyncio.Event
) -> None:
    """Make the looks that are due until `stop` is set."""

    async def step() -> bool:
        await reconciliations.look_at_all()
        return False

    await keep_working(step, database, url, CHANNEL, every_s, stop)


async def settle_month(unit: Transaction, contract: Contract, first: date, number: str, now: datetime) -> None:
    """End the alert of a month that has just been issued, or credited or adjusted to what is known."""
    await store.note_settled(unit.connection, contract.id, first, number)
    told = await alert_store.read_open_findings(unit.connection, contract.id, first)
    settled = [alert for alert in told if alert.finding in ("issued_month_differs", "unbilled_month")]
    for alert in await alert_store.end_alerts(unit.connection, settled, now):
        unit.publish(alert_told(alert))


async def _tell(
    unit: Transaction, contract: Contract, first: date, wanted: Sequence[Found], now: datetime
) -> tuple[int, int]:
    """End the alerts of what is no longer so and raise those of what is new; how many of each."""
    told = await alert_store.read_open_findings(unit.connection, contract.id, first)
    still = {found.key for found in wanted}
    known = {alert.key for alert in told}
    ended = await alert_store.end_alerts(unit.connection, [alert for alert in told if alert.key not in still], now)
    new = [found for found in wanted if found.key not in known]
    raised = await alert_store.add_found(unit.connection, contract, first, new, now)
    unit.publish(*map(alert_told, [*ended, *raised]))
    return len(raised), len(ended)


async def _other_account(connection: Connection, contract: Contract, now: datetime) -> Source | None:
    """The source to compare with. What partners never report cannot contradict the inventory; the inventory is there for every contract."""
    if contract.metering == "inventory" and not await store.has_events(connection, contract.org, now):
        return None
    return OTHER[contract.metering]


async def _compared(
    connection: Connection, contract: Contract, first: date, now: datetime, until: datetime
) -> Comparison:
    month = await read_month(connection, contract, first, now)
    inventory = await held_store.read_inventory_intervals(connection, contract.org, month)
    events, _ = await held_store.read_event_intervals(connection, contract.org, month, now)
    end = max(month.start, min(epoch(until), month.end))

    def compare() -> Comparison:
        told = [covered(cut(source, month.start, end), month.spans) for source in (inventory, events)]
        billed, other = told if contract.metering == "inventory" else reversed(told)
        return compared(billed, other, OTHER[contract.metering], contract.zone)

    return await asyncio.to_thread(compare)


async def _owed(
    connection: Connection, contract: Contract, first: date, now: datetime
) -> tuple[str | None, Decimal | None]:
    """The invoice of a month, and what is owed of it: of a month that is issued, or of which a run had found nothing to bill."""
    original = await invoice_store.read_invoice_of_month(connection, contract.id, first)
    if original is not None:
        return original.document.number, (await rerated(connection, contract, original, now)).owed
    if not await run_store.found_nothing(connection, contract.id, first):
        return None, None
    facts = await read_facts(connection, contract, first, now)
    return None, (await asyncio.to_thread(rate_facts, facts)).rating.net or None


def _owed_finding(first: date, number: str | None, owed: Decimal | None) -> list[Found]:
    if not owed:
        return []
    return [unbilled(first, owed) if number is None else outdated(number, first, owed)]
