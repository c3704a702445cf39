"""Measurements over HTTP: what is taken, what is refused and why, and what is read back."""

from typing import Any

import pytest

from services.inventory.tests.measuring import (
    NO_PAUSE,
    month_of,
    new_server,
    reading,
    record,
    roll_up_all,
    sample,
)
from services.inventory.tests.sending import Inventory, MakeInventory, document, send, server

DAY = "2026-03-10T00:00:00+01:00"


@pytest.fixture
async def inventory(make_inventory: MakeInventory) -> Inventory:
    return await make_inventory(**NO_PAUSE)


async def test_an_asset_is_measured_by_its_id_or_by_its_senders_name_for_it(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    name = {"source": "cmdb", "external_id": "srv-1"}
    answer = await record(
        inventory.client,
        sample(asset, "energy_kwh", DAY, 60, 0.5),
        sample({**name, "org": "acme"}, "average_w", DAY, 60, 500),
        sample(name, "cpu_utilisation", DAY, 60, 0.5),
    )
    assert answer["created"] == 3
    assert [result["id"] for result in answer["results"]] == [asset] * 3


async def test_a_name_that_two_organisations_use_is_not_guessed(inventory: Inventory) -> None:
    await new_server(inventory)
    [other] = await send(inventory.client, {**server("srv-1"), "org": "globex"})
    name = {"source": "cmdb", "external_id": "srv-1"}
    ambiguous = await record(inventory.client, sample(name, "energy_kwh", DAY, 60, 1))
    assert ambiguous["results"][0]["errors"][0]["code"] == "ambiguous_asset"
    told = await record(inventory.client, sample({**name, "org": "globex"}, "energy_kwh", DAY, 60, 1))
    assert told["results"][0]["id"] == other["id"]


BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"value": -1}, "value", "negative"),
    ({"value": "12"}, "value", "wrong_type"),
    ({"value": True}, "value", "wrong_type"),
    ({"value": None}, "value", "wrong_type"),
    ({"to": "2026-03-10T00:00:00+01:00"}, "to", "not_after_start"),
    ({"to": "2026-03-09T00:00:00+01:00"}, "to", "not_after_start"),
    ({"to": "2026-03-10T00:00:00.5+01:00"}, "to", "too_short"),
    ({"to": "2026-04-12T00:00:00+01:00"}, "to", "too_long"),
    ({"from": "1989-03-10T00:00:00+01:00"}, "from", "before_1990"),
    ({"from": "1989-12-31T09:59:59Z", "to": "1990-01-02T00:00:00Z"}, "from", "before_1990"),
    ({"metric": "energy_counter_j", "from": None, "to": "1989-06-01T00:00:00Z"}, "to", "before_1990"),
    ({"from": "2026-11-23T15:00:00Z", "to": "2026-11-23T16:00:00Z"}, "to", "in_future"),
    ({"from": "2026-03-10T00:00:00"}, "from", "no_offset"),
    ({"from": None}, "from", "missing"),
    ({"level": None}, "level", "missing"),
    ({"level": "rack"}, "level", "unknown_value"),
    ({"metric": "joules"}, "metric", "unknown_value"),
    ({"value": 20_000_000}, "value", "too_large"),
    ({"metric": "cpu_utilisation", "value": 35}, "value", "too_large"),
    ({"metric": "cpu_utilisation", "level": "facility", "value": 0.5}, "level", "not_for_utilisation"),
    ({"metric": "cpu_utilisation", "channel": "a", "value": 0.5}, "channel", "not_for_utilisation"),
    ({"metric": "energy_counter_j"}, "from", "not_an_instant"),
    ({"metric": "energy_counter_j", "from": None, "value": 1e19}, "value", "too_large"),
    ({"asset": "srv-1"}, "asset", "malformed"),
    ({"asset": {"source": "cmdb"}}, "asset.external_id", "missing"),
    ({"asset": "0b0e7a6e-6a52-4c7f-9f0e-4e1b5a2f7c11"}, "asset", "unknown_asset"),
    ({"asset": {"source": "cmdb", "external_id": "srv-9"}}, "asset", "unknown_asset"),
    ({"kwh": 1}, "kwh", "unknown_field"),
    ({"channel": "a b"}, "channel", "malformed"),
]


async def test_each_broken_rule_is_named_and_sinks_no_other_row(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    good = sample(asset, "energy_kwh", DAY, 60, 1)
    rows = [{**good, **broken} for broken, _, _ in BROKEN]
    answer = await record(inventory.client, good, *rows)
    assert (answer["created"], answer["error"]) == (1, len(BROKEN))
    for (_, field, code), result in zip(BROKEN, answer["results"][1:], strict=True):
        found = [(error["field"], error["code"]) for error in result["errors"]]
        assert found == [(field, code)], result


async def test_not_a_number_is_refused(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    line = f'{{"asset": "{asset}", "metric": "average_w", "level": "it", "from": "{DAY}", "to": "2026-03-10T01:00:00+01:00"'
    body = f'{line}, "value": NaN}}\n{line}, "value": 1e999}}\nnonsense\n{line}, "value": 5}}\n'
    answer = await inventory.client.post(
        "/v1/measurements/batch", content=body, headers={"Content-Type": "application/x-ndjson"}
    )
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["error", "error", "error", "created"]
    assert [result["errors"][0]["code"] for result in results[:3]] == ["not_finite", "not_finite", "malformed_json"]


async def test_the_same_again_is_a_duplicate_and_another_value_takes_its_place_visibly(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    row = sample(asset, "energy_kwh", DAY, 60, 1)
    await record(inventory.client, row)
    again = await record(inventory.client, row, {**row, "value": 2}, {**row, "value": 2}, {**row, "value": 3})
    assert [result["status"] for result in again["results"]] == ["duplicate", "replaced", "duplicate", "replaced"]
    assert [result.get("previous") for result in again["results"]] == [None, 1, None, 2]
    span = {"from": DAY, "to": "2026-03-11T00:00:00+01:00"}
    [found] = (await inventory.client.get(f"/v1/assets/{asset}/samples", params=span)).json()["items"]
    assert found["value"] == 3
    assert [each["value"] for each in found["replaced"]] == [1]
    await roll_up_all(inventory)
    assert (await month_of(inventory.client, asset, "2026-03"))["energy"][0]["kwh"] == 3


async def test_a_month_tells_energy_utilisation_and_how_much_of_the_time_they_cover(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await record(
        inventory.client,
        sample(asset, "average_w", DAY, 24 * 60, 300),
        sample(asset, "energy_kwh", "2026-03-11T00:00:00+01:00", 12 * 60, 4, "facility"),
        sample(asset, "cpu_utilisation", DAY, 60, 0.25),
        sample(asset, "cpu_utilisation", "2026-03-10T02:00:00+01:00", 60, 1.05),
    )
    assert (await month_of(inventory.client, asset, "2026-03"))["pending"]
    await roll_up_all(inventory)
    month = await month_of(inventory.client, asset, "2026-03")
    seconds = 31 * 86400 - 3600
    assert (month["seconds"], month["in_service_seconds"], month["pending"]) == (seconds, seconds, False)
    it, facility = month["energy"]
    assert (it["level"], it["kwh"], it["covered_seconds"]) == ("it", pytest.approx(7.2), 86400)
    assert it["coverage"] == pytest.approx(86400 / seconds)
    assert (facility["kwh"], facility["covered_seconds"]) == (pytest.approx(4), 43200)
    busy = month["utilisation"]
    assert busy["mean"] == pytest.approx(0.65)
    assert [(band["from"], band["seconds"]) for band in busy["bands"]] == [(0.2, 3600), (0.9, 3600)]
    [tenth, eleventh] = month["days"]
    assert tenth["utilisation"]["covered"] == [[0, 3600], [7200, 10800]]
    assert tenth["utilisation"]["coverage"] == pytest.approx(1 / 12)
    assert (eleventh["day"], eleventh["energy"][0]["coverage"]) == ("2026-03-11", 0.5)


async def test_coverage_in_service_leaves_out_the_time_in_which_the_asset_was_off(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await send(inventory.client, server("srv-1", status="off", effective_from="2026-03-02"))
    await record(inventory.client, sample(asset, "average_w", "2026-03-01T00:00:00+01:00", 12 * 60, 300))
    await roll_up_all(inventory)
    month = await month_of(inventory.client, asset, "2026-03")
    assert month["in_service_seconds"] == 86400
    assert month["energy"][0]["coverage_in_service"] == 0.5


async def test_a_reset_of_a_counter_is_told_and_the_new_reading_counts_from_zero(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await record(
        inventory.client,
        reading(asset, "2026-03-10T10:00:00+01:00", 7_200_000),
        reading(asset, "2026-03-10T11:00:00+01:00", 9_000_000),
        reading(asset, "2026-03-10T12:00:00+01:00", 360_000),
        reading(asset, "2026-03-10T15:00:00+01:00", 720_000),
        reading(asset, "2026-03-10T16:00:00+01:00", 1_080_000),
    )
    await roll_up_all(inventory)
    [day] = (await month_of(inventory.client, asset, "2026-03"))["days"]
    [energy] = day["energy"]
    assert energy["kwh"] == pytest.approx(0.5 + 0.1 + 0.1)
    assert energy["covered"] == [[36000, 43200], [54000, 57600]]
    [reset] = day["resets"]
    assert (reset["after"], reset["at"]) == ("2026-03-10T10:00:00Z", "2026-03-10T11:00:00Z")


async def test_many_samples_of_a_month_are_one_event_and_duplicates_none(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await inventory.take_outbox()
    rows = [sample(asset, "average_w", f"2026-03-{day:02d}T00:00:00+01:00", 60, 100 + day) for day in range(1, 31)]
    await record(inventory.client, *rows[:20])
    await record(inventory.client, *rows[10:])
    await roll_up_all(inventory)
    [event] = await inventory.take_outbox()
    assert (event.topic, event.key) == ("inventory.measurements", f"{asset}/2026-03")
    assert document(event)["version"] == 1
    assert len(document(event)["days"]) == 30
    await record(inventory.client, *rows)
    await roll_up_all(inventory)
    assert await inventory.outbox() == []


async def test_a_late_sample_makes_a_new_version_of_its_month_only(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await record(
        inventory.client,
        sample(asset, "average_w", "2026-03-10T00:00:00+01:00", 60, 100),
        sample(asset, "average_w", "2026-04-10T00:00:00+02:00", 60, 100),
    )
    await roll_up_all(inventory)
    await inventory.take_outbox()
    await record(inventory.client, sample(asset, "average_w", "2026-03-10T01:00:00+01:00", 60, 100))
    await roll_up_all(inventory)
    [event] = await inventory.outbox()
    assert (document(event)["month"], document(event)["version"]) == ("2026-03", 2)
    assert document(event)["days"][0]["energy"][0]["covered"] == [[0, 7200]]


async def test_a_sample_across_midnight_and_month_is_shared_out_by_real_time(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await record(inventory.client, sample(asset, "energy_kwh", "2026-03-31T22:00:00+02:00", 240, 8))
    await roll_up_all(inventory)
    march = await month_of(inventory.client, asset, "2026-03")
    april = await month_of(inventory.client, asset, "2026-04")
    assert march["energy"][0]["kwh"] == pytest.approx(4)
    assert april["energy"][0]["kwh"] == pytest.approx(4)
    assert april["days"][0]["energy"][0]["covered"] == [[0, 7200]]
    months = (await inventory.client.get(f"/v1/assets/{asset}/measurements/months")).json()["items"]
    assert [each["month"] for each in months] == ["2026-04", "2026-03"]


async def test_years_that_were_never_measured_are_derived_at_once_months_of_local_days_included(
    inventory: Inventory,
) -> None:
    assets = {year: await new_server(inventory, f"srv-{year}") for year in range(2011, 2015)}
    rows = [
        sample(asset, "average_w", f"{year}-{start}T00:00:00+01:00", days * 1440.0, 500.0)
        for year, asset in assets.items()
        for start, days in (("01-25", 26), ("02-20", 28))
    ]
    answer = await record(inventory.client, *rows)
    assert {each["status"] for each in answer["results"]} == {"created"}
    await roll_up_all(inventory)
    for year, asset in assets.items():
        february = await month_of(inventory.client, asset, f"{year}-02")
        assert february["energy"][0]["kwh"] == pytest.approx(12.0 * (29 if year == 2012 else 28), rel=1e-12)


async def test_a_deleted_asset_says_goodbye_to_its_months(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await record(inventory.client, sample(asset, "average_w", DAY, 60, 100))
    await roll_up_all(inventory)
    await inventory.client.delete(f"/v1/assets/{asset}", headers={"If-Match": "*"})
    await inventory.take_outbox()
    await roll_up_all(inventory)
    last, tombstone = await inventory.outbox()
    assert (document(last)["deleted"], document(last)["days"], document(last)["version"]) == (True, [], 2)
    assert (tombstone.key, tombstone.data) == (last.key, None)
    refused = await record(inventory.client, sample(asset, "average_w", DAY, 60, 100))
    assert refused["results"][0]["errors"][0]["code"] == "unknown_asset"


async def test_another_time_zone_of_the_organisation_cuts_other_days(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await record(inventory.client, sample(asset, "energy_kwh", "2026-04-01T00:00:00+02:00", 60, 2))
    await roll_up_all(inventory)
    await inventory.take_outbox()
    await inventory.client.patch("/v1/organizations/acme", json={"time_zone": "UTC"}, headers={"If-Match": "*"})
    await roll_up_all(inventory)
    months = {document(event)["month"]: document(event) for event in await inventory.outbox() if "/" in event.key}
    assert months["2026-04"]["days"] == []
    assert months["2026-03"]["days"][0]["energy"][0]["covered"] == [[79200, 82800]]
    assert months["2026-03"]["time_zone"] == "UTC"


async def test_republished_documents_are_those_that_were_published(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    await record(
        inventory.client,
        sample(asset, "average_w", DAY, 60, 100),
        reading(asset, "2026-03-12T10:00:00+01:00", 7),
        sample(asset, "cpu_utilisation", "2026-04-10T00:00:00+02:00", 60, 0.5),
    )
    await roll_up_all(inventory)
    before = [event for event in await inventory.take_outbox() if event.topic == "inventory.measurements"]
    async with inventory.database.snapshot("*") as connection:
        again = [event async for event in inventory.parts.republishers["inventory.measurements"](connection)]
    assert [event.key for event in again] == [event.key for event in before]
    async with inventory.database.transaction("*") as unit:
        unit.publish(*again)
    assert [event.data for event in await inventory.outbox()] == [event.data for event in before]


async def test_too_many_rows_are_refused_as_a_whole(make_inventory: MakeInventory) -> None:
    inventory = await make_inventory(measurement_limit_rows=2)
    answer = await inventory.client.post("/v1/measurements/batch", json=[{}] * 3)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (413, "too-large")


async def test_an_idempotency_key_answers_the_second_call_as_the_first(inventory: Inventory) -> None:
    asset = await new_server(inventory)
    rows: list[Any] = [sample(asset, "average_w", DAY, 60, 100)]
    key = {"Idempotency-Key": "one"}
    first = await inventory.client.post("/v1/measurements/batch", json=rows, headers=key)
    second = await inventory.client.post("/v1/measurements/batch", json=rows, headers=key)
    assert first.json() == second.json()
    assert second.json()["created"] == 1


async def test_what_was_measured_of_a_record_that_proved_to_be_another_is_the_others(inventory: Inventory) -> None:
    kept, other = await new_server(inventory), await new_server(inventory, "srv-2")
    await record(inventory.client, sample(other, "average_w", DAY, 60, 100))
    await roll_up_all(inventory)
    merged = await inventory.client.post(f"/v1/assets/{kept}/merge", json={"other": other}, headers={"If-Match": "*"})
    assert merged.status_code == 200, merged.text
    await roll_up_all(inventory)
    assert (await month_of(inventory.client, kept, "2026-03"))["energy"][0]["kwh"] == pytest.approx(0.1)
    undone = await inventory.client.post(f"/v1/assets/{kept}/undo", headers={"If-Match": "*"})
    assert undone.status_code == 200, undone.text
    await roll_up_all(inventory)
    assert (await month_of(inventory.client, kept, "2026-03"))["energy"] == []
    assert (await month_of(inventory.client, other, "2026-03"))["energy"][0]["kwh"] == pytest.approx(0.1)
