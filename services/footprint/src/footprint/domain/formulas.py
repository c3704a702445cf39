"""The elementary formulas, each beside the way it is written out.

They take plain floats or arrays alike, and the order of operations is fixed: what a trace prints, computed from left to right in
IEEE doubles, is the value that was stored, bit for bit. `×` binds as `÷` does, both from the left.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Quantity = TypeVar("Quantity", float, Floats)

HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0
YEAR_DAYS: Final = 365.0
"""A year of life, and the year of an annual figure, is 365 days."""

ANNUAL_HOURS: Final = 8760.0
ANNUAL_FIGURE: Final = "An annual figure is for 365 days"


def mean_power_w(annual_kwh: Quantity) -> Quantity:
    """The mean power in W that uses `annual_kwh` in 365 days."""
    return annual_kwh * 1000.0 / ANNUAL_HOURS


def written_mean_power(annual_kwh: float) -> str:
    """`mean_power_w`, written out."""
    return f"{annual_kwh!r} kWh × 1000.0 ÷ {ANNUAL_HOURS!r} h"


def embodied_kg(quantity: Quantity, unit_kg: Quantity, days: Quantity, life_days: Quantity) -> Quantity:
    """Straight line over the life: the share of `days` (in service, within the period and the life) in a life of `life_days` > 0.

    Source: Bilan Carbone, annexe 1, fixed assets amortised linearly; nothing after the life.
    """
    return quantity * unit_kg * days / life_days


def written_embodied(quantity: float, unit_kg: float, days: float, life_days: float, unit: str = "kg") -> str:
    """`embodied_kg`, written out, in the unit of the criterion."""
    return f"{quantity!r} × {unit_kg!r} {unit} × {days!r} d ÷ {life_days!r} d"


def it_energy_kwh(quantity: Quantity, power_w: Quantity, duty: Quantity, hours: Quantity) -> Quantity:
    """Energy in kWh at the device: `power_w` W during `hours` in service, of which a share `duty` in use."""
    return quantity * power_w * duty * hours / 1000.0


def written_it_energy(quantity: float, power_w: float, duty: float, hours: float) -> str:
    """`it_energy_kwh`, written out."""
    return f"{quantity!r} × {power_w!r} W × {duty!r} × {hours!r} h ÷ 1000.0"


def measured_kwh(kwh: Quantity, seconds: Quantity, covered_s: Quantity) -> Quantity:
    """What falls on `seconds` of a measured energy that covers `covered_s` seconds, evenly shared out."""
    return kwh * seconds / covered_s


def written_measured(kwh: float, seconds: float, covered_s: float) -> str:
    """`measured_kwh`, written out."""
    return f"{kwh!r} kWh × {seconds!r} s ÷ {covered_s!r} s"


def facility_energy_kwh(it_kwh: Quantity, pue: Quantity) -> Quantity:
    """Energy in kWh at the meter of the site: the PUE applied once (ISO/IEC 30134-2)."""
    return it_kwh * pue


def use_kg(kwh: Quantity, electricity: Quantity) -> Quantity:
    """Emissions of `kwh` at `electricity` kg per kWh."""
    return kwh * electricity


def written_sum(factors: Sequence[float], unit: str) -> str:
    """A sum of factors, each in the unit of the criterion, written out: in brackets where it has several parts."""
    text = " + ".join(f"{each!r} {unit}" for each in factors)
    return f"({text})" if len(factors) > 1 else text


def rate_kg(annual: Quantity, factor: Quantity, days: Quantity) -> Quantity:
    """Emissions of a yearly amount (for instance € of support a year) at `factor` kg per unit, during `days`."""
    return annual * factor * days / YEAR_DAYS


def written_rate(annual: float, factor: float, days: float) -> str:
    """`rate_kg`, written out."""
    return f"{annual!r} × {factor!r} kg × {days!r} d ÷ {YEAR_DAYS!r} d"
