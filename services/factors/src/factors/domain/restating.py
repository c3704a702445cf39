"""Factors whose source splits their gases, counted under the other sets of warming potentials."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from factors.domain import units
from factors.domain.gases import GasError, Gases
from factors.domain.records import GWP, FactorContent, FactorVersion, GwpSet


def value_under(content: FactorContent, gases: Gases, gwp_set: GwpSet) -> float:
    """What the gases of `content` make under a set, in its unit. Raises GasError, and units.UnitError when the unit is no mass of CO2e."""
    kg = gases.weight(dict(content.gases), gwp_set)
    return kg * units.conversion("kgCO2e", units.numerator(content.unit))


def restating(gases: Gases) -> Callable[[FactorVersion], Iterator[FactorVersion]]:
    """What gives a version under each other set for which all of its gases have a potential; nothing where it has no gases."""

    def restated(version: FactorVersion) -> Iterator[FactorVersion]:
        content = version.content
        if not content.gases or content.gwp_set is None or content.criterion != GWP:
            return
        for gwp_set in GwpSet:
            if gwp_set is content.gwp_set:
                continue
            try:
                value = value_under(content, gases, gwp_set)
            except (GasError, units.UnitError):
                continue
            yield replace(
                version, content=replace(content, value=value, gwp_set=gwp_set), restated_from=content.gwp_set
            )

    return restated
