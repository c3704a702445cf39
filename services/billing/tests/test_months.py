"""A contract's month: from what was heard to usage by day, the bill to date, and its projection."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from billing.main import SERVICE
from common.testing.harness import RunningService
from common.testing.plugin import MakeService

from services.billing.tests.heard import agreed, footprint, machine, segment

OCTOBER, NOVEMBER = "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> Callable[[], datetime]:
    return lambda: datetime(year, month, day, hour, minute, tzinfo=UTC)


async def outlook(billing: RunningService[Any], contract: dict[str, Any], month: str) -> dict[str, Any]:
    answer = await billing.client.get(f"/v1/contracts/{contract['id']}/projection", params={"month": month})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def usage(billing: RunningService[Any], contract: dict[str, Any], month: str, **query: Any) -> dict[str, Any]:
    answer = await billing.client.get(f"/v1/contracts/{contract['id']}/usage", params={"month": month, **query})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_a_machine_held_all_october_costs_the_catalogue_s_price(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 11, 3))
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(OCTOBER)))
    month = await outlook(billing, contract, "2026-10")
    assert [line["amount"] for line in month["lines"]] == ["31.60", "24.00"]
    assert month["projection"] == {"state_based_net": "55.60", "linear_net": "55.60"}


async def test_a_new_price_in_the_middle_of_a_month_holds_from_its_day(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 12, 3))
    contract = await agreed(
        billing, prices={"valid_from": "2026-01-01", "prices": {"vcpu": {"model": "unit", "price": "7.00"}}}
    )
    cheaper = {"valid_from": "2026-11-16", "prices": {"vcpu": {"model": "unit", "price": "5.00"}}}
    assert (await billing.client.post(f"/v1/contracts/{contract['id']}/prices", json=cheaper)).status_code == 201
    await billing.handle(machine(1, segment(OCTOBER)))
    month = await outlook(billing, contract, "2026-11")
    assert [(line["unit_hours"], line["amount"]) for line in month["lines"]] == [
        ("1440.0000", "14.00"),
        ("1440.0000", "10.00"),
    ]


async def test_before_its_first_day_and_after_its_last_a_contract_bills_nothing(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 12, 3))
    contract = await agreed(billing, starts_on="2026-11-16", ends_on="2026-11-21")
    await billing.handle(machine(1, segment(OCTOBER)))
    assert (await outlook(billing, contract, "2026-10"))["lines"] == []
    november = await outlook(billing, contract, "2026-11")
    assert [line["unit_hours"] for line in november["lines"]] == ["480.0000", "1920.0000"]


async def test_usage_events_of_a_partner_are_billed_where_the_contract_says_so(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 12, 3))
    contract = await agreed(billing, metering="events")
    await billing.handle(machine(1, segment(OCTOBER)))
    events = [
        {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "/partner",
            "type": f"usage.{kind}.v1",
            "subject": "vm-1",
            "time": time,
            "data": {"org": "acme"} | data,
        }
        for number, (kind, time, data) in enumerate(
            [
                ("stopped", "2026-11-16T00:00:00+01:00", {}),
                ("resized", "2026-11-11T00:00:00+01:00", {"vcpu": 4}),
                ("started", NOVEMBER, {"vcpu": 2, "ram_gib": 8}),
            ]
        )
    ]
    for event in events:
        assert (await billing.client.post("/v1/usage-events/batch", json=[event])).json()["created"] == 1
    month = await outlook(billing, contract, "2026-11")
    assert [line["unit_hours"] for line in month["lines"]] == ["960.0000", "2880.0000"]
    assert month["warnings"] == []


async def test_where_inventory_and_partner_tell_another_day_it_is_shown(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 12, 3))
    contract = await agreed(billing)
    await billing.handle(
        machine(1, segment(OCTOBER)), machine(1, segment(NOVEMBER, "2026-11-02T00:00:00+01:00"), number=8)
    )
    told = [
        {
            "specversion": "1.0",
            "id": f"e-{kind}",
            "source": "vcenter",
            "type": f"usage.{kind}.v1",
            "subject": "vm-7",
            "time": time,
            "data": {"org": "acme"} | data,
        }
        for kind, time, data in (
            ("started", NOVEMBER, {"vcpu": 4, "ram_gib": 16}),
            ("resized", "2026-11-30T12:00:00+01:00", {"vcpu": 5}),
        )
    ]
    assert (await billing.client.post("/v1/usage-events/batch", json=told)).json()["created"] == 2
    answer = await billing.client.get(f"/v1/contracts/{contract['id']}/reconciliation", params={"month": "2026-11"})
    found = answer.json()
    assert (found["billed_by"], found["compared_with"], found["differences"]) == ("inventory", "events", 2)
    assert [
        (row["resource"], row["day"], row["billed"]["vcpu_hours"], row["other"]["vcpu_hours"]) for row in found["items"]
    ] == [
        ("vcenter/vm-7", "2026-11-30", "96.0000", "108.0000"),
        ("vcenter/vm-8", "2026-11-01", "96.0000", "0.0000"),
    ]


async def test_days_add_up_to_the_month_and_the_day_of_the_clock_change_has_25_hours(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 11, 3))
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(OCTOBER)))
    [resource] = (await usage(billing, contract, "2026-10"))["items"]
    assert resource["resource"] == "vcenter/vm-7"
    hours = {day["day"]: Decimal(day["hours"]) for day in resource["days"]}
    assert len(hours) == 31
    assert hours["2026-10-25"] == 25
    assert sum(hours.values()) == 745
    assert sum(Decimal(day["vcpu_hours"]) for day in resource["days"]) == 4 * 745


async def test_pages_of_resources_hold_each_once(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 11, 3))
    contract = await agreed(billing)
    await billing.handle(*(machine(1, segment(OCTOBER), number=number) for number in range(1, 6)))
    first = await usage(billing, contract, "2026-10", limit=3)
    second = await usage(billing, contract, "2026-10", limit=3, cursor=first["next_cursor"])
    names = [item["resource"] for page in (first, second) for item in page["items"]]
    assert names == [f"vcenter/vm-{number}" for number in range(1, 6)]
    assert second["next_cursor"] is None


async def test_the_lines_carry_the_footprint_of_what_was_used(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 11, 3))
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(OCTOBER)), machine(1, segment(OCTOBER), number=8))
    await billing.handle(footprint("2026-10", kwh=12.0, gwp_kg=3.0))
    month = await outlook(billing, contract, "2026-10")
    assert month["footprint"] == {"kwh": 12.0, "gwp_kg": 3.0}
    assert month["footprints_unknown"] == 1
    assert sum(line["footprint"]["kwh"] for line in month["lines"]) == pytest.approx(12.0, rel=1e-12)
    assert month["lines"][0]["footprint"]["gwp_kg"] == pytest.approx(3.0 * 31.6 / 55.6, rel=1e-12)


async def test_of_a_month_half_under_contract_half_the_footprint_is_billed(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 12, 3))
    contract = await agreed(billing, starts_on="2026-11-16")
    await billing.handle(machine(1, segment(OCTOBER)), footprint("2026-11", kwh=12.0, gwp_kg=3.0))
    assert (await outlook(billing, contract, "2026-11"))["footprint"] == {"kwh": 6.0, "gwp_kg": 1.5}


async def test_the_running_month_is_taken_when_none_is_named(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=at(2026, 10, 31, 23, 30))
    contract = await agreed(billing)
    document = (await billing.client.get(f"/v1/contracts/{contract['id']}/projection")).json()
    assert document["month"] == "2026-11"


@pytest.mark.parametrize("month", ["2026-13", "1999-12", "2026-1", "november"])
async def test_what_is_no_month_is_refused(make_service: MakeService, month: str) -> None:
    billing = await make_service(SERVICE)
    contract = await agreed(billing)
    answer = await billing.client.get(f"/v1/contracts/{contract['id']}/usage", params={"month": month})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "month")
