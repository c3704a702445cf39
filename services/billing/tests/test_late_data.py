"""An issued month that has changed since: listed with the difference in money, told of, and settled by one call."""

from datetime import UTC, datetime
from typing import Any

from billing.service.reconciliations import Reconciliations
from common.testing.harness import RunningService
from common.testing.plugin import MakeService

from services.billing.tests.heard import agreed, machine, segment
from services.billing.tests.test_invoices import (
    AFTER_GRACE,
    OCTOBER,
    TWENTY_FIRST,
    Clock,
    billing_at,
    correct,
    invoice,
    issued,
    run,
    sums,
)
from services.billing.tests.test_reconciliations import report, usage
from services.billing.tests.test_thresholds import alerts


async def late_data(billing: RunningService[Any], **query: Any) -> list[dict[str, Any]]:
    answer = await billing.client.get("/v1/late-data", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def money(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    return row["number"], row["billed_net"], row["rerated_net"], row["owed_net"], row["settled_by"]


async def end_on(billing: RunningService[Any], contract: dict[str, Any], day: str, version: int = 1) -> None:
    changed = await billing.client.patch(
        f"/v1/contracts/{contract['id']}", json={"ends_on": day}, headers={"If-Match": f'"{version}"'}
    )
    assert changed.status_code == 200, changed.text


async def test_a_resize_in_the_past_is_listed_with_its_money_and_settled_by_one_call(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    assert await late_data(billing) == []
    smaller = segment(TWENTY_FIRST) | {"allocation": {"vcpu": 2, "ram_gib": 16.0, "disk_gib": 0.0}}
    await billing.handle(machine(2, segment(OCTOBER, TWENTY_FIRST), smaller))
    [row] = await late_data(billing, month="2026-10", org="acme")
    assert money(row) == (number, "55.60", "49.98", "-5.62", "credit_note")
    assert (row["owed_gross"], row["lines"]) == ("-6.74", [{"meter": "vcpu", "label": "unit", "owed": "-5.62"}])
    assert (await correct(billing, number)).json()["net"] == "-5.62"
    assert (await invoice(billing, "A-2026-000001"))["body"]["gross"] == "6.74"
    assert await late_data(billing) == []


async def test_usage_events_that_come_late_are_listed_as_what_the_next_invoice_will_bill(
    make_service: MakeService,
) -> None:
    clock = Clock(AFTER_GRACE)
    billing, _ = await billing_at(make_service, clock)
    await agreed(billing, org="globex", reference="CL-2", metering="events")
    started = usage(1, "started", OCTOBER, vcpu=4, ram_gib=16) | {"data": {"org": "globex", "vcpu": 4, "ram_gib": 16}}
    await report(billing, started)
    numbers = {item["org"]: item["number"] for item in (await run(billing, "2026-10"))["items"]}
    clock.now = datetime(2026, 11, 6, tzinfo=UTC)
    more = usage(2, "resized", TWENTY_FIRST) | {"data": {"org": "globex", "vcpu": 8}}
    await report(billing, more)
    [row] = await late_data(billing)
    assert money(row) == (numbers["globex"], "55.60", "66.84", "11.24", "adjustment")
    assert (await correct(billing, numbers["globex"])).json()["outcome"] == "adjustment"
    assert await late_data(billing) == []


async def test_an_end_that_is_moved_back_after_the_issue_is_credited(make_service: MakeService) -> None:
    billing, contract = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    await end_on(billing, contract, "2026-10-21")
    [row] = await late_data(billing)
    assert money(row) == (number, "55.60", "35.82", "-19.78", "credit_note")
    assert (await correct(billing, number)).json()["credit_note"] == "A-2026-000001"
    assert sums(await invoice(billing, "A-2026-000001")) == ("19.78", "3.96", "23.74")
    await end_on(billing, contract, "2026-09-01", 2)
    assert (await correct(billing, number)).json()["net"] == "-35.82"
    assert sums(await invoice(billing, "A-2026-000002")) == ("35.82", "7.16", "42.98")
    assert await late_data(billing) == []


async def test_an_end_that_is_moved_on_after_the_issue_is_billed_at_the_prices_of_then(
    make_service: MakeService,
) -> None:
    clock = Clock(AFTER_GRACE)
    billing, contract = await billing_at(make_service, clock)
    await end_on(billing, contract, "2026-10-21")
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    clock.now = datetime(2026, 11, 6, tzinfo=UTC)
    dearer = {"valid_from": "2026-01-01", "prices": {"vcpu": {"model": "unit", "price": "99"}}}
    await billing.client.post(f"/v1/contracts/{contract['id']}/prices", json=dearer)
    await end_on(billing, contract, "2027-01-01", 2)
    assert [money(row) for row in await late_data(billing)] == [(number, "35.82", "55.60", "19.78", "adjustment")]


async def test_the_minimum_of_a_contract_that_turns_out_to_have_ended_is_for_the_days_that_it_lasted(
    make_service: MakeService,
) -> None:
    clock = Clock(datetime(2026, 12, 5, tzinfo=UTC))
    billing, _ = await billing_at(make_service, clock)
    minimum = {"valid_from": "2026-01-01", "prices": {"vcpu": {"model": "unit", "price": "6"}}, "minimum": "300.00"}
    contract = await agreed(billing, org="globex", reference="CL-2", prices=minimum)
    await billing.handle(machine(1, segment(OCTOBER), org="globex"))
    [number] = [item["number"] for item in (await run(billing, "2026-11"))["items"] if item["number"]]
    await end_on(billing, contract, "2026-11-16")
    assert [money(row) for row in await late_data(billing)] == [(number, "300.00", "150.00", "-150.00", "credit_note")]
    assert (await correct(billing, number)).json()["net"] == "-150.00"


async def test_the_daily_look_tells_of_an_issued_month_that_differs_until_it_is_settled(
    make_service: MakeService,
) -> None:
    clock = Clock(AFTER_GRACE)
    billing, _ = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    looks = Reconciliations(billing.database, clock)
    await looks.look_at_all()
    assert await alerts(billing) == []
    clock.now = datetime(2026, 11, 6, 9, tzinfo=UTC)
    await billing.handle(machine(2, segment(OCTOBER, TWENTY_FIRST)))
    await looks.look_at_all()
    [alert] = await alerts(billing, open="true", finding="issued_month_differs")
    assert await alerts(billing, open="true", finding="unbilled_month") == []
    assert (alert["finding"], alert["number"], alert["value"]) == ("issued_month_differs", number, "-19.78")
    assert "comes to -19.78 € net of what has been billed" in alert["name"]
    [item] = (await run(billing, "2026-10"))["items"]
    assert (item["reconciliation"]["owed"], item["open_alerts"]) == ("-19.78", 1)

    clock.now = datetime(2026, 11, 7, 9, tzinfo=UTC)
    await billing.handle(machine(3, segment(OCTOBER, "2026-10-11T00:00:00+02:00")))
    await looks.look_at_all()
    found = await alerts(billing)
    assert [(one["value"], one["ended_at"]) for one in found] == [
        ("-19.78", "2026-11-07T09:00:00Z"),
        ("-37.69", None),
    ]
    assert (await correct(billing, number)).status_code == 201
    assert await alerts(billing, open="true") == []
    [item] = (await run(billing, "2026-10"))["items"]
    assert (item["reconciliation"]["owed"], item["open_alerts"]) == ("0.00", 0)


async def test_pages_of_late_data_come_to_every_invoice(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment("2026-08-01T00:00:00+02:00")))
    for month in ("2026-08", "2026-09", "2026-10"):
        await issued(billing, month)
    await billing.handle(machine(2, segment("2026-08-01T00:00:00+02:00", OCTOBER)))
    pages, cursor = [], None
    while True:
        query = {"limit": 1} | ({} if cursor is None else {"cursor": cursor})
        page = (await billing.client.get("/v1/late-data", params=query)).json()
        pages.append([row["number"] for row in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == [[], [], ["F-2026-000003"], []]
    async with billing.client_for(["globex"]) as stranger:
        assert (await stranger.get("/v1/late-data")).json()["items"] == []


async def test_use_that_comes_after_a_run_had_found_nothing_is_told_of_until_it_is_billed(
    make_service: MakeService,
) -> None:
    clock = Clock(AFTER_GRACE)
    billing, _ = await billing_at(make_service, clock)
    looks = Reconciliations(billing.database, clock)
    await looks.look_at_all()
    [item] = (await run(billing, "2026-10"))["items"]
    assert (item["state"], item["open_alerts"]) == ("nothing", 0)
    await billing.handle(machine(1, segment(OCTOBER, TWENTY_FIRST)))
    clock.now = datetime(2027, 2, 6, 9, tzinfo=UTC)
    await looks.look_at_all()
    [alert] = await alerts(billing, open="true")
    assert (alert["finding"], alert["month"], alert["value"], alert["number"]) == (
        "unbilled_month",
        "2026-10",
        "35.82",
        None,
    )
    assert "POST /invoices/runs?month=2026-10" in alert["name"]
    [item] = (await run(billing, "2026-10"))["items"]
    assert (item["state"], item["reconciliation"]["owed"], item["open_alerts"]) == ("issued", "0.00", 0)
    assert await alerts(billing, open="true") == []
