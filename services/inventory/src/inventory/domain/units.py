"""Units of activities by pint: known, and of the dimension that a kind of activity is counted in."""

import re
from functools import lru_cache
from typing import Final

import pint

_REGISTRY: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
for _definition in (
    "euro = [currency] = _ = EUR",
    "item = [item] = _ = unit = units = piece",
    "person = [person]",
):
    _REGISTRY.define(_definition)

_WRITTEN: Final = re.compile(r"[A-Za-z]{1,30}[23]?(?:[.*/][A-Za-z]{1,30}[23]?){0,3}")
"""Names, products, a quotient, squares and cubes; pint would compute more than that, for as long as it takes."""

_TIMES: Final = re.compile(r"(?<=[A-Za-z])\s*[.·×*]\s*(?=[A-Za-z])")
"""`t.km`, `t·km`: how people write products, which pint wants as `t*km`."""

_NAMES: Final = (
    (re.compile("€"), "EUR"),
    (re.compile(r"\bsessions?\b"), "item"),
    (re.compile(r"\bpassengers?\b"), "person"),
)

_POWER: Final = re.compile(r"(?<=[A-Za-z])([23])\b")
"""`m3`, which pint wants as `m^3`."""

DIMENSIONS: Final = {
    "money": "EUR",
    "distance": "km",
    "mass": "kg",
    "freight": "t*km",
    "passenger distance": "person*km",
    "number": "item",
    "time": "hour",
    "energy": "kWh",
    "volume": "L",
}
"""What activities are counted in, with a unit of each."""


class UnitError(ValueError):
    """A text that is no unit."""


@lru_cache(maxsize=4096)
def parse(unit: str) -> pint.Unit:
    """The unit of a text. Raises UnitError when it is none, or a pure number."""
    written = spelled(unit)
    if _WRITTEN.fullmatch(written) is None:
        raise UnitError(f"{unit!r} is not a known unit")
    try:
        found = _REGISTRY.parse_units(_POWER.sub(r"^\1", written.replace(".", "*")))
    except Exception as error:
        raise UnitError(f"{unit!r} is not a known unit") from error
    if not found.dimensionality:
        raise UnitError(f"{unit!r} is a pure number; an activity is counted in something, such as EUR, km, kg or item")
    return found


@lru_cache(maxsize=4096)
def dimension_of(unit: str) -> str | None:
    """What a unit counts, a key of `DIMENSIONS`; None when it is none of them. Raises UnitError when it is no unit."""
    given = parse(unit).dimensionality
    for name, example in DIMENSIONS.items():
        if parse(example).dimensionality == given:
            return name
    return None


def spelled(unit: str) -> str:
    """The unit as it is published: products with a dot, `t.km`, and the names that factors are stated in."""
    spelling = _TIMES.sub(".", unit.strip())
    for pattern, name in _NAMES:
        spelling = pattern.sub(name, spelling)
    return spelling
