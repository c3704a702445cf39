"""What the operator buys of a customer, as the body of a self-billed invoice or of its credit note: the customer is the seller. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from billing.documents.bodies import vat_line
from billing.documents.content import Body, Corrected, Document, DocumentLine, LineFootprint, SelfBilling, Seller
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


@dataclass(frozen=True, slots=True)
class Credited:
    """What is credited of the line at `position` (from 1): `quantity` things, `unit_price` euros each; None: as they were bought."""

    position: int
    quantity: int | None = None
    unit_price: Decimal | None = None


class NotLeft(ValueError):
    """A line that is credited of what it does not have (any more); `index` is the place in what was asked."""

    def __init__(self, index: int, field: str, detail: str) -> None:
        super().__init__(detail)
        self.index = index
        self.field = field


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


def credit_lines(
    original: Document, notes: Iterable[Body], asked: Sequence[Credited] | None
) -> tuple[DocumentLine, ...]:
    """The lines of a credit note on a buy-back of which `notes` have been issued: what is `asked`, or all that is left when None.

    Raises `NotLeft` for a line that the buy-back does not have, for more things than it names, and for more than is left of its amount.
    """
    lines = original.body.lines
    left = {line.key: line.amount for line in lines}
    for line in (line for note in notes for line in note.lines):
        left[line.key] -= line.amount
    if asked is None:
        return tuple(_left_over(line, left[line.key]) for line in lines if left[line.key])
    credited = []
    for index, wanted in enumerate(asked):
        if wanted.position > len(lines):
            raise NotLeft(index, "line", f"line {wanted.position} is none of the {len(lines)} of {original.number}")
        line = lines[wanted.position - 1]
        part = _part(line, wanted)
        if part.quantity > line.quantity:
            detail = f"{part.quantity} is more than the {line.quantity} things of line {wanted.position}"
            raise NotLeft(index, "quantity", detail)
        if part.amount > left[line.key]:
            detail = f"{part.amount} is more than the {left[line.key]} that is left of line {wanted.position}"
            raise NotLeft(index, "unit_price", detail)
        left[line.key] -= part.amount
        credited.append(part)
    return tuple(credited)


def buy_back_credit_body(original: Document, notes: Iterable[Body], lines: Sequence[DocumentLine], reason: str) -> Body:
    """The self-billed credit note of `lines`; its tax is the difference of the two taxes, so that all of it together is none."""
    body = original.body
    [group] = body.vat
    treatment = Treatment(group.category, group.rate, group.reason, group.reason_code)
    before = body.net - total([note.net for note in notes])
    net = total([line.amount for line in lines])
    tax = vat_of(before, treatment) - vat_of(before - net, treatment)
    return body.model_copy(
        update={
            "type": "261",
            "lines": tuple(lines),
            "vat": (vat_line(treatment, net, tax),),
            "net": net,
            "vat_total": tax,
            "gross": total([net, tax]),
            "corrects": Corrected(number=original.number, issued_on=original.issued_on),
            "reason": reason,
        }
    )


def _left_over(line: DocumentLine, left: Decimal) -> DocumentLine:
    """The whole line, or one piece at what is left of it."""
    if left == line.amount:
        return line
    return line.model_copy(update={"quantity": Decimal(1), "price": left, "amount": left})


def _part(line: DocumentLine, wanted: Credited) -> DocumentLine:
    quantity = line.quantity if wanted.quantity is None else Decimal(wanted.quantity)
    price = line.price if wanted.unit_price is None else wanted.unit_price
    amount = cents(Fraction(quantity) * Fraction(price))
    return line.model_copy(update={"quantity": quantity, "price": price, "amount": amount})


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
