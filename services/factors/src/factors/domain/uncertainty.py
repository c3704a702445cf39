"""Uncertainty of factors and results: log-normal, as geometric standard deviations squared (GSD²).

Source: Bilan Carbone 4.4.2 (Association pour la transition Bas Carbone): the 95 % interval of an estimate E is
[E/GSD², E·GSD²]. A factor used by many items is one variable: `sum_of` holds for independent terms only, so group the
terms of one factor first.
"""

import math
from collections.abc import Sequence
from functools import cache

from factors.domain.records import FactorContent, Ratings

_SPREADS: dict[str, tuple[float, float, float, float, float]] = {
    "reliability": (1.5, 1.2, 1.1, 1.05, 1.0),
    "technical": (2.0, 1.5, 1.2, 1.1, 1.0),
    "geographic": (1.1, 1.05, 1.02, 1.01, 1.0),
    "temporal": (1.5, 1.2, 1.1, 1.03, 1.0),
    "completeness": (1.2, 1.1, 1.05, 1.02, 1.0),
}
"""The spread of each criterion from a rating of 1 (very bad) to 5 (very good)."""


@cache
def of_ratings(ratings: Ratings | None) -> float:
    """GSD² of five ratings, a missing one being the worst: exp √Σ ln²Uᵢ."""
    rated = ratings or Ratings()
    spreads = [spread[(getattr(rated, name) or 1) - 1] for name, spread in _SPREADS.items()]
    return math.exp(math.sqrt(sum(math.log(spread) ** 2 for spread in spreads)))


def of_content(content: FactorContent) -> float:
    """GSD² of a factor: the one that its source states, else the one of its ratings."""
    return of_ratings(content.ratings) if content.gsd2 is None else content.gsd2


def of_percent(percent: float) -> float:
    """GSD² of an uncertainty stated as ± percent at 95 %: the upper bound of the interval is E·(1 + percent/100)."""
    return 1 + percent / 100


def of_product(first: float, second: float) -> float:
    """GSD² of the product of two independent variables: exp √(ln²A + ln²B)."""
    return math.exp(math.sqrt(math.log(first) ** 2 + math.log(second) ** 2))


def of_sum(terms: Sequence[tuple[float, float]]) -> float:
    """GSD² of a sum of independent terms (value, GSD²): exp √Σ((Eᵢ/E)² ln²GSD²ᵢ); 1 when the sum is 0."""
    total = math.fsum(value for value, _ in terms)
    if total == 0:
        return 1.0
    return math.exp(math.sqrt(math.fsum((value / total) ** 2 * math.log(gsd2) ** 2 for value, gsd2 in terms)))


def interval(value: float, gsd2: float) -> tuple[float, float]:
    """The 95 % interval of an estimate."""
    return value / gsd2, value * gsd2


def quadrature_product(*percents: float) -> float:
    """Relative uncertainty, in percent, of a product of independent variables (IPCC 2006, volume 1, equation 3.1)."""
    return math.sqrt(math.fsum(percent**2 for percent in percents))


def quadrature_sum(terms: Sequence[tuple[float, float]]) -> float:
    """Relative uncertainty of a sum of independent terms (value, percent), in percent (IPCC 2006, equation 3.2)."""
    total = math.fsum(value for value, _ in terms)
    return 0.0 if total == 0 else math.sqrt(math.fsum((value * percent) ** 2 for value, percent in terms)) / abs(total)
