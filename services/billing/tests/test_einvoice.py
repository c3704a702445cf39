"""Documents as Factur-X: valid for the XSD and for both schematrons, which really run."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from billing.documents.bodies import billed_of, credit_body, difference, invoice_body, lines_by_key, trace_of
from billing.documents.content import Document, Seller
from billing.documents.parts import Party
from billing.domain.amounts import total
from billing.domain.carbon import Footprint
from billing.domain.events import Interval
from billing.domain.months import Agreement, Held, month_of, rated
from billing.domain.rating import Discount, Terms
from billing.domain.terms import LIST_PRICES, PriceVersion
from billing.einvoice.page import document_html
from billing.einvoice.validation import InvalidXml, Schematrons, check_schema
from billing.einvoice.xml import NAMESPACES, document_xml
from lxml import etree

from services.billing.tests.heard import CUSTOMER, SELLER
from services.billing.tests.test_corrections import CUTOFF, MONTH, PARIS, contract

BERLIN: dict[str, Any] = {
    "name": "Acme GmbH",
    "territory": "DE",
    "vat_id": "DE136695976",
    "electronic_address": "rechnung@acme.example",
    "address": {"lines": ["Unter den Linden 1"], "postcode": "10117", "city": "Berlin"},
    "language": "en",
}
CUSTOMERS = {
    "FR": CUSTOMER,
    "MQ": CUSTOMER | {"territory": "MQ"},
    "GF": CUSTOMER | {"territory": "GF"},
    "DE": BERLIN,
    "without VAT id": CUSTOMER | {"vat_id": None, "siret": None},
}
CATALOGUE = Terms(LIST_PRICES, discounts=(Discount("fidélité", Decimal(10), "vcpu"),))
PLAIN = month_of(
    Agreement(PARIS, date(2026, 1, 1), None, (PriceVersion(1, date(2026, 1, 1), CATALOGUE),)), date(2026, 10, 1)
)


def held(hours: int) -> Held:
    interval = Interval("vcenter/vm-7", MONTH.start, MONTH.start + hours * 3600, (4, 16_384, 20_480))
    return Held((interval,), (), {"vcenter/vm-7": Footprint(12.5, 3.25)})


def document(customer: dict[str, Any], *, tiers: bool = False) -> Document:
    """October of one machine: with the tiers, baseline and minimum of the corrections, or at list prices with a discount."""
    party = Party.model_validate(customer)
    month = rated(MONTH if tiers else PLAIN, held(745))
    body = invoice_body(
        replace(contract("FR"), customer=party),
        Seller.model_validate(SELLER),
        month,
        [],
        CUTOFF,
    )
    assert body is not None
    return Document(number="F-2026-000001", issued_on=CUTOFF.date(), due_on=date(2026, 12, 4), body=body)


def credit_note(customer: dict[str, Any]) -> Document:
    original = document(customer)
    again = rated(PLAIN, held(480)).rating
    billed = billed_of(original.body.lines)
    deltas = difference(lines_by_key(again), billed)
    net = total([part.amount for part in billed])
    body = credit_body(original, deltas, net, trace_of(again, PLAIN.windows, CUTOFF), "arrêt tardif de vm-7")
    return Document(number="A-2026-000001", issued_on=CUTOFF.date(), due_on=date(2026, 12, 4), body=body)


def unknown_carbon(made: Document) -> Document:
    """The document as it is while no footprint has been heard."""
    nothing = made.body.footprint.model_copy(update={"kwh": None, "gwp_kg": None})
    resources = tuple(row.model_copy(update={"kwh": None, "gwp_kg": None}) for row in made.body.resources)
    lines = tuple(line.model_copy(update={"footprint": nothing}) for line in made.body.lines)
    return made.model_copy(
        update={"body": made.body.model_copy(update={"footprint": nothing, "resources": resources, "lines": lines})}
    )


@pytest.mark.parametrize("customer", sorted(CUSTOMERS))
async def test_documents_of_each_kind_of_tax_pass_the_xsd_and_both_schematrons(customer: str) -> None:
    schematrons = Schematrons()
    for made in (
        document(CUSTOMERS[customer]),
        document(CUSTOMERS[customer], tiers=True),
        credit_note(CUSTOMERS[customer]),
    ):
        xml = document_xml(made)
        check_schema(xml)
        await schematrons.check(xml)


@pytest.mark.parametrize(
    ("xpath", "text", "rule"),
    [
        ("//ram:GrandTotalAmount", "1.00", "BR-CO-15"),
        ("//ram:ApplicableTradeTax/ram:BasisAmount", "1.00", "BR-S-08"),
        ("//ram:SpecifiedLegalOrganization/ram:ID", "12345678", "BR-FR-10"),
        ("//ram:IncludedNote[ram:SubjectCode='PMT']/ram:SubjectCode", "PMD", "BR-FR-05"),
        ("//ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID", "Z9", "BR-FR-08"),
    ],
)
async def test_a_schematron_refuses_what_is_wrong_by_the_rule(xpath: str, text: str, rule: str) -> None:
    root = etree.fromstring(document_xml(document(CUSTOMER)))
    found = root.xpath(xpath, namespaces=NAMESPACES)
    assert isinstance(found, list)
    element = found[0]
    assert isinstance(element, etree._Element)
    element.text = text
    with pytest.raises(InvalidXml) as refused:
        await Schematrons().check(etree.tostring(root))
    assert rule in str(refused.value)


async def test_what_is_no_invoice_is_not_taken_for_a_valid_one() -> None:
    with pytest.raises(InvalidXml, match="not run a single rule"):
        await Schematrons().check(b"<other/>")
    with pytest.raises(InvalidXml, match="XSD"):
        check_schema(b"<other/>")


async def test_a_schematron_process_that_dies_is_an_error_and_the_next_check_starts_another() -> None:
    schematrons = Schematrons()
    xml = document_xml(document(CUSTOMER))
    with pytest.raises(RuntimeError, match="no answer"):
        await schematrons.check(b"<not xml")
    await schematrons.check(xml)


def test_the_same_document_gives_the_same_bytes() -> None:
    assert document_xml(document(CUSTOMER)) == document_xml(document(CUSTOMER))


@pytest.mark.parametrize(
    "mention",
    [
        "732829320",
        "404833048",
        "FR44732829320",
        "FR83404833048",
        "01/10/2026 – 31/10/2026",
        "04/12/2026",
        "Pénalités de retard : 12 % l'an",
        "40 euros",
        "Pas d'escompte",
        "d'après les débits",
        "SAS au capital de 100\u202f000,00 euros, RCS Nanterre",
        "vcenter/vm-7",
        "12,500",
        "3,250",
        "pour 745 h",
    ],
)
def test_the_page_carries_what_the_law_and_the_reader_ask_for(mention: str) -> None:
    assert mention in document_html(document(CUSTOMER)).replace("&#x27;", "'")


def test_the_page_of_a_customer_abroad_is_in_english_and_says_why_there_is_no_tax() -> None:
    page = document_html(document(BERLIN))
    assert "<title>Invoice F-2026-000001</title>" in page
    assert "Late payment interest: 12 % a year" in page
    assert "Reverse charge" in page
    assert "Autoliquidation" in page


def test_the_page_of_a_credit_note_names_the_invoice() -> None:
    page = document_html(credit_note(CUSTOMER))
    assert "F-2026-000001" in page
    assert "arrêt tardif de vm-7" in page


@pytest.mark.parametrize(
    ("customer", "says", "never"),
    [
        (CUSTOMER, ["Pas encore connu", "n'était pas encore calculée à l'émission"], "non connu kgCO2e"),
        (BERLIN, ["Not known yet", "had not been computed when this was issued"], "not known kgCO2e"),
    ],
)
def test_carbon_that_is_not_known_yet_is_said_in_a_sentence(
    customer: dict[str, Any], says: list[str], never: str
) -> None:
    page = document_html(unknown_carbon(document(customer)))
    assert all(sentence in page for sentence in says)
    assert never not in page


@pytest.mark.parametrize(
    ("customer", "says"),
    [
        (
            CUSTOMER,
            ["<b>3,2 kgCO2e</b>", "kWh : non connu", "pour 1 ressource(s) sur 2 : le total compte ce qui est connu"],
        ),
        (BERLIN, ["<b>3.2 kgCO2e</b>", "kWh: not known", "of 1 of 2 resource(s): the total counts what is known"]),
    ],
)
def test_carbon_that_is_known_in_part_says_of_how_many_resources_it_is_not(
    customer: dict[str, Any], says: list[str]
) -> None:
    whole = document(customer)
    [known] = whole.body.resources
    unknown = known.model_copy(update={"resource": "vcenter/vm-8", "kwh": None, "gwp_kg": None})
    body = whole.body.model_copy(
        update={
            "resources": (known, unknown),
            "footprint": whole.body.footprint.model_copy(update={"kwh": None}),
        }
    )
    page = document_html(whole.model_copy(update={"body": body}))
    for sentence in says:
        assert sentence in page
