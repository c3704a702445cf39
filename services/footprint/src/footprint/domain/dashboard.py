"""The dashboard of a month: three parts, twelve months, the year.

Rounding rule: each stored figure counts as a whole number of billionths of a kg (µg), rounded by itself, and every number printed here
or in `/totals` is a sum of those, printed with all its digits (`domain.sums`). So parts add up to totals exactly as printed, and the same
figure is the same everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from footprint.domain.months import format_month, months_of_year
from footprint.domain.sums import exact

PARTS: Final[Mapping[str, str]] = {
    "manufacturing": "construction_kg",
    "transport": "construction_kg",
    "end_of_life": "construction_kg",
    "use": "electricity_kg",
    "maintenance_and_sale": "maintenance_and_sale_kg",
}
"""Which part of the dashboard a life-cycle stage belongs to."""

NAMES: Final = ("construction_kg", "electricity_kg", "maintenance_and_sale_kg")


@dataclass(frozen=True, slots=True)
class Parts:
    """Billionths of a kg of the three parts of a month, in the order of `NAMES`."""

    billionths: tuple[int, int, int] = (0, 0, 0)

    @property
    def total(self) -> int:
        """All three."""
        return sum(self.billionths)

    def printed(self) -> dict[str, Decimal]:
        """Kilograms."""
        return {name: exact(amount) for name, amount in zip(NAMES, self.billionths, strict=True)}


class MonthEnergy(NamedTuple):
    """Billionths of the kWh behind the location-based figures of a month, None where there is none of electricity, and of those without
    a factor."""

    kwh: int | None
    without_factor: int


def parts_by_month(rows: Iterable[tuple[int, str, int]]) -> dict[int, Parts]:
    """The parts of each month from (month, stage, billionths of a kg)."""
    sums: dict[int, dict[str, int]] = {}
    for month, stage, billionths in rows:
        part = sums.setdefault(month, dict.fromkeys(NAMES, 0))
        part[PARTS[stage]] += billionths
    return {month: Parts((part[NAMES[0]], part[NAMES[1]], part[NAMES[2]])) for month, part in sums.items()}


@dataclass(frozen=True, slots=True)
class Counted:
    """What a month counts of an earlier, closed one: billionths of a kg of a stage, and why."""

    counted_in: int
    month: int
    stage: str
    reason: str
    billionths: int


def restatements_document(
    month: int, total: int, counted: Iterable[Counted], market: Iterable[Counted]
) -> dict[str, Any]:
    """What the total of a month holds of earlier, closed months, apart: the total before it, its parts, and line by line whence and why.

    `market`, under its name, is the same of the market basis, of which the dashboard tells no total: never added to the rest.
    """
    parts, document = _restated([each for each in counted if each.counted_in == month], month)
    _, beside = _restated([each for each in market if each.counted_in == month], month)
    return {"before_kg": exact(total - parts.total), **document, "market": beside}


def _restated(found: Sequence[Counted], month: int) -> tuple[Parts, dict[str, Any]]:
    lines: dict[tuple[int, str], int] = {}
    for each in found:
        lines[each.month, each.reason] = lines.get((each.month, each.reason), 0) + each.billionths
    parts = parts_by_month((month, each.stage, each.billionths) for each in found).get(month, Parts())
    return parts, {
        "total_kg": exact(parts.total),
        "parts": parts.printed(),
        "lines": [
            {"month": format_month(of), "reason": reason, "value": exact(amount)}
            for (of, reason), amount in sorted(lines.items())
        ],
    }


@dataclass(frozen=True, slots=True)
class Seasonal:
    """By month ahead, the seasonal index of its use, and by how many billionths of a kg that moves the state-based figure."""

    indices: Mapping[int, float]
    moved: Mapping[int, int]


def year_split(totals: Mapping[int, int], restated: Mapping[int, int], last: int) -> dict[str, Decimal]:
    """A year, state-based, from its months' totals and what of these corrects earlier, closed months (billionths of a kg): what the months
    up to `last` count, the corrections that months after it count, and their forecast, which is of what runs alone. They add up to the
    estimate."""
    elapsed = sum(amount for month, amount in totals.items() if month <= last)
    moved = sum(amount for month, amount in restated.items() if month > last)
    whole = sum(totals.values())
    return {
        "elapsed_kg": exact(elapsed),
        "restated_kg": exact(moved),
        "forecast_kg": exact(whole - elapsed - moved),
        "estimate_kg": exact(whole),
    }


def estimated(
    year: Mapping[str, Any],
    by_month: Mapping[int, Parts],
    restated: Mapping[int, int],
    interval: Mapping[str, float | int | None],
    seasonal: Seasonal | None,
) -> dict[str, Any]:
    """The `year` of a document with its estimate: the forecast in the seasons of the year before, where there is such a year.

    `state_based` stays beside it, without the seasons: what the months ahead, less their corrections of closed months (`restated`), and
    `/totals` add up to. The interval keeps its ratio to the estimate.
    """
    plain = {"forecast_kg": year["forecast_kg"], "estimate_kg": year["estimate_kg"]}
    if seasonal is None:
        return {**year, "forecast_basis": "state_based", "state_based": plain, "interval": interval, "seasonal": None}
    moved = exact(sum(seasonal.moved.values()))
    forecast, estimate = plain["forecast_kg"] + moved, plain["estimate_kg"] + moved
    ratio = float(estimate / plain["estimate_kg"]) if plain["estimate_kg"] else 1.0
    low, high = (None if each is None else each * ratio for each in (interval["low_kg"], interval["high_kg"]))
    return {
        "elapsed_kg": year["elapsed_kg"],
        "restated_kg": year["restated_kg"],
        "forecast_kg": forecast,
        "estimate_kg": estimate,
        "forecast_basis": "seasonal",
        "state_based": plain,
        "interval": {**interval, "low_kg": low, "high_kg": high},
        "seasonal": {
            "months": [
                {
                    "month": format_month(number),
                    "total_kg": exact(by_month.get(number, Parts()).total + amount),
                    "restated_kg": exact(restated.get(number, 0)),
                    "index": seasonal.indices[number],
                }
                for number, amount in seasonal.moved.items()
            ],
            "adjustment_kg": moved,
            "forecast_kg": forecast,
            "estimate_kg": estimate,
        },
    }


def year_document(
    month: int, last_elapsed: int, by_month: Mapping[int, Parts], restated: Mapping[int, int]
) -> dict[str, Any]:
    """The months of the year of `month`, and the estimate for the year: elapsed months, corrections counted later, and forecast.

    Months after the one reported are projected, and those that are not over by the clock, after `last_elapsed`.
    `restated`: how much of a month's total corrects earlier, closed months.
    """
    reported = by_month.get(month, Parts())
    months = [(number, by_month.get(number, Parts())) for number in months_of_year(month // 12)]
    last = min(month, last_elapsed)
    return {
        "month": format_month(month),
        "elapsed": month <= last_elapsed,
        "total_kg": exact(reported.total),
        "parts": reported.printed(),
        "months": [
            {
                "month": format_month(number),
                "total_kg": exact(parts.total),
                "parts": parts.printed(),
                "restated_kg": exact(restated.get(number, 0)),
                "projected": number > last,
            }
            for number, parts in months
        ],
        "year": year_split({number: parts.total for number, parts in months}, restated, last),
    }
