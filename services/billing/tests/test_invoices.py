"""From a month to a numbered document that never changes, and from a late fact to its credit note or adjustment."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import facturx
import pytest
from billing.documents.content import Seller
from billing.einvoice.files import Files, Writer
from billing.main import SCHEMATRONS, SERVICE
from billing.service.invoicing import Invoicing
from billing.store import invoices as invoice_store
from common.events import Event
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually

from services.billing.tests.heard import CONTRACT, CUSTOMER, SELLER, agreed, footprint, machine, segment, sold_by

OCTOBER = "2026-10-01T00:00:00+02:00"
TWENTY_FIRST = "2026-10-21T00:00:00+02:00"


@dataclass
class Clock:
    """A clock that tests set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


AFTER_GRACE = datetime(2026, 11, 4, 1, tzinfo=UTC)


async def billing_at(make_service: MakeService, clock: Clock) -> tuple[RunningService[Any], dict[str, Any]]:
    billing = await make_service(SERVICE, clock=clock)
    await sold_by(billing)
    return billing, await agreed(billing)


async def run(billing: RunningService[Any], month: str) -> dict[str, Any]:
    asked = await billing.client.post("/v1/invoices/runs", params={"month": month})
    assert asked.status_code == 202, asked.text

    async def done() -> Any:
        view = (await billing.client.get(f"/v1/invoices/runs/{asked.json()['id']}")).json()
        return view if view["status"] == "done" else None

    async with billing.running(workers=True):
        document: dict[str, Any] = await eventually(done, timeout_s=120, what="the run")
    return document


async def issued(billing: RunningService[Any], month: str = "2026-10") -> dict[str, Any]:
    [item] = (await run(billing, month))["items"]
    assert item["state"] == "issued", item
    return await invoice(billing, item["number"])


async def invoice(billing: RunningService[Any], number: str) -> dict[str, Any]:
    answer = await billing.client.get(f"/v1/invoices/{number}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def correct(billing: RunningService[Any], number: str) -> Any:
    return await billing.client.post(f"/v1/invoices/{number}/credit-notes", json={"reason": "late data"})


def sums(document: dict[str, Any]) -> tuple[str, str, str]:
    return document["body"]["net"], document["body"]["vat_total"], document["body"]["gross"]


async def test_c16_a_late_stop_is_credited_to_the_cent(make_service: MakeService) -> None:
    clock = Clock(AFTER_GRACE)
    billing, _ = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment(OCTOBER)))
    original = await issued(billing)
    assert (original["number"], original["issued_on"], original["due_on"]) == (
        "F-2026-000001",
        "2026-11-04",
        "2026-12-04",
    )
    assert sums(original) == ("55.60", "11.12", "66.72")

    clock.now = datetime(2026, 11, 6, 9, tzinfo=UTC)
    await billing.handle(machine(2, segment(OCTOBER, TWENTY_FIRST)))
    corrected = (await correct(billing, original["number"])).json()
    assert corrected == {"outcome": "credit_note", "credit_note": "A-2026-000001", "net": "-19.78"}
    note = await invoice(billing, "A-2026-000001")
    assert note["body"]["type"] == "381"
    assert note["body"]["corrects"] == {"number": "F-2026-000001", "issued_on": "2026-11-04"}
    assert [(line["meter"], line["amount"]) for line in note["body"]["lines"]] == [
        ("vcpu", "11.24"),
        ("ram_gib", "8.54"),
    ]
    assert sums(note) == ("19.78", "3.96", "23.74")
    assert (await invoice(billing, "F-2026-000001"))["credit_notes"] == ["A-2026-000001"]


async def test_what_has_been_credited_is_not_credited_again(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    await billing.handle(machine(2, segment(OCTOBER, TWENTY_FIRST)))
    assert (await correct(billing, number)).status_code == 201
    again = await correct(billing, number)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/nothing-to-correct")


async def test_use_that_comes_to_light_late_is_a_dated_line_on_the_next_invoice(make_service: MakeService) -> None:
    clock = Clock(AFTER_GRACE)
    billing, _ = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment(OCTOBER, TWENTY_FIRST)))
    number = (await issued(billing))["number"]
    await billing.handle(machine(2, segment(OCTOBER)))
    corrected = (await correct(billing, number)).json()
    assert corrected == {"outcome": "adjustment", "credit_note": None, "net": "19.78"}
    assert (await correct(billing, number)).status_code == 409

    clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    following = await issued(billing, "2026-11")
    adjusted = [line for line in following["body"]["lines"] if line["kind"] == "adjustment"]
    assert [(line["first"], line["last"], line["amount"]) for line in adjusted] == [
        ("2026-10-01", "2026-10-31", "11.24"),
        ("2026-10-01", "2026-10-31", "8.54"),
    ]
    assert sums(following)[0] == "75.38"


async def test_within_grace_there_is_a_draft_that_follows_what_is_heard(make_service: MakeService) -> None:
    clock = Clock(datetime(2026, 11, 3, 22, tzinfo=UTC))
    billing, contract = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment(OCTOBER)))
    [item] = (await run(billing, "2026-10"))["items"]
    assert (item["state"], item["number"]) == ("draft", None)
    path = f"/v1/contracts/{contract['id']}/draft"
    assert (await billing.client.get(path, params={"month": "2026-10"})).json()["footprint"]["kwh"] is None
    await billing.handle(footprint("2026-10", kwh=12.0, gwp_kg=3.0))
    assert (await billing.client.get(path, params={"month": "2026-10"})).json()["footprint"]["kwh"] == 12.0


async def test_a_footprint_heard_after_issue_leaves_the_invoice_as_it_is(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)), footprint("2026-10", kwh=12.0, gwp_kg=3.0))
    before = await issued(billing)
    await billing.handle(footprint("2026-10", 2, kwh=99.0, gwp_kg=9.0))
    assert await invoice(billing, before["number"]) == before
    assert before["body"]["resources"] == [{"resource": "vcenter/vm-7", "kwh": 12.0, "gwp_kg": 3.0}]


async def test_without_use_there_is_no_document_and_no_number(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    [item] = (await run(billing, "2026-10"))["items"]
    assert item["state"] == "nothing"
    await billing.handle(machine(1, segment("2026-09-01T00:00:00+02:00", OCTOBER)))
    assert (await issued(billing, "2026-09"))["number"] == "F-2026-000001"


async def test_a_run_that_is_asked_for_again_issues_nothing_twice(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    first, second = await issued(billing), await issued(billing)
    assert first["number"] == second["number"] == "F-2026-000001"
    assert len((await billing.client.get("/v1/invoices")).json()["items"]) == 1


async def test_a_contract_that_cannot_be_settled_does_not_stop_the_others(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE))
    await agreed(billing)
    await billing.handle(machine(1, segment(OCTOBER)))
    [item] = (await run(billing, "2026-10"))["items"]
    assert (item["state"], item["detail"]) == ("failed", "say who the seller is first (PUT /v1/seller)")
    await sold_by(billing)
    assert (await issued(billing))["number"] == "F-2026-000001"


async def test_an_invoice_is_rated_again_from_its_evidence_to_the_same_hash(make_service: MakeService) -> None:
    clock = Clock(AFTER_GRACE)
    billing, contract = await billing_at(make_service, clock)
    minimum = {"valid_from": "2026-10-10", "prices": {"vcpu": {"model": "unit", "price": "6"}}, "minimum": "500"}
    await billing.client.post(f"/v1/contracts/{contract['id']}/prices", json=minimum)
    await billing.handle(*(machine(1, segment(OCTOBER, TWENTY_FIRST), number=number) for number in range(1, 6)))
    original = await issued(billing)
    await billing.handle(*(machine(2, segment(OCTOBER), number=number) for number in range(1, 6)))
    writer = Writer(SCHEMATRONS)
    rating = await Invoicing(billing.database, clock, writer).rate_from_evidence(EVERY, original["number"])
    assert rating.hash == original["body"]["rating"]["hash"]
    assert str(rating.net) == original["body"]["net"]


async def test_the_evidence_is_one_call_away_page_by_page(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(*(machine(1, segment(OCTOBER, TWENTY_FIRST), number=number) for number in range(1, 6)))
    path = f"/v1/invoices/{(await issued(billing))['number']}/evidence"
    first = (await billing.client.get(path, params={"limit": 3})).json()
    second = (await billing.client.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    found = first["items"] + second["items"]
    assert [item["resource"] for item in found] == [f"vcenter/vm-{number}" for number in range(1, 6)]
    assert (found[0]["start"], found[0]["vcpu"]) == ("2026-09-30T22:00:00Z", 4)


async def test_the_evidence_of_a_line_is_the_use_of_its_meter_under_its_prices(make_service: MakeService) -> None:
    billing, contract = await billing_at(make_service, Clock(AFTER_GRACE))
    dearer = {
        "valid_from": "2026-10-21",
        "prices": {"vcpu": {"model": "unit", "price": "9"}, "ram_gib": {"model": "unit", "price": "2"}},
        "discounts": [{"label": "fidélité", "percent": "10"}],
    }
    await billing.client.post(f"/v1/contracts/{contract['id']}/prices", json=dearer)
    without_memory = segment(OCTOBER) | {"allocation": {"vcpu": 4, "ram_gib": 0.0, "disk_gib": 0.0}}
    await billing.handle(
        machine(1, segment(OCTOBER, TWENTY_FIRST), number=1),
        machine(1, segment(TWENTY_FIRST), number=2),
        machine(1, without_memory, number=3),
    )
    document = await issued(billing)
    path = f"/v1/invoices/{document['number']}/evidence"
    found = {}
    for position, line in enumerate(document["body"]["lines"], 1):
        items = (await billing.client.get(path, params={"line": position})).json()["items"]
        found[line["key"]] = [item["resource"].rpartition("-")[2] for item in items]
    assert found == {
        "usage/vcpu/unit/1": ["1", "3"],
        "usage/ram_gib/unit/1": ["1"],
        "usage/vcpu/unit/2": ["2", "3"],
        "usage/ram_gib/unit/2": ["2"],
        "discount/all/fidélité/2": ["2", "3"],
    }
    beyond = await billing.client.get(path, params={"line": 9})
    assert (beyond.status_code, beyond.json()["errors"][0]["field"]) == (422, "line")


async def test_revenue_and_carbon_are_by_the_month_that_was_sold(make_service: MakeService) -> None:
    clock = Clock(AFTER_GRACE)
    billing, contract = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment(OCTOBER, TWENTY_FIRST)), footprint("2026-10", kwh=12.0, gwp_kg=3.0))
    number = (await issued(billing))["number"]
    await billing.handle(machine(2, segment(OCTOBER)))
    await correct(billing, number)
    clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    await billing.handle(footprint("2026-11", kwh=20.0, gwp_kg=5.0))
    following = (await issued(billing, "2026-11"))["number"]
    await billing.handle(machine(3, segment(OCTOBER, "2026-11-16T00:00:00+01:00")))
    await correct(billing, following)

    answer = (await billing.client.get("/v1/revenue", params={"from": "2026-10", "to": "2026-11"})).json()
    [row] = answer["items"]
    assert (row["contract_id"], row["customer"]) == (contract["id"], "Acme SAS")
    assert [(m["month"], m["invoiced"], m["adjusted"], m["credited"], m["net"], m["kwh"]) for m in row["months"]] == [
        ("2026-10", "35.82", "19.78", "0.00", "55.60", 12.0),
        ("2026-11", "55.60", "0.00", "27.80", "27.80", 20.0),
    ]
    assert (row["total"]["net"], row["total"]["gwp_kg"]) == ("83.40", 8.0)
    assert row["total"]["kg_per_euro"] == pytest.approx(8 / 83.4)
    only = (await billing.client.get("/v1/revenue", params={"from": "2026-10", "to": "2026-10"})).json()
    assert [month["month"] for month in only["items"][0]["months"]] == ["2026-10"]
    assert (await billing.client.get("/v1/revenue", params={"from": "2026-11", "to": "2026-10"})).status_code == 422
    async with billing.client_for(["globex"]) as stranger:
        hidden = await stranger.get("/v1/revenue", params={"from": "2026-10", "to": "2026-11"})
        assert hidden.json() == {"items": []}


async def test_a_contract_that_ends_in_a_month_owes_the_part_of_its_minimum_that_it_lasted(
    make_service: MakeService,
) -> None:
    billing = await make_service(SERVICE, clock=Clock(datetime(2026, 12, 5, tzinfo=UTC)))
    await sold_by(billing)
    minimum = {
        "valid_from": "2026-01-01",
        "prices": {"vcpu": {"model": "unit", "price": "6"}},
        "minimum": "300.00",
    }
    await agreed(billing, ends_on="2026-11-16", prices=minimum)
    await billing.handle(machine(1, segment(OCTOBER)))
    document = await issued(billing, "2026-11")
    assert [(line["kind"], line["amount"]) for line in document["body"]["lines"]] == [
        ("usage", "12.00"),
        ("true_up", "138.00"),
    ]
    assert sums(document) == ("150.00", "30.00", "180.00")
    assert (await billing.client.post("/v1/invoices/runs", params={"month": "2026-12"})).status_code == 404


async def test_a_renamed_organisation_or_machine_is_billed_as_before_and_the_new_name_is_the_contract_s_to_say(
    make_service: MakeService,
) -> None:
    clock = Clock(AFTER_GRACE)
    billing, contract = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment(OCTOBER)))
    before = await issued(billing)
    renamed = {"id": "acme", "name": "Acme Groupe", "time_zone": "Europe/Paris", "version": 2, "deleted": False}
    other_name = machine(2, segment(OCTOBER))
    assert isinstance(other_name.data, dict)
    other_name.data["name"] = "erp"
    await billing.handle(
        Event("inventory.organizations", "inventory.organization.changed.v1", "acme", "organization/acme", renamed),
        other_name,
    )
    assert (await correct(billing, before["number"])).status_code == 409
    changed = await billing.client.patch(
        f"/v1/contracts/{contract['id']}",
        json={"customer": CUSTOMER | {"name": "Acme Groupe"}},
        headers={"If-Match": '"1"'},
    )
    assert changed.status_code == 200, changed.text
    clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    after = await issued(billing, "2026-11")
    assert (before["body"]["buyer"]["name"], after["body"]["buyer"]["name"]) == ("Acme SAS", "Acme Groupe")
    assert await invoice(billing, before["number"]) == before
    assert sums(after) == sums(before)


async def test_an_issued_document_cannot_be_changed_or_removed(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    await issued(billing)
    for statement in (
        "UPDATE invoices SET net = 0",
        "DELETE FROM invoice_intervals",
        "DELETE FROM invoices",
        "TRUNCATE invoices CASCADE",
        "ALTER TABLE invoices DISABLE TRIGGER immutable",
    ):
        with pytest.raises(asyncpg.PostgresError):
            async with billing.database.transaction(EVERY) as unit:
                await unit.connection.execute(statement)


async def test_the_chain_shows_what_was_changed_behind_the_service_s_back(
    make_service: MakeService, databases: Any
) -> None:
    clock = Clock(AFTER_GRACE)
    billing, _ = await billing_at(make_service, clock)
    await billing.handle(machine(1, segment("2026-08-01T00:00:00+02:00")))
    for month in ("2026-08", "2026-09", "2026-10"):
        await issued(billing, month)
    path = "/v1/series/F/2026/verification"
    assert (await billing.client.get(path)).json() == {"documents": 3, "valid": True, "fault": None}

    name = billing.settings.database_url.rpartition("/")[2]
    intruder = await asyncpg.connect(databases.admin_url(name))
    try:
        await intruder.execute("SET search_path TO billing, public; ALTER TABLE invoices DISABLE TRIGGER ALL")
        await intruder.execute("UPDATE invoices SET content = replace(content, '55.60', '15.60') WHERE sequence = 2")
        changed = (await billing.client.get(path)).json()
        await intruder.execute("DELETE FROM invoices WHERE sequence = 3")
        await intruder.execute("UPDATE invoices SET content = replace(content, '15.60', '55.60') WHERE sequence = 2")
        shortened = (await billing.client.get(path)).json()
    finally:
        await intruder.close()
    assert (changed["valid"], "F-2026-000002 has been changed" in changed["fault"]) == (False, True)
    assert (shortened["valid"], "ends with number 3" in shortened["fault"]) == (False, True)


async def test_each_issue_is_told_once_and_can_be_told_again(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    document = await issued(billing)
    [event] = [event for event in await billing.outbox() if event.topic == "billing.invoices"]
    assert isinstance(event.data, dict)
    assert (event.key, event.data["gross"], event.data["hash"]) == ("F-2026-000001", "66.72", document["hash"])
    async with billing.database.snapshot(EVERY) as connection:
        again = [told async for told in billing.parts.republishers["billing.invoices"](connection)]
    assert [told.data for told in again] == [event.data]


async def test_a_customer_abroad_is_billed_by_reverse_charge(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE))
    await sold_by(billing)
    berlin = {
        "name": "Acme GmbH",
        "territory": "DE",
        "vat_id": "DE136695976",
        "electronic_address": "rechnung@acme.example",
        "address": {"lines": ["Unter den Linden 1"], "postcode": "10117", "city": "Berlin"},
    }
    await agreed(billing, customer=berlin)
    await billing.handle(machine(1, segment(OCTOBER)))
    document = await issued(billing)
    assert sums(document) == ("55.60", "0.00", "55.60")
    assert document["body"]["vat"][0]["category"] == "AE"


async def test_the_pdf_holds_the_very_bytes_of_the_xml(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)), footprint("2026-10", kwh=12.0, gwp_kg=3.0))
    number = (await issued(billing))["number"]
    pdf = await billing.client.get(f"/v1/invoices/{number}.pdf")
    xml = await billing.client.get(f"/v1/invoices/{number}.xml")
    assert (pdf.headers["content-type"], xml.headers["content-type"]) == ("application/pdf", "application/xml")
    assert facturx.get_xml_from_pdf(pdf.content, check_xsd=True) == ("factur-x.xml", xml.content)
    assert Files(xml.content, pdf.content).digest == (await invoice(billing, number))["files_sha256"]


async def test_a_document_that_a_schematron_refuses_takes_no_number(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE))
    async with billing.database.transaction(EVERY) as unit:
        stateless = Seller.model_validate(SELLER | {"siren": None, "siret": None})
        await invoice_store.add_seller(unit.connection, stateless, AFTER_GRACE)
    await agreed(billing)
    await billing.handle(machine(1, segment(OCTOBER)))
    [item] = (await run(billing, "2026-10"))["items"]
    assert item["state"] == "failed"
    assert "BR-FR-10" in item["detail"]
    await sold_by(billing)
    assert (await issued(billing))["number"] == "F-2026-000001"


async def test_documents_of_others_are_not_there(make_service: MakeService) -> None:
    billing, _ = await billing_at(make_service, Clock(AFTER_GRACE))
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    async with billing.client_for(["globex"]) as stranger:
        assert (await stranger.get(f"/v1/invoices/{number}")).status_code == 404
        assert (await stranger.get(f"/v1/invoices/{number}/evidence")).status_code == 404
        assert (await stranger.get("/v1/invoices")).json()["items"] == []
        assert (await correct(billing, "F-2026-000009")).status_code == 404
        assert (await stranger.put("/v1/seller", json={})).status_code in (403, 422)


async def test_many_contracts_are_numbered_without_gap_by_many_workers(make_service: MakeService) -> None:
    billing = await make_service(SERVICE, clock=Clock(AFTER_GRACE))
    await sold_by(billing)
    for number in range(1, 10):
        org = f"org-{number}"
        answer = await billing.client.post("/v1/contracts", json=CONTRACT | {"org": org, "customer": CUSTOMER})
        assert answer.status_code == 201, answer.text
        if number % 3:
            await billing.handle(machine(1, segment(OCTOBER), number=number, org=org))
    async with billing.running(workers=True):
        views = await asyncio.gather(run(billing, "2026-10"), run(billing, "2026-10"))
    numbers = {item["number"] for view in views for item in view["items"] if item["number"]}
    assert numbers == {f"F-2026-{sequence:06}" for sequence in range(1, 7)}
    assert (await billing.client.get("/v1/series/F/2026/verification")).json()["valid"]
    assert sum(Decimal(i["net"]) for i in (await billing.client.get("/v1/invoices")).json()["items"]) == 6 * Decimal(
        "55.60"
    )
