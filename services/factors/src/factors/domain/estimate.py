"""Activity × quantity → impact: the quantity is converted to the factor's unit, its dimension checked."""

import math
from dataclasses import dataclass

from factors.domain import uncertainty, units
from factors.domain.records import Bilingual, FactorVersion


@dataclass(frozen=True, slots=True)
class Estimate:
    """An impact in the unit of the criterion (kgCO2e for gwp), and the sentence that recomputes it by hand.

    `low` and `high` are the 95 % interval that the factor's ratings give; the quantity is taken as exact.
    """

    value: float
    low: float
    high: float
    unit: str
    formula: Bilingual


class QuantityError(ValueError):
    """A quantity that cannot be an activity's; `code` names the rule."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def estimate(factor: FactorVersion, quantity: float, unit: str) -> Estimate:
    """`quantity` in `unit`, times the factor.

    Raises QuantityError when the quantity is negative, not finite or too large to compute with, units.UnitError when the dimensions
    differ.
    """
    if not math.isfinite(quantity):
        raise QuantityError("not_finite", "the quantity must be a finite number")
    if quantity < 0:
        raise QuantityError("negative", f"the quantity must be 0 or more, not {quantity!r}")
    content = factor.content
    activity_unit = units.denominator(content.unit)
    converted = quantity * units.conversion(unit, activity_unit)
    value = converted * content.value
    result_unit = units.numerator(content.unit)
    shown = f"{content.value!r}" if content.source.displayable else "***"
    sentence = (
        f"{quantity!r} {unit} = {converted!r} {activity_unit}; × {shown} {content.unit} = {value!r} {result_unit}"
    )
    low, high = uncertainty.interval(value, uncertainty.of_content(content))
    if not math.isfinite(high):
        raise QuantityError("too_large", f"{quantity!r} {unit} is more than can be computed with")
    return Estimate(value, low, high, result_unit, Bilingual(sentence, sentence))
