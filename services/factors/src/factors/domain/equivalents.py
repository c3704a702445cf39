"""A mass of CO2e in things that people know: kilometres by car, years of a person, laptops made."""

from dataclasses import dataclass
from datetime import date

from factors.domain import units
from factors.domain.catalogue import Catalogue
from factors.domain.records import FactorVersion
from factors.domain.regions import Regions
from factors.domain.resolve import Fallback, NothingFitsError, Question, resolve

ACTIVITIES = (
    "equivalent.person_year",
    "transport.car",
    "travel.high_speed_train",
    "travel.plane",
    "embodied.laptop",
    "embodied.smartphone",
)
"""What masses are compared with, in the order of telling."""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """`quantity` in `unit` of what the factor is of weighs as much as the mass."""

    factor: FactorVersion
    quantity: float
    unit: str


def equivalents(catalogue: Catalogue, regions: Regions, mass_kg: float, region: str, on: date) -> list[Equivalent]:
    """The equivalents of a mass of CO2e for which a factor is known, the latest earlier year standing in where needed.

    Raises UnknownRegionError.
    """
    allow = frozenset({Fallback.YEAR})
    found: list[Equivalent] = []
    for activity in ACTIVITIES:
        try:
            factor = resolve(catalogue, regions, Question(activity, on, region, allow=allow)).factor
        except NothingFitsError:
            continue
        unit = units.denominator(factor.content.unit)
        found.append(Equivalent(factor, mass_kg / factor.content.value, unit))
    return found
