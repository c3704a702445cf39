"""Undoing changes and deletions; who changed what; hosts that retire under their machines."""

from typing import Any

from services.inventory.tests.assets import ANY, change, code, post, read, spans
from services.inventory.tests.sending import Clock, Inventory, document, machine, send, server
from services.inventory.tests.workbooks import imported


async def test_each_undo_goes_back_one_change_and_is_a_new_version(inventory: Inventory, clock: Clock) -> None:
    [created] = await send(inventory.client, machine("vm-1", allocation={"vcpu": 2}, effective_from="2026-01-01"))
    asset_id = created["id"]
    for days, said in ((1, {"allocation": {"vcpu": 4}}), (2, {"name": "erp", "allocation": {"vcpu": 8}})):
        clock.advance(days=days)
        assert (await change(inventory, asset_id, **said)).status_code == 200
    three = await spans(inventory, asset_id, "allocation")
    await inventory.take_outbox()
    clock.advance(days=1)
    undone = (await post(inventory, asset_id, "undo")).json()
    assert (undone["version"], undone["name"], undone["allocation"]["vcpu"]) == (4, None, 4)
    assert await spans(inventory, asset_id, "allocation") == three[:2]
    [event] = await inventory.take_outbox()
    assert (document(event)["version"], len(document(event)["timeline"])) == (4, 2)
    undone = (await post(inventory, asset_id, "undo")).json()
    assert (undone["version"], undone["allocation"]["vcpu"]) == (5, 2)
    last = await post(inventory, asset_id, "undo")
    assert (last.status_code, code(last)) == (409, "nothing-to-undo")
    known_then = (clock.now.replace(hour=14)).isoformat()
    assert await spans(inventory, asset_id, "allocation", as_known_at=known_then) == three


async def test_a_deleted_asset_comes_back_under_its_names_with_a_newer_version_than_its_tombstone(
    inventory: Inventory, clock: Clock
) -> None:
    [created] = await send(inventory.client, server("srv-1", site="nanterre-1", effective_from="2026-01-01"))
    path = f"/v1/assets/{created['id']}"
    deleted = await inventory.client.delete(path, headers=ANY)
    assert deleted.headers["etag"] == '"2"'
    stale = await inventory.client.post(f"{path}/undo", headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    clock.advance(minutes=5)
    back = await inventory.client.post(f"{path}/undo", headers={"If-Match": '"2"'})
    assert (back.status_code, back.json()["version"], back.json()["site"]) == (200, 3, "nanterre-1")
    [again] = await send(inventory.client, server("srv-1"))
    assert (again["status"], again["id"]) == ("unchanged", created["id"])
    versions = [document(event)["version"] for event in await inventory.outbox() if event.data is not None]
    assert versions == [1, 2, 3]


async def test_a_deletion_is_not_undone_once_its_name_is_taken(inventory: Inventory) -> None:
    [created] = await send(inventory.client, server("srv-1"))
    await inventory.client.delete(f"/v1/assets/{created['id']}", headers=ANY)
    await send(inventory.client, server("srv-1"))
    refused = await post(inventory, created["id"], "undo")
    assert (refused.status_code, code(refused)) == (409, "name-taken")


async def test_an_undo_does_not_put_a_machine_back_on_a_host_that_is_gone(inventory: Inventory) -> None:
    host, vm, _ = await send(inventory.client, server("srv-1"), machine("vm-1", "srv-1"), server("srv-2"))
    away = await change(
        inventory, vm["id"], host={"source": "cmdb", "external_id": "srv-2"}, effective_from="2020-01-01"
    )
    assert away.status_code == 200, away.text
    assert (await change(inventory, vm["id"], host={"source": "cmdb", "external_id": "srv-2"})).status_code == 200
    gone = await inventory.client.delete(f"/v1/assets/{host['id']}", headers=ANY)
    assert gone.status_code == 204, gone.text
    await post(inventory, vm["id"], "undo")
    refused = await post(inventory, vm["id"], "undo")
    assert (refused.status_code, code(refused)) == (409, "host-gone")


async def test_the_history_says_who_changed_what_and_what_was_taken_back(inventory: Inventory, clock: Clock) -> None:
    [created] = await send(inventory.client, server("srv-1", owner="infra", effective_from="2026-01-01"))
    clock.advance(hours=1)
    await change(inventory, created["id"], owner="apps", status="off", effective_from="2026-05-01")
    clock.advance(hours=1)
    await post(inventory, created["id"], "undo")
    third, second, first = (await read(inventory, created["id"], "/history"))["versions"]
    assert [one["action"] for one in (first, second, third)] == ["created", "changed", "undone"]
    assert (third["undoes"], second["undone"], third["undone"]) == (2, True, False)
    assert second["changes"] == [{"field": "owner", "before": "infra", "after": "apps"}]
    assert [piece["status"] for piece in second["added"]] == ["in_service", "off"]
    assert [(piece["from"], piece["to"]) for piece in second["removed"]] == [("2025-12-31T23:00:00Z", None)]
    async with inventory.database.snapshot("*") as connection:
        client = await connection.fetchval("SELECT client FROM asset_revisions LIMIT 1")
    assert {one["client"] for one in (first, second, third)} == {client}
    assert client
    short = (await read(inventory, created["id"], "/history", limit=1))["versions"]
    assert short == [third]


async def retire(inventory: Inventory, asset_id: str, **more: Any) -> tuple[int, str]:
    answer = await change(inventory, asset_id, status="retired", **more)
    return answer.status_code, "" if answer.status_code == 200 else code(answer)


async def test_a_host_does_not_retire_under_machines_that_are_in_service_then(inventory: Inventory) -> None:
    host, vm = await send(
        inventory.client,
        server("srv-1", effective_from="2026-01-01"),
        machine("vm-1", "srv-1", effective_from="2026-01-01"),
    )
    assert await retire(inventory, host["id"]) == (422, "hosts_machines")
    assert (await read(inventory, host["id"]))["version"] == 1
    assert await retire(inventory, vm["id"], effective_from="2026-06-01") == (200, "")
    assert await retire(inventory, host["id"], effective_from="2026-05-01") == (422, "hosts_machines")
    assert await retire(inventory, host["id"], effective_from="2026-06-01") == (200, "")
    back = await change(inventory, vm["id"], status="in_service", effective_from="2026-07-01")
    assert (back.status_code, code(back)) == (422, "host_retired")
    assert (await change(inventory, vm["id"], name="renamed")).status_code == 200


async def test_rows_that_leave_machines_on_a_retired_host_count_and_are_warned(inventory: Inventory) -> None:
    await send(inventory.client, server("srv-1"), machine("vm-1", "srv-1"))
    [host] = await send(inventory.client, server("srv-1", status="retired"))
    assert (host["status"], [one["code"] for one in host["warnings"]]) == ("updated", ["hosts_machines"])
    [again] = await send(inventory.client, server("srv-1", effective_from="2099-01-01", quantity=2))
    assert [one["code"] for one in again["warnings"]] == ["not_dated", "hosts_machines"]
    [vm] = await send(inventory.client, machine("vm-2", "srv-1"))
    assert (vm["status"], [one["code"] for one in vm["warnings"]]) == ("created", ["host_retired"])
    both = await send(
        inventory.client,
        server("srv-2"),
        server("srv-2", status="retired", effective_from="2026-12-01"),
        machine("vm-3", "srv-2"),
        machine("vm-3", "srv-2", status="retired", effective_from="2026-12-01"),
    )
    assert all("warnings" not in one for one in both)


async def test_a_host_does_not_retire_under_a_machine_that_its_owner_may_not_see(inventory: Inventory) -> None:
    [host] = await send(inventory.client, server("srv-1"))
    on = {"source": "cmdb", "external_id": "srv-1", "org": "acme"}
    await send(inventory.client, {**machine("vm-1"), "org": "globex", "host": on})
    async with inventory.client_for(["acme"]) as acme:
        answer = await acme.patch(f"/v1/assets/{host['id']}", json={"status": "retired"}, headers=ANY)
    assert (answer.status_code, code(answer)) == (422, "hosts_machines")


OWN = "kind,source,external_id,name,host_external_id,effective_from"


async def bring(inventory: Inventory, *rows: str) -> str:
    """The id of an import of rows of own CSV that was worked off."""
    job = await imported(inventory, ("own.csv", "\n".join([OWN, *rows]).encode()))
    assert (job["status"], job["rejected"]) == ("done", 0), job
    return str(job["id"])


async def take_back(inventory: Inventory, import_id: str) -> tuple[int, Any]:
    answer = await inventory.client.post(f"/v1/imports/{import_id}/undo")
    return answer.status_code, answer.json() if answer.status_code == 200 else code(answer)


async def test_an_import_undone_deletes_what_it_created_and_restores_what_it_changed(
    inventory: Inventory, clock: Clock
) -> None:
    [known] = await send(inventory.client, server("srv-1", name="before", effective_from="2026-01-01"))
    clock.advance(hours=1)
    first = await bring(
        inventory, "server,cmdb,srv-1,after,,", "server,cmdb,srv-2,new,,", "virtual_machine,cmdb,vm-1,,srv-2,"
    )
    version = (await read(inventory, known["id"], "/history"))["versions"][0]
    assert (version["import_id"], version["changes"][0]["after"]) == (first, "after")
    await inventory.take_outbox()
    clock.advance(hours=1)
    assert await take_back(inventory, first) == (200, {"deleted": 2, "restored": 1})
    items = (await inventory.client.get("/v1/assets")).json()["items"]
    assert [(item["external_id"], item["name"], item["version"]) for item in items] == [("srv-1", "before", 3)]
    assert len(await inventory.outbox()) == 5
    assert await take_back(inventory, first) == (200, {"deleted": 0, "restored": 0})
    again = await bring(inventory, "server,cmdb,srv-2,new,,")
    assert await take_back(inventory, again) == (200, {"deleted": 1, "restored": 0})


async def test_an_import_is_not_undone_once_something_was_built_upon_it_and_then_nothing_of_it_is(
    inventory: Inventory, clock: Clock
) -> None:
    job = await bring(inventory, "server,cmdb,srv-1,a,,", "server,cmdb,srv-2,b,,")
    srv = {item["external_id"]: item for item in (await inventory.client.get("/v1/assets")).json()["items"]}
    clock.advance(hours=1)
    await send(inventory.client, machine("vm-1", "srv-1"))
    assert await take_back(inventory, job) == (409, "in-use")
    await change(inventory, srv["srv-2"]["id"], name="by hand")
    assert await take_back(inventory, job) == (409, "changed-since")
    assert len((await inventory.client.get("/v1/assets")).json()["items"]) == 3
    unknown = await inventory.client.post("/v1/imports/00000000-0000-4000-8000-000000000000/undo")
    assert unknown.status_code == 404
