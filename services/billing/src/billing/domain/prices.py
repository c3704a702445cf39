"""Price models: from the demand of a meter over a window to the charges of a bill.

Each charge holds the quantity that the bill prints, a price and the hours that the price is for, and its amount is computed from these
three alone, so whoever reads the bill can compute it again: amount = half-up(quantity × price ÷ base hours).
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Literal, TypeAlias

from billing.domain.amounts import HOUR_S, Meter, cents, hours_of, plain, printed_hours
from billing.domain.demand import Demand

MonthBasis = Literal["calendar", "h730"]
H730_S = 730 * HOUR_S


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a billing period, `covered_s` of its `period_s` seconds, for which a price holds."""

    covered_s: int
    period_s: int
    basis: MonthBasis = "calendar"

    @property
    def base_hours(self) -> Fraction:
        """The hours that a price is for: those of the period itself, or 730."""
        return Fraction(self.period_s if self.basis == "calendar" else H730_S, HOUR_S)

    @property
    def hours_per_unit(self) -> Fraction:
        """The hours that one unit-month has in this window, by which tiers are counted."""
        return self.base_hours * self.covered_s / self.period_s

    @property
    def covered_hours(self) -> Fraction:
        """The real length of the window."""
        return Fraction(self.covered_s, HOUR_S)


@dataclass(frozen=True, slots=True)
class Charge:
    """One printed line: `quantity` unit-hours (package-hours for packages) at `price` euros per `base_hours` hours."""

    label: str
    quantity: Decimal
    price: Decimal
    base_hours: Decimal
    unit_hours: Decimal

    @property
    def amount(self) -> Decimal:
        """Euros, half up to the cent."""
        return cents(Fraction(self.quantity) * Fraction(self.price) / Fraction(self.base_hours))

    @property
    def units(self) -> Decimal:
        """The quantity in unit-months, four decimals."""
        return printed_hours(Fraction(self.quantity) / Fraction(self.base_hours))


@dataclass(frozen=True, slots=True)
class Unit:
    """So much a unit-month."""

    price: Decimal

    def charges(self, demand: Demand, meter: Meter, window: Window) -> list[Charge]:
        """One charge for all of it."""
        return [_charge("unit", hours_of(demand.total(), meter), self.price, window)]


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to and including `up_to` unit-months (None: without end) at `price`."""

    up_to: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class Graduated:
    """Each tier's own part at the tier's price."""

    tiers: tuple[Tier, ...]

    def charges(self, demand: Demand, meter: Meter, window: Window) -> list[Charge]:
        """One charge for each tier that was reached, the first one always."""
        left = hours_of(demand.total(), meter)
        found: list[Charge] = []
        floor = Decimal(0)
        for tier in self.tiers:
            size = left
            if tier.up_to is not None:
                size = min(left, printed_hours(Fraction(tier.up_to - floor) * window.hours_per_unit))
            if size or not found:
                found.append(_charge(_tier_label(floor, tier.up_to), size, tier.price, window))
            left -= size
            floor = tier.up_to if tier.up_to is not None else floor
        return found


@dataclass(frozen=True, slots=True)
class Volume:
    """All of it at the price of the tier that it reaches."""

    tiers: tuple[Tier, ...]

    def charges(self, demand: Demand, meter: Meter, window: Window) -> list[Charge]:
        """One charge."""
        quantity = hours_of(demand.total(), meter)
        units = Fraction(quantity) / window.hours_per_unit
        tier = next(tier for tier in self.tiers if tier.up_to is None or units <= Fraction(tier.up_to))
        return [_charge("volume", quantity, tier.price, window)]


@dataclass(frozen=True, slots=True)
class Package:
    """Packages of so many units, whole ones: the mean over the window, rounded up."""

    size: Decimal
    price: Decimal

    def charges(self, demand: Demand, meter: Meter, window: Window) -> list[Charge]:
        """One charge, whose quantity is in package-hours."""
        used = hours_of(demand.total(), meter)
        packages = ceil(Fraction(used) / window.hours_per_unit / Fraction(self.size))
        quantity = printed_hours(packages * window.hours_per_unit)
        return [Charge("package", quantity, self.price, _base(window), used)]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A service for so many units, used or not, and a price for what is above.

    `instantaneous`: ∫ max(0, allocation − baseline) dt is above. `pooled`: the window's whole allowance may be used at any time.
    """

    units: Decimal
    price: Decimal
    overage_price: Decimal
    mode: Literal["instantaneous", "pooled"]

    def charges(self, demand: Demand, meter: Meter, window: Window) -> list[Charge]:
        """The baseline and what is above it, both always."""
        allowance = printed_hours(Fraction(self.units) * window.covered_hours)
        if self.mode == "pooled":
            over = max(Decimal("0.0000"), hours_of(demand.total(), meter) - allowance)
        else:
            over = hours_of(demand.above(Fraction(self.units) * meter.steps), meter)
        return [
            _charge("baseline", allowance, self.price, window),
            _charge("overage", over, self.overage_price, window),
        ]


PriceModel: TypeAlias = Unit | Graduated | Volume | Package | Baseline


def check_tiers(tiers: tuple[Tier, ...]) -> str | None:
    """What is wrong with `tiers`, or None: bounds must rise from above 0, and the last tier alone has none."""
    bounds = [tier.up_to for tier in tiers]
    if not bounds or bounds[-1] is not None or None in bounds[:-1]:
        return "the last tier, and only the last, must have no upper bound"
    floor = Decimal(0)
    for bound in bounds[:-1]:
        if bound is None or bound <= floor:
            return "upper bounds must rise from above 0"
        floor = bound
    return None


def _charge(label: str, quantity: Decimal, price: Decimal, window: Window) -> Charge:
    return Charge(label, quantity, price, _base(window), quantity)


def _base(window: Window) -> Decimal:
    return printed_hours(window.base_hours)


def _tier_label(floor: Decimal, up_to: Decimal | None) -> str:
    return f">{plain(floor)}" if up_to is None else f"{plain(floor)}-{plain(up_to)}"
