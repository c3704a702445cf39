"""Issued documents as FOCUS 1.2 (FinOps Open Cost and Usage Specification): one row a line, one row a tax.

Billed cost adds up to the gross of the documents, without the rows of category Tax to their net. Corrections of earlier periods
(credit notes, adjustments) carry the charge class `Correction` and the period that they correct; credit notes are negative.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from billing.documents.content import Document, DocumentLine
from billing.domain.terms import LIST_PRICES, following_month, instant_of, local_midnight
from billing.einvoice.words import item_name
from billing.store.invoices import Issued

ZONE = ZoneInfo("Europe/Paris")
COLUMNS = (
    *("AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType"),
    *(
        "BillingCurrency",
        "BillingPeriodEnd",
        "BillingPeriodStart",
        "CapacityReservationId",
        "CapacityReservationStatus",
    ),
    *("ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart"),
    *("CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity"),
    *(
        "CommitmentDiscountStatus",
        "CommitmentDiscountType",
        "CommitmentDiscountUnit",
        "ConsumedQuantity",
        "ConsumedUnit",
    ),
    *("ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost"),
    *("ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingCurrencyContractedUnitPrice"),
    *("PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "ProviderName"),
    *("PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory"),
    *("ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId"),
    *("SubAccountName", "SubAccountType", "Tags", "x_EnergyKwh", "x_CarbonKgCO2e"),
)
"""Those of FOCUS 1.2, in alphabetical order, and two of our own (custom columns begin with `x_`)."""

NULL = "NULL"
UNITS = {"vcpu": "vCPU-Hours", "ram_gib": "GiB-Hours", "disk_gib": "GiB-Hours"}
LETTERS = str.maketrans(
    {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "ø": "o", "ł": "l", "’": "'", "–": "-", "€": "EUR"}
)
FRACTION = Decimal("1e-12")

Row = dict[str, str]


def focus_csv(documents: Iterable[Issued]) -> str:
    """The file: a heading and the rows, nulls as the bare word NULL, instants in UTC."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval=NULL, lineterminator="\r\n")
    writer.writeheader()
    for issued in documents:
        writer.writerows(focus_rows(issued))
    return text.getvalue()


def focus_rows(issued: Issued) -> Iterator[Row]:
    """The rows of one document; a buy-back is no cost of the cloud and has none."""
    if issued.document.body.self_billing is not None:
        return
    document = issued.document
    common = _common(issued)
    for line in document.body.lines:
        yield common | _line(document, line)
    for group in document.body.vat:
        if group.vat:
            yield (
                common
                | _money(_sign(document) * group.vat)
                | {
                    "ChargeCategory": "Tax",
                    "ChargeDescription": f"VAT {group.rate} %",
                    "ChargeFrequency": "One-Time",
                }
                | _period(document.body.first, document.body.last)
            )


def ascii_text(text: str) -> str:
    """`text` as FOCUS wants its strings, in ASCII: letters without their accents, what has no ASCII letter as `?`."""
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).encode("ascii", "replace").decode()


def _common(issued: Issued) -> Row:
    document, body = issued.document, issued.document.body
    if body.is_credit_note:
        first = document.issued_on.replace(day=1)
        start, end = local_midnight(first, ZONE), local_midnight(following_month(first), ZONE)
    else:
        start, end = instant_of(body.trace.start), instant_of(body.trace.end)
    provider = ascii_text(body.seller.name)
    return {
        "BillingAccountId": issued.org,
        "BillingAccountName": ascii_text(body.buyer.name),
        "BillingAccountType": "Organization",
        "BillingCurrency": body.currency,
        "BillingPeriodStart": _instant(start),
        "BillingPeriodEnd": _instant(end),
        "InvoiceId": document.number,
        "InvoiceIssuerName": provider,
        "ProviderName": provider,
        "PublisherName": provider,
        "PricingCurrency": body.currency,
        "ServiceCategory": "Compute",
        "ServiceName": "Cloud Like",
        "ServiceSubcategory": "Virtual Machines",
        "SubAccountId": str(body.contract_id),
        "SubAccountName": ascii_text(body.contract_reference),
        "SubAccountType": "Contract",
    }


def _line(document: Document, line: DocumentLine) -> Row:
    row = {
        "ChargeDescription": ascii_text(item_name(line, "en")),
    }
    row |= _money(_sign(document) * line.amount) | _period(line.first, line.last)
    if line.kind in ("credit", "adjustment"):
        return row | {"ChargeCategory": "Usage", "ChargeClass": "Correction", "ChargeFrequency": "Usage-Based"}
    if line.kind == "discount":
        return row | {"ChargeCategory": "Credit", "ChargeFrequency": "Recurring"}
    if line.kind == "true_up":
        return row | {"ChargeCategory": "Adjustment", "ChargeFrequency": "Recurring"}
    return row | _usage(line)


def _usage(line: DocumentLine) -> Row:
    unit_price = _per_hour(line.price, line.base_quantity)
    listed = LIST_PRICES.get(line.meter)
    list_price = unit_price if listed is None else _per_hour(listed.price, line.base_quantity)
    quantity = f"{line.quantity:f}"
    footprint = line.footprint
    row = {
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Recurring" if line.label == "baseline" else "Usage-Based",
        "ConsumedQuantity": quantity,
        "ConsumedUnit": UNITS[line.meter],
        "PricingCategory": "Standard",
        "PricingQuantity": quantity,
        "PricingUnit": UNITS[line.meter],
        "ContractedUnitPrice": f"{unit_price:f}",
        "PricingCurrencyContractedUnitPrice": f"{unit_price:f}",
        "ListUnitPrice": f"{list_price:f}",
        "PricingCurrencyListUnitPrice": f"{list_price:f}",
        "ListCost": f"{_times(list_price, line.quantity):f}",
        "SkuId": f"cloud-like-{line.meter}",
        "SkuMeter": UNITS[line.meter],
        "SkuPriceId": f"cloud-like-{line.key}",
    }
    if footprint is not None and footprint.kwh is not None:
        row["x_EnergyKwh"] = repr(footprint.kwh)
    if footprint is not None and footprint.gwp_kg is not None:
        row["x_CarbonKgCO2e"] = repr(footprint.gwp_kg)
    return row


def _money(amount: Decimal) -> Row:
    text = f"{amount:f}"
    costs = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost", "PricingCurrencyEffectiveCost")
    return dict.fromkeys(costs, text)


def _period(first: date, last: date) -> Row:
    until = local_midnight(date.fromordinal(last.toordinal() + 1), ZONE)
    return {"ChargePeriodStart": _instant(local_midnight(first, ZONE)), "ChargePeriodEnd": _instant(until)}


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def _sign(document: Document) -> int:
    return -1 if document.body.is_credit_note else 1


def _per_hour(price: Decimal, hours: Decimal) -> Decimal:
    with localcontext(prec=40):
        return (price / hours).quantize(FRACTION)


def _times(price: Decimal, quantity: Decimal) -> Decimal:
    with localcontext(prec=40):
        return (price * quantity).quantize(Decimal("1e-10"))
