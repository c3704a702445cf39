"""Thresholds of a contract's month: told of once, by whichever figure reaches them first."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from billing.domain.thresholds import Measure, Standing, Threshold, crossings
from billing.main import SERVICE
from billing.service.thresholds import Thresholds
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually

from services.billing.tests.heard import agreed, machine, segment
from services.billing.tests.test_invoices import Clock

NOVEMBER = "2026-11-01T00:00:00+01:00"
TENTH = datetime(2026, 11, 9, 23, tzinfo=UTC)
"""Nine of thirty days: a machine of 55.60 a month has cost 16.68."""


async def threshold(
    billing: RunningService[Any], contract: dict[str, Any], measure: str, amount: str
) -> dict[str, Any]:
    asked = {"name": f"{measure} {amount}", "measure": measure, "amount": amount}
    answer = await billing.client.post(f"/v1/contracts/{contract['id']}/thresholds", json=asked)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def alerts(billing: RunningService[Any], **query: str) -> list[dict[str, Any]]:
    answer = await billing.client.get("/v1/alerts", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize(
    ("measure", "reached", "above"),
    [("month_to_date", "16.68", "16.69"), ("state_based", "55.60", "55.61"), ("linear", "55.60", "55.61")],
)
async def test_a_threshold_that_is_reached_is_told_of_once_a_month(
    make_service: MakeService, measure: str, reached: str, above: str
) -> None:
    clock = Clock(TENTH)
    billing = await make_service(SERVICE, clock=clock)
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(NOVEMBER)))
    crossed = await threshold(billing, contract, measure, reached)
    await threshold(billing, contract, measure, above)
    watch = Thresholds(billing.database, clock)
    assert len(await watch.watch()) == 1
    assert await watch.watch() == []
    [alert] = await alerts(billing, month="2026-11")
    assert (alert["threshold_id"], alert["value"], alert["amount"]) == (crossed["id"], reached, reached)
    [event] = [event for event in await billing.outbox() if event.topic == "billing.alerts"]
    assert isinstance(event.data, dict)
    assert (event.key, event.data["measure"], event.data["value"]) == (alert["id"], measure, reached)
    async with billing.database.snapshot(EVERY) as connection:
        again = [told.data async for told in billing.parts.republishers["billing.alerts"](connection)]
    assert again == [event.data]


async def test_the_next_month_is_told_of_again_and_a_withdrawn_threshold_is_not(make_service: MakeService) -> None:
    clock = Clock(TENTH)
    billing = await make_service(SERVICE, clock=clock)
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(NOVEMBER)))
    stays = await threshold(billing, contract, "state_based", "50")
    leaves = await threshold(billing, contract, "state_based", "40")
    path = f"/v1/contracts/{contract['id']}/thresholds"
    assert {one["id"] for one in (await billing.client.get(path)).json()} == {stays["id"], leaves["id"]}
    watch = Thresholds(billing.database, clock)
    assert len(await watch.watch()) == 2
    assert (await billing.client.delete(f"{path}/{leaves['id']}")).status_code == 204
    assert (await billing.client.delete(f"{path}/{leaves['id']}")).status_code == 404
    clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    assert len(await watch.watch()) == 1
    found = [(alert["month"], alert["threshold_id"]) for alert in await alerts(billing)]
    assert sorted(found[:2]) == sorted([("2026-11", stays["id"]), ("2026-11", leaves["id"])])
    assert found[2:] == [("2026-12", stays["id"])]


async def test_a_baseline_is_a_floor_of_both_projections_before_anything_runs(make_service: MakeService) -> None:
    clock = Clock(TENTH)
    billing = await make_service(SERVICE, clock=clock)
    model = {"model": "baseline", "baseline_units": "10", "baseline_price": "8", "overage_price": "9", "mode": "pooled"}
    contract = await agreed(billing, prices={"valid_from": "2026-01-01", "prices": {"vcpu": model}})
    for measure in ("state_based", "linear"):
        await threshold(billing, contract, measure, "80")
    raised = await Thresholds(billing.database, clock).watch()
    assert {(alert.measure, alert.value) for alert in raised} == {
        ("state_based", Decimal("80.00")),
        ("linear", Decimal("80.00")),
    }


async def test_late_use_crosses_the_month_that_is_over_until_its_grace_ends(make_service: MakeService) -> None:
    clock = Clock(datetime(2026, 11, 3, 12, tzinfo=UTC))
    billing = await make_service(SERVICE, clock=clock)
    contract = await agreed(billing)
    await threshold(billing, contract, "month_to_date", "50")
    watch = Thresholds(billing.database, clock)
    assert await watch.watch() == []
    await billing.handle(machine(1, segment("2026-10-01T00:00:00+02:00", NOVEMBER)))
    assert [f"{alert.month:%Y-%m} {alert.value}" for alert in await watch.watch()] == ["2026-10 55.60"]
    clock.now = datetime(2026, 11, 4, 12, tzinfo=UTC)
    await threshold(billing, contract, "month_to_date", "40")
    assert await watch.watch() == []


async def test_processes_that_look_at_once_tell_once(make_service: MakeService) -> None:
    clock = Clock(TENTH)
    billing = await make_service(SERVICE, clock=clock)
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(NOVEMBER)))
    await threshold(billing, contract, "state_based", "10")
    found = await asyncio.gather(*(Thresholds(billing.database, clock).watch() for _ in range(5)))
    assert sum(map(len, found)) == 1
    assert len([event for event in await billing.outbox() if event.topic == "billing.alerts"]) == 1


async def test_the_worker_looks_as_soon_as_a_threshold_is_agreed_on(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=Clock(TENTH))
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(NOVEMBER)))
    async with billing.running(workers=True):
        await threshold(billing, contract, "linear", "1")
        await eventually(lambda: alerts(billing), what="the alert")


async def test_thresholds_and_alerts_of_others_are_not_there(make_service: MakeService) -> None:
    clock = Clock(TENTH)
    billing = await make_service(SERVICE, clock=clock)
    contract = await agreed(billing)
    await billing.handle(machine(1, segment(NOVEMBER)))
    made = await threshold(billing, contract, "linear", "1")
    await Thresholds(billing.database, clock).watch()
    path = f"/v1/contracts/{contract['id']}/thresholds"
    async with billing.client_for(["globex"]) as stranger:
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.post(path, json={"name": "a", "measure": "linear", "amount": "1"})).status_code == 404
        assert (await stranger.delete(f"{path}/{made['id']}")).status_code == 404
        assert (await stranger.get("/v1/alerts")).json()["items"] == []
    assert len(await alerts(billing, org="acme", contract=contract["id"])) == 1


def test_before_anything_has_elapsed_there_is_no_mean_to_cross_by() -> None:
    measures: tuple[Measure, ...] = ("month_to_date", "state_based", "linear")
    watched = [Threshold(UUID(int=n), measure, measure, Decimal(1)) for n, measure in enumerate(measures)]
    found = crossings(watched, Standing(Decimal(0), Decimal(5), None))
    assert [crossing.threshold.measure for crossing in found] == ["state_based"]
