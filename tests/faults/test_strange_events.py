"""Events that come twice, in the wrong order, or can never be handled."""

from dataclasses import replace
from functools import partial
from random import Random
from uuid import uuid4

import pytest
from common.testing.waiting import eventually

from tests.faults.conftest import Ledger
from tests.faults.ledger.main import ACCOUNTS, DEPOSITS
from tests.faults.teller import ACCOUNT_IDS
from tests.support.topics import send_again

BARRED = ACCOUNT_IDS[2]
OTHER = ACCOUNT_IDS[3]


async def at_work(ledger: Ledger, deposits: int) -> None:
    ledger.start("relay")
    ledger.start("consume")
    await ledger.teller.deposits(deposits)
    await ledger.teller.settled()


async def open_letters(ledger: Ledger) -> list[str]:
    rows = await ledger.teller.query("SELECT state FROM dead_letters WHERE state IN ('dead', 'parked') ORDER BY id")
    return [row["state"] for row in rows]


def listed(ledger: Ledger) -> list[list[str]]:
    """The lines of `dead-letters list`, split into their columns."""
    output = ledger.installation.run("ledger", ["dead-letters", "list"])
    return [line.split("\t") for line in output.splitlines() if line.count("\t") >= 4]


async def test_events_that_come_again_in_any_order_change_nothing(ledger: Ledger, rounds: int) -> None:
    await at_work(ledger, 30)
    for seed in range(rounds):
        again = [*await ledger.teller.read(DEPOSITS), *await ledger.teller.read(ACCOUNTS)]
        Random(seed).shuffle(again)
        before = await ledger.teller.query("SELECT * FROM totals ORDER BY id")
        await send_again(ledger.installation.servers.kafka.bootstrap, again)
        assert await ledger.teller.query("SELECT * FROM totals ORDER BY id") == before
        for account in ACCOUNT_IDS:
            assert await ledger.teller.deposit(account)
        await ledger.teller.settled()
        await ledger.teller.check()


async def test_the_newest_version_stays_when_versions_come_out_of_order(ledger: Ledger, rounds: int) -> None:
    await at_work(ledger, 5)
    template = (await ledger.teller.read(ACCOUNTS))[0]
    for seed in range(rounds):
        ghost = f"ghost-{seed}"
        versions = list(range(1, 21))
        Random(seed).shuffle(versions)
        await send_again(
            ledger.installation.servers.kafka.bootstrap,
            [
                replace(
                    template,
                    key=ghost,
                    headers={**template.headers, "ce_id": str(uuid4())},
                    data={"id": ghost, "org": "bank", "version": version, "balance": 10 * version},
                )
                for version in versions
            ],
        )
        await ledger.teller.deposit(OTHER)
        await ledger.teller.settled()
        query = f"SELECT version, balance FROM heard WHERE id = '{ghost}' AND version = 20"
        rows = await eventually(partial(ledger.teller.query, query), what="the newest version being heard")
        assert [tuple(row) for row in rows] == [(20, 200)]


async def test_an_event_that_cannot_be_handled_parks_its_followers_and_nobody_else_until_it_is_replayed(
    ledger: Ledger,
) -> None:
    await at_work(ledger, 20)
    await ledger.teller.query(f"INSERT INTO barred (id, org_id) VALUES ('{BARRED}', 'bank')")
    for _ in range(3):
        assert await ledger.teller.deposit(BARRED)
        assert await ledger.teller.deposit(OTHER)
    states = await eventually(
        lambda: open_letters_when(ledger, 3), what="one dead letter with two events parked behind it"
    )
    assert states == ["dead", "parked", "parked"]
    lines = listed(ledger)
    assert [line[1:4] for line in lines] == [[state, DEPOSITS, BARRED] for state in ("dead", "parked", "parked")]
    letter = lines[0][0]
    shown = ledger.installation.run("ledger", ["dead-letters", "show", letter])
    assert f"ValueError: account {BARRED} is barred" in shown
    assert "Traceback" in shown

    with pytest.raises(AssertionError, match="fails again"):
        ledger.installation.run("ledger", ["dead-letters", "replay", letter])
    assert await open_letters(ledger) == ["dead", "parked", "parked"]

    await ledger.teller.query(f"DELETE FROM barred WHERE id = '{BARRED}'")
    assert "3 event(s) settled" in ledger.installation.run("ledger", ["dead-letters", "replay", letter])
    assert await open_letters(ledger) == []
    await ledger.teller.settled()
    await ledger.teller.check()


async def test_the_followers_of_a_skipped_event_are_handled_and_only_its_own_effect_is_missing(ledger: Ledger) -> None:
    await at_work(ledger, 20)
    await ledger.teller.query(f"INSERT INTO barred (id, org_id) VALUES ('{BARRED}', 'bank')")
    for _ in range(3):
        assert await ledger.teller.deposit(BARRED)
    await eventually(lambda: open_letters_when(ledger, 3), what="one dead letter with two events parked behind it")
    await ledger.teller.query(f"DELETE FROM barred WHERE id = '{BARRED}'")
    ledger.installation.run("ledger", ["dead-letters", "skip", listed(ledger)[0][0]])
    assert await open_letters(ledger) == []
    (row,) = await ledger.teller.query(
        f"""
        SELECT (SELECT count(*) FROM deposits WHERE account = '{BARRED}') - events AS missing
        FROM totals WHERE id = '{BARRED}'
        """
    )
    assert row["missing"] == 1


async def open_letters_when(ledger: Ledger, count: int) -> list[str] | None:
    """The open letters once there are `count` of them."""
    states = await open_letters(ledger)
    return states if len(states) == count else None
