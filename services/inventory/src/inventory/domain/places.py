"""Organisations and their sites."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import available_timezones

import pycountry
from pydantic import AfterValidator, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from inventory.domain.configuration import Part
from inventory.domain.quantities import Code, Day, Label, OrganisationId, Share
from inventory.domain.vocabulary import AllocationRule, Operator, RefurbishedConvention, Role, SiteKind

_COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)
_TIME_ZONES = frozenset(available_timezones())
PUE_LIMIT = 240
"""PUE values per site: twenty years of months."""


def _known_country(code: str) -> str:
    if code not in _COUNTRIES:
        raise PydanticCustomError(
            "unknown_country",
            "write the ISO 3166-1 alpha-2 code in capitals, such as FR; overseas France has its own: MQ GP RE GF YT",
        )
    return code


def _known_time_zone(name: str) -> str:
    if name not in _TIME_ZONES:
        raise PydanticCustomError("unknown_time_zone", "write an IANA time zone, such as Europe/Paris")
    return name


Country = Annotated[str, AfterValidator(_known_country)]
"""An assigned ISO 3166-1 alpha-2 code."""

TimeZone = Annotated[str, AfterValidator(_known_time_zone)]
"""The name of an IANA time zone."""


class Organisation(Part):
    """Whoever owns assets: the provider, or one of its customers."""

    id: OrganisationId
    name: Label
    role: Role
    time_zone: TimeZone = "Europe/Paris"
    refurbished_convention: RefurbishedConvention = RefurbishedConvention.REMAINING


class PueInterval(Part):
    """The power usage effectiveness over the days `[from, to)`; null is open."""

    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None
    value: Annotated[float, Strict(), Field(ge=1, le=10, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise PydanticCustomError("not_after_start", "to must be after from")
        return self


def _without_overlap(intervals: tuple[PueInterval, ...]) -> tuple[PueInterval, ...]:
    ordered = tuple(sorted(intervals, key=lambda interval: interval.start or date.min))
    for earlier, later in pairwise(ordered):
        if earlier.end is None or later.start is None or later.start < earlier.end:
            raise PydanticCustomError("overlap", "two PUE values hold on the same day")
    return ordered


class Electricity(Part):
    """The electricity contract: which share of the kWh is covered by guarantees of origin."""

    guarantee_of_origin_share: Share = 0.0


class Site(Part):
    """A place where assets stand. Without a PUE the default of its kind is used, by whoever computes."""

    org: OrganisationId
    code: Code
    name: Label
    kind: SiteKind
    country: Country
    region: Label | None = None
    pue: Annotated[tuple[PueInterval, ...], Field(max_length=PUE_LIMIT), AfterValidator(_without_overlap)] = ()
    operator: Operator = Operator.OWN
    allocation_rule: AllocationRule = AllocationRule.CAPACITY
    electricity: Electricity = Electricity()
