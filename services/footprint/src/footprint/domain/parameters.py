"""Values that the method computes with, brought to the unit that it computes in, or left out.

The rules are those by which the catalogue publishes (factors, `domain/parameters.py`); what was published before them is converted where
the dimension agrees, and is none of the catalogue where it does not, or where it would divide by nothing: 60 months of life are 5 years, a
density of 0 is no density.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from footprint.domain.units import UnitError, conversion, denominator

_RESULTS: Final[Mapping[str, str]] = {"gwp": "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}
"""In what each criterion is counted."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """The unit of a parameter, its least and greatest value, and whether it may be 0."""

    unit: str
    least: float = 0.0
    most: float = math.inf
    positive: bool = False

    def holds(self, value: float) -> bool:
        """Whether it can have that value."""
        return self.least <= value <= self.most and not (self.positive and value == 0)


_KNOWN: Final = (
    (re.compile(r"life\..+"), _Parameter("year", positive=True)),
    (re.compile(r"energy\..+"), _Parameter("kWh/year")),
    (re.compile(r"pue|cloud\.[^.]+\.pue"), _Parameter("1", 1.0, 10.0)),
    (re.compile(r"cloud\.[^.]+\.(?:min|max)_w_per_vcpu"), _Parameter("W/unit")),
    (re.compile(r"cloud\.[^.]+\.host_vcpu"), _Parameter("1", positive=True)),
    (re.compile(r"cloud\.w_per_gib"), _Parameter("W/GB")),
    (re.compile(r"component\.(?:ram|ssd)_density"), _Parameter("GB/cm2", positive=True)),
    (re.compile(r"component\.psu_mass"), _Parameter("kg/unit", positive=True)),
)


def parameter_value(activity: str, value: float, unit: str) -> tuple[float, str] | None:
    """The value and unit that the method computes with; None for what cannot be that parameter."""
    known = next((known for spelled, known in _KNOWN if spelled.fullmatch(activity)), None)
    if known is None:
        return value, unit
    try:
        found = value if unit == known.unit else value * conversion(unit, known.unit)
    except UnitError:
        return None
    return (found, known.unit) if known.holds(found) else None


def impact_value(criterion: str, value: float, unit: str) -> tuple[float, str]:
    """The value of an impact in what its criterion is counted in, per what it was: 0.2 tCO2e/km are 200 kgCO2e/km."""
    wanted, given = _RESULTS.get(criterion), unit.partition("/")[0].strip()
    if wanted is None or "/" not in unit or given == wanted:
        return value, unit
    try:
        return value * conversion(given, wanted), f"{wanted}/{denominator(unit)}"
    except UnitError:
        return value, unit
