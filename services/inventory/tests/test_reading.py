"""Finding assets, counting them, what is missing of them, saved views, and the sheet of one."""

from typing import Any

import httpx
import pytest

from services.inventory.tests.assets import ANY, change, post, read
from services.inventory.tests.sending import Clock, Inventory, machine, send, server

CONFIGURATION = {"cpu": {"units": 2, "cores": 24, "tdp_w": 150}, "ram": [{"units": 12, "gib": 32}]}


@pytest.fixture
async def park(inventory: Inventory) -> dict[str, str]:
    """Assets of many sorts, by external id."""
    rows = [
        server(
            "srv-1",
            site="nanterre-1",
            name="esx 01",
            model={"maker": "Dell", "name": "PowerEdge R740"},
            acquired={"on": "2019-03-15", "condition": "new", "price_eur": "9800.00"},
            planned_life_years=6,
            configuration=CONFIGURATION,
            support={"kind": "maker"},
            serial_number="SN-88F2",
            owner="infra",
            tags={"env": "prod", "rack": "b7"},
            effective_from="2026-01-01",
        ),
        server(
            "srv-2",
            status="off",
            acquired={"on": "2024-01-10", "condition": "refurbished", "age_years": 6},
            tags={"env": "test"},
            effective_from="2026-01-01",
        ),
        machine("vm-1", "srv-1", plan="cloud-like", allocation={"vcpu": 4}, effective_from="2026-01-01"),
        machine("vm-2", effective_from="2026-01-01"),
        {**server("lot-1", quantity=40, effective_from="2026-01-01"), "kind": "laptop", "source": "glpi"},
        server("srv-9", effective_from="2026-01-01"),
        server("srv-9", status="retired", effective_from="2026-06-01"),
    ]
    results = await send(inventory.client, *rows)
    body = {"org": "acme", "code": "erp", "machines": [{"source": "cmdb", "external_id": "vm-1"}]}
    assert (await inventory.client.post("/v1/applications", json=body)).status_code == 201
    return {row["external_id"]: result["id"] for row, result in zip(rows, results, strict=True)}


async def found(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/v1/assets", params=query)
    assert answer.status_code == 200, answer.text
    return sorted(item["external_id"] for item in answer.json()["items"])


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"kind": ["server", "laptop"], "status": ["in_service", "off"]}, ["lot-1", "srv-1", "srv-2"]),
    ({"status": "retired"}, ["srv-9"]),
    ({"status": "retired", "as_of": "2026-03-01T00:00:00Z"}, []),
    ({"kind": "server", "as_of": "2025-03-01T00:00:00Z"}, []),
    ({"site": "nanterre-1"}, ["srv-1"]),
    ({"application": "erp"}, ["vm-1"]),
    ({"tag": "env=prod"}, ["srv-1"]),
    ({"tag": ["rack", "env=test"]}, ["srv-1", "srv-2"]),
    ({"source": "glpi"}, ["lot-1"]),
    ({"plan": "cloud-like"}, ["vm-1"]),
    ({"owner": "infra"}, ["srv-1"]),
    ({"maker": "Dell", "model": "PowerEdge R740"}, ["srv-1"]),
    ({"condition": "refurbished"}, ["srv-2"]),
    ({"support": "maker"}, ["srv-1"]),
    ({"acquired_before": "2020-01-01"}, ["srv-1"]),
    ({"acquired_from": "2020-01-01"}, ["srv-2"]),
    ({"older_than_years": 7}, ["srv-1", "srv-2"]),
    ({"older_than_years": 8}, ["srv-2"]),
    ({"missing": "host"}, ["vm-2"]),
    ({"missing": ["host", "site"]}, ["lot-1", "srv-2", "vm-2"]),
    ({"changed_since": "2026-11-24T00:00:00Z"}, []),
    ({"q": "esx"}, ["srv-1"]),
    ({"q": "dell B7"}, ["srv-1"]),
    ({"q": "sn-88f2"}, ["srv-1"]),
    ({"q": "esx test"}, []),
]


async def test_assets_are_found_by_everything_that_is_known_of_them(inventory: Inventory, park: dict[str, str]) -> None:
    for query, expected in FILTERS:
        assert await found(inventory.client, **query) == expected, query
    assert await found(inventory.client, host=park["srv-1"]) == ["vm-1"]


async def test_a_query_that_no_filter_knows_is_refused_by_name(inventory: Inventory) -> None:
    for path in ("/v1/assets", "/v1/assets/facets", "/v1/assets/quality", "/v1/assets/export"):
        for query in ({"knid": "server"}, {"missing": "everything"}, {"as_of": "2026-01-01"}, {"host": "srv-1"}):
            answer = await inventory.client.get(path, params=query)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(query))), path


async def facets(inventory: Inventory, **query: Any) -> dict[str, Any]:
    answer = await inventory.client.get("/v1/assets/facets", params=query)
    assert answer.status_code == 200, answer.text
    counted: dict[str, Any] = answer.json()
    return counted


async def test_facets_count_assets_and_units_and_leave_their_own_filter_out(
    inventory: Inventory, park: dict[str, str]
) -> None:
    counted = await facets(inventory)
    assert counted["total"] == {"assets": 6, "units": 45}
    assert counted["facets"]["kind"] == [
        {"value": "server", "assets": 3, "units": 3},
        {"value": "virtual_machine", "assets": 2, "units": 2},
        {"value": "laptop", "assets": 1, "units": 40},
    ]
    assert counted["facets"]["application"] == [
        {"value": None, "assets": 5, "units": 44},
        {"value": "erp", "assets": 1, "units": 1},
    ]
    some = await facets(inventory, kind="server", facet=["kind", "status"])
    assert some["total"]["assets"] == 3
    assert list(some["facets"]) == ["kind", "status"]
    assert [one["assets"] for one in some["facets"]["kind"]] == [3, 2, 1]
    assert {one["value"]: one["assets"] for one in some["facets"]["status"]} == {
        "in_service": 1,
        "off": 1,
        "retired": 1,
    }


async def test_what_is_missing_is_counted_by_field_and_listed_by_it(inventory: Inventory, park: dict[str, str]) -> None:
    answer = (await inventory.client.get("/v1/assets/quality")).json()
    assert (answer["assets"], answer["units"]) == (5, 44)
    gaps = {gap["field"]: gap for gap in answer["gaps"]}
    assert (gaps["site"]["assets"], gaps["site"]["units"], gaps["site"]["severity"]) == (2, 41, "high")
    assert gaps["acquired.on"]["assets"] == 1
    assert gaps["site.pue"]["assets"] == 1
    assert "acquired.age_years" not in gaps
    assert [gap["severity"] for gap in answer["gaps"]] == sorted(
        (gap["severity"] for gap in answer["gaps"]), key=["high", "medium", "low"].index
    )
    for field, gap in gaps.items():
        assert len(await found(inventory.client, missing=field)) == gap["assets"], field


async def test_a_gap_closes_when_what_was_missing_is_told(inventory: Inventory, park: dict[str, str]) -> None:
    async def missing() -> set[str]:
        return {gap["field"] for gap in (await read(inventory, park["srv-1"], "/sheet"))["missing"]}

    assert await missing() == {"site.pue", "declared"}
    await change(inventory, park["srv-1"], declared={"annual_kwh": 2400})
    site = (await inventory.client.get("/v1/sites")).json()["items"][0]
    pue = {"pue": [{"value": 1.4}]}
    assert (await inventory.client.patch(f"/v1/sites/{site['id']}", json=pue, headers=ANY)).status_code == 200
    assert await missing() == set()


async def test_the_sheet_shows_everything_about_one_asset_in_one_call(
    inventory: Inventory, park: dict[str, str], clock: Clock
) -> None:
    clock.advance(days=1)
    await change(inventory, park["vm-1"], allocation={"vcpu": 8}, effective_from="2026-10-01")
    sheet = await read(inventory, park["vm-1"], "/sheet")
    assert sheet["asset"] == await read(inventory, park["vm-1"])
    assert [piece["allocation"]["vcpu"] for piece in sheet["timeline"]] == [4, 8]
    assert [version["version"] for version in sheet["history"]] == [2, 1]
    assert [one["code"] for one in sheet["applications"]] == ["erp"]
    host = await read(inventory, park["srv-1"], "/sheet")
    assert host["site"]["code"] == "nanterre-1"
    assert [(one["external_id"], one["vcpu"]) for one in host["machines"]] == [("vm-1", 8)]
    assert host["machines_in_all"] == 1
    await send(inventory.client, {**server("2217", serial_number="sn88f2"), "source": "glpi"})
    assert [one["by"] for one in (await read(inventory, park["srv-1"], "/sheet"))["likely_the_same"]] == [
        "serial_number"
    ]


async def save(client: httpx.AsyncClient, name: str, **more: Any) -> httpx.Response:
    body = {"org": "acme", "name": name, "filter": {"kind": ["server"], "status": ["in_service"]}, **more}
    return await client.post("/v1/views", json=body)


async def test_a_saved_view_is_a_filter_that_a_query_may_change(inventory: Inventory, park: dict[str, str]) -> None:
    view = (await save(inventory.client, "servers")).json()
    assert await found(inventory.client, view=view["id"]) == ["srv-1"]
    assert await found(inventory.client, view=view["id"], status="off") == ["srv-2"]
    counted = await facets(inventory, view=view["id"])
    assert counted["total"]["assets"] == 1
    path = f"/v1/views/{view['id']}"
    changed = await inventory.client.patch(path, json={"filter": {"q": "vm"}}, headers={"If-Match": '"1"'})
    assert (changed.json()["version"], changed.json()["name"]) == (2, "servers")
    assert await found(inventory.client, view=view["id"]) == ["vm-1", "vm-2"]
    assert (await save(inventory.client, "servers")).status_code == 409
    assert (await inventory.client.delete(path, headers=ANY)).status_code == 204
    assert (await inventory.client.get("/v1/assets", params={"view": view["id"]})).status_code == 404


async def test_a_view_is_of_its_maker_until_it_is_shared_and_only_the_maker_changes_it(
    inventory: Inventory, park: dict[str, str]
) -> None:
    async with inventory.client_for(["acme"], client="ann") as ann, inventory.client_for(["acme"], client="bob") as bob:
        own = (await save(ann, "own")).json()
        shared = (await save(ann, "shared", shared=True)).json()
        assert [one["name"] for one in (await bob.get("/v1/views")).json()["items"]] == ["shared"]
        assert (await bob.get(f"/v1/views/{own['id']}")).status_code == 404
        seen = (await bob.get(f"/v1/views/{shared['id']}")).json()
        assert (seen["own"], seen["filter"]) == (False, shared["filter"])
        assert (await bob.patch(f"/v1/views/{shared['id']}", json={"name": "x"}, headers=ANY)).status_code == 403
        assert (await bob.delete(f"/v1/views/{own['id']}", headers=ANY)).status_code == 404
        assert (await save(bob, "shared")).status_code == 201


async def test_what_was_merged_away_is_found_under_the_asset_that_stayed(
    inventory: Inventory, park: dict[str, str]
) -> None:
    merged = await post(inventory, park["srv-1"], "merge", {"other": park["srv-2"]})
    assert merged.status_code == 200, merged.text
    assert await found(inventory.client, q="srv-2") == ["srv-1"]
