"""A buy-back that was wrong: a self-billed credit note in the customer's name, and so much less in the wallet."""

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import facturx
import pytest
from billing.documents.buy_backs import Credited, NotLeft, Taxation, buy_back_credit_body, credit_lines
from billing.documents.content import Body, Document
from billing.documents.sums import check_sums
from billing.domain.amounts import total
from billing.einvoice.page import document_html
from billing.einvoice.validation import Schematrons, check_schema
from billing.einvoice.xml import document_xml
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from hypothesis import given
from hypothesis import strategies as st

from services.billing.tests.heard import machine, segment
from services.billing.tests.test_invoices import OCTOBER, invoice, issued
from services.billing.tests.test_wallets import TAXED, bought, buying, self_billed, wallet

ITEMS = [{"description": "PowerEdge R740", "quantity": 3, "unit_price": "100.00"}]


def credited(original: Document, asked: Sequence[Credited] | None = None, notes: Sequence[Body] = ()) -> Document:
    body = buy_back_credit_body(original, notes, credit_lines(original, notes, asked), "jamais remis")
    check_sums(body)
    return Document(number="RA732829320-2026-000001", issued_on=date(2026, 11, 9), due_on=date(2026, 12, 9), body=body)


async def credit(billing: RunningService[Any], number: str, **asked: Any) -> Any:
    return await billing.client.post(f"/v1/buy-backs/{number}/credit-notes", json={"reason": "jamais remis"} | asked)


@pytest.mark.parametrize(("territory", "taxation", "changes", "tax"), TAXED)
async def test_a_self_billed_credit_note_passes_the_xsd_and_both_schematrons(
    territory: str, taxation: Taxation, changes: dict[str, Any], tax: str
) -> None:
    made = credited(self_billed(territory, taxation, **changes))
    assert (made.body.type, str(made.body.vat_total)) == ("261", tax)
    part = credited(self_billed(territory, taxation, **changes), [Credited(1, 2), Credited(2, 1, Decimal("0.07"))])
    for one in (made, part):
        xml = document_xml(one)
        check_schema(xml)
        await Schematrons().check(xml)


@pytest.mark.parametrize(
    "mention",
    [
        "Avoir sur rachat",
        "Autofacturation : avoir établi par",
        "R732829320-2026-000001 (04/11/2026)",
        "jamais remis",
        "Repris sur le portefeuille Cloud Like du vendeur",
    ],
)
def test_the_page_says_which_buy_back_is_taken_back_and_why(mention: str) -> None:
    page = document_html(credited(self_billed("FR", "standard")))
    assert mention in page
    assert "Réglé par crédit" not in page


parts = st.builds(Credited, st.integers(1, 2), st.integers(1, 4), st.decimals("0.01", "900", places=2) | st.none())


@given(st.lists(parts, max_size=6), st.sampled_from(["FR", "RE"]))
def test_whatever_is_credited_first_all_that_is_left_brings_it_to_nothing(
    asked: list[Credited], territory: str
) -> None:
    original = self_billed(territory, "standard")
    notes: list[Body] = []
    for one in asked:
        try:
            notes.append(credited(original, [one], notes).body)
        except NotLeft:
            continue
    if credit_lines(original, notes, None):
        notes.append(credited(original, None, notes).body)
    assert total([note.net for note in notes]) == original.body.net
    assert total([note.vat_total for note in notes]) == original.body.vat_total
    assert credit_lines(original, notes, None) == ()


async def test_a_wrong_buy_back_is_credited_whole_and_leaves_the_wallet(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    number = (await bought(billing, path))["number"]
    before = await invoice(billing, number)
    answer = await credit(billing, number)
    assert answer.json() == {
        "number": "RA732829320-2026-000001",
        "net": "50.00",
        "vat": "10.00",
        "gross": "60.00",
        "wallet_balance": "0.00",
    }
    note = await invoice(billing, "RA732829320-2026-000001")
    assert (note["body"]["type"], note["body"]["corrects"]["number"]) == ("261", number)
    assert note["body"]["reason"] == "jamais remis"
    after = await invoice(billing, number)
    assert after == before | {"credit_notes": ["RA732829320-2026-000001"]}
    pdf = await billing.client.get("/v1/invoices/RA732829320-2026-000001.pdf")
    xml = await billing.client.get("/v1/invoices/RA732829320-2026-000001.xml")
    assert facturx.get_xml_from_pdf(pdf.content, check_xsd=True) == ("factur-x.xml", xml.content)
    assert [(e["kind"], e["amount"], e["balance"], e["number"]) for e in (await wallet(billing))["items"]] == [
        ("buy_back_credited", "-60.00", "0.00", "RA732829320-2026-000001"),
        ("buy_back", "60.00", "60.00", number),
    ]
    again = await credit(billing, number)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/nothing-to-correct")
    verified = await billing.client.get("/v1/series/RA732829320/2026/verification")
    assert verified.json() == {"documents": 1, "valid": True, "fault": None}
    [told] = [event for event in await billing.outbox() if event.type == "billing.buy-back.credited.v1"]
    assert isinstance(told.data, dict)
    assert (told.data["corrects"], told.data["gross"]) == (number, "60.00")
    with pytest.raises(asyncpg.PostgresError):
        async with billing.database.transaction(EVERY) as unit:
            await unit.connection.execute("DELETE FROM invoices WHERE type = '261'")


async def test_a_line_is_credited_by_quantity_or_by_price_up_to_what_is_left_of_it(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    number = (await bought(billing, path, items=ITEMS))["number"]
    one = await credit(billing, number, lines=[{"line": 1, "quantity": 1}])
    cheaper = await credit(billing, number, lines=[{"line": 1, "quantity": 2, "unit_price": "10.00"}])
    assert [(answer.json()["net"], answer.json()["wallet_balance"]) for answer in (one, cheaper)] == [
        ("100.00", "240.00"),
        ("20.00", "216.00"),
    ]
    for wrong, field in (
        ({"line": 2}, "lines.0.line"),
        ({"line": 1, "quantity": 4, "unit_price": "1.00"}, "lines.0.quantity"),
        ({"line": 1, "quantity": 2}, "lines.0.unit_price"),
    ):
        answer = await credit(billing, number, lines=[wrong])
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text
    assert (await credit(billing, number)).json()["wallet_balance"] == "0.00"


async def test_what_the_wallet_has_spent_must_come_back_before_it_is_credited(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    await billing.handle(machine(1, segment(OCTOBER)))
    paid = (await issued(billing))["number"]
    number = (await bought(billing, path))["number"]
    await billing.client.post("/v1/wallets/acme/payments", json={"invoice": paid, "amount": "40.00"})
    refused = await credit(billing, number)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/wallet-spent")
    assert "takes 60.00 out of the wallet, which holds 20.00" in refused.json()["detail"]
    assert (await credit(billing, number, lines=[{"line": 1, "quantity": 1, "unit_price": "10.00"}])).status_code == 201
    await billing.client.post("/v1/wallets/acme/payments", json={"invoice": paid, "amount": "-40.00"})
    assert (await credit(billing, number)).json()["number"] == "RA732829320-2026-000002"
    assert (await wallet(billing))["balance"] == "0.00"
    account = (await billing.client.get(f"/v1/invoices/{paid}/account")).json()
    assert account["open"] == "66.72"


async def test_credits_at_once_never_take_back_more_than_was_bought(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    number = (await bought(billing, path, items=ITEMS))["number"]
    await bought(billing, path, items=ITEMS)
    calls = (credit(billing, number, lines=[{"line": 1, "quantity": 1}]) for _ in range(6))
    statuses = [answer.status_code for answer in await asyncio.gather(*calls)]
    assert sorted(statuses) == [201] * 3 + [422] * 3
    assert (await wallet(billing))["balance"] == "360.00"
    assert (await billing.client.get("/v1/series/RA732829320/2026/verification")).json()["documents"] == 3


async def test_only_a_buy_back_is_credited_so_and_it_is_not_rated_again(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    await billing.handle(machine(1, segment(OCTOBER)))
    paid = (await issued(billing))["number"]
    number = (await bought(billing, path))["number"]
    assert (await credit(billing, paid)).json()["type"] == "/problems/not-a-buy-back"
    assert (await credit(billing, "R732829320-2026-000009")).status_code == 404
    rated = await billing.client.post(f"/v1/invoices/{number}/credit-notes", json={"reason": "x"})
    assert (rated.status_code, "POST /buy-backs/" in rated.json()["detail"]) == (409, True)
    assert (await billing.client.get(f"/v1/invoices/{number}/account")).status_code == 409
    async with billing.client_for(["globex"]) as stranger:
        assert (await stranger.post(f"/v1/buy-backs/{number}/credit-notes", json={"reason": "x"})).status_code == 404


async def test_the_books_show_the_buy_back_taken_back(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    number = (await bought(billing, path))["number"]
    await credit(billing, number)
    text = (await billing.client.get("/v1/exports/journal.csv", params={"month": "2026-11"})).text
    heading, *lines = [line.split("|") for line in text.splitlines()]
    balances: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        entry = dict(zip(heading, line, strict=True))
        amount = Decimal(entry["Debit"].replace(",", ".")) - Decimal(entry["Credit"].replace(",", "."))
        key = (entry["PieceRef"][:2], entry["CompteNum"])
        balances[key] = balances.get(key, Decimal(0)) + amount
    assert balances == {
        ("R7", "401000"): Decimal("0.00"),
        ("R7", "607000"): Decimal("50.00"),
        ("R7", "445660"): Decimal("10.00"),
        ("R7", "467000"): Decimal("-60.00"),
        ("RA", "401000"): Decimal("0.00"),
        ("RA", "607000"): Decimal("-50.00"),
        ("RA", "445660"): Decimal("-10.00"),
        ("RA", "467000"): Decimal("60.00"),
    }
    focus = (await billing.client.get("/v1/exports/focus.csv", params={"month": "2026-11"})).text
    assert len(focus.splitlines()) == 1
