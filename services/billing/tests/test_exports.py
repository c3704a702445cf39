"""What leaves for FinOps tools and for the accounts adds up to the documents."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from billing.documents.content import Document
from billing.exports.focus import COLUMNS, ascii_text, focus_csv
from billing.exports.journal import document_entry, journal_csv
from billing.main import SERVICE
from billing.store.invoices import Issued
from common.testing.plugin import MakeService

from services.billing.tests.heard import CUSTOMER, machine, segment
from services.billing.tests.test_einvoice import BERLIN, credit_note, document
from services.billing.tests.test_invoices import OCTOBER
from services.billing.tests.test_invoices import issued as issued_invoice
from services.billing.tests.test_wallets import bought, buying

FOCUS_1_2 = (Path(__file__).parent / "data/focus-1.2-columns.txt").read_text().split()
NEVER_NULL = (
    *("BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory"),
    *("ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost"),
    *("ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
)


def issued(made: Document) -> Issued:
    return Issued("acme", made, datetime(2026, 11, 4, tzinfo=UTC), "", "0" * 64)


DOCUMENTS = [
    issued(document(CUSTOMER)),
    issued(document(CUSTOMER, tiers=True)),
    issued(document(BERLIN)),
    issued(credit_note(CUSTOMER)),
]


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(focus_csv(DOCUMENTS), newline="")))


def gross() -> Decimal:
    signs = [-1 if one.document.body.type == "381" else 1 for one in DOCUMENTS]
    return sum((sign * one.document.body.gross for sign, one in zip(signs, DOCUMENTS, strict=True)), Decimal(0))


def test_the_columns_are_those_of_focus_and_two_custom_ones() -> None:
    assert sorted(FOCUS_1_2) == [name for name in COLUMNS if not name.startswith("x_")]
    assert len(COLUMNS) == len(set(COLUMNS)) == len(FOCUS_1_2) + 2


def test_billed_cost_adds_up_to_what_the_documents_come_to() -> None:
    assert sum(Decimal(row["BilledCost"]) for row in rows()) == gross()


def test_what_may_not_be_null_is_not_and_every_category_is_one_of_focus() -> None:
    for row in rows():
        assert all(row[name] not in ("", "NULL") for name in NEVER_NULL), row
        assert row["ChargeCategory"] in ("Usage", "Purchase", "Tax", "Credit", "Adjustment")
        assert row["ChargeClass"] in ("NULL", "Correction")
        assert row["BillingPeriodStart"].endswith("Z")


def test_of_usage_the_price_times_the_quantity_is_the_cost() -> None:
    priced = [row for row in rows() if row["PricingQuantity"] != "NULL"]
    assert priced
    for row in priced:
        cost = Decimal(row["ContractedUnitPrice"]) * Decimal(row["PricingQuantity"])
        assert cost == pytest.approx(Decimal(row["ContractedCost"]), abs=Decimal("0.0051"))


def test_a_credit_note_is_a_negative_correction_of_the_period_that_it_corrects() -> None:
    corrections = [row for row in rows() if row["ChargeClass"] == "Correction"]
    assert {row["InvoiceId"] for row in corrections} == {"A-2026-000001"}
    assert sum(Decimal(row["BilledCost"]) for row in corrections) == -DOCUMENTS[-1].document.body.net
    assert {row["ChargePeriodStart"] for row in corrections} == {"2026-09-30T22:00:00Z"}
    assert {row["BillingPeriodStart"] for row in corrections} == {"2026-10-31T23:00:00Z"}


def test_each_entry_of_the_journal_balances_and_the_customers_owe_the_gross() -> None:
    heading, *lines = [line.split("|") for line in journal_csv(map(document_entry, DOCUMENTS)).splitlines()]
    assert len(heading) == 18
    entries = [dict(zip(heading, line, strict=True)) for line in lines]
    money = [{name: Decimal(entry[name].replace(",", ".")) for name in ("Debit", "Credit")} for entry in entries]
    assert sum(m["Debit"] for m in money) == sum(m["Credit"] for m in money)
    owed = [m["Debit"] - m["Credit"] for m, entry in zip(money, entries, strict=True) if entry["CompteNum"] == "411000"]
    assert sum(owed) == gross()
    assert {entry["EcritureDate"] for entry in entries} == {f"{date(2026, 11, 4):%Y%m%d}"}


def test_strings_are_ascii_and_a_service_has_one_category() -> None:
    assert all(value.isascii() for row in rows() for value in row.values())
    assert {(row["ServiceName"], row["ServiceCategory"], row["ServiceSubcategory"]) for row in rows()} == {
        ("Cloud Like", "Compute", "Virtual Machines")
    }
    assert {row["ProviderName"] for row in rows()} == {"Constellation Hebergement"}
    assert ascii_text("Œuvre – 5 € ß Ж") == "OEuvre - 5 EUR ss ?"


def test_rows_of_many_resources_name_no_type_of_resource() -> None:
    assert {(row["ResourceId"], row["ResourceType"]) for row in rows()} == {("NULL", "NULL")}


async def test_the_journal_follows_a_buy_back_into_the_wallet_and_out_to_an_invoice(make_service: MakeService) -> None:
    billing, path = await buying(make_service)
    await billing.handle(machine(1, segment(OCTOBER)))
    number = (await issued_invoice(billing))["number"]
    await bought(billing, path)
    await billing.client.post("/v1/wallets/acme/payments", json={"invoice": number})
    transfer = {"amount": "6.72", "paid_on": "2026-11-04", "reference": "SEPA|1"}
    assert (await billing.client.post(f"/v1/invoices/{number}/payments", json=transfer)).json()["open"] == "0.00"

    text = (await billing.client.get("/v1/exports/journal.csv", params={"month": "2026-11"})).text
    heading, *lines = [line.split("|") for line in text.splitlines()]
    entries = [dict(zip(heading, line, strict=True)) for line in lines]
    balances: dict[str, Decimal] = {}
    numbers: dict[str, Decimal] = {}
    for entry in entries:
        amount = Decimal(entry["Debit"].replace(",", ".")) - Decimal(entry["Credit"].replace(",", "."))
        balances[entry["CompteNum"]] = balances.get(entry["CompteNum"], Decimal(0)) + amount
        numbers[entry["EcritureNum"]] = numbers.get(entry["EcritureNum"], Decimal(0)) + amount
    assert set(numbers.values()) == {Decimal(0)}
    assert {entry["JournalCode"] for entry in entries} == {"VE", "AC", "BQ", "OD"}
    assert {(e["CompAuxNum"], e["CompAuxLib"]) for e in entries if e["CompAuxNum"]} == {("acme", "Acme SAS")}
    assert balances == {
        "411000": Decimal("0.00"),
        "706000": Decimal("-55.60"),
        "445710": Decimal("-11.12"),
        "401000": Decimal("0.00"),
        "607000": Decimal("50.00"),
        "445660": Decimal("10.00"),
        "467000": Decimal("0.00"),
        "512000": Decimal("6.72"),
    }
    focus = (await billing.client.get("/v1/exports/focus.csv", params={"month": "2026-11"})).text
    assert {row["InvoiceId"] for row in csv.DictReader(io.StringIO(focus, newline=""))} == {number}


async def test_a_month_without_documents_is_a_heading(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    for name, heading in (("focus", ",".join(COLUMNS)), ("journal", "JournalCode|")):
        answer = await billing.client.get(f"/v1/exports/{name}.csv", params={"month": "2026-01"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.text.startswith(heading)
        assert len(answer.text.splitlines()) == 1
