"""Servers that go away under writes and come back: the services wait for them, and nobody restarts a service."""

import asyncio
from collections.abc import Callable
from time import monotonic

import pytest
from local_stack.servers import LocalServer

from tests.faults.conftest import Ledger


async def deposit_for(ledger: Ledger, seconds: float) -> None:
    """Keep depositing, a few at a time, for `seconds`."""
    end = monotonic() + seconds
    while monotonic() < end:
        await ledger.teller.deposits(8)


async def at_work(ledger: Ledger) -> None:
    """Start the other processes and see them through their first deposits."""
    ledger.start("relay")
    ledger.start("consume")
    await ledger.teller.deposits(20)
    await ledger.teller.settled()


async def test_writes_go_on_while_the_broker_is_down_and_all_their_events_arrive_when_it_is_back(
    ledger: Ledger, outage_s: float
) -> None:
    await at_work(ledger)
    kafka = ledger.installation.servers.kafka
    await asyncio.to_thread(kafka.kill)
    before = len(ledger.teller.acknowledged)
    await deposit_for(ledger, outage_s)
    assert ledger.teller.unanswered == 0, "the outbox takes what the broker cannot"
    assert len(ledger.teller.acknowledged) > before
    await asyncio.to_thread(kafka.start)
    await ledger.teller.settled(timeout_s=120.0)
    await ledger.teller.check()
    assert all(process.runs for process in ledger.processes.values())


@pytest.mark.parametrize("end", [LocalServer.stop, LocalServer.kill], ids=["restarted", "crashed"])
async def test_nothing_acknowledged_is_lost_when_the_database_goes_away_under_writes(
    ledger: Ledger, end: Callable[[LocalServer], None], rounds: int
) -> None:
    await at_work(ledger)
    postgres = ledger.installation.servers.postgres
    for _ in range(rounds):
        writes = asyncio.create_task(deposit_for(ledger, 1.5))
        await ledger.teller.deposits(10)
        await asyncio.to_thread(end, postgres)
        await asyncio.to_thread(postgres.start)
        await writes
        await ledger.teller.ready()
        await ledger.teller.deposits(10)
        await ledger.teller.settled(timeout_s=120.0)
        await ledger.teller.check()
        assert all(process.runs for process in ledger.processes.values())
