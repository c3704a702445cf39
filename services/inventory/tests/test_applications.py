"""Applications over HTTP: what runs on which machines, since when, with which weight."""

from typing import Any

import pytest

from services.inventory.tests.sending import Clock, Inventory, document, machine, send, server


@pytest.fixture
async def machines(inventory: Inventory) -> dict[str, str]:
    """The ids of two virtual machines of acme, known since March 2026 in Paris, by name."""
    rows = [machine(name, allocation={"vcpu": 4}, effective_from="2026-03-01") for name in ("vm-1", "vm-2")]
    results = await send(inventory.client, *rows)
    await inventory.take_outbox()
    return dict(zip(("vm-1", "vm-2"), (result["id"] for result in results), strict=True))


def on(name: str, **more: Any) -> dict[str, Any]:
    """A claim of a machine of cmdb."""
    return {"source": "cmdb", "external_id": name, **more}


async def create(inventory: Inventory, **more: Any) -> dict[str, Any]:
    answer = await inventory.client.post("/v1/applications", json={"org": "acme", "code": "erp", **more})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def batch(inventory: Inventory, *rows: Any) -> list[dict[str, Any]]:
    answer = await inventory.client.post("/v1/applications/batch", json=list(rows))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def spans(application: dict[str, Any]) -> list[tuple[str, str | None, float]]:
    return [(one["from"], one["to"], one["weight"]) for one in application["machines"]]


async def test_an_application_holds_its_machines_since_they_are_known_unless_dates_say_another(
    inventory: Inventory, machines: dict[str, str]
) -> None:
    created = await create(
        inventory,
        name="ERP",
        users=850,
        machines=[on("vm-1"), on("vm-2", **{"from": "2026-05-01", "to": "2026-06-01", "weight": 0.25})],
    )
    by_machine = {one["asset_id"]: one for one in created["machines"]}
    first, second = by_machine[machines["vm-1"]], by_machine[machines["vm-2"]]
    assert (first["from"], first["to"], first["weight"]) == ("2026-02-28T23:00:00Z", None, 1)
    assert (second["from"], second["to"], second["weight"]) == ("2026-04-30T22:00:00Z", "2026-05-31T22:00:00Z", 0.25)
    [event] = await inventory.outbox()
    published = document(event)
    assert (event.topic, published["code"], published["users"]) == ("inventory.applications", "erp", 850)
    assert {one["asset_id"] for one in published["machines"]} == set(machines.values())
    assert (await inventory.client.get(f"/v1/applications/{created['id']}")).json() == created


async def test_the_same_application_again_is_the_one_there_is(inventory: Inventory, machines: dict[str, str]) -> None:
    body = {"org": "acme", "code": "erp", "machines": [on("vm-1")]}
    created = await inventory.client.post("/v1/applications", json=body)
    await inventory.take_outbox()
    again = await inventory.client.post("/v1/applications", json=body)
    other = await inventory.client.post("/v1/applications", json={**body, "users": 3})
    assert (created.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json() == created.json()
    assert await inventory.outbox() == []


async def test_rows_of_a_batch_tell_one_application_machine_by_machine(
    inventory: Inventory, machines: dict[str, str], clock: Clock
) -> None:
    rows = [
        {"org": "acme", "code": "erp", "name": "ERP", "machines": [on("vm-1")]},
        {"org": "acme", "code": "erp", "machines": [on("vm-2", weight=0.5)]},
        {"org": "acme", "code": "erp", "machines": [on("vm-9")]},
        {"org": "acme", "code": "no code"},
    ]
    results = await batch(inventory, *rows)
    assert [result["status"] for result in results] == ["created", "created", "error", "error"]
    assert results[0]["id"] == results[1]["id"]
    assert results[2]["errors"][0]["code"] == "unknown_machine"
    [event] = await inventory.take_outbox()
    assert (document(event)["version"], len(document(event)["machines"])) == (1, 2)
    clock.advance(days=1)
    again = await batch(inventory, *rows[:2])
    assert [(result["status"], result["version"]) for result in again] == [("unchanged", 1), ("unchanged", 1)]
    assert await inventory.outbox() == []


async def test_a_new_weight_without_a_date_holds_from_now_and_the_past_stays(
    inventory: Inventory, machines: dict[str, str]
) -> None:
    created = await create(inventory, machines=[on("vm-1")])
    [result] = await batch(inventory, {"org": "acme", "code": "erp", "machines": [on("vm-1", weight=3)]})
    assert (result["status"], result["version"]) == ("updated", 2)
    found = (await inventory.client.get(f"/v1/applications/{created['id']}")).json()
    assert spans(found) == [
        ("2026-02-28T23:00:00Z", "2026-11-23T15:00:00Z", 1),
        ("2026-11-23T15:00:00Z", None, 3),
    ]


async def test_a_change_states_all_machines_and_what_it_leaves_out_stays(
    inventory: Inventory, machines: dict[str, str]
) -> None:
    created = await create(inventory, users=10, machines=[on("vm-1"), on("vm-2")])
    path = f"/v1/applications/{created['id']}"
    assert (await inventory.client.patch(path, json={"users": 12})).status_code == 428
    changed = await inventory.client.patch(path, json={"users": None}, headers={"If-Match": '"1"'})
    assert (changed.json()["users"], len(changed.json()["machines"])) == (None, 2)
    fewer = await inventory.client.patch(path, json={"machines": [on("vm-2")]}, headers={"If-Match": '"2"'})
    assert [one["machine"]["external_id"] for one in fewer.json()["machines"]] == ["vm-2"]
    history = (await inventory.client.get(f"{path}/history")).json()["versions"]
    assert [len(one["document"]["machines"]) for one in history] == [1, 2, 2]
    assert {one["client"] for one in history} != {None}


async def test_two_weights_on_one_machine_at_one_time_are_refused(
    inventory: Inventory, machines: dict[str, str]
) -> None:
    claims = [on("vm-1", to="2026-06-01"), on("vm-1", **{"from": "2026-05-01"})]
    answer = await inventory.client.post("/v1/applications", json={"org": "acme", "code": "erp", "machines": claims})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "overlap")
    backwards = [on("vm-1", **{"from": "2026-06-01", "to": "2026-05-01"})]
    answer = await inventory.client.post("/v1/applications", json={"org": "acme", "code": "erp", "machines": backwards})
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "field": "machines.0.to",
        "code": "not_after_start",
        "detail": "",
    }


async def test_a_machine_under_an_application_is_not_deleted_and_a_deleted_application_frees_it_and_its_code(
    inventory: Inventory, machines: dict[str, str]
) -> None:
    created = await create(inventory, machines=[on("vm-1")])
    any_version = {"If-Match": "*"}
    asset = f"/v1/assets/{machines['vm-1']}"
    assert (await inventory.client.delete(asset, headers=any_version)).status_code == 409
    await inventory.take_outbox()
    path = f"/v1/applications/{created['id']}"
    assert (await inventory.client.delete(path, headers=any_version)).status_code == 204
    last, tombstone = await inventory.outbox()
    assert (document(last)["deleted"], document(last)["version"], tombstone.data) == (True, 2, None)
    assert (await inventory.client.get(path)).status_code == 404
    assert (await inventory.client.delete(asset, headers=any_version)).status_code == 204
    await create(inventory)


async def test_an_application_uses_a_machine_of_another_organisation_only_when_the_token_names_both(
    inventory: Inventory, machines: dict[str, str]
) -> None:
    claim = on("vm-1", org="acme")
    async with inventory.client_for(["globex"]) as globex:
        body = {"org": "globex", "code": "erp", "machines": [claim]}
        refused = await globex.post("/v1/applications", json=body)
        absent = await globex.post("/v1/applications", json={**body, "machines": [on("vm-9", org="acme")]})
        assert refused.json()["errors"][0]["code"] == absent.json()["errors"][0]["code"] == "unknown_machine"
        created = await inventory.client.post("/v1/applications", json=body)
        assert created.json()["machines"][0]["machine"]["org"] == "acme"
        seen = (await globex.get(f"/v1/applications/{created.json()['id']}")).json()
        assert (seen["machines"][0]["machine"], seen["machines"][0]["name"]) == (None, None)


async def test_applications_are_listed_by_code_text_and_machine(inventory: Inventory, machines: dict[str, str]) -> None:
    await send(inventory.client, server("srv-1"))
    await create(inventory, machines=[on("vm-1")])
    await create(inventory, code="crm", name="Customer care", machines=[on("srv-1")])

    async def codes(**query: Any) -> list[str]:
        found = (await inventory.client.get("/v1/applications", params=query)).json()
        return [one["code"] for one in found["items"]]

    assert await codes() == ["crm", "erp"]
    assert await codes(q="care") == ["crm"]
    assert await codes(code="erp") == ["erp"]
    assert await codes(machine=machines["vm-1"]) == ["erp"]
    first = (await inventory.client.get("/v1/applications", params={"limit": 1})).json()
    assert await codes(limit=1, cursor=first["next_cursor"]) == ["erp"]
