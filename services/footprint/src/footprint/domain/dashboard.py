"""The dashboard of a month: three parts, twelve months, the year.

Rounding rule: each part of each month is rounded to the gram, half up, and every other number is a sum of those grams. So whatever is
printed adds up exactly as printed.
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
BILLIONTHS_PER_GRAM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Grams of the three parts of a month, in the order of `NAMES`."""

    grams: tuple[int, int, int] = (0, 0, 0)

    @property
    def total(self) -> int:
        """Grams of all three."""
        return sum(self.grams)

    def printed(self) -> dict[str, float]:
        """Kilograms with three decimals."""
        return {name: kilograms(grams) for name, grams in zip(NAMES, self.grams, strict=True)}


def kilograms(grams: int) -> float:
    """The double nearest to a whole number of grams in kg: it prints with at most three decimals."""
    return grams / 1000


def _grams(billionths: int) -> int:
    """Billionths of a kg rounded to whole grams, half up."""
    return (billionths + BILLIONTHS_PER_GRAM // 2) // BILLIONTHS_PER_GRAM


def parts_by_month(rows: Iterable[tuple[int, str, int]]) -> dict[int, Parts]:
    """The parts of each month from (month, stage, billionths of a kg)."""
    sums: dict[int, dict[str, int]] = {}
    for month, stage, billionths in rows:
        part = sums.setdefault(month, dict.fromkeys(NAMES, 0))
        part[PARTS[stage]] += billionths
    return {month: Parts((_grams(part[NAMES[0]]), _grams(part[NAMES[1]]), _grams(part[NAMES[2]]))) for month, part in sums.items()}


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
