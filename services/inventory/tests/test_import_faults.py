"""Workers that die, are slow, or are many: the result is that of one that was not disturbed."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from common.testing.waiting import eventually
from inventory.service.import_job import ImportJob
from inventory.store import import_rows, imports
from inventory.store.import_rows import StagedRow
from inventory.store.imports import Import, LeaseLost

from services.inventory.tests.sending import Clock, Inventory, MakeInventory, machine, send
from services.inventory.tests.workbooks import imported, listed, submit, table, worker

COLUMNS = ["kind", "source", "external_id", "host_source", "host_external_id", "vcpu", "effective_from", "status"]
MACHINES = 100


def history(machines: int = MACHINES) -> tuple[str, bytes]:
    """A file of one server and machines with two rows each, one row of them bad."""
    rows: list[dict[str, Any]] = [{"kind": "server", "source": "cmdb", "external_id": "srv-1"}]
    for number in range(machines):
        guest = {
            "kind": "virtual_machine",
            "source": "vc",
            "external_id": f"vm-{number}",
            "host_source": "cmdb",
            "host_external_id": "srv-1",
        }
        rows.append({**guest, "vcpu": 4, "effective_from": "2026-01-01"})
        rows.append({**guest, "vcpu": 8 if number else "many", "effective_from": "2026-06-01"})
    return ("own.csv", table(COLUMNS, *rows))


async def outcome(inventory: Inventory, job_id: str) -> dict[str, Any]:
    """Everything that an import left behind, but ids and moments of recording."""
    job = (await inventory.client.get(f"/v1/imports/{job_id}")).json()
    rejects = (await inventory.client.get(f"/v1/imports/{job_id}/rejects.csv")).text
    assets = await listed(inventory)
    events = await inventory.outbox()
    without = ("id", "host_id", "recorded_at")
    return {
        "job": {name: job[name] for name in ("status", "stages", "created", "updated", "unchanged", "rejected")},
        "rejects": rejects,
        "assets": {
            name: {key: value for key, value in asset.items() if key not in without} for name, asset in assets.items()
        },
        "events": len(events),
        "published": len({event.key for event in events}),
    }


async def nothing(inventory: Inventory) -> None:
    """Prepare nothing."""


async def undisturbed(
    make_inventory: MakeInventory,
    file: tuple[str, bytes],
    prepare: Callable[[Inventory], Awaitable[None]] = nothing,
) -> dict[str, Any]:
    """What the import of `file` leaves behind, after `prepare`, when nothing happens."""
    inventory = await make_inventory()
    await prepare(inventory)
    job = await imported(inventory, file)
    return await outcome(inventory, job["id"])


async def claimed(inventory: Inventory, lease_s: float) -> Import:
    async with inventory.database.transaction("*") as unit:
        job = await imports.claim(unit.connection, uuid4(), lease_s)
    assert job is not None
    return job


def work_process(inventory: Inventory, **settings: object) -> subprocess.Popen[bytes]:
    """A real worker process of the service."""
    named = {
        "database_url": inventory.settings.database_url,
        "kafka_bootstrap": inventory.settings.kafka_bootstrap,
        "issuer": inventory.settings.issuer,
        "jwks": inventory.settings.jwks,
        "port": 0,
        "log_level": "error",
        **settings,
    }
    environment = {f"CONSTELLATION_{name.upper()}": str(value) for name, value in named.items()}
    command = [sys.executable, "-c", "from inventory.main import main; main()", "work"]
    return subprocess.Popen(command, env={**os.environ, **environment})


async def with_one_machine(inventory: Inventory) -> None:
    """Make one machine of `history` known before it is imported, among the middle ones in the order of application."""
    await send(inventory.client, {**machine("vm-5"), "source": "vc"})


async def test_a_worker_that_is_killed_in_the_middle_is_replaced_and_the_result_is_the_same(
    make_inventory: MakeInventory,
) -> None:
    expected = await undisturbed(make_inventory, history(), with_one_machine)
    inventory = await make_inventory()
    await with_one_machine(inventory)
    job = await submit(inventory.client, history(), org="acme")

    async def stuck() -> bool:
        async with inventory.database.snapshot("*") as connection:
            waiting = """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%JOIN assets%'
            """
            return bool(await connection.fetchval(waiting))

    async with inventory.database.transaction("*") as unit:
        await unit.connection.execute("SELECT FROM assets WHERE external_id = 'vm-5' FOR UPDATE")
        process = work_process(inventory, import_chunk_rows=5, import_lease_s=1)
        try:
            await eventually(stuck, timeout_s=120, what="the worker in the middle of a chunk")
        finally:
            process.kill()
            process.wait()
    [_, applying] = (await inventory.client.get(f"/v1/imports/{job['id']}")).json()["stages"]
    assert 0 < applying["done"] < applying["total"]
    await eventually(worker(inventory).work_once, timeout_s=120, what="the import taken over")
    assert await outcome(inventory, job["id"]) == expected


async def test_a_worker_that_died_while_reading_leaves_nothing_behind(make_inventory: MakeInventory) -> None:
    expected = await undisturbed(make_inventory, history(20))
    inventory = await make_inventory()
    job = await submit(inventory.client, history(20), org="acme")
    dead = await claimed(inventory, lease_s=0.0)
    stray = StagedRow(0, "stray", None, 0, "", 999, {"kind": "server"}, "stray")
    async with inventory.database.transaction("*") as unit:
        await imports.start_reading(unit.connection, dead, "constellation", {})
        await imports.add_read(unit.connection, dead, rows=1, rejected=3, dropped={"template": 2}, warnings=[])
        await import_rows.stage_rows(unit.connection, dead, [stray])
    assert await worker(inventory).work_once()
    assert await outcome(inventory, job["id"]) == expected


async def test_a_worker_that_lost_its_lease_writes_nothing_more(make_inventory: MakeInventory, clock: Clock) -> None:
    expected = await undisturbed(make_inventory, history(20))
    inventory = await make_inventory()
    job = await submit(inventory.client, history(20), org="acme")
    slow = ImportJob(inventory.database, inventory.settings, await claimed(inventory, lease_s=0.0), clock)
    assert await worker(inventory).work_once()
    for attempt in (slow.run, slow.hold, slow.release, lambda: slow.fail({"code": "late"})):
        with pytest.raises(LeaseLost):
            await attempt()
    assert await outcome(inventory, job["id"]) == expected


async def test_an_import_over_which_workers_keep_dying_is_given_up(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(import_attempts=2)
    job = await submit(inventory.client, history(1), org="acme")
    for _ in range(2):
        await claimed(inventory, lease_s=0.0)
    assert await worker(inventory).work_once()
    ended = (await inventory.client.get(f"/v1/imports/{job['id']}")).json()
    assert (ended["status"], ended["failure"]["code"]) == ("failed", "gave_up")
    assert not await worker(inventory).work_once()


async def test_a_living_worker_keeps_its_import(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory()
    await submit(inventory.client, history(1), org="acme")
    await claimed(inventory, lease_s=60.0)
    assert not await worker(inventory).work_once()


async def test_many_workers_share_the_imports_and_each_is_worked_off_once(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory()
    names = ["kind", "source", "external_id"]
    for number in range(6):
        row = {"kind": "server", "source": "cmdb", "external_id": f"srv-{number}"}
        await submit(inventory.client, ("own.csv", table(names, row)), org="acme")

    async def drain() -> int:
        done = 0
        while await worker(inventory).work_once():
            done += 1
        return done

    assert sum(await asyncio.gather(*(drain() for _ in range(3)))) == 6
    page = (await inventory.client.get("/v1/imports")).json()["items"]
    assert [(job["status"], job["created"]) for job in page] == [("done", 1)] * 6
    assert len(await inventory.outbox()) == 6
