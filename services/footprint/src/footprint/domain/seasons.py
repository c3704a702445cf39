"""The forecast of a year: what runs now, on for the rest; with a year of history, in the seasons of that year.

Electricity has seasons (cooling, opening days). Of the twelve elapsed months before the forecast, each month's use a day of 24 hours (real
seconds of the local month) is compared with the straight line through all twelve (in logarithms, least squares), so that growth is not
taken for a season; the indices are scaled to a mean of 1. A forecast month is its state-based figure times the index of its calendar
month. (Ratio-to-trend, as in Makridakis, Wheelwright and Hyndman, Forecasting, chapter 3.)
"""

import math
from collections.abc import Mapping
from typing import Final

HISTORY: Final = 12
"""Elapsed months that seasons are read from."""


def seasonal_indices(use_per_day: Mapping[int, float], last: int) -> dict[int, float] | None:
    """The index of each calendar month (0 to 11) from the twelve months up to `last`; None while one of them is missing or not positive."""
    months = range(last - HISTORY + 1, last + 1)
    values = [use_per_day.get(month, 0.0) for month in months]
    if min(values) <= 0:
        return None
    logs = [math.log(each) for each in values]
    middle, mean = (HISTORY - 1) / 2, sum(logs) / HISTORY
    slope = sum((place - middle) * (log - mean) for place, log in enumerate(logs)) / sum(
        (place - middle) ** 2 for place in range(HISTORY)
    )
    ratios = [math.exp(log - mean - slope * (place - middle)) for place, log in enumerate(logs)]
    scale = HISTORY / sum(ratios)
    return {month % 12: ratio * scale for month, ratio in zip(months, ratios, strict=True)}
