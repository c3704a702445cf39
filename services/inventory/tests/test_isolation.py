"""One organisation's token neither sees nor changes another's rows, nor learns that they exist."""

from typing import Any

import pytest

from services.inventory.tests.sending import Inventory, machine, send, server


@pytest.fixture
async def acme(inventory: Inventory) -> dict[str, Any]:
    """A server of acme, by its document."""
    [result] = await send(inventory.client, server("srv-1", site="nanterre-1"))
    document: dict[str, Any] = (await inventory.client.get(f"/v1/assets/{result['id']}")).json()
    return document


async def test_another_organisations_asset_is_not_there(inventory: Inventory, acme: dict[str, Any]) -> None:
    async with inventory.client_for(["globex"]) as globex:
        path = f"/v1/assets/{acme['id']}"
        match = {"If-Match": "*"}
        assert (await globex.get(path)).status_code == 404
        assert (await globex.get(f"{path}/timeline")).status_code == 404
        assert (await globex.patch(path, json={"name": "mine"}, headers=match)).status_code == 404
        assert (await globex.delete(path, headers=match)).status_code == 404
    assert (await inventory.client.get(path)).json() == acme


async def test_lists_hold_only_what_the_token_names(inventory: Inventory, acme: dict[str, Any]) -> None:
    async with inventory.client_for(["globex"]) as globex:
        assert (await globex.get("/v1/assets")).json()["items"] == []
        assert (await globex.get("/v1/assets", params={"org": "acme"})).json()["items"] == []
        assert [site["org"] for site in (await globex.get("/v1/sites")).json()["items"]] == ["globex"]
        assert [org["id"] for org in (await globex.get("/v1/organizations")).json()["items"]] == ["globex"]
        assert (await globex.get("/v1/organizations/acme")).status_code == 404
        assert (await globex.get(f"/v1/sites/{acme['site_id']}")).status_code == 404
        change = await globex.patch(f"/v1/sites/{acme['site_id']}", json={"name": "x"}, headers={"If-Match": "*"})
        assert change.status_code == 404


async def test_nothing_is_created_for_another_organisation_whether_it_exists_or_not(inventory: Inventory) -> None:
    async with inventory.client_for(["globex"]) as globex:
        for org in ("acme", "nobody"):
            [result] = await send(globex, {**server("srv-1"), "org": org})
            assert result["errors"][0]["code"] == "forbidden_organisation"
            site = {"org": org, "code": "x", "name": "x", "kind": "office", "country": "FR"}
            assert (await globex.post("/v1/sites", json=site)).status_code == 403
            organisation = {"id": org, "name": "x", "role": "customer"}
            assert (await globex.post("/v1/organizations", json=organisation)).status_code == 403
    assert await inventory.outbox() == []


async def test_another_organisations_host_and_site_cannot_be_used_nor_guessed(
    inventory: Inventory, acme: dict[str, Any]
) -> None:
    await inventory.client.post(
        "/v1/sites", json={"org": "acme", "code": "secret-1", "name": "s", "kind": "office", "country": "FR"}
    )
    async with inventory.client_for(["globex"]) as globex:
        known, unknown, site = await send(
            globex,
            {**machine("vm-1"), "org": "globex", "host": {"source": "cmdb", "external_id": "srv-1", "org": "acme"}},
            {**machine("vm-2"), "org": "globex", "host": {"source": "cmdb", "external_id": "srv-9", "org": "acme"}},
            {**server("srv-2"), "org": "globex", "site": "secret-1"},
        )
    assert known["errors"][0]["code"] == unknown["errors"][0]["code"] == "unknown_host"
    assert site["errors"][0]["code"] == "unknown_site"


async def test_the_same_names_may_be_used_by_two_organisations(inventory: Inventory, acme: dict[str, Any]) -> None:
    async with inventory.client_for(["globex"]) as globex:
        [result] = await send(globex, {**server("srv-1"), "org": "globex"})
        assert result["status"] == "created"
        assert result["id"] != acme["id"]


async def test_a_provider_may_put_a_customers_machine_on_its_own_host(
    inventory: Inventory, acme: dict[str, Any]
) -> None:
    async with inventory.client_for(["acme", "globex"]) as provider:
        [result] = await send(
            provider,
            {**machine("vm-1"), "org": "globex", "host": {"source": "cmdb", "external_id": "srv-1", "org": "acme"}},
        )
        assert result["status"] == "created"
    async with inventory.client_for(["globex"]) as globex:
        document = (await globex.get(f"/v1/assets/{result['id']}")).json()
        assert document["host"] is None


async def test_a_host_is_not_deleted_under_a_machine_that_its_owner_cannot_see(
    inventory: Inventory, acme: dict[str, Any]
) -> None:
    host = {"source": "cmdb", "external_id": "srv-1", "org": "acme"}
    await send(inventory.client, {**machine("vm-1"), "org": "globex", "host": host})
    async with inventory.client_for(["acme"]) as owner:
        answer = await owner.delete(f"/v1/assets/{acme['id']}", headers={"If-Match": "*"})
        assert answer.status_code == 409
        assert [item["external_id"] for item in (await owner.get("/v1/assets")).json()["items"]] == ["srv-1"]


async def test_reading_needs_the_scope_to_read_and_writing_the_scope_to_write(inventory: Inventory) -> None:
    async with inventory.client_for("*", ["inventory:read"]) as reader:
        assert (await reader.get("/v1/assets")).status_code == 200
        assert (await reader.post("/v1/assets/batch", json=[])).status_code == 403
    async with inventory.client_for("*", ["inventory:write"]) as writer:
        assert (await writer.get("/v1/assets")).status_code == 403


async def test_every_table_with_rows_of_organisations_is_isolated(inventory: Inventory) -> None:
    async with inventory.database.snapshot("*") as connection:
        rows = await connection.fetch(
            """
            SELECT c.relname
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
            WHERE n.nspname = 'inventory' AND c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
            """
        )
        without = await connection.fetch(
            """
            SELECT c.relname
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'inventory' AND c.relkind = 'r'
              AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id')
            ORDER BY 1
            """
        )
    assert rows == []
    assert [row["relname"] for row in without] == [
        "dead_letters",
        "idempotency_keys",
        "outbox",
        "processed_events",
        "schema_migrations",
    ]
