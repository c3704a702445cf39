"""Our own exact check of a document before it may be issued: schematrons let a wrong line through."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from billing.documents.content import Body, DocumentLine
from billing.domain.amounts import cents, total

CREDIT_TOLERANCE = Decimal("0.01")
"""A credit note's tax is the difference of two roundings, so that original − credit notes = re-rated holds to the cent."""


class WrongSums(ValueError):
    """A document that does not add up."""


def check_sums(body: Body) -> None:
    """Raise `WrongSums` with every figure that does not follow from the others."""
    faults = [*_lines(body), *_vat(body), *_totals(body)]
    if faults:
        raise WrongSums("; ".join(faults))


def recomputed(line: DocumentLine) -> Decimal:
    """The amount of `line` from what is printed of it."""
    if line.kind == "discount":
        return -cents(Fraction(line.base or 0) * Fraction(line.percent or 0) / 100)
    return cents(Fraction(line.quantity) * Fraction(line.price) / Fraction(line.base_quantity))


def _lines(body: Body) -> Iterator[str]:
    for index, line in enumerate(body.lines):
        if recomputed(line) != line.amount:
            yield f"line {index + 1}: {line.amount} is printed, its figures give {recomputed(line)}"
        if line.price < 0:
            yield f"line {index + 1}: the price {line.price} is negative (BR-27)"


def _vat(body: Body) -> Iterator[str]:
    tolerance = CREDIT_TOLERANCE if body.is_credit_note else Decimal(0)
    for group in body.vat:
        tax = cents(Fraction(group.net) * Fraction(group.rate) / 100)
        if abs(tax - group.vat) > tolerance:
            yield f"VAT {group.rate} % of {group.net} is {tax}, not {group.vat}"


def _totals(body: Body) -> Iterator[str]:
    sums = {
        "net": (body.net, total([line.amount for line in body.lines])),
        "sum of VAT bases": (body.net, total([group.net for group in body.vat])),
        "VAT": (body.vat_total, total([group.vat for group in body.vat])),
        "gross": (body.gross, total([body.net, body.vat_total])),
    }
    for name, (stated, found) in sums.items():
        if stated != found:
            yield f"{name} {stated} is not {found}"
    if body.net < 0:
        yield f"net {body.net} is negative: what is owed back is a credit note"
