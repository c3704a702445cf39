"""Names, likely duplicates, and records that prove to be one asset."""

from typing import Any

import pytest

from services.inventory.tests.assets import ANY, change, code, post, read, spans
from services.inventory.tests.sending import Clock, Inventory, document, machine, send, server

SERIAL = "CZ 204-0099"


def glpi(external_id: str, **more: Any) -> dict[str, Any]:
    """A row of a server of acme as GLPI knows it."""
    return {**server(external_id, **more), "source": "glpi"}


@pytest.fixture
async def pair(inventory: Inventory) -> tuple[str, str]:
    """One server as two sources know it: cmdb since 2026, with a machine on it, and glpi since 2024."""
    rows = [
        server("srv-1", serial_number=SERIAL, name="esx-1", tags={"a": "1", "b": "2"}, effective_from="2026-01-01"),
        machine("vm-1", "srv-1", effective_from="2026-02-01"),
        glpi(
            "2217",
            serial_number="cz2040099",
            name="SRV-ERP-01",
            planned_life_years=6,
            tags={"a": "9"},
            site="nanterre-1",
            acquired={"on": "2024-03-01"},
            effective_from="2024-03-01",
        ),
        {**machine("vm-2"), "source": "glpi", "host": {"source": "glpi", "external_id": "2217"}},
    ]
    results = await send(inventory.client, *rows)
    await inventory.take_outbox()
    return results[0]["id"], results[2]["id"]


async def suggestions(inventory: Inventory, **query: Any) -> list[tuple[str, str, str]]:
    found = (await inventory.client.get("/v1/assets/duplicates", params=query)).json()
    return [(pair["by"], *sorted(pair[one]["external_id"] for one in ("one", "other"))) for pair in found["items"]]


async def test_a_serial_number_in_two_sources_is_a_suggestion_and_merges_nothing(
    inventory: Inventory, pair: tuple[str, str]
) -> None:
    assert await suggestions(inventory) == [("serial_number", "2217", "srv-1")]
    assert await suggestions(inventory, org="globex") == []
    assert len((await inventory.client.get("/v1/assets")).json()["items"]) == 4
    assert await inventory.outbox() == []


async def test_a_pair_that_was_said_to_be_two_things_is_not_suggested_again(
    inventory: Inventory, pair: tuple[str, str]
) -> None:
    assert (await post(inventory, pair[0], "distinct", {"other": pair[1]})).status_code == 204
    assert await suggestions(inventory) == []


async def test_likely_is_what_only_one_thing_should_have(inventory: Inventory) -> None:
    uuid = "4209c7a4-6f2e-6a44-8c51-92f4f0b8b7aa"
    await send(
        inventory.client,
        server("SN-AAAA"),
        glpi("1", serial_number="SN-AAAA"),
        machine(uuid),
        {**machine(uuid.upper()), "source": "vcenter"},
        server("77777"),
        glpi("77777"),
        server("x1", serial_number="To Be Filled By O.E.M."),
        glpi("x2", serial_number="To Be Filled By O.E.M."),
        {**machine("SN-AAAA"), "source": "vcenter"},
    )
    assert sorted(await suggestions(inventory)) == [
        ("serial_number", "1", "SN-AAAA"),
        ("uuid", uuid.upper(), uuid),
    ]
    first = (await inventory.client.get("/v1/assets/duplicates", params={"limit": 1})).json()
    rest = await suggestions(inventory, limit=1, cursor=first["next_cursor"])
    assert len(rest) == 1


async def test_the_asset_that_stays_has_the_names_the_history_and_the_machines_of_both(
    inventory: Inventory, pair: tuple[str, str]
) -> None:
    winner, loser = pair
    merged = await post(inventory, winner, "merge", {"other": loser})
    assert merged.status_code == 200, merged.text
    found = merged.json()
    assert [one["external_id"] for one in found["identities"]] == ["srv-1", "2217"]
    assert (found["name"], found["planned_life_years"], found["site"]) == ("esx-1", 6, "nanterre-1")
    assert (found["tags"], found["acquired"]["on"]) == ({"a": "1", "b": "2"}, "2024-03-01")
    assert [start for start, _ in await spans(inventory, winner, "status")] == ["2024-02-29T23:00:00Z"]
    events = {event.key: document(event) for event in await inventory.outbox() if event.data is not None}
    assert (events[loser]["deleted"], events[loser]["merged_into"]) == (True, winner)
    assert {one["external_id"] for one in events[winner]["identities"]} == {"srv-1", "2217"}
    moved = [one for one in events.values() if one["kind"] == "virtual_machine"]
    assert [one["timeline"][-1]["host_id"] for one in moved] == [winner]
    gone = await inventory.client.get(f"/v1/assets/{loser}")
    assert (gone.status_code, gone.json()["merged_into"]) == (410, winner)
    assert await suggestions(inventory) == []


async def test_rows_under_the_name_of_the_record_that_went_are_about_the_asset_that_stayed(
    inventory: Inventory, pair: tuple[str, str]
) -> None:
    winner, loser = pair
    await post(inventory, winner, "merge", {"other": loser})
    row, hosted = await send(
        inventory.client,
        glpi("2217", planned_life_years=8),
        {**machine("vm-3"), "host": {"source": "glpi", "external_id": "2217"}},
    )
    assert (row["status"], row["id"]) == ("updated", winner)
    assert (await read(inventory, hosted["id"]))["host_id"] == winner


async def test_every_call_for_the_record_that_went_names_the_one_that_stayed(
    inventory: Inventory, pair: tuple[str, str]
) -> None:
    winner, loser = pair
    await post(inventory, winner, "merge", {"other": loser})
    answers = [
        await inventory.client.get(f"/v1/assets/{loser}/measurements", params={"month": "2026-03"}),
        await inventory.client.get(f"/v1/assets/{loser}/measurements/months"),
        await change(inventory, loser, owner="infra"),
        await inventory.client.delete(f"/v1/assets/{loser}", headers=ANY),
        await post(inventory, winner, "merge", {"other": loser}),
    ]
    assert [(one.status_code, one.json().get("merged_into")) for one in answers] == [(410, winner)] * len(answers)


async def test_rows_that_still_name_the_id_of_the_record_that_went_are_about_the_asset_that_stayed(
    inventory: Inventory, pair: tuple[str, str]
) -> None:
    winner, loser = pair
    [last] = await send(inventory.client, server("srv-0"))
    for this, other in ((winner, loser), (last["id"], winner)):
        assert (await post(inventory, this, "merge", {"other": other})).status_code == 200
    sample = {"asset": loser, "metric": "average_w", "level": "it", "value": 100}
    hour = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-01T01:00:00Z"}
    measured = await inventory.client.post("/v1/measurements/batch", json=[{**sample, **hour}])
    assert [(row["status"], row["id"]) for row in measured.json()["results"]] == [("created", last["id"])]
    row = {"org": "acme", "source": "erp", "external_id": "PO-1", "kind": "maintenance_contract", "on": "2026-03-01"}
    done = await inventory.client.post(
        "/v1/activities/batch", json=[{**row, "quantity": 9, "unit": "EUR", "asset": loser}]
    )
    assert done.json()["created"] == 1
    assert (await inventory.client.get("/v1/activities")).json()["items"][0]["asset_id"] == last["id"]


@pytest.mark.parametrize(("prefer", "name"), [("this", "esx-1"), ("other", "SRV-ERP-01"), ("newest", "SRV-ERP-01")])
async def test_where_both_records_know_a_value_the_rule_says_whose_wins(
    inventory: Inventory, pair: tuple[str, str], clock: Clock, prefer: str, name: str
) -> None:
    clock.advance(days=1)
    await change(inventory, pair[1], owner="infra")
    merged = (await post(inventory, pair[0], "merge", {"other": pair[1], "prefer": prefer})).json()
    assert (merged["name"], merged["owner"]) == (name, "infra")


async def test_a_merger_undone_gives_both_records_back_as_they_were(
    inventory: Inventory, pair: tuple[str, str], clock: Clock
) -> None:
    winner, loser = pair
    application = {"org": "acme", "code": "erp", "machines": [{"source": "glpi", "external_id": "2217"}]}
    created = (await inventory.client.post("/v1/applications", json=application)).json()
    before = [await read(inventory, one) for one in pair]
    timelines = [await spans(inventory, one, "site_id") for one in pair]
    clock.advance(hours=1)
    assert (await post(inventory, winner, "merge", {"other": loser})).status_code == 200
    path = f"/v1/applications/{created['id']}"
    assert (await inventory.client.get(path)).json()["machines"][0]["asset_id"] == winner
    clock.advance(hours=1)
    undone = await post(inventory, winner, "undo")
    assert undone.status_code == 200, undone.text
    after = [await read(inventory, one) for one in pair]
    told = {"version", "recorded_at"}
    assert [{k: v for k, v in one.items() if k not in told} for one in after] == [
        {k: v for k, v in one.items() if k not in told} for one in before
    ]
    assert [one["version"] for one in after] == [3, 3]
    assert [await spans(inventory, one, "site_id") for one in pair] == timelines
    machines = (await inventory.client.get("/v1/assets", params={"kind": "virtual_machine"})).json()["items"]
    assert {one["external_id"]: one["host_id"] for one in machines} == {"vm-1": winner, "vm-2": loser}
    assert (await inventory.client.get(path)).json()["machines"][0]["asset_id"] == loser
    assert [one["external_id"] for one in (await suggestion_rows(inventory))] == ["srv-1"]


async def suggestion_rows(inventory: Inventory) -> list[dict[str, Any]]:
    found = (await inventory.client.get("/v1/assets/duplicates")).json()["items"]
    return [one if one["source"] == "cmdb" else other for one, other in ((p["one"], p["other"]) for p in found)]


async def test_a_merger_is_not_undone_once_something_was_built_upon_it(
    inventory: Inventory, pair: tuple[str, str], clock: Clock
) -> None:
    winner, loser = pair
    await post(inventory, winner, "merge", {"other": loser})
    clock.advance(hours=1)
    await send(inventory.client, {**machine("vm-3"), "host": {"source": "glpi", "external_id": "2217"}})
    refused = await post(inventory, winner, "undo")
    assert (refused.status_code, code(refused)) == (409, "changed-since")
    assert (await post(inventory, loser, "undo")).json()["type"].endswith("merged")


async def test_what_cannot_be_one_asset_is_refused(inventory: Inventory, pair: tuple[str, str]) -> None:
    winner, loser = pair
    [vm, other, nested] = await send(
        inventory.client,
        machine("vm-9", "srv-1"),
        {**server("srv-1"), "org": "globex"},
        {**machine("vm-10"), "host": {"source": "cmdb", "external_id": "vm-9"}},
    )

    async def refused(one: str, another: str) -> str:
        answer = await post(inventory, one, "merge", {"other": another})
        assert answer.status_code == 422, answer.text
        return code(answer)

    assert await refused(winner, winner) == "same_asset"
    assert await refused(winner, vm["id"]) == "kind_changed"
    assert await refused(winner, other["id"]) == "other_organisation"
    assert await refused(vm["id"], nested["id"]) == "host_cycle"
    unknown = await post(inventory, winner, "merge", {"other": "00000000-0000-4000-8000-000000000000"})
    assert unknown.status_code == 404
    assert (await inventory.client.post(f"/v1/assets/{winner}/merge", json={"other": loser})).status_code == 428


async def test_a_record_under_machines_that_the_caller_may_not_see_is_not_merged_away(
    inventory: Inventory, pair: tuple[str, str]
) -> None:
    winner, loser = pair
    host = {"source": "glpi", "external_id": "2217", "org": "acme"}
    await send(inventory.client, {**machine("vm-7"), "org": "globex", "host": host})
    async with inventory.client_for(["acme"]) as acme:
        answer = await acme.post(f"/v1/assets/{winner}/merge", json={"other": loser}, headers=ANY)
        assert (answer.status_code, code(answer)) == (409, "in-use")
    assert (await post(inventory, winner, "merge", {"other": loser})).status_code == 200


async def test_a_further_name_leads_to_the_asset_until_it_is_taken_away(inventory: Inventory) -> None:
    one, other = await send(inventory.client, server("srv-1"), server("srv-2"))
    named = await post(inventory, one["id"], "identities", {"source": "glpi", "external_id": "2217"})
    assert [identity["source"] for identity in named.json()["identities"]] == ["cmdb", "glpi"]
    taken = await post(inventory, other["id"], "identities", {"source": "glpi", "external_id": "2217"})
    assert (taken.status_code, code(taken)) == (409, "name-taken")
    [again] = await send(inventory.client, glpi("2217"))
    assert (again["status"], again["id"]) == ("unchanged", one["id"])
    path = f"/v1/assets/{one['id']}/identities"
    first = {"source": "cmdb", "external_id": "srv-1"}
    left = (await inventory.client.delete(path, params=first, headers=ANY)).json()
    assert (left["source"], left["external_id"], len(left["identities"])) == ("glpi", "2217", 1)
    assert (await inventory.client.delete(path, params=first, headers=ANY)).status_code == 404
    last = {"source": "glpi", "external_id": "2217"}
    assert code(await inventory.client.delete(path, params=last, headers=ANY)) == "last-name"
    [new] = await send(inventory.client, server("srv-1"))
    assert new["status"] == "created"
