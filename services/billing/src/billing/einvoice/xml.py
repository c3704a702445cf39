"""A document as Factur-X 1.0, profile EN 16931 (UN/CEFACT Cross Industry Invoice D22B).

Business terms (BT-…, BG-…) are those of EN 16931-1. Discounts are document-level allowances (BG-20), everything else lines (BG-25).
"""

from datetime import date
from decimal import Decimal
from typing import TypeAlias

from lxml import etree

from billing.documents.content import Body, Document, DocumentLine, Seller, VatLine
from billing.documents.parts import Party
from billing.domain.amounts import plain, total
from billing.domain.parties import FRENCH
from billing.einvoice.words import WORDS, item_name, mentions

NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
PROFILE = "urn:cen.eu:en16931:2017"
PROCESS = {"261": "B1", "380": "S1", "381": "S1", "389": "B1"}
"""BT-23: services, or goods that were bought back; not yet paid (BR-FR-08)."""

TRANSFER, CLEARING = "30", "97"
"""UNTDID 4461: credit transfer; clearing between partners, for what goes into a wallet."""

Element: TypeAlias = etree._Element


def document_xml(document: Document) -> bytes:
    """The XML, UTF-8. The same document gives the same bytes."""
    root = etree.Element(f"{{{NAMESPACES['rsm']}}}CrossIndustryInvoice", nsmap=NAMESPACES)
    context = _add(root, "rsm:ExchangedDocumentContext")
    _add(_add(context, "ram:BusinessProcessSpecifiedDocumentContextParameter"), "ram:ID", PROCESS[document.body.type])
    _add(_add(context, "ram:GuidelineSpecifiedDocumentContextParameter"), "ram:ID", PROFILE)
    _header(_add(root, "rsm:ExchangedDocument"), document)
    body = document.body
    transaction = _add(root, "rsm:SupplyChainTradeTransaction")
    lines = [line for line in body.lines if line.kind != "discount"]
    for position, line in enumerate(lines, 1):
        _line(_add(transaction, "ram:IncludedSupplyChainTradeLineItem"), str(position), line, body)
    _agreement(_add(transaction, "ram:ApplicableHeaderTradeAgreement"), body)
    delivery = _add(transaction, "ram:ApplicableHeaderTradeDelivery")
    _day(_add(delivery, "ram:ActualDeliverySupplyChainEvent"), "ram:OccurrenceDateTime", body.last)
    _settlement(_add(transaction, "ram:ApplicableHeaderTradeSettlement"), document)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    prefix, _, local = name.partition(":")
    child = etree.SubElement(parent, f"{{{NAMESPACES[prefix]}}}{local}", attributes)
    child.text = text
    return child


def _day(parent: Element, name: str, day: date, prefix: str = "udt") -> None:
    _add(_add(parent, name), f"{prefix}:DateTimeString", f"{day:%Y%m%d}", format="102")


def _header(header: Element, document: Document) -> None:
    _add(header, "ram:ID", document.number)
    _add(header, "ram:TypeCode", document.body.type)
    _day(header, "ram:IssueDateTime", document.issued_on)
    for code, mention in mentions(document.body).items():
        note = _add(header, "ram:IncludedNote")
        _add(note, "ram:Content", mention.fr)
        _add(note, "ram:SubjectCode", code)


def _line(item: Element, position: str, line: DocumentLine, body: Body) -> None:
    _add(_add(item, "ram:AssociatedDocumentLineDocument"), "ram:LineID", position)
    _add(_add(item, "ram:SpecifiedTradeProduct"), "ram:Name", item_name(line, body.customer.language))
    price = _add(_add(item, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    _add(price, "ram:ChargeAmount", f"{line.price:f}")
    _add(price, "ram:BasisQuantity", plain(line.base_quantity), unitCode=line.unit)
    delivery = _add(item, "ram:SpecifiedLineTradeDelivery")
    _add(delivery, "ram:BilledQuantity", f"{line.quantity:f}", unitCode=line.unit)
    settlement = _add(item, "ram:SpecifiedLineTradeSettlement")
    _tax(_add(settlement, "ram:ApplicableTradeTax"), body.vat[0])
    if line.kind != "buy_back":
        _period(settlement, line.first, line.last)
    summation = _add(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _add(summation, "ram:LineTotalAmount", f"{line.amount:f}")


def _tax(tax: Element, group: VatLine) -> None:
    _add(tax, "ram:TypeCode", "VAT")
    _add(tax, "ram:CategoryCode", group.category)
    _add(tax, "ram:RateApplicablePercent", _rate(group.rate))


def _rate(rate: Decimal) -> str:
    return f"{rate:.2f}"


def _period(parent: Element, first: date, last: date) -> None:
    period = _add(parent, "ram:BillingSpecifiedPeriod")
    _day(period, "ram:StartDateTime", first)
    _day(period, "ram:EndDateTime", last)


def _agreement(agreement: Element, body: Body) -> None:
    seller = _add(agreement, "ram:SellerTradeParty")
    _party(seller, body.seller)
    if body.seller.vat_id is None and body.seller.siren is not None:
        _add(_add(seller, "ram:SpecifiedTaxRegistration"), "ram:ID", body.seller.siren, schemeID="FC")
    _party(_add(agreement, "ram:BuyerTradeParty"), body.buyer)
    _add(_add(agreement, "ram:ContractReferencedDocument"), "ram:IssuerAssignedID", body.contract_reference)


def _party(element: Element, party: Party) -> None:
    if party.siret is not None:
        _add(element, "ram:GlobalID", party.siret, schemeID="0009")
    _add(element, "ram:Name", party.name)
    if party.siren is not None:
        _add(_add(element, "ram:SpecifiedLegalOrganization"), "ram:ID", party.siren, schemeID="0002")
    address = _add(element, "ram:PostalTradeAddress")
    _add(address, "ram:PostcodeCode", party.address.postcode)
    for name, text in zip(("LineOne", "LineTwo", "LineThree"), party.address.lines, strict=False):
        _add(address, f"ram:{name}", text)
    _add(address, "ram:CityName", party.address.city)
    _add(address, "ram:CountryID", party.territory)
    scheme = "0225" if party.territory in FRENCH else "EM"
    _add(_add(element, "ram:URIUniversalCommunication"), "ram:URIID", party.electronic_address, schemeID=scheme)
    if party.vat_id is not None:
        _add(_add(element, "ram:SpecifiedTaxRegistration"), "ram:ID", party.vat_id, schemeID="VA")


def _settlement(settlement: Element, document: Document) -> None:
    body = document.body
    _add(settlement, "ram:PaymentReference", document.number)
    _add(settlement, "ram:InvoiceCurrencyCode", body.currency)
    _means(settlement, body)
    for group in body.vat:
        _tax_group(_add(settlement, "ram:ApplicableTradeTax"), group, on_debits=body.self_billing is None)
    if body.self_billing is None:
        _period(settlement, body.first, body.last)
    for line in body.lines:
        if line.kind == "discount":
            _allowance(_add(settlement, "ram:SpecifiedTradeAllowanceCharge"), line, body)
    _day(_add(settlement, "ram:SpecifiedTradePaymentTerms"), "ram:DueDateDateTime", document.due_on)
    _sums(_add(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation"), body)
    if body.corrects is not None:
        reference = _add(settlement, "ram:InvoiceReferencedDocument")
        _add(reference, "ram:IssuerAssignedID", body.corrects.number)
        _day(reference, "ram:FormattedIssueDateTime", body.corrects.issued_on, "qdt")


def _means(settlement: Element, body: Body) -> None:
    means = _add(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    if isinstance(body.seller, Seller):
        _add(means, "ram:TypeCode", TRANSFER)
        _add(_add(means, "ram:PayeePartyCreditorFinancialAccount"), "ram:IBANID", body.seller.iban)
    else:
        _add(means, "ram:TypeCode", CLEARING)
        _add(means, "ram:Information", WORDS["fr"]["from_wallet" if body.is_credit_note else "to_wallet"])


def _tax_group(tax: Element, group: VatLine, *, on_debits: bool) -> None:
    _add(tax, "ram:CalculatedAmount", f"{group.vat:f}")
    _add(tax, "ram:TypeCode", "VAT")
    if group.reason is not None:
        _add(tax, "ram:ExemptionReason", group.reason)
    _add(tax, "ram:BasisAmount", f"{group.net:f}")
    _add(tax, "ram:CategoryCode", group.category)
    if group.reason_code is not None:
        _add(tax, "ram:ExemptionReasonCode", group.reason_code)
    if group.category == "S" and on_debits:
        _add(tax, "ram:DueDateTypeCode", "5")
    _add(tax, "ram:RateApplicablePercent", _rate(group.rate))


def _allowance(allowance: Element, line: DocumentLine, body: Body) -> None:
    _add(_add(allowance, "ram:ChargeIndicator"), "udt:Indicator", "false")
    _add(allowance, "ram:CalculationPercent", f"{line.percent:f}")
    _add(allowance, "ram:BasisAmount", f"{line.base:f}")
    _add(allowance, "ram:ActualAmount", f"{-line.amount:f}")
    _add(allowance, "ram:Reason", item_name(line, body.customer.language))
    _tax(_add(allowance, "ram:CategoryTradeTax"), body.vat[0])


def _sums(summation: Element, body: Body) -> None:
    allowances = -total([line.amount for line in body.lines if line.kind == "discount"])
    _add(summation, "ram:LineTotalAmount", f"{body.net + allowances:f}")
    if allowances:
        _add(summation, "ram:AllowanceTotalAmount", f"{allowances:f}")
    _add(summation, "ram:TaxBasisTotalAmount", f"{body.net:f}")
    _add(summation, "ram:TaxTotalAmount", f"{body.vat_total:f}", currencyID=body.currency)
    _add(summation, "ram:GrandTotalAmount", f"{body.gross:f}")
    _add(summation, "ram:DuePayableAmount", f"{body.gross:f}")
