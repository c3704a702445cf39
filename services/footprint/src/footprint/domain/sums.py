"""Exact sums of figures: each counts as a whole number of billionths of its unit (µg of CO2e), rounded by itself.

Integers add up to the same whatever the order, so parts add up to totals exactly as printed and the same figure is the same everywhere.
"""

from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

BILLION: Final = 1_000_000_000
_SHIFT: Final = Decimal(10) ** -9


def billionths(value: float) -> int:
    """A figure as a whole number of billionths: what the SQL function of that name gives (which keeps 15 significant digits)."""
    scaled = float(round(value * 1e9))
    return int(scaled) if abs(scaled) < 1e15 else int(Decimal(f"{scaled:.15g}"))


def whole_billionths(values: npt.NDArray[np.float64]) -> list[int]:
    """`billionths` of many."""
    scaled = np.rint(values * 1e9)
    if np.abs(scaled).max(initial=0.0) < 1e15:
        found: list[int] = scaled.astype(np.int64).tolist()
        return found
    return [billionths(value) for value in values.tolist()]


def exact(amount: int) -> Decimal:
    """Billionths as an exact number of units, nine decimals at most: printed as such, whatever its size."""
    return Decimal(amount) * _SHIFT


def printed(amount: int) -> float | Decimal:
    """`exact`, as a double where the shortest text of that is the exact number: such are written ten times faster.

    Up to 15 digits are told exactly by the nearest double. Below 0.0001 its text would have an exponent.
    """
    return amount / BILLION if amount == 0 or 100_000 <= abs(amount) < 10**15 else exact(amount)
