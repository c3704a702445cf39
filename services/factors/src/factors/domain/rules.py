"""What a factor's content must satisfy before it may be published; each broken rule names the field."""

import math
import re
from dataclasses import dataclass

from factors.domain import units
from factors.domain.gases import GasError, Gases
from factors.domain.parameters import parameter_of
from factors.domain.records import GWP, PARAMETER, FactorContent
from factors.domain.regions import Regions
from factors.domain.restating import value_under

RESULT_UNITS = {GWP: "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}
"""The unit in which each known criterion is counted; further criteria are free."""

PER = {"electricity": "kWh", "embodied": "unit", "maintenance": "EUR", "refurbishing": "unit", "component": "unit"}
"""What the factors of an activity (by its first word) are counted per. Services that hear them multiply without converting."""

PER_OF_PART = {
    "component.cpu_die_per_mm2": "mm2",
    "component.ram_per_cm2": "cm2",
    "component.ssd_per_cm2": "cm2",
    "component.psu_per_kg": "kg",
}
"""Coefficients of the bottom-up computation that are not per unit."""

GASES_AGREE = 0.01
"""How far, relatively, a stated value may be from the sum of its gases: sources round both."""

RESIDUAL_MIX = "electricity.residual_mix"
"""What is left of a grid once guarantees of origin are sold: for the market-based view, of no perimeter of the location-based one."""

EARLIEST_YEAR = 1990
LATEST_YEAR = 2200
"""Of what is measured or foreseen; a later one is a typing mistake."""

MOST = 1e12
"""The largest value; more is a typing mistake, and would make every sum that it enters infinite."""

ACTIVITY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_-]+)*")
"""How an activity is spelled, wherever one is named: by inventories as well."""

LONGEST_ACTIVITY = 200
"""Characters of an activity: makers give long names to their models, and what is published must be askable."""

CRITERION = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: the field, a stable code, and what to do."""

    field: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of publication, for the known places and gases."""

    regions: Regions
    gases: Gases

    def violations(self, content: FactorContent) -> list[Violation]:
        """The rules that `content` breaks, in the order of the record; empty when it may be published."""
        unit = _unit(content)
        return [
            *_words(content),
            *_value(content),
            *unit,
            *([] if unit else _gases(content, self.gases)),
            *_place_and_time(content, self.regions),
            *_source(content),
        ]


def _words(content: FactorContent) -> list[Violation]:
    """Words that questions are asked by: one that is spelled otherwise would never be found."""
    long = len(content.activity) > LONGEST_ACTIVITY
    rule = f"{content.activity[:LONGEST_ACTIVITY]!r}…: at most {LONGEST_ACTIVITY} characters"
    return (
        ([Violation("activity", "too_long", rule)] if long else [])
        + [
            Violation(field, "malformed", f"{said!r}: write lower-case words such as {example}")
            for field, said, pattern, example in (
                ("activity", content.activity, ACTIVITY, "electricity or refrigerant.r-410a"),
                ("criterion", content.criterion, CRITERION, "gwp"),
                ("stage", content.stage, CRITERION, "manufacturing"),
            )
            if said is not None and pattern.fullmatch(said) is None
        ]
        + [
            Violation(f"name.{language}", "required", "every factor has a name in French and in English")
            for language, name in (("fr", content.name.fr), ("en", content.name.en))
            if not name.strip()
        ]
    )


def _value(content: FactorContent) -> list[Violation]:
    if not math.isfinite(content.value):
        return [Violation("value", "not_finite", "the value must be a finite number")]
    if content.value < 0:
        return [Violation("value", "negative", "a factor is 0 or more; removals have activities of their own")]
    if content.value > MOST:
        return [Violation("value", "too_large", f"a factor is at most {MOST:g}; the value was {content.value!r}")]
    if content.biogenic_co2 is not None and content.biogenic_co2 > MOST:
        rule = f"biogenic CO2 is at most {MOST:g} kg; it was {content.biogenic_co2!r}"
        return [Violation("biogenic_co2", "too_large", rule)]
    if content.gsd2 is not None and not 1 <= content.gsd2 < math.inf:
        return [Violation("gsd2", "out_of_range", "a geometric standard deviation squared is 1 or more; 1 is exact")]
    if content.value == 0 and content.activity in ("electricity", RESIDUAL_MIX):
        return [
            Violation("value", "zero", "no electricity is without emissions over its life cycle: 0 is a missing value")
        ]
    parameter = parameter_of(content.activity) if content.criterion == PARAMETER else None
    refused = parameter.refuses(content.value) if parameter is not None else None
    if refused is not None:
        return [Violation("value", "out_of_range", f"{content.value!r} is no value of {content.activity}: {refused}")]
    return []


def _unit(content: FactorContent) -> list[Violation]:
    try:
        units.check_factor_unit(content.unit)
        wanted = RESULT_UNITS.get(content.criterion)
        if wanted is not None:
            units.conversion(units.numerator(content.unit), wanted)
    except units.UnitError as error:
        return [Violation("unit", "unit", str(error))]
    if content.criterion != PARAMETER and units.denominator(content.unit) == "1":
        return [Violation("unit", "no_activity_unit", f"say per what: {content.unit}/kWh, {content.unit}/unit…")]
    per = PER_OF_PART.get(content.activity) or PER.get(content.activity.partition(".")[0])
    if wanted is not None and per is not None and content.unit != f"{wanted}/{per}":
        detail = f"{content.unit!r}: factors of {content.activity} are in {wanted}/{per}; convert the value"
        return [Violation("unit", "other_unit", detail)]
    if wanted is not None and units.numerator(content.unit) != wanted:
        detail = f"{content.unit!r}: {content.criterion} is counted in {wanted}; convert the value"
        return [Violation("unit", "other_unit", detail)]
    parameter = parameter_of(content.activity) if content.criterion == PARAMETER else None
    if parameter is not None and content.unit != parameter.unit:
        detail = f"{content.unit!r}: {content.activity} is in {parameter.unit}; convert the value"
        return [Violation("unit", "other_unit", detail)]
    return []


def _gases(content: FactorContent, gases: Gases) -> list[Violation]:
    if not content.gases:
        return []
    if content.criterion != GWP:
        return [Violation("gases", "other_criterion", "only a factor of climate change (gwp) is split into gases")]
    if content.gwp_set is None:
        rule = "say with which set of warming potentials the gases make the value: AR4, AR5, AR6"
        return [Violation("gwp_set", "required", rule)]
    try:
        computed = value_under(content, gases, content.gwp_set)
    except GasError as error:
        return [Violation(f"gases.{error.gas}", error.code, str(error))]
    if not math.isclose(computed, content.value, rel_tol=GASES_AGREE):
        told = f"{content.value!r} {content.unit} is not what the gases make under {content.gwp_set}: {computed!r}"
        return [Violation("value", "gases_disagree", told)]
    return []


def _place_and_time(content: FactorContent, regions: Regions) -> list[Violation]:
    broken: list[Violation] = []
    if content.region is not None:
        region = regions.find(content.region)
        if region is None:
            nearest = ", ".join(near.code for near in regions.nearest(content.region)) or "none"
            broken.append(
                Violation("region", "unknown_region", f"{content.region!r} is no known place; nearest: {nearest}")
            )
        elif region.code != content.region:
            broken.append(Violation("region", "other_code", f"write {region.code} for {content.region}"))
    if content.activity in ("electricity", RESIDUAL_MIX) and content.region is None:
        broken.append(Violation("region", "region_needed", "electricity always has a region"))
    if content.activity == "electricity" and content.perimeter is None:
        broken.append(
            Violation("perimeter", "perimeter_needed", "electricity always has a perimeter: production or consumption…")
        )
    if content.activity == RESIDUAL_MIX and content.perimeter is not None:
        rule = "a residual mix has no perimeter: it is of the market-based view alone"
        broken.append(Violation("perimeter", "no_perimeter", rule))
    broken += [
        Violation(field, "too_early", f"dates before {EARLIEST_YEAR} are not accepted")
        for field, on in (("valid_from", content.valid_from), ("valid_to", content.valid_to))
        if on is not None and on.year < EARLIEST_YEAR
    ]
    if content.valid_from is not None and content.valid_to is not None and content.valid_to <= content.valid_from:
        broken.append(
            Violation("valid_to", "empty_validity", "valid_to is the first day after the validity: after valid_from")
        )
    return broken


def _source(content: FactorContent) -> list[Violation]:
    return [
        Violation(f"source.{field}", "required", "every value has a source, a reference and a licence")
        for field in ("name", "link", "licence")
        if not getattr(content.source, field).strip()
    ]
