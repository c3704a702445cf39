"""From the inventory's commands to footprints while processes die and servers go: in the end, as if nothing had happened."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from time import monotonic
from uuid import uuid4

import pytest
import pytest_asyncio
from local_stack.ports import free_port

from services.footprint.tests.derived import differences
from tests.faults.observations import Observer
from tests.faults.thin_path import ROLES, SERVICES, ThinPath
from tests.faults.workload import Workload
from tests.support.installation import Servers
from tests.support.processes import Death
from tests.support.topics import send_again
from tests.support.victim import AFTER_ACKNOWLEDGEMENT, AFTER_COMMIT, BEFORE_COMMIT

DEATHS = {
    ("inventory", "api"): (BEFORE_COMMIT,),
    ("inventory", "relay"): (AFTER_ACKNOWLEDGEMENT,),
    ("footprint", "consume"): (BEFORE_COMMIT, AFTER_COMMIT),
    ("footprint", "work"): (BEFORE_COMMIT,),
    ("footprint", "relay"): (AFTER_ACKNOWLEDGEMENT,),
}
CLOSINGS = tuple(2026 * 12 + number for number in (2, 4, 5, 7, 8, 9))
"""The months that are closed after one round and the next: March, May, June, August, September and October 2026."""


@pytest_asyncio.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    servers = Servers(tmp_path_factory.mktemp("platform"), SERVICES)
    await servers.start()
    yield servers
    servers.stop()


@pytest_asyncio.fixture
async def thin_path(servers: Servers) -> AsyncIterator[ThinPath]:
    ports = {service: free_port() for service, role in ROLES if role == "api"}
    thin_path = ThinPath(await servers.install(), ports)
    for service, role in ROLES:
        thin_path.start(service, role)
    await thin_path.ready()
    yield thin_path
    thin_path.end()


async def at_work(thin_path: ThinPath, seed: int) -> Workload:
    """A client whose first commands have become footprints."""
    workload = thin_path.workload(seed)
    await workload.begin()
    await thin_path.settled()
    return workload


async def close_where_the_process_dies_first(thin_path: ThinPath, month: int) -> None:
    """Close a month: the process dies with the closing written and not committed, and another one closes it."""
    place = ("footprint", "api")
    before = await thin_path.closed_through()
    thin_path.processes[place].stop()
    doomed = thin_path.start(*place, Death(BEFORE_COMMIT, 1))
    await thin_path.ready()
    assert not await thin_path.close(month)
    assert doomed.wait_for_end() == -signal.SIGKILL
    assert await thin_path.closed_through() == before
    thin_path.start(*place)
    await thin_path.ready()
    assert await thin_path.close(month)


async def test_footprints_equal_a_recomputation_from_the_topics_after_processes_were_killed_anywhere(
    thin_path: ThinPath, rounds: int
) -> None:
    workload = await at_work(thin_path, 1)
    observer = Observer(1, thin_path.installation.topic_prefix)
    await thin_path.meter(observer, workload)
    for seed in range(rounds):
        random = Random(f"thin path/{seed}")
        for place in random.sample(sorted(DEATHS), 2):
            process = thin_path.processes[place]
            process.kill()
            doomed = thin_path.start(*place, Death(random.choice(DEATHS[place]), random.randint(1, 5)))
            if place == ("inventory", "api"):
                await thin_path.ready()
            while doomed.runs:
                await workload.step()
                await thin_path.observe(observer, workload)
            assert doomed.wait_for_end() == -signal.SIGKILL
            thin_path.start(*place)
            await thin_path.ready()
            for _ in range(random.randint(0, 5)):
                await workload.step()
        await thin_path.settled()
        await thin_path.check(workload)
        if seed < rounds - 1:
            await close_where_the_process_dies_first(thin_path, CLOSINGS[seed % len(CLOSINGS)])
            workload.leavings = False
    assert await thin_path.empty() == []
    print(await thin_path.summary(workload))
    closed = await thin_path.closed_through()
    expected = await thin_path.derived(closed)
    print({name: len(rows) for name, rows in expected.items()}, "rows to come out the same from nothing")
    await thin_path.lose_footprints_database()
    await thin_path.settled()
    assert differences(await thin_path.derived(closed), expected) == {}, "recomputed from nothing, bit for bit"
    assert await workload.step()
    await thin_path.settled()
    await thin_path.check(workload)
    await workload.close()


async def test_footprints_follow_once_the_broker_and_the_database_are_back(
    thin_path: ThinPath, rounds: int, outage_s: float
) -> None:
    workload = await at_work(thin_path, 2)
    observer = Observer(2, thin_path.installation.topic_prefix)
    await thin_path.meter(observer, workload)
    servers = thin_path.installation.servers
    for number in range(max(1, rounds // 2)):
        await thin_path.settled()
        assert await thin_path.close(CLOSINGS[number % len(CLOSINGS)])
        workload.leavings = False
        await asyncio.to_thread(servers.kafka.kill)
        end = monotonic() + outage_s
        while monotonic() < end:
            assert await workload.step(), "a command is taken while the broker is away"
        await asyncio.to_thread(servers.kafka.start)
        for _ in range(20):
            assert await workload.step()
            await thin_path.observe(observer, workload)
        await asyncio.to_thread(servers.postgres.kill)
        assert not await workload.step()
        await asyncio.to_thread(servers.postgres.start)
        await thin_path.ready()
        while not await workload.step():
            await thin_path.ready()
        await thin_path.settled()
        await thin_path.check(workload)
    print(await thin_path.summary(workload))
    await workload.close()
    assert all(process.runs for process in thin_path.processes.values())


async def test_a_poisonous_asset_event_holds_up_its_own_asset_only_until_it_is_skipped(thin_path: ThinPath) -> None:
    workload = await at_work(thin_path, 3)
    victim = next(iter(workload.acknowledged.versions))
    record = next(each for each in await thin_path.read("inventory.assets") if each.key == victim)
    poison = replace(record, headers={**record.headers, "ce_id": str(uuid4())}, data={"id": victim, "version": "?"})
    await send_again(thin_path.installation.servers.kafka.bootstrap, [poison])
    for _ in range(20):
        assert await workload.step()
    await thin_path.settled()
    heard, stored = await thin_path.versions("footprint"), await thin_path.versions("inventory")
    assert heard.pop(victim) <= stored.pop(victim)
    assert heard == stored, "all other assets go on"
    lines = thin_path.installation.run("footprint", ["dead-letters", "list"]).splitlines()
    letters = [line.split("\t") for line in lines if victim in line]
    assert [letter[1] for letter in letters] == ["dead"] + ["parked"] * (len(letters) - 1)
    thin_path.installation.run("footprint", ["dead-letters", "skip", letters[0][0]])
    await thin_path.settled()
    assert await thin_path.versions("footprint") == await thin_path.versions("inventory")
    await workload.close()
