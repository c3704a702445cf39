"""One organisation's token neither measures nor reads another's assets, nor learns that they exist; so it is with activities."""

from typing import Any

import httpx

from services.inventory.tests.measuring import NO_PAUSE, new_server, record, roll_up_all, sample
from services.inventory.tests.sending import Inventory, MakeInventory

DAY = "2026-03-10T00:00:00+01:00"
NOBODY = "0b0e7a6e-6a52-4c7f-9f0e-4e1b5a2f7c11"


async def measured(make_inventory: MakeInventory) -> tuple[Inventory, str]:
    """An inventory in which an asset of acme has measurements."""
    inventory = await make_inventory(**NO_PAUSE)
    asset = await new_server(inventory, site="nanterre-1")
    await record(inventory.client, sample(asset, "average_w", DAY, 60, 100))
    await roll_up_all(inventory)
    return inventory, asset


def without_ids(answer: Any, *ids: str) -> str:
    """An answer in which ids that were asked for cannot be told apart."""
    text = str(answer)
    for each in ids:
        text = text.replace(each, "?")
    return text


async def test_another_organisations_asset_is_measured_as_little_as_one_that_is_not_there(
    make_inventory: MakeInventory,
) -> None:
    inventory, asset = await measured(make_inventory)
    before = (await inventory.client.get(f"/v1/assets/{asset}/measurements", params={"month": "2026-03"})).json()
    async with inventory.client_for(["globex"]) as globex:
        for known, unknown in (
            (asset, NOBODY),
            ({"source": "cmdb", "external_id": "srv-1"}, {"source": "cmdb", "external_id": "srv-9"}),
            (
                {"source": "cmdb", "external_id": "srv-1", "org": "acme"},
                {"source": "cmdb", "external_id": "srv-9", "org": "acme"},
            ),
        ):
            theirs, nobodys = (
                await record(globex, *(sample(name, "average_w", DAY, 60, 7) for name in (known, unknown)))
            )["results"]
            assert theirs["errors"][0]["code"] == "unknown_asset"
            assert without_ids(theirs["errors"], asset, "srv-1") == without_ids(nobodys["errors"], NOBODY, "srv-9")
            scrape = {"preset": "hmc", "at": DAY, "interval_s": 300, "fields": {"powerReading": 1}}
            answer = await globex.post(
                "/v1/measurements/readings", json=[{**scrape, "asset": known}, {**scrape, "asset": unknown}]
            )
            assert [result["errors"][0]["code"] for result in answer.json()["results"]] == ["unknown_asset"] * 2
    await roll_up_all(inventory)
    assert (
        await inventory.client.get(f"/v1/assets/{asset}/measurements", params={"month": "2026-03"})
    ).json() == before


async def test_another_organisations_measurements_are_not_there(make_inventory: MakeInventory) -> None:
    inventory, asset = await measured(make_inventory)
    span = {"from": DAY, "to": "2026-03-11T00:00:00+01:00"}
    async with inventory.client_for(["globex"]) as globex:
        for path, query in (("measurements", {"month": "2026-03"}), ("measurements/months", {}), ("samples", span)):
            theirs = await globex.get(f"/v1/assets/{asset}/{path}", params=query)
            nobodys = await globex.get(f"/v1/assets/{NOBODY}/{path}", params=query)
            assert (theirs.status_code, nobodys.status_code) == (404, 404)
            assert without_ids(theirs.json(), asset) == without_ids(nobodys.json(), NOBODY)


async def activities(client: httpx.AsyncClient, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = (await client.post("/v1/activities/batch", json=list(rows))).json()["results"]
    return results


async def test_another_organisations_activities_are_neither_seen_nor_changed(make_inventory: MakeInventory) -> None:
    inventory, asset = await measured(make_inventory)
    row = {
        "org": "acme",
        "source": "erp",
        "external_id": "1",
        "kind": "intervention",
        "on": "2026-03-10",
        "quantity": 3,
        "unit": "km",
    }
    [known] = await activities(inventory.client, {**row, "asset": asset, "site": "nanterre-1"})
    path = f"/v1/activities/{known['id']}"
    before = (await inventory.client.get(path)).json()
    async with inventory.client_for(["globex"]) as globex:
        assert (await globex.get(path)).status_code == 404
        assert (await globex.delete(path, headers={"If-Match": "*"})).status_code == 404
        for query in ({}, {"org": "acme"}, {"asset": asset}, {"site": "nanterre-1"}):
            assert (await globex.get("/v1/activities", params=query)).json()["items"] == []
        theirs, theirs_too, on_asset, own = await activities(
            globex,
            {**row, "quantity": 9},
            {**row, "org": "nobody"},
            {**row, "org": "globex", "asset": asset},
            {**row, "org": "globex"},
        )
        codes = [each["errors"][0]["code"] for each in (theirs, theirs_too, on_asset)]
        assert codes == ["forbidden_organisation", "forbidden_organisation", "unknown_asset"]
        assert own["status"] == "created"
    assert (await inventory.client.get(path)).json() == before


async def test_measuring_needs_the_scope_to_write_and_looking_the_scope_to_read(make_inventory: MakeInventory) -> None:
    inventory, asset = await measured(make_inventory)
    posts = ("/v1/measurements/batch", "/v1/measurements/readings", "/v1/activities/batch")
    gets = (f"/v1/assets/{asset}/measurements?month=2026-03", "/v1/activities", "/v1/measurement-presets")
    async with inventory.client_for("*", ["inventory:read"]) as reader:
        assert [(await reader.post(path, json=[])).status_code for path in posts] == [403] * 3
        assert [(await reader.get(path)).status_code for path in gets] == [200] * 3
    async with inventory.client_for("*", ["inventory:write"]) as writer:
        assert [(await writer.get(path)).status_code for path in gets] == [403] * 3
