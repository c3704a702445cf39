"""How sure a figure is: log-normal intervals after Bilan Carbone 4.4.2 ("Incertitudes").

A rated quantity has a squared geometric standard deviation GSD² ≥ 1; the 95 % interval of an estimate E is [E/GSD², E·GSD²].
Five ratings from 1 (very bad) to 5 (very good) give it: GSD² = exp √Σ ln²Uᵢ. A missing rating counts as the worst.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_U = {
    "technical": (2.0, 1.5, 1.2, 1.1, 1.0),
    "reliability": (1.5, 1.2, 1.1, 1.05, 1.0),
    "temporal": (1.5, 1.2, 1.1, 1.03, 1.0),
    "completeness": (1.2, 1.1, 1.05, 1.02, 1.0),
    "geographic": (1.1, 1.05, 1.02, 1.01, 1.0),
}
"""Uᵢ of each criterion for the ratings 1 to 5 (Bilan Carbone 4.4.2)."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """Data quality from 1 (very bad) to 5 (very good) per criterion; None is unknown and counts as 1."""

    technical: int | None = None
    reliability: int | None = None
    temporal: int | None = None
    completeness: int | None = None
    geographic: int | None = None

    @classmethod
    def all(cls, rating: int) -> "Ratings":
        """The same rating on the five criteria."""
        return cls(rating, rating, rating, rating, rating)


UNRATED = Ratings()

ACTIVITY_RATINGS = {
    "measured": Ratings(4, 5, 5, 5, 5),
    "given": Ratings.all(4),
    "declared": Ratings.all(4),
    "projected": Ratings.all(3),
    "utilisation": Ratings.all(3),
    "model": Ratings.all(3),
    "configuration": Ratings.all(3),
    "kind": Ratings.all(2),
}
"""How well what was said of the activity is known, by its evidence: a convention of this method (docs/method.md)."""


def ln_gsd2(ratings: Ratings | None) -> float:
    """ln GSD² of rated data: √Σ ln²Uᵢ over the five criteria."""
    given = ratings or UNRATED
    return math.sqrt(sum(math.log(levels[(getattr(given, name) or 1) - 1]) ** 2 for name, levels in _U.items()))


UNRATED_LN_GSD2 = ln_gsd2(None)
"""ln GSD² of a factor without ratings: all five are taken as very bad."""

ACTIVITY_LN_GSD2 = {evidence: ln_gsd2(ratings) for evidence, ratings in ACTIVITY_RATINGS.items()}
"""ln GSD² of an activity by its evidence."""


def gsd2(ratings: Ratings | None) -> float:
    """GSD² of rated data: exp √Σ ln²Uᵢ."""
    return math.exp(ln_gsd2(ratings))


@lru_cache(maxsize=4096)
def ln_product(one: float, other: float) -> float:
    """ln GSD² of a product of two independent quantities: √(ln²A + ln²B)."""
    return math.sqrt(one * one + other * other)


def ln_sum(values: Sequence[float], ln_gsd2s: Sequence[float]) -> float:
    """ln GSD² of a sum of independent quantities: √Σ (Eᵢ/E · ln GSD²ᵢ)²; 0 for a sum of 0."""
    total = sum(values)
    if total == 0:
        return 0.0
    squares = 0.0
    for value, term in zip(values, ln_gsd2s, strict=True):
        weighted = value / total * term
        squares += weighted * weighted
    return math.sqrt(squares)


@dataclass(frozen=True, slots=True)
class Interval:
    """The 95 % interval of a figure."""

    low: float
    high: float


def interval(value: float, ln_gsd2_value: float) -> Interval:
    """[E/GSD², E·GSD²]."""
    spread = math.exp(ln_gsd2_value)
    return Interval(value / spread, value * spread)


def intervals(
    values: npt.NDArray[np.float64], ln_gsd2_values: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The lower and upper bounds of `interval` of many figures, to the bit: numpy's own exponential differs in the last one."""
    spreads = np.array(list(map(math.exp, ln_gsd2_values.tolist())), dtype=np.float64)
    return values / spreads, values * spreads


_BOUNDS = tuple(math.log(bound) for bound in (1.1199, 1.2621, 1.6361, 2.5163))


def quality(ln_gsd2_value: float) -> int:
    """The data-quality class of a figure, 5 (very good) to 1 (very bad).

    The published bounds of GSD² are 1.1199, 1.2621, 1.6361 and 2.5163: those of data rated 4, 3, 2 and 1 throughout.
    """
    return 5 - bisect_left(_BOUNDS, ln_gsd2_value)


def qualities(ln_gsd2_values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """`quality` of many figures."""
    return 5 - np.searchsorted(_BOUNDS, ln_gsd2_values, side="left").astype(np.int64)
