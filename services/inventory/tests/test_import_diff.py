"""A dry run shows what would change and changes nothing; an import can be cancelled; what is missing is told."""

import asyncio
from typing import Any

from common.testing.waiting import eventually

from services.inventory.tests.sending import Clock, Inventory, MakeInventory, send, server
from services.inventory.tests.workbooks import (
    V_HOST,
    V_INFO,
    guest,
    host,
    imported,
    listed,
    rejects,
    submit,
    table,
    workbook,
    worker,
)

COLUMNS = ["kind", "source", "external_id", "name", "site", "host_source", "host_external_id", "vcpu", "effective_from"]


def own(*rows: dict[str, Any]) -> tuple[str, bytes]:
    return "own.csv", table(COLUMNS, *rows)


def srv(number: int, **more: Any) -> dict[str, Any]:
    return {"kind": "server", "source": "cmdb", "external_id": f"srv-{number}", **more}


def vm(number: int, on: int, **more: Any) -> dict[str, Any]:
    hosted = {"host_source": "cmdb", "host_external_id": f"srv-{on}", "vcpu": 2}
    return {"kind": "virtual_machine", "source": "cmdb", "external_id": f"vm-{number}", **hosted, **more}


async def diff(inventory: Inventory, job: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    following: dict[str, str] = {}
    while True:
        answer = await inventory.client.get(
            f"/v1/imports/{job['id']}/diff", params={"limit": "3", **query, **following}
        )
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        following = {"cursor": page["next_cursor"]}


async def everything(inventory: Inventory) -> dict[str, Any]:
    assets = await listed(inventory)
    return {name: (asset["version"], asset["recorded_at"]) for name, asset in assets.items()}


async def test_a_dry_run_tells_field_by_field_what_would_change_and_changes_nothing(
    inventory: Inventory, clock: Clock
) -> None:
    await imported(inventory, own(srv(1, name="esx-1"), srv(2), vm(1, on=1), vm(2, on=1), vm(3, on=1)))
    before = await everything(inventory)
    await inventory.take_outbox()
    clock.advance(days=9)
    later = own(srv(1, name="esx-one"), srv(2), srv(3, site="nanterre-1"), vm(1, on=2, vcpu=8), vm(2, on=1))
    job = await imported(inventory, later, query={"dry_run": "true"})
    assert (job["created"], job["updated"], job["unchanged"], job["missing"]) == (1, 2, 2, 1)
    assert await everything(inventory) == before
    assert await inventory.outbox() == []
    found = {(one["external_id"]): one for one in await diff(inventory, job)}
    assert {name: one["result"] for name, one in found.items()} == {
        "srv-1": "updated",
        "srv-2": "unchanged",
        "srv-3": "created",
        "vm-1": "updated",
        "vm-2": "unchanged",
        "vm-3": "missing",
    }
    start = "2026-12-01T23:00:00Z"
    assert found["srv-1"]["changes"] == [
        {"field": "name", "before": "esx-1", "after": "esx-one", "from": None, "to": None}
    ]
    assert found["vm-1"]["changes"] == [
        {"field": "allocation.vcpu", "before": 2, "after": 8, "from": start, "to": None},
        {"field": "host", "before": "cmdb/srv-1", "after": "cmdb/srv-2", "from": start, "to": None},
    ]
    created = {change["field"]: change["after"] for change in found["srv-3"]["changes"]}
    assert created == {"quantity": 1, "status": "in_service", "site": "nanterre-1"}
    assert found["vm-3"]["id"] == (await listed(inventory))["vm-3"]["id"]
    assert [one["external_id"] for one in await diff(inventory, job, result="missing")] == ["vm-3"]


async def test_a_dry_run_and_the_import_come_to_the_same_counts(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(import_chunk_rows=2)
    file = own(vm(1, on=1), vm(2, on=9), srv(1), vm(3, on=1, vcpu="many"), vm(4, on=1), srv(2, site="nowhere"))
    names = ("created", "updated", "unchanged", "rejected", "stages", "missing")
    rehearsal = await imported(inventory, file, query={"dry_run": "true"})
    refused = await rejects(inventory, rehearsal)
    assert await listed(inventory) == {}
    real = await imported(inventory, file)
    assert {name: rehearsal[name] for name in names} == {name: real[name] for name in names}
    assert refused == await rejects(inventory, real)
    assert (real["created"], real["rejected"]) == (3, 3)


async def test_a_correction_of_the_past_is_told_over_its_interval_only(inventory: Inventory) -> None:
    rows = [srv(1), vm(1, on=1, vcpu=2, effective_from="2026-01-01"), vm(1, on=1, vcpu=4, effective_from="2026-06-01")]
    await imported(inventory, own(*rows))
    earlier = own(srv(1), vm(1, on=1, vcpu=3, effective_from="2026-03-01"))
    job = await imported(inventory, earlier, query={"dry_run": "true"})
    [change] = next(one for one in await diff(inventory, job) if one["result"] == "updated")["changes"]
    assert change == {
        "field": "allocation.vcpu",
        "before": 2,
        "after": 3,
        "from": "2026-02-28T23:00:00Z",
        "to": "2026-05-31T22:00:00Z",
    }


async def test_missing_are_only_those_of_the_sources_and_kinds_of_the_file_that_have_not_left(
    inventory: Inventory,
) -> None:
    rows = [
        server("srv-1"),
        server("gone", status="retired"),
        {**server("srv-2"), "source": "other"},
        {"org": "acme", "source": "cmdb", "external_id": "vm-1", "kind": "virtual_machine"},
        {**server("srv-3"), "org": "globex"},
        server("bad"),
    ]
    await send(inventory.client, *rows)
    job = await imported(
        inventory, own(srv(9), {"kind": "server", "source": "cmdb", "external_id": "bad", "site": "?"})
    )
    assert (job["missing"], job["rejected"]) == (1, 1)
    assert [(one["external_id"], one["result"]) for one in await diff(inventory, job)] == [("srv-1", "missing")]


async def test_an_import_that_waits_is_cancelled_at_once_and_forever(inventory: Inventory) -> None:
    job = await submit(inventory.client, own(srv(1)), org="acme")
    path = f"/v1/imports/{job['id']}"
    answer = await inventory.client.post(f"{path}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert not await worker(inventory).work_once()
    again = await inventory.client.post(f"{path}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/ended")
    assert await listed(inventory) == {}
    stream = await inventory.client.get(f"{path}/events")
    assert stream.text.startswith("event: cancelled")
    async with inventory.database.snapshot("*") as connection:
        for held in ("import_chunks", "import_rows"):
            assert await connection.fetchval(f"SELECT count(*) FROM {held}") == 0


async def test_an_import_that_is_cancelled_in_the_middle_keeps_what_its_counts_say(
    make_inventory: MakeInventory,
) -> None:
    inventory = await make_inventory(import_chunk_rows=5)
    await send(inventory.client, {**server("srv-2"), "name": "known"})
    rows = [srv(number, name="new") for number in range(1000, 1040)] + [srv(2, name="new")]
    job = await submit(inventory.client, own(*rows), org="acme")

    async def begun() -> bool:
        view = (await inventory.client.get(f"/v1/imports/{job['id']}")).json()
        return bool(view["created"] > 0)

    async with inventory.database.transaction("*") as unit:
        await unit.connection.execute("SELECT FROM assets WHERE external_id = 'srv-2' FOR UPDATE")
        working = asyncio.create_task(worker(inventory).work_once())
        await eventually(begun, timeout_s=60, what="the first chunks applied")
        cancelled = asyncio.create_task(inventory.client.post(f"/v1/imports/{job['id']}/cancel"))
    answer = await cancelled
    assert await working
    assert answer.status_code == 200
    ended = (await inventory.client.get(f"/v1/imports/{job['id']}")).json()
    assert ended["status"] == "cancelled"
    assert len(await listed(inventory)) == ended["created"] + 1
    assert not await worker(inventory).work_once()


async def test_another_organisation_can_neither_cancel_nor_see_the_diff(inventory: Inventory) -> None:
    job = await submit(inventory.client, own(srv(1)), org="acme")
    async with inventory.client_for(["globex"]) as other:
        assert (await other.post(f"/v1/imports/{job['id']}/cancel")).status_code == 404
        assert (await other.get(f"/v1/imports/{job['id']}/diff")).status_code == 404
    async with inventory.client_for(["acme"], ["inventory:read"]) as reader:
        assert (await reader.post(f"/v1/imports/{job['id']}/cancel")).status_code == 403


async def test_machines_whose_hosts_are_elsewhere_are_taken_on_request_and_find_them_later(
    inventory: Inventory, clock: Clock
) -> None:
    rows: dict[str, list[list[Any]]] = {
        "vInfo": [V_INFO, guest("vm-1"), guest("vm-2", Host="esx-9")],
        "vHost": [V_HOST, host()],
    }
    file = ("a.xlsx", workbook(rows))
    job = await imported(inventory, file, query={"missing_hosts": "none"})
    assert (job["created"], job["rejected"], job["hostless"]) == (3, 0, 1)
    found = await listed(inventory)
    assert (found["vm-1"]["host"]["external_id"], found["vm-2"]["host"]) == ("esx-1", None)
    again = await imported(inventory, file, query={"missing_hosts": "none"})
    assert (again["unchanged"], again["accepted"]) == (3, 0)
    clock.advance(days=1)
    whole: dict[str, list[list[Any]]] = {**rows, "vHost": [[*V_HOST], host(), host("esx-9")]}
    await imported(inventory, ("b.xlsx", workbook(whole)))
    assert (await listed(inventory))["vm-2"]["host"]["external_id"] == "esx-9"
    await imported(inventory, file, query={"missing_hosts": "none"})
    assert (await listed(inventory))["vm-2"]["host"]["external_id"] == "esx-9", "the file says nothing against it"


async def test_an_own_workbook_is_read_like_the_own_csv(inventory: Inventory) -> None:
    rows: list[list[Any]] = [
        COLUMNS,
        *([row.get(column) for column in COLUMNS] for row in (srv(1, name="a"), vm(1, on=1))),
    ]
    job = await imported(inventory, ("own.xlsx", workbook({"Read me": [["Hello"]], "Assets": rows})))
    assert (job["format"], job["created"], job["rejected"]) == ("constellation", 2, 0)
    again = await imported(inventory, own(srv(1, name="a"), vm(1, on=1)))
    assert again["unchanged"] == 2
