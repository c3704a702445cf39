"""Organisations and their sites."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Self, TypeAlias, TypeVar
from zoneinfo import available_timezones

import pycountry
from pydantic import AfterValidator, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from inventory.domain.configuration import Part
from inventory.domain.defects import Defect
from inventory.domain.intervals import Dated, ordered, overlaps, spliced
from inventory.domain.quantities import Amount, Code, Day, Label, OrganisationId, Share
from inventory.domain.vocabulary import AllocationBy, AllocationRule, Operator, RefurbishedConvention, Role, SiteKind

_COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)
_COUNTRY_OF_PART = {part.code: part.country_code for part in pycountry.subdivisions}
_TIME_ZONES = frozenset(available_timezones()) - {"localtime", "Factory"}
"""Without the two names of the system's own table that say no place: `localtime` is another one on each machine."""

DATED_LIMIT = 240
"""Dated values of one sort per site: twenty years of months."""


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


_OVERSEAS = {
    "FR-971": "GP", "FR-972": "MQ", "FR-973": "GF", "FR-974": "RE", "FR-976": "YT", "FR-BL": "BL", "FR-MF": "MF", "FR-NC": "NC",
    "FR-PF": "PF", "FR-PM": "PM", "FR-TF": "TF", "FR-WF": "WF",
}  # fmt: skip
"""Parts of France that ISO 3166-1 lists as well: grids of their own, known here by those codes."""


def region_defect(country: str, region: str | None) -> Defect | None:
    """What is wrong with the region of a site: it is a part of its country by ISO 3166-2, or null for no part in particular."""
    if region is None:
        return None
    known = _COUNTRY_OF_PART.get(region)
    if known is None:
        overseas = region if region in _OVERSEAS.values() and country == "FR" else None
        rule = (
            f"{region} is no region of France here: write country {overseas}, and no region"
            if overseas
            else f"write the ISO 3166-2 code of a part of {country}, such as FR-BRE of FR, or null for no part in particular"
        )
        return Defect("region", "unknown_region", rule)
    if known != country:
        return Defect("region", "other_country", f"{region} is a part of {known}, not of {country}")
    if region in _OVERSEAS:
        return Defect(
            "region", "own_country", f"write country {_OVERSEAS[region]}, and no region: it has a grid of its own"
        )
    return None


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


class DayInterval(Part):
    """Something that holds over the days `[from, to)`; null is open."""

    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise PydanticCustomError("not_after_start", "to must be after from")
        return self

    def content(self) -> dict[str, Any]:
        """What holds, without when."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in ("start", "end")}


class PueInterval(DayInterval):
    """The power usage effectiveness over some days."""

    value: Annotated[float, Strict(), Field(ge=1, le=10, allow_inf_nan=False)]


class OperatorInterval(DayInterval):
    """Who ran the site over some days."""

    operator: Operator


class AllocationInterval(DayInterval):
    """The rule by which the hosts of the site are shared out over some days, and what their machines are told apart by."""

    allocation_rule: AllocationRule
    allocation_by: AllocationBy


class ContractInterval(DayInterval):
    """The electricity contract over some days.

    `residual_kg_per_kwh` is the supplier's own factor of the kWh that guarantees of origin do not cover, in kgCO2e a kWh;
    null means the residual mix of the catalogue.
    """

    guarantee_of_origin_share: Share
    residual_kg_per_kwh: Amount | None = None


SiteInterval: TypeAlias = PueInterval | OperatorInterval | AllocationInterval | ContractInterval
"""What can be said of some days of a site."""

Interval = TypeVar("Interval", bound=DayInterval)


def dated(intervals: tuple[Interval, ...]) -> tuple[Dated[date, Interval], ...]:
    """Intervals as dated values, first to last."""
    return ordered(Dated(interval.start, interval.end, interval) for interval in intervals)


def _without_overlap(intervals: tuple[Interval, ...]) -> tuple[Interval, ...]:
    pieces = dated(intervals)
    if overlaps(pieces):
        raise PydanticCustomError("overlap", "two values hold on the same day")
    return tuple(piece.value for piece in pieces)


def corrected(intervals: tuple[Interval, ...], correction: Interval) -> tuple[Interval, ...]:
    """The intervals with what `correction` says over its days; on other days all stays as it was known."""
    pieces = [Dated(one.start, one.end, one.content()) for one in intervals]
    after = spliced(pieces, correction.start, correction.end, correction.content())
    return tuple(
        type(correction).model_validate({"from": piece.start, "to": piece.end, **piece.value}) for piece in after
    )


class Electricity(Part):
    """The electricity contracts by day; the fields beside them are those of the latest.

    Without dated contracts the fields beside hold on all days. With them, a day that no contract covers has the values
    of the latest.
    """

    guarantee_of_origin_share: Share = 0.0
    residual_kg_per_kwh: Amount | None = None
    contracts: Annotated[
        tuple[ContractInterval, ...], Field(max_length=DATED_LIMIT), AfterValidator(_without_overlap)
    ] = ()

    @model_validator(mode="after")
    def _as_the_latest_contract(self) -> Self:
        if self.contracts:
            _take(self, self.contracts[-1].content(), "the latest of contracts")
        return self


def _take(document: Part, latest: Mapping[str, Any], what: str) -> None:
    """Give `document` the values of the latest dated one. Raises PydanticCustomError when it says another itself."""
    for name, value in latest.items():
        if name in document.model_fields_set and getattr(document, name) != value:
            rule = "{field} is that of {what}, {value}; leave it out or say the same"
            raise PydanticCustomError("not_the_latest", rule, {"field": name, "what": what, "value": str(value)})
        object.__setattr__(document, name, value)


class Site(Part):
    """A place where assets stand.

    A day without a PUE has the default of its kind, used by whoever computes. `operator` is the latest of `operators`,
    `allocation_rule` with `allocation_by` that of `allocations`; a day that none of these covers has the latest. `region` is the part
    of the country whose electricity is used, see `region_defect`: asked for where it is written, so that what was written before can
    still be read.
    """

    org: OrganisationId
    code: Code
    name: Label
    kind: SiteKind
    country: Country
    region: Label | None = None
    pue: Annotated[tuple[PueInterval, ...], Field(max_length=DATED_LIMIT), AfterValidator(_without_overlap)] = ()
    operator: Operator = Operator.OWN
    operators: Annotated[
        tuple[OperatorInterval, ...], Field(max_length=DATED_LIMIT), AfterValidator(_without_overlap)
    ] = ()
    allocation_rule: AllocationRule = AllocationRule.CAPACITY
    allocation_by: AllocationBy = AllocationBy.VCPU
    allocations: Annotated[
        tuple[AllocationInterval, ...], Field(max_length=DATED_LIMIT), AfterValidator(_without_overlap)
    ] = ()
    electricity: Electricity = Electricity()

    @model_validator(mode="after")
    def _as_the_latest(self) -> Self:
        if self.operators:
            _take(self, self.operators[-1].content(), "the latest of operators")
        if self.allocations:
            _take(self, self.allocations[-1].content(), "the latest of allocations")
        return self
