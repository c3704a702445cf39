"""Batches, pages, one asset and its timeline over HTTP, on a real Postgres."""

import asyncio
from typing import Any

from common import json

from services.inventory.tests.sending import Clock, Inventory, MakeInventory, document, machine, send, server


async def asset(inventory: Inventory, asset_id: str) -> dict[str, Any]:
    answer = await inventory.client.get(f"/v1/assets/{asset_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def timeline(inventory: Inventory, asset_id: str, **query: str) -> list[dict[str, Any]]:
    answer = await inventory.client.get(f"/v1/assets/{asset_id}/timeline", params=query)
    assert answer.status_code == 200, answer.text
    segments: list[dict[str, Any]] = answer.json()["timeline"]
    return segments


async def patch(inventory: Inventory, asset_id: str, version: int, **change: Any) -> dict[str, Any]:
    answer = await inventory.client.patch(f"/v1/assets/{asset_id}", json=change, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_batch_creates_what_is_new_and_publishes_each_asset_with_its_timeline(inventory: Inventory) -> None:
    results = await send(
        inventory.client,
        machine("vm-1", "srv-1", allocation={"vcpu": 4}, effective_from="2026-01-01", plan="cloud-like"),
        machine("vm-1", "srv-1", allocation={"vcpu": 8}, effective_from="2026-03-01"),
        server("srv-1", site="nanterre-1", planned_life_years=6, tags={"role": "hypervisor"}),
    )
    assert [result["status"] for result in results] == ["created", "created", "created"]
    assert results[0]["id"] == results[1]["id"]
    events = {event.key: document(event) for event in await inventory.outbox()}
    assert len(events) == 2
    virtual = events[results[0]["id"]]
    assert virtual["version"] == 1
    assert [(segment["from"], segment["to"], segment["allocation"]["vcpu"]) for segment in virtual["timeline"]] == [
        ("2025-12-31T23:00:00+00:00", "2026-02-28T23:00:00+00:00", 4),
        ("2026-02-28T23:00:00+00:00", None, 8),
    ]
    assert virtual["timeline"][0]["host_id"] == results[2]["id"]
    assert virtual["timeline"][1]["plan"] == "cloud-like"


async def test_the_same_batch_again_is_unchanged_and_emits_no_event_and_no_version(
    inventory: Inventory, clock: Clock
) -> None:
    rows = [server("srv-1", site="nanterre-1"), machine("vm-1", "srv-1", allocation={"vcpu": 4})]
    await send(inventory.client, *rows)
    await inventory.take_outbox()
    clock.advance(days=3)
    results = await send(inventory.client, *rows)
    assert [(result["status"], result["version"]) for result in results] == [("unchanged", 1), ("unchanged", 1)]
    assert await inventory.outbox() == []


async def test_a_row_without_a_date_holds_from_the_moment_it_is_received(inventory: Inventory, clock: Clock) -> None:
    [created] = await send(inventory.client, server("srv-1"))
    clock.advance(hours=2)
    [updated] = await send(inventory.client, server("srv-1", status="off"))
    assert (updated["status"], updated["version"]) == ("updated", 2)
    segments = await timeline(inventory, created["id"])
    assert [(segment["from"], segment["status"]) for segment in segments] == [
        ("2026-11-23T15:00:00Z", "in_service"),
        ("2026-11-23T17:00:00Z", "off"),
    ]


async def test_a_bad_row_never_sinks_the_good_ones(inventory: Inventory) -> None:
    rows: list[Any] = [
        server("srv-1"),
        server("srv-2", quantity=0),
        "not an asset",
        machine("vm-1", "srv-9"),
        server("srv-3", site="elsewhere"),
        machine("vm-2", "srv-1"),
        {**server("srv-4"), "org": "nobody"},
    ]
    results = await send(inventory.client, *rows)
    assert [result["index"] for result in results] == list(range(7))
    found = [result["errors"][0]["code"] if "errors" in result else result["status"] for result in results]
    assert found == [
        "created",
        "too_small",
        "wrong_type",
        "unknown_host",
        "unknown_site",
        "created",
        "unknown_organisation",
    ]


async def test_not_a_number_in_a_row_is_that_rows_error(inventory: Inventory) -> None:
    body = b'[{"source":"cmdb","external_id":"a","org":"acme","kind":"server","planned_life_years":NaN}]'
    answer = await inventory.client.post("/v1/assets/batch", content=body, headers={"Content-Type": "application/json"})
    [result] = answer.json()["results"]
    assert (result["errors"][0]["field"], result["errors"][0]["code"]) == ("planned_life_years", "not_finite")


async def test_ndjson_is_taken_line_by_line_and_a_broken_line_is_one_error(inventory: Inventory) -> None:
    body = json.dumps(server("srv-1")) + b"\n\n{broken\n" + json.dumps(server("srv-2")) + b"\n"
    answer = await inventory.client.post(
        "/v1/assets/batch", content=body, headers={"Content-Type": "application/x-ndjson"}
    )
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["created", "error", "created"]
    assert results[1]["errors"][0]["code"] == "malformed_json"


BAD_BODIES = [
    (b"{broken", "application/json", 400),
    (b'{"source": "cmdb"}', "application/json", 422),
    (b"[]", "text/csv", 415),
    (b"[{}, {}, {}, {}]", "application/json", 413),
]


async def test_a_body_that_is_no_batch_is_refused_as_a_whole(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(batch_limit_rows=3)
    for body, content_type, status in BAD_BODIES:
        headers = {"Content-Type": content_type}
        answer = await inventory.client.post("/v1/assets/batch", content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_correction_in_the_past_is_true_now_and_what_was_known_before_can_still_be_read(
    inventory: Inventory, clock: Clock
) -> None:
    [created] = await send(inventory.client, machine("vm-1", allocation={"vcpu": 4}, effective_from="2026-01-01"))
    await patch(inventory, created["id"], 1, allocation={"vcpu": 8}, effective_from="2026-11-01")
    clock.advance(days=1)
    before = clock.now.isoformat()
    clock.advance(days=1)
    await patch(inventory, created["id"], 2, allocation={"vcpu": 8}, effective_from="2026-10-11")
    now = await timeline(inventory, created["id"])
    then = await timeline(inventory, created["id"], as_known_at=before)
    assert [(segment["from"], segment["allocation"]["vcpu"]) for segment in now] == [
        ("2025-12-31T23:00:00Z", 4),
        ("2026-10-10T22:00:00Z", 8),
    ]
    assert [(segment["from"], segment["allocation"]["vcpu"]) for segment in then] == [
        ("2025-12-31T23:00:00Z", 4),
        ("2026-10-31T23:00:00Z", 8),
    ]
    assert await timeline(inventory, created["id"], as_known_at="2026-01-01T00:00:00Z") == []


async def test_an_asset_is_read_as_it_is_now_not_as_it_will_be(inventory: Inventory, clock: Clock) -> None:
    [srv, vm] = await send(
        inventory.client,
        server("srv-1", site="nanterre-1", name="esx-1"),
        machine("vm-1", "srv-1", effective_from="2026-01-01"),
    )
    await patch(inventory, vm["id"], 1, status="retired", effective_from="2026-12-24")
    found = await asset(inventory, vm["id"])
    assert (found["status"], found["version"]) == ("in_service", 2)
    assert found["host"] == {"source": "cmdb", "external_id": "srv-1", "org": "acme"}
    assert found["host_id"] == srv["id"]
    assert found["effective_to"] == "2026-12-23T23:00:00Z"
    assert (await asset(inventory, srv["id"]))["site"] == "nanterre-1"
    clock.advance(days=60)
    assert (await asset(inventory, vm["id"]))["status"] == "retired"


async def test_a_change_made_for_another_version_or_for_none_is_refused(inventory: Inventory) -> None:
    [created] = await send(inventory.client, server("srv-1"))
    path = f"/v1/assets/{created['id']}"
    assert (await inventory.client.get(path)).headers["etag"] == '"1"'
    assert (await inventory.client.patch(path, json={"name": "x"})).status_code == 428
    stale = await inventory.client.patch(path, json={"name": "x"}, headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    assert stale.headers["etag"] == '"1"'


BAD_CHANGES: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "running"}, "status", "unknown_status"),
    ({"site": "elsewhere"}, "site", "unknown_site"),
    ({"kind": "printer"}, "kind", "unknown_field"),
    ({"host": {"source": "cmdb", "external_id": "srv-2"}}, "host", "only_for_virtual_machines"),
    ({"status": "retired", "effective_from": "2020-01-01"}, "effective_from", "before_known"),
    ({"effective_from": "1989-01-01"}, "effective_from", "before_1990"),
]


async def test_a_bad_change_names_the_field_and_the_rule_and_changes_nothing(inventory: Inventory) -> None:
    [created] = await send(inventory.client, server("srv-1", effective_from="2026-01-01"))
    for change, field, code in BAD_CHANGES:
        answer = await inventory.client.patch(f"/v1/assets/{created['id']}", json=change, headers={"If-Match": '"1"'})
        assert answer.status_code == 422
        assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]
    assert (await asset(inventory, created["id"]))["version"] == 1


async def test_a_null_clears_and_what_is_left_out_stays(inventory: Inventory) -> None:
    [created] = await send(
        inventory.client, server("srv-1", site="nanterre-1", name="esx-1", planned_life_years=6, tags={"a": "b"})
    )
    changed = await patch(inventory, created["id"], 1, planned_life_years=None, site=None)
    assert (changed["planned_life_years"], changed["site"]) == (None, None)
    assert (changed["name"], changed["tags"]) == ("esx-1", {"a": "b"})


async def test_a_deleted_asset_has_a_last_document_then_a_tombstone_and_its_name_is_free_again(
    inventory: Inventory,
) -> None:
    [created] = await send(inventory.client, server("srv-1"))
    await inventory.take_outbox()
    path = f"/v1/assets/{created['id']}"
    answer = await inventory.client.delete(path, headers={"If-Match": '"1"'})
    assert answer.status_code == 204
    last, tombstone = await inventory.take_outbox()
    assert (document(last)["deleted"], document(last)["version"]) == (True, 2)
    assert (tombstone.key, tombstone.data) == (created["id"], None)
    assert (await inventory.client.get(path)).status_code == 404
    assert (await inventory.client.get(f"{path}/timeline")).status_code == 404
    [again] = await send(inventory.client, server("srv-1"))
    assert again["status"] == "created"
    assert again["id"] != created["id"]


async def test_a_host_with_machines_on_it_is_not_deleted(inventory: Inventory) -> None:
    [host, _] = await send(inventory.client, server("srv-1"), machine("vm-1", "srv-1"))
    answer = await inventory.client.delete(f"/v1/assets/{host['id']}", headers={"If-Match": '"1"'})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/in-use"


async def test_lists_are_filtered_by_what_assets_are_now_and_paged_without_repeats(inventory: Inventory) -> None:
    await send(
        inventory.client,
        *(server(f"srv-{number}", site="nanterre-1", name=f"esx_{number}") for number in range(4)),
        server("srv-9", name="100%", status="off"),
        machine("vm-1", "srv-1", name="erp"),
        server("srv-old", effective_from="2026-01-01"),
        server("srv-old", effective_from="2026-06-01", status="retired"),
    )

    async def names(**query: Any) -> list[str]:
        answer = await inventory.client.get("/v1/assets", params=query)
        assert answer.status_code == 200, answer.text
        return [item["external_id"] for item in answer.json()["items"]]

    assert await names(site="nanterre-1") == ["srv-0", "srv-1", "srv-2", "srv-3"]
    assert await names(status="off") == ["srv-9"]
    assert await names(status="retired") == ["srv-old"]
    assert await names(kind="virtual_machine") == ["vm-1"]
    assert await names(q="ERP") == ["vm-1"]
    assert await names(q="100%") == ["srv-9"]
    assert await names(q="x_2") == ["srv-2"]
    assert await names(org="globex") == []
    first = (await inventory.client.get("/v1/assets", params={"limit": 4})).json()
    rest = await names(cursor=first["next_cursor"], limit=4)
    assert rest == ["srv-9", "srv-old", "vm-1"]


BAD_QUERIES: list[dict[str, str]] = [
    {"kind": "toaster"},
    {"status": "running"},
    {"limit": "0"},
    {"limit": "1001"},
    {"cursor": "nonsense"},
    {"q": "a\x00b"},
    {"org": "A B"},
]


async def test_a_bad_query_is_a_422(inventory: Inventory) -> None:
    for query in BAD_QUERIES:
        answer = await inventory.client.get("/v1/assets", params=query)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == next(iter(query))


async def test_batches_that_create_the_same_assets_at_once_create_each_of_them_once(inventory: Inventory) -> None:
    rows = [server(f"srv-{number}", name="same") for number in range(50)]
    answers = await asyncio.gather(*(send(inventory.client, *rows) for _ in range(4)))
    assert len({result["id"] for results in answers for result in results}) == 50
    assert [sorted({result["status"] for result in results}) for results in answers].count(["created"]) == 1
    assert len(await inventory.outbox()) == 50


async def test_two_batches_cannot_build_half_a_cycle_of_hosts_each(inventory: Inventory) -> None:
    await send(inventory.client, machine("a"), machine("b"))
    (one,), (other,) = await asyncio.gather(
        send(inventory.client, machine("a", "b")), send(inventory.client, machine("b", "a"))
    )
    assert sorted([one["status"], other["status"]]) == ["error", "updated"]


async def test_republish_gives_the_current_document_of_everything_in_the_order_of_change(inventory: Inventory) -> None:
    [srv, _] = await send(inventory.client, server("srv-1"), server("srv-2"))
    await patch(inventory, srv["id"], 1, name="renamed")
    [gone] = await send(inventory.client, server("srv-3"))
    await inventory.client.delete(f"/v1/assets/{gone['id']}", headers={"If-Match": '"1"'})
    published = await inventory.take_outbox()
    latest = {event.key: event.data for event in published if event.data is not None}
    async with inventory.database.snapshot("*") as connection:
        again = [event async for event in inventory.parts.republishers["inventory.assets"](connection)]
        places = [
            event
            for topic in ("inventory.organizations", "inventory.sites")
            async for event in inventory.parts.republishers[topic](connection)
        ]
    rebuilt = {event.key: json.loads(json.dumps(event.data)) for event in again if event.data is not None}
    assert rebuilt == latest
    assert [event.key for event in again if event.data is None] == [gone["id"]]
    assert sorted(event.topic for event in places) == ["inventory.organizations"] * 2 + ["inventory.sites"] * 2
