"""Target lines to hold a projection against (case C14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Pathway(StrEnum):
    """The published paths."""

    SBTI_1_5C = "sbti_1_5c"
    SBTI_WELL_BELOW_2C = "sbti_wb2c"
    ITU_L1470 = "itu_l1470"
    SNBC_3 = "snbc_3"


@dataclass(frozen=True, slots=True)
class Rule:
    """A yearly rate; linear ones are of the base year's emissions, compounded ones of the year before."""

    rate: float
    compounded: bool
    source: str


RULES = {
    Pathway.SBTI_1_5C: Rule(0.042, False, "SBTi absolute contraction, 1.5 °C: 4.2 % of the base year a year"),
    Pathway.SBTI_WELL_BELOW_2C: Rule(
        0.025, False, "SBTi absolute contraction, well below 2 °C: 2.5 % of the base year a year"
    ),
    Pathway.ITU_L1470: Rule(0.045, False, "ITU-T L.1470: -45 % from 2020 to 2030, drawn as a straight line"),
    Pathway.SNBC_3: Rule(0.05, True, "SNBC-3: 5 % a year; compounding is this platform's convention"),
}


def target_kg(pathway: Pathway, base_kg: float, years: int) -> float:
    """The target `years` after the base year; a linear path ends at 0. Raises `ValueError` for years before the base."""
    if years < 0:
        raise ValueError(f"a target line starts at its base year; {years} years after it lies before")
    rule = RULES[pathway]
    if not rule.compounded:
        return max(0.0, base_kg * (1 - rule.rate * years))
    target = base_kg
    for _ in range(years):
        target *= 1 - rule.rate
    return target


def gaps_kg(projected_kg: Sequence[float], targets_kg: Sequence[float]) -> list[float]:
    """By how much each year's projection is over its target; negative where it is under."""
    return [projected - target for projected, target in zip(projected_kg, targets_kg, strict=True)]
