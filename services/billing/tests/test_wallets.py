"""What was bought of a customer: a self-billed invoice in a series of its own, credited to a wallet that pays invoices."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import facturx
import pytest
from billing.documents.buy_backs import Item, Taxation, buy_back_body
from billing.documents.content import Document, Seller
from billing.documents.parts import Mandate, Party
from billing.documents.sums import check_sums
from billing.einvoice.page import document_html
from billing.einvoice.validation import Schematrons, check_schema
from billing.einvoice.xml import document_xml
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService

from services.billing.tests.heard import CUSTOMER, SELLER, agreed, machine, segment
from services.billing.tests.test_corrections import contract
from services.billing.tests.test_invoices import AFTER_GRACE, OCTOBER, Clock, billing_at, invoice, issued

MANDATE = {"reference": "MANDAT-7", "signed_on": "2026-07-01"}
BOUGHT = {
    "handed_over_on": "2026-11-02",
    "items": [
        {"description": "PowerEdge R740", "quantity": 3, "unit_price": "15.25"},
        {"description": "Baie", "unit_price": "4.25"},
    ],
}


async def buying(make_service: MakeService) -> tuple[RunningService[Any], str]:
    """Billing with a contract whose customer has given its mandate, after the grace of October."""
    billing, agreement = await billing_at(make_service, Clock(AFTER_GRACE))
    path = f"/v1/contracts/{agreement['id']}"
    given = await billing.client.patch(path, json={"mandate": MANDATE}, headers={"If-Match": '"1"'})
    assert given.status_code == 200, given.text
    return billing, f"{path}/buy-backs"


async def bought(billing: RunningService[Any], path: str, **changes: Any) -> dict[str, Any]:
    answer = await billing.client.post(path, json=BOUGHT | changes)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def wallet(billing: RunningService[Any]) -> dict[str, Any]:
    document: dict[str, Any] = (await billing.client.get("/v1/wallets/acme")).json()
    return document


def self_billed(territory: str, taxation: Taxation, **changes: Any) -> Document:
    customer = Party.model_validate(CUSTOMER | {"territory": territory} | changes)
    body = buy_back_body(
        replace(contract("FR"), customer=customer),
        Mandate.model_validate(MANDATE),
        Seller.model_validate(SELLER),
        [Item("PowerEdge R740", 3, Decimal("850.10")), Item("Baie 42U", 1, Decimal("120"))],
        taxation,
        date(2026, 11, 2),
    )
    check_sums(body)
    day = date(2026, 11, 4)
    return Document(number="R732829320-2026-000001", issued_on=day, due_on=date(2026, 12, 4), body=body)


TAXED: list[tuple[str, Taxation, dict[str, Any], str]] = [
    ("FR", "standard", {}, "534.06"),
    ("RE", "standard", {"language": "en"}, "226.98"),
    ("YT", "standard", {}, "0.00"),
    ("FR", "used_goods", {}, "0.00"),
    ("FR", "franchise", {"vat_id": None, "siret": None}, "0.00"),
]
"""Territory and taxation of a customer, what else is said of it, and the tax on what `self_billed` buys."""


@pytest.mark.parametrize(("territory", "taxation", "changes", "tax"), TAXED)
async def test_a_buy_back_passes_the_xsd_and_both_schematrons(
    territory: str, taxation: Taxation, changes: dict[str, Any], tax: str
) -> None:
    made = self_billed(territory, taxation, **changes)
    assert str(made.body.vat_total) == tax
    xml = document_xml(made)
    check_schema(xml)
    await Schematrons().check(xml)


@pytest.mark.parametrize(
    "mention",
    [
        "Autofacturation",
        "MANDAT-7 du 01/07/2026",
        "au nom et pour le compte de Acme SAS",
        "Livraison de biens",
        "02/11/2026",
    ],
)
def test_the_page_of_a_buy_back_says_who_bills_in_whose_name(mention: str) -> None:
    assert mention in document_html(self_billed("FR", "standard"))


async def test_a_buy_back_is_credited_and_pays_an_invoice_without_lowering_it(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    credited = await bought(billing, path)
    assert credited == {
        "number": "R732829320-2026-000001",
        "net": "50.00",
        "vat": "10.00",
        "gross": "60.00",
        "wallet_balance": "60.00",
    }
    document = await invoice(billing, credited["number"])
    assert document["body"]["type"] == "389"
    assert (document["body"]["seller"]["name"], document["body"]["buyer"]["name"]) == ("Acme SAS", SELLER["name"])
    pdf = await billing.client.get(f"/v1/invoices/{credited['number']}.pdf")
    xml = await billing.client.get(f"/v1/invoices/{credited['number']}.xml")
    assert facturx.get_xml_from_pdf(pdf.content, check_xsd=True) == ("factur-x.xml", xml.content)
    assert (await billing.client.get("/v1/series/R732829320/2026/verification")).json()["valid"]

    paid = await billing.client.post("/v1/wallets/acme/payments", json={"invoice": number})
    assert paid.json()["wallet_balance"] == "0.00"
    [account] = paid.json()["paid"]
    assert (account["gross"], account["open"], account["credited"]) == ("66.72", "6.72", "0.00")
    assert [(payment["amount"], payment["means"]) for payment in account["payments"]] == [("60.00", "wallet")]
    assert (await invoice(billing, number))["body"]["gross"] == "66.72"
    assert [(e["kind"], e["amount"], e["balance"], e["number"]) for e in (await wallet(billing))["items"]] == [
        ("payment", "-60.00", "0.00", number),
        ("buy_back", "60.00", "60.00", credited["number"]),
    ]


async def test_the_oldest_invoices_are_paid_first_and_what_is_taken_back_is_there_again(
    make_service: MakeService,
) -> None:
    billing, path = await buying(make_service)
    await billing.handle(machine(1, segment("2026-09-01T00:00:00+02:00")))
    numbers = [(await issued(billing, month))["number"] for month in ("2026-09", "2026-10")]
    await bought(billing, path, items=[{"description": "serveur", "unit_price": "100.00"}])
    paid = (await billing.client.post("/v1/wallets/acme/payments", json={})).json()
    assert [(account["number"], account["open"]) for account in paid["paid"]] == [
        (numbers[0], "0.00"),
        (numbers[1], "13.44"),
    ]

    back = {"invoice": numbers[0], "amount": "-6.72"}
    taken = await billing.client.post("/v1/wallets/acme/payments", json=back)
    assert (taken.json()["wallet_balance"], taken.json()["paid"][0]["open"]) == ("6.72", "6.72")
    for wrong, says in (
        ({"invoice": numbers[0], "amount": "6.73"}, "more than the 6.72"),
        ({"invoice": numbers[1], "amount": "7.00"}, "more than the 6.72 in the wallet"),
        ({"invoice": numbers[0], "amount": "-60.01"}, "more than the 60.00 that the wallet has paid"),
    ):
        answer = await billing.client.post("/v1/wallets/acme/payments", json=wrong)
        assert (answer.status_code, says in answer.text) == (422, True), answer.text
    transfer = {"amount": "-1.00", "paid_on": "2026-11-04", "reference": "rejected"}
    answer = await billing.client.post(f"/v1/invoices/{numbers[0]}/payments", json=transfer)
    assert (answer.status_code, "was transferred" in answer.text) == (422, True), answer.text


async def test_payments_at_once_never_take_more_than_is_there(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued(billing))["number"]
    await bought(billing, path, items=[{"description": "serveur", "unit_price": "25.00"}])
    calls = (
        billing.client.post("/v1/wallets/acme/payments", json={"invoice": number, "amount": "7.00"}) for _ in range(8)
    )
    statuses = [answer.status_code for answer in await asyncio.gather(*calls)]
    assert sorted(statuses) == [201] * 4 + [422] * 4
    entries = (await wallet(billing))["items"][::-1]
    assert [entry["sequence"] for entry in entries] == list(range(1, 6))
    assert [Decimal(e["balance"]) for e in entries] == [Decimal(b) for b in ("30", "23", "16", "9", "2")]


async def test_the_ledger_is_append_only_and_holds_no_balance_below_zero(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    number = (await bought(billing, path))["number"]
    for statement in (
        "UPDATE wallet_entries SET amount = 1000",
        "DELETE FROM wallet_entries",
        "TRUNCATE wallet_entries",
        f"INSERT INTO wallet_entries VALUES ('acme', 2, 'payment', -61, -1, '{number}', now())",
    ):
        with pytest.raises(asyncpg.PostgresError):
            async with billing.database.transaction(EVERY) as unit:
                await unit.connection.execute(statement)
    assert (await wallet(billing))["balance"] == "60.00"


async def test_without_a_mandate_nothing_is_billed_in_the_customer_s_name(make_service: MakeService) -> None:
    billing, agreement = await billing_at(make_service, Clock(AFTER_GRACE))
    answer = await billing.client.post(f"/v1/contracts/{agreement['id']}/buy-backs", json=BOUGHT)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-mandate")
    assert (await wallet(billing))["balance"] == "0.00"
    assert (await billing.client.get("/v1/wallets/nobody")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"handed_over_on": "2026-11-05"}, "handed_over_on"),
        ({"items": [{"description": "rien", "unit_price": "0"}]}, "items"),
        ({"items": []}, "items"),
        ({"vat": "none"}, "vat"),
    ],
)
async def test_a_buy_back_that_cannot_be_is_refused_by_field(
    make_service: MakeService, changes: dict[str, Any], field: str
) -> None:
    billing, path = await buying(make_service)
    answer = await billing.client.post(path, json=BOUGHT | changes)
    assert (answer.status_code, field in answer.json()["errors"][0]["field"]) == (422, True), answer.text


async def test_a_customer_abroad_bills_itself(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    berlin = {
        "name": "Acme GmbH",
        "territory": "DE",
        "vat_id": "DE136695976",
        "electronic_address": "rechnung@acme.example",
        "address": {"lines": ["Unter den Linden 1"], "postcode": "10117", "city": "Berlin"},
    }
    agreement = path.removesuffix("/buy-backs")
    assert (
        await billing.client.patch(agreement, json={"customer": berlin}, headers={"If-Match": '"2"'})
    ).status_code == 200
    answer = await billing.client.post(path, json=BOUGHT)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "foreign")


async def test_a_buy_back_sent_twice_is_one_and_is_told_once(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    keyed = {"Idempotency-Key": "once"}
    answers = [await billing.client.post(path, json=BOUGHT, headers=keyed) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await wallet(billing))["items"]) == 1
    [told] = [event for event in await billing.outbox() if event.type == "billing.buy-back.issued.v1"]
    assert isinstance(told.data, dict)
    assert (told.data["gross"], told.data["handed_over_on"]) == ("60.00", "2026-11-02")


async def test_each_customer_has_a_series_of_its_own(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    other = CUSTOMER | {"siren": "552100554", "siret": None, "vat_id": None, "electronic_address": "552100554"}
    second = await agreed(billing, org="globex", customer=other, mandate=MANDATE)
    await bought(billing, path)
    answer = await bought(billing, f"/v1/contracts/{second['id']}/buy-backs", vat="franchise")
    assert answer["number"] == "R552100554-2026-000001"
    assert (await bought(billing, path))["number"] == "R732829320-2026-000002"


async def test_a_wallet_is_not_there_for_others(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    await bought(billing, path)
    async with billing.client_for(["globex"]) as stranger:
        assert (await stranger.get("/v1/wallets/acme")).status_code == 403
        assert (await stranger.post("/v1/wallets/acme/payments", json={})).status_code == 403
        assert (await stranger.post(path, json=BOUGHT)).status_code == 404
