"""Months that go wrong, or end late: text that XML refuses, a contract that cannot be read, one that has ended, one without footprints."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from billing.main import SERVICE
from common.organisations import EVERY
from common.testing.plugin import MakeService
from common.testing.waiting import eventually
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from services.billing.tests.heard import CONTRACT, CUSTOMER, agreed, footprint, machine, segment, sold_by
from services.billing.tests.test_invoices import AFTER_GRACE, OCTOBER, TWENTY_FIRST, Clock, correct, issued, sums


@pytest.fixture(scope="module")
def traced() -> None:
    """Traces have ids, as in a process of the service."""
    trace.set_tracer_provider(TracerProvider())


async def test_text_that_an_xml_cannot_hold_is_refused_where_it_comes_in(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    bell = "Acme\u0007SAS"
    price = {"valid_from": "2026-01-01", "prices": {}, "discounts": [{"label": bell, "percent": "5"}]}
    wrong: dict[str, dict[str, Any]] = {
        "customer.name": {"customer": CUSTOMER | {"name": bell}},
        "customer.address.postcode": {"customer": CUSTOMER | {"address": CUSTOMER["address"] | {"postcode": bell}}},
        "reference": {"reference": "CL\uffff1"},
        "prices.discounts.0.label": {"prices": price},
    }
    for field, changes in wrong.items():
        answer = await billing.client.post("/v1/contracts", json=CONTRACT | changes)
        assert answer.status_code == 422, field
        [error] = answer.json()["errors"]
        assert error["field"] == field
        assert "XML" in error["detail"]
    await agreed(billing, reference="Œuvre 𝒳 – 1")


async def test_a_contract_that_fails_in_a_way_nobody_foresaw_does_not_stop_the_others(
    make_service: MakeService, traced: None, capfd: pytest.CaptureFixture[str]
) -> None:
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE))
    await sold_by(billing)
    ids = [(await agreed(billing, org=f"org-{number}"))["id"] for number in (1, 2)]
    await billing.handle(*(machine(1, segment(OCTOBER), number=number, org=f"org-{number}") for number in (1, 2)))
    runs = []
    for number in (1, 2):
        asked = await billing.client.post("/v1/invoices/runs", params={"month": "2026-10", "org": f"org-{number}"})
        runs.append(asked.json()["id"])
    async with billing.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            "UPDATE contracts SET customer = customer - 'address' WHERE id = $1", UUID(ids[0])
        )

    async def done() -> bool:
        view = (await billing.client.get(f"/v1/invoices/runs/{runs[1]}")).json()
        return bool(view["status"] == "done")

    async with billing.running(workers=True):
        await eventually(done, timeout_s=120, what="the run")
    [failed] = (await billing.client.get(f"/v1/invoices/runs/{runs[0]}")).json()["items"]
    [settled] = (await billing.client.get(f"/v1/invoices/runs/{runs[1]}")).json()["items"]
    assert (failed["state"], "could not be settled" in failed["detail"]) == ("failed", True)
    assert "ValidationError" not in failed["detail"]
    [reference] = re.findall("[0-9a-f]{32}", failed["detail"])
    assert int(reference, 16)
    logged = capfd.readouterr().err
    [line] = [line for line in logged.splitlines() if "invoice.failed" in line]
    assert reference in line
    assert "address" in logged
    assert (settled["state"], settled["number"]) == ("issued", "F-2026-000001")


async def test_what_a_contract_that_has_ended_still_owes_is_billed_by_the_next_run(make_service: MakeService) -> None:
    clock = Clock(AFTER_GRACE)
    billing = await make_service(SERVICE, clock=clock)
    await sold_by(billing)
    await agreed(billing, ends_on="2026-11-01")
    await billing.handle(machine(1, segment(OCTOBER, TWENTY_FIRST)))
    number = (await issued(billing))["number"]
    await billing.handle(machine(2, segment(OCTOBER)))
    assert (await correct(billing, number)).json()["outcome"] == "adjustment"

    clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    last = await issued(billing, "2026-11")
    assert [(line["kind"], line["amount"]) for line in last["body"]["lines"]] == [
        ("adjustment", "11.24"),
        ("adjustment", "8.54"),
    ]
    assert sums(last) == ("19.78", "3.96", "23.74")
    assert (await billing.client.post("/v1/invoices/runs", params={"month": "2026-12"})).status_code == 404


async def test_a_footprint_that_is_not_known_is_not_zero_and_lines_add_up_to_what_is(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE))
    await sold_by(billing)
    free: dict[str, Any] = {meter: {"model": "unit", "price": "0"} for meter in ("vcpu", "ram_gib", "disk_gib")}
    contract = await agreed(billing, prices={"valid_from": "2026-01-01", "prices": free})
    path = f"/v1/contracts/{contract['id']}/draft"
    await billing.handle(machine(1, segment(OCTOBER)))
    unheard = (await billing.client.get(path, params={"month": "2026-10"})).json()
    assert unheard["footprint"] == {"kwh": None, "gwp_kg": None}
    assert [line["footprint"] for line in unheard["lines"]] == [{"kwh": None, "gwp_kg": None}] * 2
    await billing.handle(footprint("2026-10", kwh=12.0, gwp_kg=3.0))
    heard = (await billing.client.get(path, params={"month": "2026-10"})).json()
    assert heard["footprint"] == {"kwh": 12.0, "gwp_kg": 3.0}
    assert sum(line["footprint"]["gwp_kg"] for line in heard["lines"]) == pytest.approx(3.0, rel=1e-12)
