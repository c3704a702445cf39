"""Exact numbers: meters, quantities as integers, and the only three roundings of billing.

A meter counts steps: whole vCPU, whole MiB for what is sold by GiB. Held quantities are integers of step-seconds until a line is printed.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Final

HOUR_S: Final = 3600
CENT: Final = Decimal("0.01")
PRINTED_HOURS: Final = Decimal("0.0001")
_DIGITS = 60


@dataclass(frozen=True, slots=True)
class Meter:
    """What is metered; one unit is `steps` of the smallest quantity that is told apart."""

    name: str
    steps: int


VCPU: Final = Meter("vcpu", 1)
RAM: Final = Meter("ram_gib", 1024)
DISK: Final = Meter("disk_gib", 1024)
METERS: Final = (VCPU, RAM, DISK)
"""In the order of the amounts of an interval, and of the lines of a bill."""

METER_INDEX: Final = {meter.name: index for index, meter in enumerate(METERS)}


class NotWhole(ValueError):
    """A quantity between two steps of its meter."""


def steps_of(meter: Meter, units: Decimal) -> int:
    """`units` in steps. Raises `NotWhole` when the meter cannot tell that quantity from its neighbours."""
    whole = int(units)
    if units == whole:
        return whole * meter.steps
    with localcontext(prec=_DIGITS):
        steps = units * meter.steps
    if steps != int(steps):
        raise NotWhole(f"{meter.name} {units} is not a multiple of 1/{meter.steps}")
    return int(steps)


def cents(amount: Fraction) -> Decimal:
    """`amount` in euros, half up to the cent, away from zero on both sides."""
    return _half_up(amount, CENT)


def printed_hours(hours: Fraction) -> Decimal:
    """Unit-hours as a bill prints them: four decimals, half up (BR-FR-DEC-02)."""
    return _half_up(hours, PRINTED_HOURS)


def hours_of(step_seconds: Fraction | int, meter: Meter) -> Decimal:
    """Step-seconds of `meter` as printed unit-hours."""
    return printed_hours(Fraction(step_seconds) / (meter.steps * HOUR_S))


def total(amounts: list[Decimal]) -> Decimal:
    """The sum, with two decimals even of nothing."""
    with localcontext(prec=_DIGITS):
        return sum(amounts, Decimal("0.00"))


def plain(value: Decimal) -> str:
    """A decimal without exponent and without needless zeros: `720`, `743.5`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _half_up(value: Fraction, step: Decimal) -> Decimal:
    per_unit = int(1 / step)
    scaled = abs(value) * per_unit
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    with localcontext(prec=_DIGITS, rounding=ROUND_HALF_UP):
        return (Decimal(whole if value >= 0 else -whole) * step).quantize(step)
