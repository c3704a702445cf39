"""Processes that are killed at the worst moment: nothing acknowledged is lost, nothing is done twice."""

import signal
from random import Random

import pytest

from tests.faults.conftest import Ledger
from tests.support.processes import Death
from tests.support.victim import AFTER_ACKNOWLEDGEMENT, AFTER_COMMIT, BEFORE_COMMIT


@pytest.mark.parametrize(
    ("victim_role", "other_role", "moment"),
    [
        pytest.param("relay", "consume", AFTER_ACKNOWLEDGEMENT, id="relay between acknowledgement and delete"),
        pytest.param("consume", "relay", BEFORE_COMMIT, id="consumer before its commit"),
        pytest.param("consume", "relay", AFTER_COMMIT, id="consumer after its commit, before its offsets"),
    ],
)
async def test_no_effect_is_lost_or_doubled_when_the_process_is_killed(
    ledger: Ledger, victim_role: str, other_role: str, moment: str, rounds: int
) -> None:
    ledger.start(other_role)
    for seed in range(rounds):
        random = Random(f"{moment}/{seed}")
        victim = ledger.start(victim_role, Death(moment, random.randint(1, 4)))
        while victim.runs:
            await ledger.teller.deposits(random.randint(1, 20))
        assert victim.wait_for_end() == -signal.SIGKILL
        heir = ledger.start(victim_role)
        await ledger.teller.deposits(random.randint(0, 20))
        await ledger.teller.settled()
        heir.stop()
        await ledger.teller.check()


async def test_a_command_whose_process_is_killed_before_its_commit_is_not_acknowledged_and_has_no_event(
    ledger: Ledger, rounds: int
) -> None:
    ledger.start("relay")
    ledger.start("consume")
    for seed in range(rounds):
        random = Random(f"api/{seed}")
        api = ledger.restart("api", Death(BEFORE_COMMIT, random.randint(1, 30)))
        await ledger.teller.ready()
        unanswered = ledger.teller.unanswered
        while api.runs:
            await ledger.teller.deposits(random.randint(1, 12))
        assert ledger.teller.unanswered > unanswered
        ledger.start("api")
        await ledger.teller.ready()
        await ledger.teller.settled()
        await ledger.teller.check()


async def test_no_effect_is_lost_or_doubled_by_any_sequence_of_kills(ledger: Ledger, rounds: int) -> None:
    moments = {"relay": (AFTER_ACKNOWLEDGEMENT,), "consume": (BEFORE_COMMIT, AFTER_COMMIT)}
    for role in moments:
        ledger.start(role)
    for seed in range(rounds):
        random = Random(f"any/{seed}")
        for _ in range(3):
            await ledger.teller.deposits(random.randint(1, 30))
            for role in random.sample(sorted(moments), random.randint(1, 2)):
                ledger.processes[role].kill()
                await ledger.teller.deposits(random.randint(0, 10))
                ledger.start(role, Death(random.choice(moments[role]), random.randint(1, 3)))
            await ledger.teller.deposits(random.randint(1, 30))
        for role in moments:
            ledger.processes[role].kill()
            ledger.start(role)
        await ledger.teller.settled()
        await ledger.teller.check()
