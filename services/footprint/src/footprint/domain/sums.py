"""Exact sums of figures: each counts as a whole number of billionths of its unit (µg of CO2e), rounded by itself.

Integers add up to the same whatever the order, so parts add up to totals exactly as printed and the same figure is the same everywhere.
"""

from decimal import Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]
"""Whole numbers: machine integers where all of them, and so all sums of them, fit; else Python's."""

BILLION: Final = 1_000_000_000
_ROOM: Final = 2.0**62
_SHIFT: Final = Decimal(10) ** -9


def billionths(value: float) -> int:
    """A figure as a whole number of billionths: what the SQL function of that name gives (which keeps 15 significant digits)."""
    return _whole(float(round(value * 1e9)))


def _whole(scaled: float) -> int:
    return int(scaled) if abs(scaled) < 1e15 else int(Decimal(f"{scaled:.15g}"))


def whole_billionths(values: npt.NDArray[np.float64]) -> list[int]:
    """`billionths` of many."""
    scaled = np.rint(values * 1e9)
    if np.abs(scaled).max(initial=0.0) < 1e15:
        found: list[int] = scaled.astype(np.int64).tolist()
        return found
    return [billionths(value) for value in values.tolist()]


def numbers(amounts: npt.ArrayLike) -> Numbers:
    """Whole numbers of any size."""
    try:
        found = np.asarray(amounts, dtype=np.int64)
    except OverflowError:
        return np.asarray(amounts, dtype=object)
    return found if np.abs(found.astype(np.float64)).sum() < _ROOM else found.astype(object)


def whole_roots(squares: npt.NDArray[np.float64]) -> Numbers:
    """The roots of squares of billionths in whole billionths, of 15 significant digits; 0 of what is negative."""
    roots = np.rint(np.sqrt(np.maximum(squares, 0.0)))
    if roots.max(initial=0.0) < 1e15:
        return numbers(roots.astype(np.int64))
    return np.array([_whole(root) for root in roots.ravel().tolist()], dtype=object).reshape(roots.shape)


def units(amounts: Numbers) -> npt.NDArray[np.float64]:
    """Billionths as the nearest doubles of units."""
    if amounts.dtype != object and np.abs(amounts).max(initial=0) < 2**53:
        return np.asarray(amounts / BILLION, dtype=np.float64)
    return np.array([amount / BILLION for amount in amounts.tolist()], dtype=np.float64)


def exact(amount: int) -> Decimal:
    """Billionths as an exact number of units, nine decimals at most: printed as such, whatever its size."""
    return Decimal(amount) * _SHIFT


def printed(amount: int) -> float | Decimal:
    """`exact`, as a double where the shortest text of that is the exact number: such are written ten times faster.

    Up to 15 digits are told exactly by the nearest double. Below 0.0001 its text would have an exponent.
    """
    return amount / BILLION if amount == 0 or 100_000 <= abs(amount) < 10**15 else exact(amount)


def all_printed(amounts: Numbers) -> list[float | Decimal]:
    """`printed` of many."""
    found: list[float | Decimal] = units(amounts).tolist()
    size = np.abs(amounts)
    for index in np.flatnonzero((amounts != 0) & ((size < 100_000) | (size >= 10**15))).tolist():
        found[index] = exact(int(amounts[index]))
    return found
