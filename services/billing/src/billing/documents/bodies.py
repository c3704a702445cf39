"""From a rated month to the body of an invoice, and from two ratings of one month to a credit note or an adjustment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.documents.content import (
    Body,
    Corrected,
    Document,
    DocumentLine,
    LineFootprint,
    RatingTrace,
    ResourceFootprint,
    Seller,
    TermsSpan,
    VatLine,
)
from billing.domain.amounts import total
from billing.domain.carbon import Footprint
from billing.domain.months import RatedMonth
from billing.domain.rating import Line, Rating, TermsWindow
from billing.domain.terms import following_month, instant_of
from billing.domain.vat import Treatment, groups_of, treatment_of, vat_of
from billing.store.contracts import Contract

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Billed:
    """One line of a month by its key: what has been billed of it, all documents together."""

    key: str
    meter: str
    label: str
    amount: Decimal


def invoice_body(
    contract: Contract,
    seller: Seller,
    month: RatedMonth,
    adjustments: Sequence[DocumentLine],
    cutoff: datetime,
) -> Body | None:
    """The invoice of a month with what earlier months still owe, or None when there is nothing to bill: no document, no number."""
    zone, rating = contract.zone, month.rating
    own = [
        document_line(line, month.month.windows, zone, footprint)
        for line, footprint in zip(rating.lines, month.carbon.lines, strict=True)
        if not _says_nothing(line)
    ]
    if rating.is_empty and not adjustments:
        return None
    treatment = treatment_of(contract.customer.territory)
    lines = (*own, *adjustments)
    groups = groups_of([(line.amount, treatment) for line in lines])
    return Body(
        type="380",
        contract_id=contract.id,
        contract_reference=contract.reference,
        month=month.month.first,
        first=month.month.first,
        last=following_month(month.month.first) - timedelta(days=1),
        due_days=contract.due_days,
        seller=seller,
        buyer=contract.customer,
        lines=lines,
        vat=tuple(vat_line(group.treatment, group.net, group.vat) for group in groups),
        net=total([group.net for group in groups]),
        vat_total=total([group.vat for group in groups]),
        gross=total([group.net + group.vat for group in groups]),
        footprint=_footprint(month.carbon.total),
        resources=tuple(
            ResourceFootprint(resource=name, kwh=f.kwh, gwp_kg=f.gwp_kg) for name, f in month.carbon.resources.items()
        ),
        rating=trace_of(rating, month.month.windows, cutoff),
    )


def credit_body(
    original: Document, deltas: Sequence[Billed], billed_net: Decimal, rating: RatingTrace, reason: str
) -> Body:
    """The credit note that takes `billed_net` down by −Σ `deltas`; its tax is the difference of the two taxes."""
    body = original.body
    lines = tuple(_credit_line(delta, body) for delta in deltas)
    net = total([line.amount for line in lines])
    treatment = treatment_of(body.buyer.territory)
    tax = vat_of(billed_net, treatment) - vat_of(billed_net - net, treatment)
    return body.model_copy(
        update={
            "type": "381",
            "lines": lines,
            "vat": (vat_line(treatment, net, tax),),
            "net": net,
            "vat_total": tax,
            "gross": net + tax,
            "footprint": LineFootprint(kwh=None, gwp_kg=None),
            "resources": (),
            "rating": rating,
            "corrects": Corrected(number=original.number, issued_on=original.issued_on),
            "reason": reason,
        }
    )


def adjustment_lines(original: Document, deltas: Sequence[Billed]) -> list[DocumentLine]:
    """The dated lines that put `deltas` of the original's month on a later invoice."""
    return [_piece(delta.key, "adjustment", delta.meter, delta.label, delta.amount, original.body) for delta in deltas]


def lines_by_key(rating: Rating) -> list[Billed]:
    """What a rating bills, by key; lines of one key together."""
    return merged([Billed(key_of(line), line.meter, line.label, line.amount) for line in rating.lines])


def billed_of(lines: Sequence[DocumentLine], sign: int = 1) -> list[Billed]:
    """What the lines of a document bill, by key; with `sign` −1, of a credit note."""
    return [Billed(line.key, line.meter, line.label, sign * line.amount) for line in lines]


def merged(parts: Sequence[Billed]) -> list[Billed]:
    """One entry a key, in order of appearance."""
    found: dict[str, Billed] = {}
    for part in parts:
        known = found.get(part.key)
        amount = part.amount if known is None else known.amount + part.amount
        found[part.key] = Billed(part.key, part.meter, part.label, amount)
    return list(found.values())


def difference(rerated: Sequence[Billed], billed: Sequence[Billed]) -> list[Billed]:
    """Re-rated less billed, key by key; keys without a difference are left out."""
    negated = [Billed(part.key, part.meter, part.label, -part.amount) for part in billed]
    return [part for part in merged([*rerated, *negated]) if part.amount]


def key_of(line: Line) -> str:
    """What makes a line the same one when its month is rated again."""
    return f"{line.kind}/{line.meter}/{line.label}/{line.version}"


def trace_of(rating: Rating, windows: Sequence[TermsWindow], cutoff: datetime) -> RatingTrace:
    """How a rating came about."""
    spans = tuple(TermsSpan(start=w.start, end=w.end, version=w.version) for w in windows)
    return RatingTrace(hash=rating.hash, cutoff=cutoff, start=rating.start, end=rating.end, spans=spans)


def document_line(
    line: Line, windows: Sequence[TermsWindow], zone: ZoneInfo, footprint: Footprint | None
) -> DocumentLine:
    """A rated line as documents hold it."""
    first, last = _days(line, windows, zone)
    charge = line.charge
    return DocumentLine(
        key=key_of(line),
        kind=line.kind,
        meter=line.meter,
        label=line.label,
        first=first,
        last=last,
        quantity=ONE if charge is None else charge.quantity,
        unit="C62" if charge is None else "HUR",
        price=abs(line.amount) if charge is None else charge.price,
        base_quantity=ONE if charge is None else charge.base_hours,
        amount=line.amount,
        base=line.base,
        percent=line.percent,
        footprint=None if footprint is None else _footprint(footprint),
    )


def _days(line: Line, windows: Sequence[TermsWindow], zone: ZoneInfo) -> tuple[date, date]:
    own = [window for window in windows if line.kind == "true_up" or window.version == line.version]
    start, end = min(window.start for window in own), max(window.end for window in own)
    return instant_of(start).astimezone(zone).date(), instant_of(end - 1).astimezone(zone).date()


def _credit_line(delta: Billed, body: Body) -> DocumentLine:
    return _piece(delta.key, "credit", delta.meter, delta.label, -delta.amount, body)


def _piece(key: str, kind: str, meter: str, label: str, amount: Decimal, body: Body) -> DocumentLine:
    """One piece at the amount; an amount below zero is a negative quantity, since no price may be negative (BR-27)."""
    return DocumentLine.model_validate(
        {
            "key": key,
            "kind": kind,
            "meter": meter,
            "label": label,
            "first": body.first,
            "last": body.last,
            "quantity": ONE if amount >= 0 else -ONE,
            "unit": "C62",
            "price": abs(amount),
            "base_quantity": ONE,
            "amount": amount,
        }
    )


def _says_nothing(line: Line) -> bool:
    return line.amount == 0 and (line.charge is None or line.charge.quantity == 0)


def vat_line(treatment: Treatment, net: Decimal, vat: Decimal) -> VatLine:
    """The tax of one treatment as documents hold it."""
    return VatLine(
        category=treatment.category,
        rate=treatment.rate,
        net=net,
        vat=vat,
        reason=treatment.reason,
        reason_code=treatment.reason_code,
    )


def _footprint(footprint: Footprint) -> LineFootprint:
    return LineFootprint(kwh=footprint.kwh, gwp_kg=footprint.gwp_kg)
