"""Activities over HTTP: what is taken and refused, corrections, deletion, what is published."""

from typing import Any

import httpx

from services.inventory.tests.sending import Inventory, document, send, server


def activity(external_id: str = "PO-1", **more: Any) -> dict[str, Any]:
    """A maintenance contract of acme over 2026."""
    row = {"org": "acme", "source": "erp", "external_id": external_id, "kind": "maintenance_contract"}
    return {**row, "from": "2026-01-01", "to": "2027-01-01", "quantity": 12000, "unit": "EUR", **more}


async def record(client: httpx.AsyncClient, *rows: Any) -> list[dict[str, Any]]:
    answer = await client.post("/v1/activities/batch", json=list(rows))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


async def test_an_activity_is_created_with_the_factor_of_its_kind_and_published_whole(inventory: Inventory) -> None:
    [asset] = await send(inventory.client, server("srv-1", site="nanterre-1"))
    await inventory.take_outbox()
    [result] = await record(
        inventory.client,
        activity(
            kind="intervention",
            on="2026-04-12",
            quantity=84,
            unit="km",
            asset={"source": "cmdb", "external_id": "srv-1"},
        )
        | {"from": None, "to": None},
    )
    assert (result["status"], result["version"], result["activity"]) == ("created", 1, "transport.car")
    [event] = await inventory.outbox()
    assert (event.topic, event.key) == ("inventory.activities", result["id"])
    told = document(event)
    assert (told["asset_id"], told["site_id"], told["activity"]) == (asset["id"], None, "transport.car")
    assert (told["from"], told["to"], told["quantity"], told["unit"]) == ("2026-04-12", "2026-04-13", 84, "km")


async def test_the_same_again_is_unchanged_and_a_correction_is_a_new_version(inventory: Inventory) -> None:
    [first] = await record(inventory.client, activity())
    await inventory.take_outbox()
    same, corrected, back = await record(
        inventory.client, activity(), activity(quantity=11000), activity(quantity=10000, note="credit note 7")
    )
    assert [each["status"] for each in (same, corrected, back)] == ["unchanged", "updated", "updated"]
    assert {each["id"] for each in (same, corrected, back)} == {first["id"]}
    [event] = await inventory.outbox()
    assert (document(event)["version"], document(event)["quantity"]) == (3, 10000)
    read = (await inventory.client.get(f"/v1/activities/{first['id']}")).json()
    assert (read["quantity"], read["version"], read["note"]) == (10000, 3, "credit note 7")


async def test_a_deleted_activity_says_goodbye_and_frees_its_name(inventory: Inventory) -> None:
    [first] = await record(inventory.client, activity())
    await inventory.take_outbox()
    path = f"/v1/activities/{first['id']}"
    assert (await inventory.client.delete(path)).status_code == 428
    assert (await inventory.client.delete(path, headers={"If-Match": '"7"'})).status_code == 412
    assert (await inventory.client.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    last, tombstone = await inventory.outbox()
    assert (document(last)["deleted"], document(last)["version"]) == (True, 2)
    assert (tombstone.key, tombstone.data) == (first["id"], None)
    assert (await inventory.client.get(path)).status_code == 404
    assert (await inventory.client.get("/v1/activities")).json()["items"] == []
    [again] = await record(inventory.client, activity())
    assert (again["status"], again["id"] == first["id"]) == ("created", False)


PRESUMED = [
    ("maintenance_contract", "EUR", "maintenance.it_hardware", "EUR"),
    ("maintenance_contract", "k€", "maintenance.it_hardware", "kEUR"),
    ("intervention", "m", "transport.car", "m"),
    ("intervention", "passenger*km", "travel.high_speed_train", "person.km"),
    ("spare_part", "EUR", "purchase.it_equipment", "EUR"),
    ("sales_logistics", "t·km", "freight.van", "t.km"),
    ("sales_logistics", "km", "transport.van", "km"),
    ("training", "sessions", "training.session", "item"),
    ("end_of_life", "kg", "end_of_life.it_equipment", "kg"),
]


async def test_a_factor_is_presumed_by_kind_and_unit_and_told(inventory: Inventory) -> None:
    rows = [activity(f"a{index}", kind=kind, unit=unit) for index, (kind, unit, _, _) in enumerate(PRESUMED)]
    results = await record(inventory.client, *rows)
    assert [result["activity"] for result in results] == [expected for _, _, expected, _ in PRESUMED]
    assert [document(event)["unit"] for event in await inventory.outbox()] == [unit for _, _, _, unit in PRESUMED]


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"quantity": -1}, "quantity", "negative"),
    ({"quantity": "12"}, "quantity", "wrong_type"),
    ({"quantity": 1e13}, "quantity", "too_large"),
    ({"unit": "km"}, "unit", "wrong_dimension"),
    ({"unit": "EUR/km"}, "unit", "wrong_dimension"),
    ({"unit": "furlong2"}, "unit", "wrong_dimension"),
    ({"unit": "radian"}, "unit", "unknown_unit"),
    ({"unit": "9**9**9"}, "unit", "unknown_unit"),
    ({"unit": "quatloo"}, "unit", "unknown_unit"),
    ({"kind": "picnic"}, "kind", "unknown_kind"),
    ({"kind": "refrigerant_leak", "unit": "kg"}, "activity", "missing"),
    ({"kind": "other"}, "activity", "missing"),
    ({"activity": "Car!"}, "activity", "malformed"),
    ({"to": "2026-01-01"}, "to", "not_after_start"),
    ({"to": "2036-01-03"}, "to", "too_long"),
    ({"from": None}, "from", "missing"),
    ({"on": "2026-01-01"}, "on", "either_or"),
    ({"from": "1989-12-31"}, "from", "before_1990"),
    ({"from": "2026-01-01T00:00:00Z"}, "from", "not_a_date"),
    ({"country": "XX"}, "country", "unknown_country"),
    ({"asset": {"source": "cmdb", "external_id": "none"}}, "asset", "unknown_asset"),
    ({"asset": "0b0e7a6e-6a52-4c7f-9f0e-4e1b5a2f7c11"}, "asset", "unknown_asset"),
    ({"site": "none"}, "site", "unknown_site"),
    ({"org": "nobody"}, "org", "unknown_organisation"),
    ({"colour": "red"}, "colour", "unknown_field"),
]


async def test_each_broken_rule_is_named_and_sinks_no_other_row(inventory: Inventory) -> None:
    answers = await record(inventory.client, activity("good"), *(activity(**broken) for broken, _, _ in BROKEN))
    assert answers[0]["status"] == "created"
    for (broken, field, code), result in zip(BROKEN, answers[1:], strict=True):
        assert [(error["field"], error["code"]) for error in result["errors"]] == [(field, code)], broken


async def test_an_asset_of_another_organisation_is_not_known_to_an_activity(inventory: Inventory) -> None:
    [other] = await send(inventory.client, {**server("srv-7"), "org": "globex"})
    results = await record(
        inventory.client,
        activity("a", asset=other["id"]),
        activity("b", asset={"source": "cmdb", "external_id": "srv-7", "org": "globex"}),
    )
    assert [result["errors"][0]["code"] for result in results] == ["unknown_asset", "unknown_asset"]


async def test_activities_are_listed_by_what_they_are_for_and_when_a_page_at_a_time(inventory: Inventory) -> None:
    [asset] = await send(inventory.client, server("srv-1"))
    await record(
        inventory.client,
        activity("a", site="nanterre-1"),
        activity("b", asset=asset["id"], **{"from": "2026-02-01", "to": "2026-02-02"}),
        activity("c", kind="training", unit="session", quantity=1, **{"from": "2026-03-01", "to": "2026-03-02"}),
        activity("d", org="globex"),
    )

    async def listed(**query: Any) -> list[str]:
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await inventory.client.get("/v1/activities", params={"limit": 1, **query, **cursor})).json()
            found += [item["external_id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    assert await listed() == ["a", "b", "c", "d"]
    assert await listed(org="acme", kind="training") == ["c"]
    assert await listed(asset=asset["id"]) == ["b"]
    assert await listed(site="nanterre-1") == ["a"]
    assert await listed(org="acme", **{"from": "2026-02-02", "to": "2026-03-01"}) == ["a"]


async def test_republished_activities_are_those_that_were_published(inventory: Inventory) -> None:
    [kept] = await record(inventory.client, activity())
    [gone] = await record(inventory.client, activity("PO-2"))
    await inventory.client.delete(f"/v1/activities/{gone['id']}", headers={"If-Match": "*"})
    before = await inventory.take_outbox()
    async with inventory.database.snapshot("*") as connection:
        again = [event async for event in inventory.parts.republishers["inventory.activities"](connection)]
    async with inventory.database.transaction("*") as unit:
        unit.publish(*again)
    current = [
        event.data for event in before if event.key == kept["id"] or event.data is None or document(event)["deleted"]
    ]
    assert [event.data for event in await inventory.outbox()] == current


async def test_activities_for_a_record_that_proved_to_be_another_asset_are_that_ones(inventory: Inventory) -> None:
    kept, other = [row["id"] for row in await send(inventory.client, server("srv-1"), server("srv-2"))]
    rows = [activity(f"PO-{n}", asset={"source": "cmdb", "external_id": "srv-2"}) for n in (1, 2, 3)]
    ids = [result["id"] for result in await record(inventory.client, *rows, activity("PO-4", asset=kept))]
    await inventory.take_outbox()

    async def whose() -> dict[str, str]:
        listed = (await inventory.client.get("/v1/activities")).json()["items"]
        return {row["external_id"]: row["asset_id"] for row in listed}

    merged = await inventory.client.post(f"/v1/assets/{kept}/merge", json={"other": other}, headers={"If-Match": "*"})
    assert merged.status_code == 200, merged.text
    assert await whose() == {f"PO-{n}": kept for n in (1, 2, 3, 4)}
    told = {event.key: document(event) for event in await inventory.take_outbox() if "activities" in event.topic}
    assert {key: (one["asset_id"], one["version"]) for key, one in told.items()} == dict.fromkeys(ids[:3], (kept, 2))
    again, corrected = await record(inventory.client, rows[0], {**rows[1], "quantity": 7})
    assert (again["status"], corrected["status"]) == ("unchanged", "updated")
    gone = await inventory.client.delete(f"/v1/activities/{ids[2]}", headers={"If-Match": "*"})
    assert gone.status_code == 204
    undone = await inventory.client.post(f"/v1/assets/{kept}/undo", headers={"If-Match": "*"})
    assert undone.status_code == 200, undone.text
    assert await whose() == {"PO-1": other, "PO-2": other, "PO-4": kept}
    assert (await inventory.client.get(f"/v1/activities/{ids[1]}")).json()["quantity"] == 7
