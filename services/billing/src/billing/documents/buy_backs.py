"""What the operator buys of a customer, as the body of a self-billed invoice: the customer is the seller. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from billing.documents.bodies import vat_line
from billing.documents.content import Body, DocumentLine, LineFootprint, SelfBilling, Seller
from billing.documents.parts import Mandate, Party
from billing.domain.amounts import cents, total
from billing.domain.parties import FRENCH, Fault
from billing.domain.vat import Treatment, treatment_of, vat_of
from billing.store.contracts import Contract

Taxation = Literal["standard", "used_goods", "franchise"]
"""How the customer sells: with its territory's VAT; exempt, since it could not deduct the tax when it bought; or below the threshold."""

EXEMPT = {
    "used_goods": Treatment("E", Decimal(0), "Exonération de TVA, article 261-3-1° a du CGI"),
    "franchise": Treatment("E", Decimal(0), "TVA non applicable, article 293 B du CGI", "VATEX-FR-FRANCHISE"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """So many things of one kind, `unit_price` euros each before tax."""

    description: str
    quantity: int
    unit_price: Decimal


def buy_back_faults(customer: Party, taxation: Taxation) -> Iterator[Fault]:
    """Why `customer` cannot be billed for in its name."""
    if customer.territory not in FRENCH:
        yield Fault(
            "customer.territory",
            "foreign",
            f"a company in {customer.territory} sells by an intra-community supply, which it must bill itself",
        )
    elif taxation == "standard" and customer.vat_id is None:
        yield Fault("vat", "no_vat_id", "a customer without VAT id sells exempt: used_goods or franchise")


def buy_back_body(
    contract: Contract, mandate: Mandate, operator: Seller, items: Sequence[Item], taxation: Taxation, day: date
) -> Body:
    """The self-billed invoice of `items`, handed over on `day`."""
    customer = contract.customer
    treatment = treatment_of(customer.territory) if taxation == "standard" else EXEMPT[taxation]
    lines = tuple(_line(number, item, day) for number, item in enumerate(items, 1))
    net = total([line.amount for line in lines])
    tax = vat_of(net, treatment)
    return Body(
        type="389",
        contract_id=contract.id,
        contract_reference=contract.reference,
        month=day.replace(day=1),
        first=day,
        last=day,
        due_days=contract.due_days,
        seller=customer,
        buyer=Party.model_validate({name: getattr(operator, name) for name in Party.model_fields}),
        lines=lines,
        vat=(vat_line(treatment, net, tax),),
        net=net,
        vat_total=tax,
        gross=total([net, tax]),
        footprint=LineFootprint(kwh=None, gwp_kg=None),
        resources=(),
        rating=None,
        self_billing=SelfBilling(mandate=mandate, late_penalty_percent=operator.late_penalty_percent),
    )


def _line(number: int, item: Item, day: date) -> DocumentLine:
    quantity = Decimal(item.quantity)
    return DocumentLine(
        key=f"buy_back/{number}",
        kind="buy_back",
        meter="item",
        label=item.description,
        first=day,
        last=day,
        quantity=quantity,
        unit="C62",
        price=item.unit_price,
        base_quantity=Decimal(1),
        amount=cents(Fraction(quantity) * Fraction(item.unit_price)),
    )
