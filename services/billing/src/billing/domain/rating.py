"""Rating: intervals and terms in, lines out. Pure: the same inputs give the same lines and the same hash.

A period is rated window by window, a window being the part of it in which one version of the terms holds; windows do not overlap, and
time outside all of them (before a contract, after it) is not billed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from billing.domain.amounts import METER_INDEX, METERS, cents, total
from billing.domain.canonical import digest
from billing.domain.demand import Demand, profile
from billing.domain.events import Interval, cut
from billing.domain.prices import Charge, MonthBasis, PriceModel, Window


@dataclass(frozen=True, slots=True)
class Discount:
    """So many per cent off every charge of `meter`, or of all meters when None."""

    label: str
    percent: Decimal
    meter: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of what a contract charges."""

    prices: Mapping[str, PriceModel]
    basis: MonthBasis = "calendar"
    discounts: tuple[Discount, ...] = ()
    bases: Mapping[str, MonthBasis] = field(default_factory=dict)

    def basis_of(self, meter: str) -> MonthBasis:
        """The hours that the price of `meter` is for: its own basis, or that of the terms."""
        return self.bases.get(meter, self.basis)


@dataclass(frozen=True, slots=True)
class TermsWindow:
    """`terms` hold over `[start, end)`, epoch seconds; `version` is shown on their lines."""

    start: int
    end: int
    terms: Terms
    version: int = 1


@dataclass(frozen=True, slots=True)
class Minimum:
    """At least `amount` euros a whole period, in proportion to its time in `[start, end)`; `end` None: until further notice."""

    amount: Decimal
    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill. `charge` is None for a true-up and for a discount, which says its `base` and `percent` instead."""

    kind: Literal["usage", "discount", "true_up"]
    meter: str
    label: str
    amount: Decimal
    charge: Charge | None = None
    base: Decimal | None = None
    percent: Decimal | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Rating:
    """The lines of a period `[start, end)` and their sum."""

    start: int
    end: int
    lines: tuple[Line, ...]

    @property
    def net(self) -> Decimal:
        """Before VAT."""
        return total([line.amount for line in self.lines])

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical form of period and lines."""
        return digest({"start": self.start, "end": self.end, "lines": [asdict(line) for line in self.lines]})

    @property
    def is_empty(self) -> bool:
        """Whether nothing was used and nothing is due, so that there is no document at all."""
        return all(line.amount == 0 and (line.charge is None or line.charge.unit_hours == 0) for line in self.lines)


def rate(
    start: int,
    end: int,
    windows: Sequence[TermsWindow],
    demands: Sequence[Mapping[str, Demand]],
    minimums: Sequence[Minimum] = (),
) -> Rating:
    """Rate `[start, end)`; `demands` are those of `windows`, one to one, by meter name."""
    lines: list[Line] = []
    for window, demand in zip(windows, demands, strict=True):
        lines += _window_lines(window, demand, end - start)
    lines += _true_up(start, end, minimums, total([line.amount for line in lines]))
    return Rating(start, end, tuple(lines))


def rate_intervals(
    start: int,
    end: int,
    windows: Sequence[TermsWindow],
    intervals: Sequence[Interval],
    minimums: Sequence[Minimum] = (),
) -> Rating:
    """Rate what `intervals` hold."""
    return rate(start, end, windows, [demand_of(intervals, window) for window in windows], minimums)


def demand_of(intervals: Sequence[Interval], window: TermsWindow) -> dict[str, Demand]:
    """What `intervals` ask of each priced meter within `window`."""
    parts = cut(intervals, window.start, window.end)
    return {name: profile(parts, METER_INDEX[name]) for name in window.terms.prices}


def minimum_due(start: int, end: int, minimums: Sequence[Minimum]) -> Decimal:
    """The part of the minimums that `[start, end)` owes, in proportion to the time that each holds within it; one rounding."""
    owed = Fraction(0)
    for minimum in minimums:
        until = end if minimum.end is None else min(minimum.end, end)
        owed += Fraction(minimum.amount) * max(0, until - max(start, minimum.start)) / (end - start)
    return cents(owed)


def _window_lines(window: TermsWindow, demands: Mapping[str, Demand], period_s: int) -> list[Line]:
    lines = [
        Line("usage", meter.name, charge.label, charge.amount, charge, version=window.version)
        for meter in METERS
        if meter.name in window.terms.prices
        for charge in window.terms.prices[meter.name].charges(
            demands[meter.name], meter, Window(window.end - window.start, period_s, window.terms.basis_of(meter.name))
        )
    ]
    return lines + _discounts(window, lines)


def _discounts(window: TermsWindow, lines: Sequence[Line]) -> list[Line]:
    found = []
    for discount in window.terms.discounts:
        base = total([line.amount for line in lines if discount.meter in (None, line.meter)])
        amount = -cents(Fraction(base) * Fraction(discount.percent) / 100)
        meter = discount.meter or "all"
        found.append(
            Line(
                "discount",
                meter,
                discount.label,
                amount,
                base=base,
                percent=discount.percent,
                version=window.version,
            )
        )
    return [line for line in found if line.amount]


def _true_up(start: int, end: int, minimums: Sequence[Minimum], usage_net: Decimal) -> list[Line]:
    missing = minimum_due(start, end, minimums) - usage_net
    return [Line("true_up", "minimum", "true_up", missing)] if missing > 0 else []
