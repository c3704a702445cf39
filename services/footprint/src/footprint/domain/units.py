"""Units of activities and parameters, by pint and dimension-checked: a MWh is converted to the kWh of its factor, a litre of electricity is
refused. A year has 365 days, as everywhere in the method."""

import re
from functools import lru_cache
from typing import Final

import pint

_REGISTRY: Final[pint.UnitRegistry[float]] = pint.UnitRegistry(cache_folder=None)
for _definition in (
    "gCO2e = [climate_change]",
    "tCO2e = 1e6 * gCO2e",
    "gSbeq = [abiotic_depletion]",
    "item = [item] = _ = unit = units = piece",
    "euro = [currency] = _ = EUR",
    "person = [person]",
    "year = 365 * day = a = yr",
):
    _REGISTRY.define(_definition)

_POWER = re.compile(r"(?<=[a-zA-Z])([23])\b")
"""`m3` as people write it, which pint wants as `m^3`."""

_PRODUCT = re.compile(r"(?<=[a-zA-Z])\.(?=[a-zA-Z])")
"""`t.km` as people write it, which pint wants as `t*km`."""


class UnitError(ValueError):
    """A unit that is not known, or of another dimension than the one needed."""


def denominator(factor_unit: str) -> str:
    """The unit of the activity of a factor: kWh of `kgCO2e/kWh`, `1` of a unit without a quotient."""
    _, slash, below = factor_unit.partition("/")
    return below.strip("() ") if slash else "1"


@lru_cache(maxsize=4096)
def conversion(unit: str, target: str) -> float:
    """How many `target` one `unit` is. Raises UnitError, naming both, when the dimensions differ or a unit is not known."""
    try:
        given, wanted = (
            _REGISTRY.parse_units(_PRODUCT.sub("*", _POWER.sub(r"^\1", each.strip()))) for each in (unit, target)
        )
        if given.dimensionality != wanted.dimensionality:
            raise UnitError(f"{unit!r} cannot be converted to {target!r}: the dimensions differ")
        return float(_REGISTRY.convert(1.0, given, wanted))
    except UnitError:
        raise
    except Exception as error:
        raise UnitError(f"{unit!r} or {target!r} is not a known unit") from error
