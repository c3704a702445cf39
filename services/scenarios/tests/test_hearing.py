"""What scenarios keeps of what it hears: the newest version of each aggregate, whatever the order and however often."""

import random
from typing import Any
from uuid import UUID

import pytest
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from scenarios.main import SERVICE

SITE, ASSET = UUID(int=1), UUID(int=2)


def _site(version: int, **fields: Any) -> Event:
    data = {"id": str(SITE), "org": "acme", "name": f"site {version}", "country": "FR", "version": version, **fields}
    return Event("inventory.sites", "inventory.site.changed.v1", str(SITE), f"site/{SITE}", data)


def _asset(version: int, **fields: Any) -> Event:
    data = {
        "id": str(ASSET),
        "org": "acme",
        "kind": "server",
        "quantity": version,
        "version": version,
        "timeline": [{"from": "2026-01-01T00:00:00Z", "to": None, "status": "in_service", "site_id": str(SITE)}],
        **fields,
    }
    return Event("inventory.assets", "inventory.asset.changed.v1", str(ASSET), f"asset/{ASSET}", data)


def _factor(version: int, **fields: Any) -> Event:
    data = {
        "id": "electricity-fr-2021-ademe",
        "activity": "electricity",
        "criterion": "gwp",
        "value": 0.0569 + version,
        "unit": "kgCO2e/kWh",
        "region": "FR",
        "valid_from": "2021-01-01",
        "status": "published",
        "version": version,
        **fields,
    }
    return Event("factors.factors", "factors.factor.changed.v1", data["id"], f"factor/{data['id']}", data)


def _asset_month(version: int, **fields: Any) -> Event:
    data = {
        "asset_id": str(ASSET),
        "org": "acme",
        "month": "2026-10",
        "kind": "server",
        "kwh": 100.0 * version,
        "stages": [
            {"stage": "use", "criterion": "gwp", "basis": "location", "value": 5.69, "scope": 2},
            {"stage": "manufacturing", "criterion": "gwp", "basis": None, "value": 1.0 * version, "scope": 3},
            {"stage": "manufacturing", "criterion": "pe", "basis": None, "value": 70.0, "scope": 3},
            {"stage": "maintenance_and_sale", "criterion": "gwp", "basis": None, "value": 0.5, "scope": 3},
        ],
        "version": version,
        **fields,
    }
    key = f"{ASSET}/2026-10"
    return Event("footprint.asset-months", "footprint.asset-month.changed.v1", key, f"asset-month/{key}", data)


async def _rows(scenarios: RunningService[Any], table: str) -> list[dict[str, Any]]:
    async with scenarios.database.snapshot(EVERY) as connection:
        return [dict(row) for row in await connection.fetch(f"SELECT * FROM {table}")]


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_and_any_repetition_ends_with_the_newest_versions(make_service: MakeService, seed: int) -> None:
    chance = random.Random(seed)
    scenarios = await make_service(SERVICE)
    events = [make(version) for make in (_site, _asset, _factor, _asset_month) for version in range(1, 6)]
    deliveries = events + chance.choices(events, k=15)
    chance.shuffle(deliveries)
    while deliveries:
        size = chance.randint(1, 6)
        await scenarios.handle(*deliveries[:size])
        del deliveries[:size]
    for table in ("sites", "assets", "factors", "asset_months"):
        [row] = await _rows(scenarios, table)
        assert row["version"] == 5, table
    [asset] = await _rows(scenarios, "assets")
    [month] = await _rows(scenarios, "asset_months")
    assert (asset["quantity"], month["kwh"]) == (5, 500.0)
    assert asset["timeline"][0]["site_id"] == str(SITE)
    assert month["gwp_kg"] == 5.69 + 5.0 + 0.5
    assert month["stages"] == [
        {"stage": "manufacturing", "criterion": "gwp", "value": 5.0},
        {"stage": "maintenance_and_sale", "criterion": "gwp", "value": 0.5},
    ], "what a study starts from, and nothing else"


async def test_two_versions_in_one_batch_leave_the_higher_one(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    await scenarios.handle(_site(2), _site(1))
    [site] = await _rows(scenarios, "sites")
    assert (site["version"], site["name"]) == (2, "site 2")


async def test_a_late_older_version_does_not_bring_a_deleted_asset_back(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    await scenarios.handle(_asset(2, deleted=True, timeline=[]), _asset(1))
    answer = await scenarios.client.get("/v1/scope", params={"org": "acme"})
    assert answer.json()["assets"] == []


async def test_fields_that_scenarios_does_not_know_are_no_obstacle(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    await scenarios.handle(_asset(1, invented_later={"by": "somebody"}), _site(1, colour="green"))
    assert len(await _rows(scenarios, "assets")) == len(await _rows(scenarios, "sites")) == 1


async def test_an_event_that_cannot_be_read_is_set_aside_and_the_others_are_kept(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    other = str(UUID(int=3))
    broken = Event(
        "inventory.assets", "inventory.asset.changed.v1", other, f"asset/{other}", {"id": other, "version": 0}
    )
    await scenarios.handle(broken, _asset(1))
    [asset] = await _rows(scenarios, "assets")
    [letter] = await _rows(scenarios, "dead_letters")
    assert asset["id"] == ASSET
    assert (letter["key"], letter["state"]) == (other, "dead")
    [event] = await scenarios.outbox()
    assert event.topic == "scenarios.dead-letters"


async def test_the_scope_tells_what_a_study_can_start_from(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    await scenarios.handle(_site(1), _asset(3), _asset_month(1), _asset_month(1, month="2026-09"))
    answer = await scenarios.client.get("/v1/scope", params={"org": "acme"})
    assert answer.json() == {
        "org": "acme",
        "assets": [{"kind": "server", "quantity": 3}],
        "sites": 1,
        "first_month": "2026-09",
        "last_month": "2026-10",
    }


async def test_a_caller_sees_no_organisation_but_its_own(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    await scenarios.handle(_site(1), _asset(1))
    async with scenarios.client_for(["globex"]) as client:
        assert (await client.get("/v1/scope", params={"org": "acme"})).status_code == 403
        assert (await client.get("/v1/scope", params={"org": "globex"})).json()["sites"] == 0


async def test_without_a_where_clause_rows_of_others_stay_hidden(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    await scenarios.handle(_site(1), _asset(1), _asset_month(1))
    async with scenarios.database.snapshot(frozenset({"globex"})) as connection:
        for table in ("sites", "assets", "asset_months"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
