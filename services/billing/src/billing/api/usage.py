"""What Cloud Like VMs held in a month, in integer unit-seconds."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from common.api import cursors
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit
from common.api.problems import FieldError, Unprocessable
from common.organisations import check_organisation_id
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from billing.domain.metering import Usage
from billing.service.metering import Metering, MonthTotals, MonthUsage, VirtualMachineUsage

FIRST_YEAR, LAST_YEAR = 1990, 9998
UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"description": "the organisation has not been heard of"}}

Reader = Annotated[Caller, Depends(requires("billing:read"))]
OrganisationId = Annotated[str, Query(max_length=64, examples=["acme"])]
Month = Annotated[
    str, Query(pattern=r"^[0-9]{4}-[0-9]{2}$", description="local month, 1990 or later", examples=["2026-10"])
]


class UsageView(BaseModel):
    """Unit-seconds: an allocation times the seconds it was held; integers, so they add up exactly."""

    seconds: int = Field(examples=[2_682_000])
    vcpu_seconds: int = Field(examples=[21_456_000])
    ram_mib_seconds: int
    disk_mib_seconds: int


class PeriodView(BaseModel):
    """The month by its real bounds, and how far it is metered: to its end, or to now."""

    month: str = Field(examples=["2026-10"])
    time_zone: str = Field(examples=["Europe/Paris"])
    start: datetime
    end: datetime
    hours: int = Field(description="real length of the month", examples=[745])
    metered_to: datetime


class StretchView(BaseModel):
    """One allocation within the month, half-open."""

    start: datetime
    end: datetime
    vcpu: int
    ram_mib: int
    disk_mib: int
    usage: UsageView


class VirtualMachineView(BaseModel):
    """One VM; `kwh` and `gwp_kg` are null until its footprint of the month has been heard, `kwh` also where
    nothing is known of its electricity."""

    asset_id: UUID
    source: str = Field(examples=["vcenter-nanterre"])
    external_id: str = Field(examples=["vm-1042"])
    name: str | None = Field(examples=["erp-db-2"])
    stretches: list[StretchView]
    usage: UsageView
    kwh: float | None
    gwp_kg: float | None = Field(description="kgCO2e, electricity location-based")


class UsagePage(BaseModel):
    """A page of VMs."""

    period: PeriodView
    items: list[VirtualMachineView]
    next_cursor: str | None


class TotalsView(BaseModel):
    """The whole month."""

    period: PeriodView
    virtual_machines: int
    usage: UsageView
    kwh: float
    gwp_kg: float = Field(description="kgCO2e, electricity location-based")
    without_energy: int = Field(description="VMs whose electricity of the month is not known; they add 0 kWh")
    without_footprint: int = Field(description="VMs whose footprint of the month has not been heard; they add 0 kg")


def usage_router(metering: Metering) -> APIRouter:
    """Routes over `metering`."""
    router = APIRouter(tags=["usage"])

    @router.get("/usage", summary="What each Cloud Like VM held in a month", responses=UNKNOWN)
    async def read_usage(
        org: OrganisationId, month: Month, caller: Reader, cursor: Cursor = None, limit: Limit = 100
    ) -> UsagePage:
        caller.require_organisation(check_organisation_id(org))
        after = None if cursor is None else cursors.decode(cursor, UUID)[0]
        page = await metering.usage(caller.organisations, org, _first_day(month), after=after, limit=limit)
        full = len(page.machines) == limit
        return UsagePage(
            period=_period(month, page),
            items=[_machine(machine) for machine in page.machines],
            next_cursor=cursors.encode(page.machines[-1].holder.asset_id) if full else None,
        )

    @router.get("/usage/totals", summary="What all Cloud Like VMs held in a month", responses=UNKNOWN)
    async def read_totals(org: OrganisationId, month: Month, caller: Reader) -> TotalsView:
        caller.require_organisation(check_organisation_id(org))
        totals = await metering.totals(caller.organisations, org, _first_day(month))
        return TotalsView(
            period=_period(month, totals),
            virtual_machines=totals.machines,
            usage=_usage(totals.usage),
            kwh=totals.kwh,
            gwp_kg=totals.gwp_kg,
            without_energy=totals.without_energy,
            without_footprint=totals.without_footprint,
        )

    return router


def _first_day(month: str) -> date:
    """The first day of `month`. Raises `Unprocessable` unless it is a month of the years that are served."""
    rule = f"must be a month YYYY-MM from {FIRST_YEAR}-01 to {LAST_YEAR}-12"
    try:
        day = date.fromisoformat(f"{month}-01")
    except ValueError:
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unprocessable(f"month {month!r} {rule}", [FieldError("month", "month", rule)])
    return day


def _period(month: str, usage: MonthUsage | MonthTotals) -> PeriodView:
    return PeriodView(
        month=month,
        time_zone=usage.time_zone,
        start=usage.month.start,
        end=usage.month.end,
        hours=usage.month.seconds // 3600,
        metered_to=usage.metered.end,
    )


def _usage(usage: Usage) -> UsageView:
    return UsageView(
        seconds=usage.seconds,
        vcpu_seconds=usage.vcpu_seconds,
        ram_mib_seconds=usage.ram_mib_seconds,
        disk_mib_seconds=usage.disk_mib_seconds,
    )


def _machine(machine: VirtualMachineUsage) -> VirtualMachineView:
    holder = machine.holder
    return VirtualMachineView(
        asset_id=holder.asset_id,
        source=holder.source,
        external_id=holder.external_id,
        name=holder.name,
        stretches=[
            StretchView(
                start=stretch.period.start,
                end=stretch.period.end,
                vcpu=stretch.vcpu,
                ram_mib=stretch.ram_mib,
                disk_mib=stretch.disk_mib,
                usage=_usage(stretch.usage),
            )
            for stretch in machine.stretches
        ],
        usage=_usage(machine.usage),
        kwh=holder.kwh,
        gwp_kg=holder.gwp_kg,
    )
