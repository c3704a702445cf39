"""Small batches that wait at the same moment are written together, each answered as if it had come alone."""

import asyncio
import secrets
from typing import Any

import httpx
from common.organisations import EVERY

from services.inventory.tests.sending import Inventory, MakeInventory, send, server


async def transactions(inventory: Inventory) -> list[int]:
    """The number of versions that each transaction wrote which is behind what is known of the assets."""
    async with inventory.database.snapshot(EVERY) as connection:
        rows = await connection.fetch("SELECT count(*) AS versions FROM asset_revisions GROUP BY xmin::text")
    return [row["versions"] for row in rows]


async def authors(inventory: Inventory) -> dict[str, str]:
    """Who wrote the last version of each asset, by the asset's external id."""
    async with inventory.database.snapshot(EVERY) as connection:
        rows = await connection.fetch(
            """
            SELECT a.external_id, r.client
            FROM assets a
            JOIN asset_revisions r ON r.asset_id = a.id AND r.version = a.version
            """
        )
    return {row["external_id"]: row["client"] for row in rows}


async def together(inventory: Inventory, *batches: list[Any]) -> list[list[dict[str, Any]]]:
    """Send batches at the same moment; their results."""
    return await asyncio.gather(*(send(inventory.client, *batch) for batch in batches))


async def test_what_waits_at_the_same_moment_is_written_by_few_transactions(inventory: Inventory) -> None:
    results = await together(inventory, *([server(f"srv-{number}")] for number in range(40)))
    assert [[(row["index"], row["status"], row["version"]) for row in one] for one in results] == [
        [(0, "created", 1)]
    ] * 40
    assert len({one[0]["id"] for one in results}) == 40
    assert max(await transactions(inventory)) > 10


async def test_each_batch_is_told_of_its_own_rows(inventory: Inventory) -> None:
    await send(inventory.client, server("first"))
    one, two, three = await together(
        inventory,
        [server("srv-1"), server("srv-2", site="elsewhere")],
        [server("srv-3", quantity=0)],
        ["not an asset", server("srv-4"), server("first", name="renamed")],
    )
    assert [(row["index"], row["status"]) for row in one] == [(0, "created"), (1, "error")]
    assert [(error["field"], error["code"]) for error in one[1]["errors"]] == [("site", "unknown_site")]
    assert [(error["field"], error["code"]) for row in two for error in row["errors"]] == [("quantity", "too_small")]
    assert [(row["index"], row["status"], row.get("version")) for row in three] == [
        (0, "error", None),
        (1, "created", 1),
        (2, "updated", 2),
    ]


async def test_changes_of_one_asset_at_the_same_moment_all_count(inventory: Inventory) -> None:
    await send(inventory.client, server("srv-1"))
    results = await together(inventory, *([server("srv-1", name=f"name-{number}")] for number in range(8)))
    assert sorted(row["version"] for [row] in results) == list(range(2, 10))


async def test_changes_under_two_names_of_one_asset_all_count(inventory: Inventory) -> None:
    [known] = await send(inventory.client, server("srv-1"))
    name = {"source": "glpi", "external_id": "2217"}
    path = f"/v1/assets/{known['id']}/identities"
    assert (await inventory.client.post(path, json=name, headers={"If-Match": '"1"'})).status_code == 200
    results = await together(
        inventory, [server("other")], [server("srv-1", tags={"a": "1"})], [{**server("srv-1"), **name, "quantity": 3}]
    )
    assert {row["version"] for [row] in results[1:]} == {3, 4}
    found = (await inventory.client.get(f"/v1/assets/{known['id']}")).json()
    assert (found["tags"], found["quantity"]) == ({"a": "1"}, 3)


async def test_each_event_belongs_to_the_trace_of_its_own_call(inventory: Inventory) -> None:
    traces = {f"srv-{number}": secrets.token_hex(16) for number in range(12)}

    async def create(external_id: str, trace_id: str) -> None:
        headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
        answer = await inventory.client.post("/v1/assets/batch", json=[server(external_id)], headers=headers)
        assert answer.json()["results"][0]["status"] == "created"

    await asyncio.gather(*(create(*each) for each in traces.items()))
    async with inventory.database.snapshot(EVERY) as connection:
        rows = await connection.fetch(
            "SELECT convert_from(value, 'UTF8')::json ->> 'external_id' AS external_id, traceparent FROM outbox"
        )
    assert {row["external_id"]: row["traceparent"].split("-")[1] for row in rows} == traces


async def test_each_change_is_kept_as_its_own_clients(inventory: Inventory) -> None:
    clients = [inventory.client_for(client=f"client-{number}") for number in range(3)]
    await asyncio.gather(
        *(send(client, server(f"{number}-{turn}")) for number, client in enumerate(clients) for turn in range(5))
    )
    wrote = await authors(inventory)
    assert wrote == {f"{number}-{turn}": f"client-{number}" for number in range(3) for turn in range(5)}


async def test_organisations_that_a_token_does_not_name_stay_closed(inventory: Inventory) -> None:
    narrow = inventory.client_for(["globex"], client="tests")
    allowed, refused = await asyncio.gather(send(inventory.client, server("a")), send(narrow, server("b")))
    assert allowed[0]["status"] == "created"
    assert [error["code"] for error in refused[0]["errors"]] == ["forbidden_organisation"]


async def test_a_batch_that_fails_as_a_whole_fails_alone(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(event_limit_bytes=2_000)
    large = server("large", tags={f"tag-{number}": "x" * 100 for number in range(30)})
    sent = [[server("srv-1")], [server("srv-2")], [large], [server("srv-3")]]
    answers = await asyncio.gather(*(inventory.client.post("/v1/assets/batch", json=rows) for rows in sent))
    assert [answer.status_code for answer in answers] == [200, 200, 422, 200]
    assert answers[2].json()["type"].endswith("event-too-large")
    assert len(await inventory.take_outbox()) == 3


async def test_a_batch_that_waits_for_a_lock_does_not_hold_up_the_others(inventory: Inventory) -> None:
    await send(inventory.client, server("locked"), server("free"))
    async with inventory.database.transaction(EVERY) as unit:
        await unit.connection.execute("SELECT 1 FROM assets WHERE external_id = 'locked' FOR UPDATE")
        waiting = asyncio.create_task(send(inventory.client, server("locked", name="late")))
        beside = [send(inventory.client, server("free", name=f"name-{number}")) for number in range(3)]
        assert sorted(row["version"] for [row] in await asyncio.gather(*beside)) == [2, 3, 4]
        assert not waiting.done()
    [late] = await waiting
    assert (late["status"], late["version"]) == ("updated", 2)


async def test_the_same_new_asset_told_by_two_callers_at_once_is_created_once(inventory: Inventory) -> None:
    clients = [inventory.client_for(client=f"client-{number}") for number in range(4)]
    results = await asyncio.gather(
        *(send(client, server("new", quantity=2 + number)) for number, client in enumerate(clients))
    )
    assert len({row["id"] for [row] in results}) == 1
    assert sorted((row["status"], row["version"]) for [row] in results) == [
        ("created", 1),
        ("updated", 2),
        ("updated", 3),
        ("updated", 4),
    ]


async def test_a_full_outbox_refuses_all_that_wait(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(outbox_limit=1)
    await send(inventory.client, server("srv-1"))
    async with inventory.database.snapshot(EVERY) as connection:
        await inventory.database.gate.measure(connection)

    async def refused(number: int) -> httpx.Response:
        return await inventory.client.post("/v1/assets/batch", json=[server(f"more-{number}")])

    answers = await asyncio.gather(*(refused(number) for number in range(5)))
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.headers["Retry-After"] for answer in answers} == {"10"}
