"""The daily look at contracts' months: once a day, whoever looks, stored, shown beside the draft, and told of until it is no longer so."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from billing.domain.events import Interval
from billing.domain.reconciliation import MOST_KEPT, compared
from billing.domain.terms import epoch, local_midnight
from billing.main import SERVICE
from billing.service.reconciliations import Reconciliations
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually

from services.billing.tests.heard import agreed, machine, segment, sold_by
from services.billing.tests.test_invoices import Clock, run
from services.billing.tests.test_thresholds import alerts

NOVEMBER = "2026-11-01T00:00:00+01:00"
THIRD = datetime(2026, 11, 3, 4, 30, tzinfo=UTC)
"""Half past five in Paris: two days of November are over."""


async def billed_by_events(make_service: MakeService, clock: Clock) -> tuple[RunningService[Any], dict[str, Any]]:
    billing = await make_service(SERVICE, clock=clock)
    await sold_by(billing)
    return billing, await agreed(billing, metering="events", starts_on="2026-11-01")


def usage(number: int, kind: str, time: str, vm: int = 7, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "vcenter",
        "type": f"usage.{kind}.v1",
        "subject": f"vm-{vm}",
        "time": time,
        "data": {"org": "acme"} | data,
    }


async def report(billing: RunningService[Any], *events: dict[str, Any]) -> None:
    answer = await billing.client.post("/v1/usage-events/batch", json=list(events))
    assert answer.json()["created"] == len(events), answer.text


async def started(billing: RunningService[Any], number: int = 1, vm: int = 7, time: str = NOVEMBER) -> None:
    await report(billing, usage(number, "started", time, vm, vcpu=4, ram_gib=16))


async def draft(billing: RunningService[Any], contract: dict[str, Any], month: str = "2026-11") -> dict[str, Any]:
    answer = await billing.client.get(f"/v1/contracts/{contract['id']}/draft", params={"month": month})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def findings(billing: RunningService[Any]) -> list[Event]:
    return [event for event in await billing.outbox() if event.type == "billing.finding.changed.v1"]


async def test_what_is_billed_and_not_in_the_inventory_is_told_of_day_by_day(make_service: MakeService) -> None:
    clock = Clock(THIRD)
    billing, contract = await billed_by_events(make_service, clock)
    await started(billing)
    await Reconciliations(billing.database, clock).look_at_all()
    found = await alerts(billing, month="2026-11")
    assert [(alert["kind"], alert["finding"], alert["day"], alert["ended_at"]) for alert in found] == [
        ("finding", "billed_only", "2026-11-01", None),
        ("finding", "billed_only", "2026-11-02", None),
    ]
    assert found[0]["name"] == "2026-11-01: 1 resource billed, but not in the inventory: vcenter/vm-7"
    beside = await draft(billing, contract)
    assert beside["reconciliation"] == {
        "made_at": "2026-11-03T04:30:00Z",
        "until": "2026-11-02T23:00:00Z",
        "compared_with": "inventory",
        "differences": 2,
        "owed": None,
    }
    assert [(row["resource"], row["day"], row["billed"]["vcpu_hours"]) for row in beside["differences"]] == [
        ("vcenter/vm-7", "2026-11-01", "96.0000"),
        ("vcenter/vm-7", "2026-11-02", "96.0000"),
    ]
    assert [alert["id"] for alert in beside["alerts"]] == [alert["id"] for alert in found]
    assert [event.key for event in await findings(billing)] == [alert["id"] for alert in found]


async def test_a_run_says_of_each_contract_what_the_look_saw(make_service: MakeService) -> None:
    clock = Clock(datetime(2026, 12, 2, 12, tzinfo=UTC))
    billing, _ = await billed_by_events(make_service, clock)
    await started(billing)
    [before] = (await run(billing, "2026-11"))["items"]
    await Reconciliations(billing.database, clock).look_at_all()
    [item] = (await run(billing, "2026-11"))["items"]
    assert item["state"] == "draft"
    assert (item["reconciliation"]["differences"], item["reconciliation"]["compared_with"]) == (30, "inventory")
    assert item["open_alerts"] == 31
    assert before["state"] == "draft"


async def test_an_alert_ends_when_the_two_agree_and_no_other_is_raised(make_service: MakeService) -> None:
    clock = Clock(THIRD)
    billing, contract = await billed_by_events(make_service, clock)
    await started(billing)
    looks = Reconciliations(billing.database, clock)
    await looks.look_at_all()
    clock.now = datetime(2026, 11, 4, 4, tzinfo=UTC)
    await billing.handle(machine(1, segment(NOVEMBER)))
    await looks.look_at_all()
    found = await alerts(billing)
    assert [alert["ended_at"] for alert in found] == ["2026-11-04T04:00:00Z"] * 2
    assert await alerts(billing, open="true") == []
    beside = await draft(billing, contract)
    assert (beside["reconciliation"]["differences"], beside["differences"], beside["alerts"]) == (0, [], [])
    told = [event.data for event in await findings(billing)]
    assert [(data["version"], data["ended_at"]) for data in told if isinstance(data, dict)] == [
        (1, None),
        (1, None),
        (2, "2026-11-04T04:00:00Z"),
        (2, "2026-11-04T04:00:00Z"),
    ]
    async with billing.database.snapshot(EVERY) as connection:
        again = [event.data async for event in billing.parts.republishers["billing.alerts"](connection)]
    assert sorted(again, key=str) == sorted(told[2:], key=str)


async def test_a_month_is_looked_at_once_a_day_however_many_look(make_service: MakeService) -> None:
    clock = Clock(THIRD)
    billing, _ = await billed_by_events(make_service, clock)
    await started(billing)
    made = await asyncio.gather(*(Reconciliations(billing.database, clock).look_at_all() for _ in range(5)))
    assert sum(made) == 1
    assert len(await findings(billing)) == 2
    clock.now = datetime(2026, 11, 4, 2, 59, tzinfo=UTC)
    assert await Reconciliations(billing.database, clock).look_at_all() == 0
    clock.now = datetime(2026, 11, 4, 3, 0, tzinfo=UTC)
    made = await asyncio.gather(*(Reconciliations(billing.database, clock).look_at_all() for _ in range(5)))
    assert sum(made) == 1
    assert [alert["day"] for alert in await alerts(billing)] == ["2026-11-01", "2026-11-02", "2026-11-03"]


async def test_each_kind_of_difference_of_a_day_is_one_alert(make_service: MakeService) -> None:
    clock = Clock(datetime(2026, 11, 2, 4, tzinfo=UTC))
    billing, _ = await billed_by_events(make_service, clock)
    for number, vm in enumerate((7, 8, 9), 1):
        await started(billing, number, vm)
    bigger = segment(NOVEMBER) | {"allocation": {"vcpu": 8, "ram_gib": 16.0, "disk_gib": 0.0}}
    await billing.handle(
        machine(1, segment(NOVEMBER), number=7), machine(1, bigger, number=8), machine(1, segment(NOVEMBER), number=10)
    )
    await Reconciliations(billing.database, clock).look_at_all()
    assert [alert["name"] for alert in await alerts(billing)] == [
        "2026-11-01: 1 resource billed, but not in the inventory: vcenter/vm-9",
        "2026-11-01: 1 resource in the inventory, but not billed: vcenter/vm-10",
        "2026-11-01: 1 resource billed in other quantities than in the inventory: vcenter/vm-8",
    ]


async def test_an_inventory_that_no_partner_reports_on_is_held_against_nothing(make_service: MakeService) -> None:
    clock = Clock(THIRD)
    billing = await make_service(SERVICE, clock=clock)
    await sold_by(billing)
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(NOVEMBER)))
    looks = Reconciliations(billing.database, clock)
    await looks.look_at_all()
    assert await alerts(billing) == []
    assert (await draft(billing, contract))["reconciliation"]["compared_with"] is None
    clock.now = datetime(2026, 11, 4, 4, tzinfo=UTC)
    await started(billing, time="2026-11-02T00:00:00+01:00")
    await looks.look_at_all()
    assert [(alert["finding"], alert["day"]) for alert in await alerts(billing)] == [("billed_only", "2026-11-01")]


async def test_a_difference_that_stays_is_looked_at_until_it_goes(make_service: MakeService) -> None:
    clock = Clock(datetime(2026, 11, 2, 4, tzinfo=UTC))
    billing, _ = await billed_by_events(make_service, clock)
    await started(billing)
    await report(billing, usage(2, "stopped", "2026-11-02T00:00:00+01:00"))
    looks = Reconciliations(billing.database, clock)
    await looks.look_at_all()
    clock.now = datetime(2027, 2, 2, 4, tzinfo=UTC)
    await looks.look_at_all()
    assert [alert["day"] for alert in await alerts(billing, open="true")] == ["2026-11-01"]
    clock.now = datetime(2027, 2, 3, 4, tzinfo=UTC)
    await billing.handle(machine(1, segment(NOVEMBER, "2026-11-02T00:00:00+01:00")))
    await looks.look_at_all()
    assert await alerts(billing, open="true") == []


async def test_a_month_that_cannot_be_looked_at_does_not_stop_the_others(make_service: MakeService) -> None:
    clock = Clock(THIRD)
    billing, _ = await billed_by_events(make_service, clock)
    other = await agreed(billing, org="globex", metering="events", starts_on="2026-11-01")
    await started(billing)
    async with billing.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            """INSERT INTO price_versions (contract_id, number, org_id, valid_from, terms, recorded_at)
               SELECT id, 2, org_id, '2026-11-01', '{}', '2026-01-01' FROM contracts WHERE id <> $1""",
            other["id"],
        )
    assert await Reconciliations(billing.database, clock).look_at_all() == 1


async def test_the_worker_looks_by_itself(make_service: MakeService) -> None:
    billing, _ = await billed_by_events(make_service, Clock(THIRD))
    await started(billing)
    async with billing.running(workers=True):
        await eventually(lambda: alerts(billing), what="the alerts")


async def test_an_alert_changes_but_to_end_once(make_service: MakeService) -> None:
    clock = Clock(datetime(2026, 11, 2, 4, tzinfo=UTC))
    billing, _ = await billed_by_events(make_service, clock)
    await started(billing)
    await Reconciliations(billing.database, clock).look_at_all()
    for statement in (
        "UPDATE alerts SET name = 'nothing'",
        "UPDATE alerts SET ended_at = now(), name = 'nothing'",
        "UPDATE alerts SET ended_at = NULL",
        "DELETE FROM alerts",
        "TRUNCATE alerts",
    ):
        with pytest.raises(asyncpg.PostgresError):
            async with billing.database.transaction(EVERY) as unit:
                await unit.connection.execute(statement)


def test_a_sentence_names_the_first_resources_and_counts_the_others() -> None:
    day = date(2026, 11, 1)
    midnight = epoch(local_midnight(day, ZoneInfo("Europe/Paris")))
    billed = [Interval(f"vm-{n}", midnight, midnight + 3600, (1, 0, 0)) for n in range(1, 8)]
    [found] = compared(billed, [], "events", ZoneInfo("Europe/Paris")).found
    assert found.sentence == (
        "2026-11-01: 7 resources billed, but not in the partner's usage events: vm-1, vm-2, vm-3, vm-4, vm-5 and 2 more"
    )


def test_of_many_differences_all_are_counted_and_the_first_thousand_kept() -> None:
    paris = ZoneInfo("Europe/Paris")
    start, end = (epoch(local_midnight(date(2026, month, 1), paris)) for month in (10, 11))
    billed = [Interval(f"vm-{n:03}", start, end, (1, 0, 0)) for n in range(100)]
    found = compared(billed, [], "inventory", paris)
    assert (found.differences, len(found.first), len(found.found)) == (3100, MOST_KEPT, 31)
    assert (found.first[0].resource, found.first[-1].resource) == ("vm-000", "vm-032")
    assert compared(billed, billed, "inventory", paris).differences == 0
