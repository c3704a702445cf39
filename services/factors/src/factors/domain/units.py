"""Units by pint, dimension-checked: a kWh given where a MWh was meant is converted, a litre of electricity is refused.

Emissions have dimensions of their own, so that kgCO2e is not a mass of anything else.
"""

import re
from functools import lru_cache

import pint

_REGISTRY: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
for _definition in (
    "gCO2e = [climate_change]",
    "tCO2e = 1e6 * gCO2e",
    "gSbeq = [abiotic_depletion]",
    "item = [item] = _ = unit = units = piece = unité = session",
    "euro = [currency] = _ = EUR",
    "person = [person] = _ = pers = personne = passenger = passager",
    "tkm = tonne * kilometer",
    "@alias day = jour = jours",
    "@alias hour = heure = heures",
):
    _REGISTRY.define(_definition)

_POWER = re.compile(r"(?<=[a-zA-Z])([23])\b")
"""`m3`, `mm2`: how people write powers, which pint wants as `m^3`."""

_WRITTEN = re.compile(
    r"""(?:(?>
        [^\W\d]\w*(?:\s*(?:\^|\*\*)\s*-?[1-9])?(?!\s*(?:\^|\*\*)|[\d.]*\d)  # a name, and a power of it
        | \d{1,6}(?:\.\d{1,6})?(?!\s*(?:\^|\*\*)|\w)                      # a number, such as 1 or 100
        | \*(?!\*) | [./·()%\s]
    ))*+""",
    re.VERBOSE,
)
"""What may be a unit. Pint computes what it reads, and would raise 9 to the power of 9^9 for as long as it takes."""

_LONGEST = 100
"""Characters of a unit."""

_EURO_SIGN = "€"
"""No letter to pint, which would read `k€` as Boltzmann's constant."""


class UnitError(ValueError):
    """A unit that is not known, or of another dimension than the one needed."""


@lru_cache(maxsize=4096)
def parse(unit: str) -> pint.Unit:
    """The pint unit of `unit`, "1" being a pure number.

    Raises UnitError when the text is no unit.
    """
    if not unit.strip():
        raise UnitError("the unit is empty; write 1 for a pure number")
    written = unit.replace(_EURO_SIGN, "EUR")
    if len(written) > _LONGEST or _WRITTEN.fullmatch(written) is None:
        raise UnitError(f"{unit[:_LONGEST]!r} is not a known unit: names, products, a quotient and powers up to 9 are")
    try:
        return _REGISTRY.parse_units(_POWER.sub(r"^\1", written))
    except Exception as error:
        raise UnitError(f"{unit!r} is not a known unit") from error


def check_factor_unit(unit: str) -> None:
    """Raise UnitError unless `unit` can be a factor's: a known unit, "1", or one quotient of known units."""
    if unit.count("/") > 1:
        raise UnitError(f"{unit!r} has several quotients; write kgCO2e/(person*km)")
    parse(unit)
    parse(denominator(unit))
    parse(numerator(unit))


def denominator(factor_unit: str) -> str:
    """The unit of the activity of a factor: kWh of "kgCO2e/kWh", "1" of a unit without a quotient."""
    _, slash, below = factor_unit.partition("/")
    return below.strip("() ") if slash else "1"


def numerator(factor_unit: str) -> str:
    """The unit of the result of a factor: kgCO2e of "kgCO2e/kWh"."""
    return factor_unit.partition("/")[0].strip()


@lru_cache(maxsize=65536)
def conversion(unit: str, target: str) -> float:
    """How many `target` one `unit` is; dimensions must agree.

    Raises UnitError, naming both units, when they do not.
    """
    given, wanted = parse(unit), parse(target)
    if given.dimensionality != wanted.dimensionality:
        raise UnitError(f"{unit!r} cannot be converted to {target!r}: the dimensions differ")
    return float(_REGISTRY.convert(1.0, given, wanted))
