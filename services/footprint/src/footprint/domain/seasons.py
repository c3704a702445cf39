"""The forecast of a year: what runs now, on for the rest; with a year of history, in the seasons of that year.

Electricity has seasons (cooling, opening days). Of the twelve elapsed months before the forecast, each month's use a day of 24 hours (real
seconds of the local month) is compared with the straight line through all twelve (in logarithms, least squares), so that growth is not
taken for a season; the indices are scaled to a mean of 1. A forecast month is its state-based figure times the index of its calendar
month. (Ratio-to-trend, as in Makridakis, Wheelwright and Hyndman, Forecasting, chapter 3.)
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from footprint.domain.dashboard import Seasonal
from footprint.domain.formulas import DAY_S
from footprint.domain.months import month_seconds
from footprint.domain.scopes import USE

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


def indices_of(
    rows: Iterable[Mapping[str, Any]], late: Mapping[int, int], last: int, zone: str
) -> dict[int, float] | None:
    """The seasons of an organisation whose roll-up by month and stage is `rows`, after its elapsed month `last`.

    A month's use is what is known of it now, `late` (what was restated of it) included: what it counts of other months is not its own.
    """
    used: dict[int, int] = {}
    for row in rows:
        if row["stage"] == USE:
            used[row["month"]] = used.get(row["month"], 0) + int(row["billionths"]) - int(row["restated"])
    known = {number: used.get(number, 0) + late.get(number, 0) for number in {*used, *late}}
    per_day = {number: amount * DAY_S / month_seconds(zone, number) for number, amount in known.items()}
    return seasonal_indices(per_day, last)


def in_seasons(
    rows: Iterable[Mapping[str, Any]], indices: Mapping[int, float] | None, ahead: Iterable[int]
) -> Seasonal | None:
    """The use of the months `ahead`, of an organisation or of a part of it, in the seasons of the whole; None without seasons, or without
    such months."""
    used = dict.fromkeys(ahead, 0)
    if indices is None or not used:
        return None
    for row in rows:
        if row["stage"] == USE and row["month"] in used:
            used[row["month"]] += int(row["billionths"]) - int(row["restated"])
    return Seasonal(
        {number: indices[number % 12] for number in used},
        {number: round(amount * indices[number % 12]) - amount for number, amount in used.items()},
    )
