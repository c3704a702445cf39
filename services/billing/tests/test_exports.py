"""What leaves for FinOps tools and for the accounts adds up to the documents."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from billing.documents.content import Document
from billing.exports.focus import COLUMNS, focus_csv
from billing.exports.journal import journal_csv
from billing.main import SERVICE
from billing.store.invoices import Issued
from common.testing.plugin import MakeService

from services.billing.tests.heard import CUSTOMER
from services.billing.tests.test_einvoice import BERLIN, credit_note, document

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
    heading, *lines = [line.split("|") for line in journal_csv(DOCUMENTS).splitlines()]
    assert len(heading) == 18
    entries = [dict(zip(heading, line, strict=True)) for line in lines]
    money = [{name: Decimal(entry[name].replace(",", ".")) for name in ("Debit", "Credit")} for entry in entries]
    assert sum(m["Debit"] for m in money) == sum(m["Credit"] for m in money)
    owed = [m["Debit"] - m["Credit"] for m, entry in zip(money, entries, strict=True) if entry["CompteNum"] == "411000"]
    assert sum(owed) == gross()
    assert {entry["EcritureDate"] for entry in entries} == {f"{date(2026, 11, 4):%Y%m%d}"}


async def test_a_month_without_documents_is_a_heading(make_service: MakeService) -> None:
    billing = await make_service(SERVICE)
    for name, heading in (("focus", ",".join(COLUMNS)), ("journal", "JournalCode|")):
        answer = await billing.client.get(f"/v1/exports/{name}.csv", params={"month": "2026-01"})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.text.startswith(heading)
        assert len(answer.text.splitlines()) == 1
