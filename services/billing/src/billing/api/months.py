"""A contract's month: usage by resource and day, and where it is heading."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from common.api import cursors
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit
from common.api.problems import FieldError, Unprocessable
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from billing.api.preview_schemas import LineOut, ProjectionOut, WarningOut
from billing.api.previews import line_out
from billing.domain.amounts import HOUR_S, METERS, hours_of
from billing.domain.carbon import Footprint
from billing.domain.events import Finding
from billing.domain.months import RatedMonth
from billing.domain.terms import instant_of
from billing.domain.usage_days import DayUsage
from billing.service.months import Months

Reader = Annotated[Caller, Depends(requires("billing:read"))]
MonthName = Annotated[
    str,
    Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="local month, 2000-01 to 2099-12", examples=["2026-11"]),
]


class FootprintView(BaseModel):
    """kWh and kgCO2e (electricity location-based); null where it has not been heard yet."""

    kwh: float | None
    gwp_kg: float | None


class DayView(BaseModel):
    """Unit-hours of one local day."""

    day: date
    hours: str = Field(description="hours in which the resource held anything", examples=["24.0000"])
    vcpu_hours: str
    ram_gib_hours: str
    disk_gib_hours: str


class ResourceView(BaseModel):
    """One resource."""

    resource: str = Field(examples=["vcenter-nanterre/vm-1042"])
    days: list[DayView]
    footprint: FootprintView


class ContractUsage(BaseModel):
    """A page of the resources of a contract's month, up to now; `warnings` are those of the whole month."""

    month: str
    start: datetime
    end: datetime
    period_hours: float
    items: list[ResourceView]
    footprint: FootprintView
    footprints_unknown: int = Field(description="resources whose footprint has not been heard; they add nothing")
    warnings: list[WarningOut]
    next_cursor: str | None


class BilledLine(LineOut):
    """A line with the carbon of what was used."""

    footprint: FootprintView | None


class ContractOutlook(BaseModel):
    """The month to date, and two projections of its net."""

    month: str
    start: datetime
    end: datetime
    lines: list[BilledLine]
    net: str
    projection: ProjectionOut
    footprint: FootprintView
    footprints_unknown: int
    warnings: list[WarningOut]


def first_day(month: str) -> date:
    """The first day of `month`, whose form the route has checked. Raises `Unprocessable` for a month that is none."""
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        rule = "must be a month YYYY-MM"
        raise Unprocessable(f"month {month!r} {rule}", [FieldError("month", "month", rule)]) from error


def months_router(months: Months) -> APIRouter:
    """Routes over `months`."""
    router = APIRouter(tags=["months"])

    @router.get("/contracts/{contract_id}/usage", summary="What each resource held, day by day")
    async def usage(
        contract_id: UUID, month: MonthName, caller: Reader, cursor: Cursor = None, limit: Limit = 100
    ) -> ContractUsage:
        after = "" if cursor is None else cursors.decode(cursor, str)[0]
        to_date, days = await months.usage(caller.organisations, contract_id, first_day(month))
        names = [name for name in days if name > after][:limit]
        return ContractUsage(
            month=month,
            start=instant_of(to_date.month.start),
            end=instant_of(to_date.month.end),
            period_hours=(to_date.month.end - to_date.month.start) / HOUR_S,
            items=[_resource(name, days[name], to_date) for name in names],
            footprint=footprint_view(to_date.carbon.total),
            footprints_unknown=to_date.carbon.unknown,
            warnings=warnings_of(to_date.findings),
            next_cursor=cursors.encode(names[-1]) if len(names) == limit else None,
        )

    @router.get("/contracts/{contract_id}/projection", summary="The month to date, and where it is heading")
    async def projection(contract_id: UUID, caller: Reader, month: MonthName | None = None) -> ContractOutlook:
        chosen = None if month is None else first_day(month)
        outlook = await months.outlook(caller.organisations, contract_id, chosen)
        linear = outlook.projection.linear_net
        return ContractOutlook(
            month=f"{outlook.facts.month.first:%Y-%m}",
            start=instant_of(outlook.facts.month.start),
            end=instant_of(outlook.facts.month.end),
            lines=billed_lines(outlook.to_date),
            net=str(outlook.to_date.rating.net),
            projection=ProjectionOut(
                state_based_net=str(outlook.projection.state_based_net),
                linear_net=None if linear is None else str(linear),
            ),
            footprint=footprint_view(outlook.to_date.carbon.total),
            footprints_unknown=outlook.to_date.carbon.unknown,
            warnings=warnings_of(outlook.to_date.findings),
        )

    return router


def billed_lines(rated: RatedMonth) -> list[BilledLine]:
    """The lines of a rated month as the API shows them."""
    return [
        BilledLine(**line_out(line).model_dump(), footprint=None if share is None else footprint_view(share))
        for line, share in zip(rated.rating.lines, rated.carbon.lines, strict=True)
    ]


def footprint_view(footprint: Footprint) -> FootprintView:
    """A footprint as the API shows it."""
    return FootprintView(kwh=footprint.kwh, gwp_kg=footprint.gwp_kg)


def warnings_of(findings: Sequence[Finding]) -> list[WarningOut]:
    """Findings as the API shows them."""
    return [WarningOut(code=finding.code, resource=finding.resource, event=finding.event) for finding in findings]


def _resource(name: str, days: Sequence[DayUsage], rated: RatedMonth) -> ResourceView:
    return ResourceView(
        resource=name, days=[_day(day) for day in days], footprint=footprint_view(rated.carbon.resources[name])
    )


def _day(usage: DayUsage) -> DayView:
    hours = [str(hours_of(steps, meter)) for steps, meter in zip(usage.step_seconds, METERS, strict=True)]
    return DayView(
        day=usage.day,
        hours=str(hours_of(usage.seconds, METERS[0])),
        vcpu_hours=hours[0],
        ram_gib_hours=hours[1],
        disk_gib_hours=hours[2],
    )
