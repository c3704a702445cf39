"""The uncertainty of totals: within one factor errors add up, between independent things their squares do.

A figure is activity × factor, with ln GSD² of each. Of a sum E of figures eᵢ (Bilan Carbone 4.4.2, with factors as one variable each):

    ln GSD² = √( Σ_factor (Σᵢ eᵢ·ln GSD²_factor)² + Σ_source (Σᵢ eᵢ·ln GSD²_source)² + (Σ_month √Σᵢ (eᵢ·ln GSD²ᵢ)²)² ) ÷ E

A source is a default of the catalogue (the energy of a kind), shared by all that lack better. What is known of each asset for itself is
independent between assets; from month to month it is the same knowledge, so months add up.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from footprint.domain.results import Figure


class Rolled(NamedTuple):
    """A row of the roll-up, in units of the criterion: what figures with this factor and source come to, and their weighted spreads."""

    month: int
    factor: str
    source: str
    value: float
    factor_weighted: float
    source_weighted: float
    source_squares: float


def rolled(month: int, figure: Figure) -> Rolled:
    """A single figure as a row of the roll-up."""
    own = figure.value * figure.source_ln_gsd2
    return Rolled(
        month,
        figure.factor,
        figure.source,
        figure.value,
        figure.value * figure.factor_ln_gsd2,
        own if figure.source else 0.0,
        0.0 if figure.source else own * own,
    )


def ln_gsd2_of_rolled(rows: Iterable[Rolled]) -> float:
    """ln GSD² of the sum of the rows, the same bits in whatever order they come; 0 for a sum of nothing."""
    total = 0.0
    factors: dict[str, float] = defaultdict(float)
    sources: dict[str, float] = defaultdict(float)
    months: dict[int, float] = defaultdict(float)
    for month, factor, source, value, factor_weighted, source_weighted, source_squares in sorted(rows):
        total += value
        factors[factor] += factor_weighted
        sources[source] += source_weighted
        months[month] += source_squares
    independent = sum(math.sqrt(max(0.0, each)) for each in months.values())
    shared = sum(each * each for each in (*factors.values(), *sources.values()))
    return ln_gsd2_of_terms(total, shared, independent)


def ln_gsd2_of_terms(total: float, shared: float, independent: float) -> float:
    """ln GSD² of a sum: `shared` is the sum over factors and sources of their squares, `independent` that over months; 0 for nothing."""
    return math.sqrt(shared + independent * independent) / total if total > 0 else 0.0


def ln_gsd2s_of_terms(
    totals: npt.NDArray[np.float64], shared: npt.NDArray[np.float64], independent: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """`ln_gsd2_of_terms` of many sums, all above 0, to the bit."""
    spreads: npt.NDArray[np.float64] = np.sqrt(shared + independent * independent) / totals
    return spreads
