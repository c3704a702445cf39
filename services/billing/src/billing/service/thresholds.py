"""Thresholds of contracts: agreed on, watched, and told of once a month when they are crossed."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from common.api.problems import NotFound
from common.database import Connection, Database, Transaction
from common.organisations import EVERY, Organisations

from billing.domain.months import projected, rated, rated_to_date
from billing.domain.terms import epoch
from billing.domain.thresholds import Standing, Threshold, crossings
from billing.published import alert_told
from billing.service.months import MonthFacts, read_facts
from billing.service.working import keep_working
from billing.store import alerts as alert_store
from billing.store import contracts as contract_store
from billing.store import thresholds as store
from billing.store.alerts import Alert
from billing.store.contracts import Contract

log = structlog.get_logger()

CHANNEL = "thresholds"


class Thresholds:
    """Keeps thresholds and raises alerts."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def agree(self, unit: Transaction, contract_id: UUID, threshold: Threshold) -> None:
        """Watch `threshold` from now on. Raises `NotFound`."""
        contract = await _contract(unit.connection, contract_id)
        await store.add_threshold(unit.connection, contract, threshold, self._clock())
        unit.wake(CHANNEL)

    async def withdraw(self, unit: Transaction, contract_id: UUID, threshold_id: UUID) -> None:
        """Watch a threshold no longer; its alerts stay. Raises `NotFound`."""
        if not await store.withdraw_threshold(unit.connection, contract_id, threshold_id, self._clock()):
            raise NotFound("threshold", threshold_id)

    async def of(self, organisations: Organisations, contract_id: UUID) -> list[Threshold]:
        """The thresholds of a contract. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            await _contract(connection, contract_id)
            return await store.read_thresholds(connection, contract_id)

    async def watch(self) -> list[Alert]:
        """Look at every contract with thresholds, and raise what is crossed: its running month, and the one before within its grace."""
        async with self._database.snapshot(EVERY) as connection:
            watched = await store.read_watched(connection)
        raised = [alert for contract_id in watched for alert in await self._watch(contract_id)]
        for alert in raised:
            log.info(
                "alert.raised", contract=str(alert.contract_id), measure=alert.measure, month=f"{alert.month:%Y-%m}"
            )
        return raised

    async def _watch(self, contract_id: UUID) -> list[Alert]:
        """Each contract in a transaction of its own: the alert and its event, once, however many processes look."""
        now = self._clock()
        async with self._database.transaction(EVERY) as unit:
            contract = await _contract(unit.connection, contract_id)
            raised = []
            for month in _months(contract, now):
                thresholds = await store.read_uncrossed(unit.connection, contract_id, month)
                if not thresholds:
                    continue
                facts = await read_facts(unit.connection, contract, month, now)
                if _in_grace_or_running(facts, now):
                    standing = await asyncio.to_thread(_standing, facts, now)
                    for crossing in crossings(thresholds, standing):
                        alert = await alert_store.add_crossing(unit.connection, contract, month, crossing, now)
                        if alert is not None:
                            unit.publish(alert_told(alert))
                            raised.append(alert)
        return raised


async def work(thresholds: Thresholds, database: Database, url: str, every_s: float, stop: asyncio.Event) -> None:
    """Watch until `stop` is set: every so often, and as soon as a threshold is agreed on."""

    async def step() -> bool:
        await thresholds.watch()
        return False

    await keep_working(step, database, url, CHANNEL, every_s, stop)


def _months(contract: Contract, now: datetime) -> tuple[date, date]:
    running = now.astimezone(contract.zone).date().replace(day=1)
    return (running - timedelta(days=1)).replace(day=1), running


def _in_grace_or_running(facts: MonthFacts, now: datetime) -> bool:
    return bool(facts.month.windows) and now < facts.grace_ends


def _standing(facts: MonthFacts, now: datetime) -> Standing:
    """Where the month stands; once it is over, its whole bill, true-up included."""
    month, held, at = facts.month, facts.held, epoch(now)
    if at >= month.end:
        net = rated(month, held).rating.net
        return Standing(net, net, net)
    projection = projected(month, held, at)
    return Standing(rated_to_date(month, held, at).rating.net, projection.state_based_net, projection.linear_net)


async def _contract(connection: Connection, contract_id: UUID) -> Contract:
    contract = await contract_store.read_contract(connection, contract_id)
    if contract is None:
        raise NotFound("contract", contract_id)
    return contract
