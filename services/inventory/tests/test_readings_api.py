"""Scrapes of known meters over HTTP: what is taken of each, what is left out, and what they add up to."""

from typing import Any

import pytest

from services.inventory.tests.measuring import NO_PAUSE, month_of, new_server, roll_up_all
from services.inventory.tests.sending import Inventory, MakeInventory


@pytest.fixture
async def inventory(make_inventory: MakeInventory) -> Inventory:
    return await make_inventory(**NO_PAUSE)


async def record(inventory: Inventory, *rows: Any) -> list[dict[str, Any]]:
    answer = await inventory.client.post("/v1/measurements/readings", json=list(rows))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def rapl(asset: str, at: str, package_0: float, package_1: float, dram: float) -> dict[str, Any]:
    fields = {
        'node_rapl_package_joules_total{index="0"}': package_0,
        'node_rapl_package_joules_total{index="1"}': package_1,
        'node_rapl_dram_joules_total{index="0"}': dram,
        'node_rapl_core_joules_total{index="0"}': package_0 / 2,
    }
    return {"asset": asset, "preset": "node_exporter", "at": at, "fields": fields}


async def test_zones_add_up_and_a_counter_that_wraps_does_not_count_the_others_anew(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    results = await record(
        inventory,
        rapl(asset, "2026-03-10T10:00:00+01:00", 262_000, 100_000, 5_000),
        rapl(asset, "2026-03-10T10:05:00+01:00", 20_000, 118_000, 8_000),
    )
    assert [result["status"] for result in results] == ["recorded", "recorded"]
    assert results[0]["samples"] == {"created": 3, "duplicate": 0, "replaced": 0, "error": 0}
    assert results[0]["left_out"] == {'node_rapl_core_joules_total{index="0"}': "is inside the package zone"}
    assert len(results[0]["warnings"]) == 1
    await roll_up_all(inventory)
    [day] = (await month_of(inventory.client, asset, "2026-03"))["days"]
    assert day["energy"][0]["kwh"] == pytest.approx((20_000 + 18_000 + 3_000) / 3.6e6)
    assert [reset["channel"] for reset in day["resets"]] == ["package+dram/package-0"]


async def test_power_supplies_stand_for_their_interval_and_ac_input_is_preferred(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    fields = {
        "PowerSupplies/0/PowerInputWatts": 200,
        "PowerSupplies/1/PowerInputWatts": 100,
        "PowerSupplies/0/PowerOutputWatts": 180,
    }
    row = {"asset": asset, "preset": "redfish", "at": "2026-03-10T11:00:00+01:00", "interval_s": 3600, "fields": fields}
    [result] = await record(inventory, row)
    assert result["left_out"] == {"PowerSupplies/0/PowerOutputWatts": "ac-power is there, and is preferred to dc"}
    [again] = await record(inventory, row)
    assert again["samples"]["duplicate"] == 2
    await roll_up_all(inventory)
    [energy] = (await month_of(inventory.client, asset, "2026-03"))["energy"]
    assert (energy["kwh"], energy["covered_seconds"]) == (pytest.approx(0.3), 3600)


async def test_each_broken_rule_of_a_scrape_is_named(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    good: dict[str, Any] = {
        "asset": asset,
        "preset": "hmc",
        "at": "2026-03-10T11:00:00+01:00",
        "interval_s": 300,
        "fields": {"powerReading": 900},
    }
    broken: list[tuple[dict[str, Any], str, str]] = [
        ({"interval_s": None}, "interval_s", "missing"),
        ({"preset": "ganglia"}, "preset", "unknown_value"),
        ({"fields": {}}, "fields", "too_short"),
        ({"fields": {"powerReading": -1}}, "fields.powerReading", "negative"),
        ({"fields": {"powerReading": 2e7}}, "fields.powerReading", "too_large"),
        ({"fields": {"up": 1}}, "fields", "nothing_measured"),
        ({"at": "2027-03-10T11:00:00+01:00"}, "fields.powerReading", "in_future"),
        ({"asset": {"source": "cmdb", "external_id": "none"}}, "asset", "unknown_asset"),
    ]
    results = await record(inventory, good, *({**good, **change} for change, _, _ in broken))
    assert results[0]["status"] == "recorded"
    for (_, field, code), result in zip(broken, results[1:], strict=True):
        assert [(error["field"], error["code"]) for error in result["errors"]] == [(field, code)]


async def test_the_presets_can_be_read(inventory: Inventory) -> None:
    presets = (await inventory.client.get("/v1/measurement-presets")).json()["items"]
    assert [preset["name"] for preset in presets] == ["kepler", "scaphandre", "node_exporter", "redfish", "hmc"]
    redfish = presets[3]
    assert redfish["groups"].index("ac-power") < redfish["groups"].index("dc")
