"""What moving from one catalogue to another would do to given quantities."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from factors.domain import units
from factors.domain.estimate import Estimate, estimate
from factors.domain.records import FactorVersion


@dataclass(frozen=True, slots=True)
class Side:
    """A quantity's impact in one catalogue: the factor that answers, and what it makes."""

    factor: FactorVersion
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class Effect:
    """One quantity in both catalogues, a side being None where nothing answers; in `unit`.

    `change` is after − before, `relative_change` that over before (None when before is 0); both None where a side is missing.
    """

    criterion: str
    unit: str
    before: Side | None
    after: Side | None
    change: float | None
    relative_change: float | None


@dataclass(frozen=True, slots=True)
class Total:
    """The effects on one criterion that have both sides, added up in their order; `relative_change` is None when `before` is 0."""

    criterion: str
    unit: str
    items: int
    before: float
    after: float
    change: float
    relative_change: float | None


def effect(before: FactorVersion | None, after: FactorVersion | None, quantity: float, unit: str) -> Effect:
    """What `quantity` in `unit` weighs by each of two factors, at least one of which is there.

    The second is told in the first one's unit. Raises QuantityError, and units.UnitError when the dimensions differ.
    """
    sides = [None if factor is None else Side(factor, estimate(factor, quantity, unit)) for factor in (before, after)]
    old, new = sides
    known = old or new
    assert known is not None
    told_in, criterion = known.estimate.unit, known.factor.content.criterion
    if old is None or new is None:
        return Effect(criterion, told_in, old, new, None, None)
    change = new.estimate.value * units.conversion(new.estimate.unit, told_in) - old.estimate.value
    return Effect(criterion, told_in, old, new, change, _relative(change, old.estimate.value))


def totals(effects: Iterable[Effect]) -> list[Total]:
    """The effects that have both sides, by criterion and unit in the order of their first."""
    grouped: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in effects:
        if one.before is not None and one.change is not None:
            grouped.setdefault((one.criterion, one.unit), []).append((one.before.estimate.value, one.change))
    found: list[Total] = []
    for (criterion, unit), values in grouped.items():
        before, change = (math.fsum(column) for column in zip(*values, strict=True))
        found.append(Total(criterion, unit, len(values), before, before + change, change, _relative(change, before)))
    return found


def _relative(change: float, before: float) -> float | None:
    return change / before if before else None
