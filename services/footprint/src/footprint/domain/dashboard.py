"""The dashboard of a month: three parts, twelve months, the year.

Rounding rule: each stored figure counts as a whole number of billionths of a kg (µg), rounded by itself, and every number printed here
or in `/totals` is a sum of those. So parts add up to totals exactly as printed, and the same figure is the same everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from footprint.domain.months import format_month, months_of_year

PARTS: Final[Mapping[str, str]] = {
    "manufacturing": "construction_kg",
    "transport": "construction_kg",
    "end_of_life": "construction_kg",
    "use": "electricity_kg",
    "maintenance_and_sale": "maintenance_and_sale_kg",
}
"""Which part of the dashboard a life-cycle stage belongs to."""

NAMES: Final = ("construction_kg", "electricity_kg", "maintenance_and_sale_kg")
BILLION: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Billionths of a kg of the three parts of a month, in the order of `NAMES`."""

    billionths: tuple[int, int, int] = (0, 0, 0)

    @property
    def total(self) -> int:
        """All three."""
        return sum(self.billionths)

    def printed(self) -> dict[str, float]:
        """Kilograms."""
        return {name: kilograms(amount) for name, amount in zip(NAMES, self.billionths, strict=True)}


def kilograms(billionths: int) -> float:
    """The double nearest to a whole number of billionths; up to 9,000 t it prints with at most nine decimals."""
    return billionths / BILLION


def parts_by_month(rows: Iterable[tuple[int, str, int]]) -> dict[int, Parts]:
    """The parts of each month from (month, stage, billionths of a kg)."""
    sums: dict[int, dict[str, int]] = {}
    for month, stage, billionths in rows:
        part = sums.setdefault(month, dict.fromkeys(NAMES, 0))
        part[PARTS[stage]] += billionths
    return {month: Parts((part[NAMES[0]], part[NAMES[1]], part[NAMES[2]])) for month, part in sums.items()}


def year_document(month: int, by_month: Mapping[int, Parts]) -> dict[str, Any]:
    """The months of the year of `month`, later ones projected, and the estimate for the year: elapsed months and forecast."""
    reported = by_month.get(month, Parts())
    months = [(number, by_month.get(number, Parts())) for number in months_of_year(month // 12)]
    elapsed = sum(parts.total for number, parts in months if number <= month)
    forecast = sum(parts.total for number, parts in months if number > month)
    return {
        "month": format_month(month),
        "total_kg": kilograms(reported.total),
        "parts": reported.printed(),
        "months": [
            {
                "month": format_month(number),
                "total_kg": kilograms(parts.total),
                "parts": parts.printed(),
                "projected": number > month,
            }
            for number, parts in months
        ],
        "year": {
            "elapsed_kg": kilograms(elapsed),
            "forecast_kg": kilograms(forecast),
            "estimate_kg": kilograms(elapsed + forecast),
        },
    }
