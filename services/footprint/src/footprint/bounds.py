"""Intervals of what is told of rows of the store, in kilograms: of a sum, of its parts, and of a ratio. `totals.interval_of` gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from footprint.domain.dashboard import NAMES, PARTS
from footprint.totals import interval_of

Bounds = dict[str, float | int | None]
"""95 % bounds and class; all None where nothing positive is there."""


def interval_kg(rows: Sequence[Mapping[str, Any]]) -> Bounds:
    """`{low_kg, high_kg, quality}` of the sum of rows."""
    found = interval_of(rows)
    return {"low_kg": found["low"], "high_kg": found["high"], "quality": found["quality"]}


def with_parts(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`interval` of the sum of rows that name their stage, and `part_intervals` of each part of the dashboard, which do not add up."""
    by_part: dict[str, list[Mapping[str, Any]]] = {name: [] for name in NAMES}
    for row in rows:
        by_part[PARTS[row["stage"]]].append(row)
    return {
        "interval": interval_kg(rows),
        "part_intervals": {name: interval_kg(of_part) for name, of_part in by_part.items()},
    }


def by_month(rows: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    """The rows of each month."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["month"], []).append(row)
    return found


def ratio(rows: Sequence[Mapping[str, Any]], divisor: float | None) -> Bounds:
    """`{low, high, quality}` of the sum of rows divided by a number without a spread; all None where there is no ratio."""
    found = interval_of(rows)
    low, high = found["low"], found["high"]
    if not divisor or low is None or high is None:
        return {"low": None, "high": None, "quality": None}
    return {"low": low / divisor, "high": high / divisor, "quality": found["quality"]}
