"""What is still owed of an invoice, and what being late costs (Code de commerce, L441-10 and D441-5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billing.domain.amounts import cents, total

INDEMNITY = Decimal("40.00")
"""Euros for the costs of recovery, due by law from the first day of lateness."""

YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class Reduction:
    """On a day, the debt became less by `amount` euros (a payment, a credit note), or more where that is below zero."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Dues:
    """The account of an invoice on a day. `open_amount` below zero is owed back to the customer."""

    open_amount: Decimal
    days_late: int
    late_penalty: Decimal
    indemnity: Decimal


def dues(gross: Decimal, due_on: date, reductions: Sequence[Reduction], today: date, percent: Decimal) -> Dues:
    """The account on `today`, of which later reductions are no part.

    The penalty is simple interest of `percent` a year on what was open on each day after the due date, rounded once. The indemnity is due
    when anything was open on such a day.
    """
    known = [reduction for reduction in reductions if reduction.day <= today]
    owed = gross - total([reduction.amount for reduction in known])
    euro_days, late_days = _lateness(gross, due_on, known, today)
    return Dues(
        open_amount=owed,
        days_late=max(0, (today - due_on).days) if owed > 0 else 0,
        late_penalty=cents(euro_days * Fraction(percent) / 100 / YEAR_DAYS),
        indemnity=INDEMNITY if late_days else Decimal("0.00"),
    )


def _lateness(gross: Decimal, due_on: date, reductions: Sequence[Reduction], today: date) -> tuple[Fraction, int]:
    """Euro-days that were open after the due date, and the number of days on which anything was; a day's reductions count for that day."""
    first = due_on.toordinal() + 1
    changes = sorted({first, *(max(first, reduction.day.toordinal()) for reduction in reductions)})
    euro_days, late_days = Fraction(0), 0
    for start, end in zip(changes, [*changes[1:], today.toordinal() + 1], strict=True):
        paid = total([reduction.amount for reduction in reductions if reduction.day.toordinal() <= start])
        owed = gross - paid
        if owed > 0 and end > start:
            euro_days += Fraction(owed) * (end - start)
            late_days += end - start
    return euro_days, late_days
