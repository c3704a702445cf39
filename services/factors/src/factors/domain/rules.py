"""What a factor's content must satisfy before it may be published; each broken rule names the field."""

import math
from dataclasses import dataclass

from factors.domain import units
from factors.domain.records import GWP, PARAMETER, FactorContent
from factors.domain.regions import Regions

RESULT_UNITS = {GWP: "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}
"""The unit in which each known criterion is counted; further criteria are free."""

PER = {"electricity": "kWh", "embodied": "unit", "maintenance": "EUR"}
"""What the factors of an activity (by its first word) are counted per. Services that hear them multiply without converting."""

EARLIEST_YEAR = 1990


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule: the field, a stable code, and what to do."""

    field: str
    code: str
    detail: str


def violations(content: FactorContent, regions: Regions) -> list[Violation]:
    """The rules that `content` breaks, in the order of the record; empty when it may be published."""
    return [*_value(content), *_unit(content), *_place_and_time(content, regions), *_source(content)]


def _value(content: FactorContent) -> list[Violation]:
    if not math.isfinite(content.value):
        return [Violation("value", "not_finite", "the value must be a finite number")]
    if content.value < 0:
        return [Violation("value", "negative", "a factor is 0 or more; removals have activities of their own")]
    if content.value == 0 and content.activity == "electricity":
        return [
            Violation("value", "zero", "no electricity is without emissions over its life cycle: 0 is a missing value")
        ]
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
    per = PER.get(content.activity.partition(".")[0])
    if wanted is not None and per is not None and content.unit != f"{wanted}/{per}":
        detail = f"{content.unit!r}: factors of {content.activity} are in {wanted}/{per}; convert the value"
        return [Violation("unit", "other_unit", detail)]
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
    if content.activity == "electricity" and content.region is None:
        broken.append(Violation("region", "region_needed", "electricity always has a region"))
    if content.activity == "electricity" and content.perimeter is None:
        broken.append(
            Violation("perimeter", "perimeter_needed", "electricity always has a perimeter: production or consumption…")
        )
    if content.valid_from is not None and content.valid_from.year < EARLIEST_YEAR:
        broken.append(Violation("valid_from", "too_early", f"dates before {EARLIEST_YEAR} are not accepted"))
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
