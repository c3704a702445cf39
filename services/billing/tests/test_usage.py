"""What billing keeps of what it hears, and the usage it reads from it."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from billing.main import SERVICE
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService

VM = UUID(int=7)
OCTOBER = {"org": "acme", "month": "2026-10"}


def _clock(year: int, month: int, day: int) -> Callable[[], datetime]:
    return lambda: datetime(year, month, day, tzinfo=UTC)


def _organisation(version: int = 1, org: str = "acme", **fields: Any) -> Event:
    data = {"id": org, "name": "Acme", "role": "customer", "time_zone": "Europe/Paris", "version": version, **fields}
    return Event(
        "inventory.organizations",
        "inventory.organization.changed.v1",
        org,
        f"organization/{org}",
        {**data, "deleted": False},
    )


def _segment(start: str, end: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "from": start,
        "to": end,
        "status": "in_service",
        "plan": "cloud-like",
        "allocation": {"vcpu": 4, "ram_gib": 16.0, "disk_gib": 100.0},
        **fields,
    }


def _vm(version: int, *timeline: dict[str, Any], asset: UUID = VM, **fields: Any) -> Event:
    data = {
        "id": str(asset),
        "org": "acme",
        "source": "vcenter",
        "external_id": f"vm-{asset.int}",
        "kind": "virtual_machine",
        "name": f"version {version}",
        "version": version,
        "deleted": False,
        "timeline": list(timeline),
        **fields,
    }
    return Event("inventory.assets", "inventory.asset.changed.v1", str(asset), f"asset/{asset}", data)


def _footprint(version: int, asset: UUID = VM, **fields: Any) -> Event:
    data = {
        "asset_id": str(asset),
        "org": "acme",
        "month": "2026-10",
        "kind": "virtual_machine",
        "kwh": 10.0 * version,
        "stages": [
            {"stage": "manufacturing", "criterion": "gwp", "basis": None, "value": 2.0},
            {"stage": "use", "criterion": "gwp", "basis": "location", "value": 1.0 * version},
            {"stage": "use", "criterion": "gwp", "basis": "market", "value": 99.0},
            {"stage": "use", "criterion": "pe", "basis": None, "value": 77.0},
        ],
        "version": version,
        **fields,
    }
    key = f"{asset}/2026-10"
    return Event("footprint.asset-months", "footprint.asset-month.changed.v1", key, f"asset-month/{key}", data)


LATER = _clock(2027, 1, 1)


async def _billing(make_service: MakeService, now: Callable[[], datetime] = LATER) -> RunningService[Any]:
    billing = await make_service(SERVICE, clock=now)
    await billing.handle(_organisation())
    return billing


async def _usage(billing: RunningService[Any], **query: Any) -> dict[str, Any]:
    answer = await billing.client.get("/v1/usage", params=OCTOBER | query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_machine_held_all_october_is_metered_for_745_hours(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_vm(1, _segment("2026-01-01T00:00:00+01:00")))
    usage = await _usage(billing)
    [machine] = usage["items"]
    assert usage["period"]["hours"] == 745
    assert machine["usage"] == {
        "seconds": 745 * 3600,
        "vcpu_seconds": 4 * 745 * 3600,
        "ram_mib_seconds": 16 * 1024 * 745 * 3600,
        "disk_mib_seconds": 100 * 1024 * 745 * 3600,
    }


async def test_a_resize_within_the_month_splits_it_at_that_instant(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    resized = "2026-10-11T00:00:00+02:00"
    bigger = {"vcpu": 8, "ram_gib": 32.0, "disk_gib": 100.0}
    await billing.handle(_vm(1, _segment("2026-10-01T00:00:00+02:00", resized), _segment(resized, allocation=bigger)))
    [machine] = (await _usage(billing))["items"]
    assert [stretch["usage"]["vcpu_seconds"] for stretch in machine["stretches"]] == [
        4 * 10 * 86_400,
        8 * (745 * 3600 - 10 * 86_400),
    ]


async def test_the_running_month_is_metered_up_to_now_and_a_month_to_come_not_at_all(make_service: MakeService) -> None:
    billing = await _billing(make_service, _clock(2026, 10, 1))
    await billing.handle(_vm(1, _segment("2026-01-01T00:00:00+01:00")))
    running = await _usage(billing)
    assert running["items"][0]["usage"]["seconds"] == 2 * 3600
    assert (await _usage(billing, month="2026-11"))["items"] == []


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_and_any_repetition_ends_with_the_newest_versions(make_service: MakeService, seed: int) -> None:
    chance = random.Random(seed)
    billing = await _billing(make_service)
    timelines = [[_segment(f"2026-10-{day:02}T00:00:00Z")] for day in range(1, 6)]
    events = [_vm(n, *timeline) for n, timeline in enumerate(timelines, 1)] + [_footprint(n) for n in range(1, 6)]
    deliveries = events + chance.choices(events, k=10)
    chance.shuffle(deliveries)
    while deliveries:
        size = chance.randint(1, 5)
        await billing.handle(*deliveries[:size])
        del deliveries[:size]
    [machine] = (await _usage(billing))["items"]
    assert machine["name"] == "version 5"
    assert [stretch["start"] for stretch in machine["stretches"]] == ["2026-10-05T00:00:00Z"]
    assert (machine["kwh"], machine["gwp_kg"]) == (50.0, 7.0)


async def test_a_corrected_past_replaces_every_allocation(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(
        _vm(
            1,
            _segment("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z"),
            _segment("2026-10-02T00:00:00Z", allocation=None),
        )
    )
    await billing.handle(_vm(2, _segment("2026-10-20T00:00:00Z", plan=None)))
    assert (await _usage(billing))["items"] == []


async def test_a_late_older_version_does_not_bring_a_deleted_machine_back(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_vm(2, deleted=True))
    await billing.handle(_vm(1, _segment("2026-10-01T00:00:00Z")))
    assert (await _usage(billing))["items"] == []


async def test_the_pages_hold_every_machine_once_and_add_up_to_the_totals(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(*(_vm(1, _segment("2026-10-03T00:00:00Z"), asset=UUID(int=n)) for n in range(1, 8)))
    await billing.handle(_footprint(1, UUID(int=1)), _footprint(2, UUID(int=2)))
    seen: list[dict[str, Any]] = []
    page = await _usage(billing, limit=3)
    seen += page["items"]
    while page["next_cursor"] is not None:
        page = await _usage(billing, limit=3, cursor=page["next_cursor"])
        seen += page["items"]
    assert [item["asset_id"] for item in seen] == [str(UUID(int=n)) for n in range(1, 8)]
    totals = (await billing.client.get("/v1/usage/totals", params=OCTOBER)).json()
    assert totals["virtual_machines"] == 7
    assert totals["usage"]["ram_mib_seconds"] == sum(item["usage"]["ram_mib_seconds"] for item in seen)
    assert (totals["kwh"], totals["gwp_kg"]) == (30.0, 7.0)
    assert (totals["without_energy"], totals["without_footprint"]) == (5, 5)


async def test_a_footprint_without_electricity_keeps_its_emissions(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_vm(1, _segment("2026-10-03T00:00:00Z")), _footprint(1, kwh=None))
    [machine] = (await _usage(billing))["items"]
    assert (machine["kwh"], machine["gwp_kg"]) == (None, 3.0)


async def test_a_machine_whose_footprint_is_not_known_yet_says_so(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_vm(1, _segment("2026-10-03T00:00:00Z")))
    [machine] = (await _usage(billing))["items"]
    assert (machine["kwh"], machine["gwp_kg"]) == (None, None)


async def test_footprints_of_servers_are_no_business_of_billing(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_footprint(1, kind="server"))
    async with billing.database.snapshot(EVERY) as connection:
        assert await connection.fetchval("SELECT count(*) FROM asset_months") == 0


async def test_months_are_those_of_the_organisation(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_organisation(2, time_zone="Indian/Mauritius"))
    await billing.handle(_vm(1, _segment("2026-01-01T00:00:00Z")))
    usage = await _usage(billing)
    assert (usage["period"]["start"], usage["period"]["hours"]) == ("2026-09-30T20:00:00Z", 744)


async def test_an_organisation_in_a_zone_that_does_not_exist_is_set_aside(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_organisation(1, org="globex", time_zone="Mars/Olympus"))
    [letter] = await billing.outbox()
    assert (letter.topic, letter.key) == ("billing.dead-letters", "globex")


async def test_an_unknown_organisation_is_not_found_and_another_ones_is_forbidden(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    unknown = await billing.client.get("/v1/usage", params={"org": "nobody", "month": "2026-10"})
    assert unknown.status_code == 404
    async with billing.client_for(["globex"]) as client:
        assert (await client.get("/v1/usage", params=OCTOBER)).status_code == 403


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "1989-12", "2026-1", "october", "2026-10-01"])
async def test_what_is_no_month_is_refused_by_name(make_service: MakeService, month: str) -> None:
    billing = await _billing(make_service)
    answer = await billing.client.get("/v1/usage", params={"org": "acme", "month": month})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "month"


async def test_without_a_where_clause_rows_of_others_stay_hidden(make_service: MakeService) -> None:
    billing = await _billing(make_service)
    await billing.handle(_vm(1, _segment("2026-10-03T00:00:00Z")), _footprint(1))
    async with billing.database.snapshot(frozenset({"globex"})) as connection:
        for table in ("organisations", "assets", "allocations", "asset_months"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
