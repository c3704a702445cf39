"""Every topic can be rebuilt: a reader that starts from nothing ends with what a reader from the beginning has."""

from typing import Any

from common import json
from common.events import Event

from services.inventory.tests.assets import ANY, change, post
from services.inventory.tests.sending import Clock, Inventory, machine, send, server


def held(events: list[Event]) -> dict[tuple[str, str], Any]:
    """What a reader of compacted topics holds at the end: the newest version of each key, and nothing after a tombstone."""
    documents: dict[tuple[str, str], Any] = {}
    for event in events:
        key = (event.topic, event.key)
        if event.data is None:
            documents.pop(key, None)
        else:
            document = json.loads(json.dumps(event.data))
            if key not in documents or document["version"] > documents[key]["version"]:
                documents[key] = document
    return documents


async def test_a_reader_that_starts_from_nothing_sees_the_same_as_one_that_was_there(
    inventory: Inventory, clock: Clock
) -> None:
    client = inventory.client
    heard: list[Event] = []
    async with inventory.database.snapshot("*") as connection:
        for topic in ("inventory.organizations", "inventory.sites"):
            heard += [event async for event in inventory.parts.republishers[topic](connection)]
    srv, twin, gone, vm = await send(
        client,
        server("srv-1", site="nanterre-1", owner="infra", serial_number="SN-1"),
        {**server("2217", serial_number="SN-1"), "source": "glpi"},
        server("srv-3"),
        machine("vm-1", allocation={"vcpu": 4, "cloud": {"provider": "aws"}}),
    )
    site = (await client.get("/v1/sites", params={"org": "acme"})).json()["items"][0]
    contract = {"from": "2026-01-01", "electricity": {"guarantee_of_origin_share": 0.5}}
    corrections = f"/v1/sites/{site['id']}/corrections"
    assert (await client.post(corrections, json=contract, headers=ANY)).status_code == 200
    claims = [{"source": "glpi", "external_id": "2217"}, {"source": "cmdb", "external_id": "vm-1", "weight": 2}]
    erp, crm = [
        (await client.post("/v1/applications", json={"org": "acme", "code": code, "machines": claims})).json()
        for code in ("erp", "crm")
    ]
    clock.advance(hours=1)
    assert (await post(inventory, srv["id"], "merge", {"other": twin["id"]})).status_code == 200
    assert (await client.delete(f"/v1/applications/{crm['id']}", headers=ANY)).status_code == 204
    assert (await client.delete(f"/v1/assets/{gone['id']}", headers=ANY)).status_code == 204
    assert (await change(inventory, vm["id"], status="off", effective_from="2026-12-01")).status_code == 200
    clock.advance(hours=1)
    assert (await post(inventory, vm["id"], "undo")).status_code == 200
    heard += await inventory.outbox()

    again: list[Event] = []
    async with inventory.database.snapshot("*") as connection:
        for republisher in inventory.parts.republishers.values():
            again += [event async for event in republisher(connection)]
    assert held(again) == held(heard)
    assert {topic for topic, _ in held(again)} == {
        "inventory.organizations",
        "inventory.sites",
        "inventory.assets",
        "inventory.applications",
    }
    assert ("inventory.applications", erp["id"]) in held(again)
    assert {event.key for event in again if event.data is None} == {twin["id"], gone["id"], crm["id"]}
