"""Whether the inventory and a partner's usage events tell the same month."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from common.api.auth import Caller, requires
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from billing.api.months import MonthName, first_day
from billing.domain.amounts import METERS, hours_of
from billing.domain.reconciliation import Difference
from billing.service.months import Months

Reader = Annotated[Caller, Depends(requires("billing:read"))]

MOST_ROWS = 1000


class HoursView(BaseModel):
    """Unit-hours of one day."""

    vcpu_hours: str
    ram_gib_hours: str
    disk_gib_hours: str


class DifferenceView(BaseModel):
    """A resource on a local day on which the two sources differ."""

    resource: str
    day: date
    billed: HoursView
    other: HoursView


class ReconciliationView(BaseModel):
    """The differences of a month up to now; `items` holds the first thousand."""

    month: str
    billed_by: Literal["inventory", "events"]
    compared_with: Literal["inventory", "events"]
    differences: int = Field(description="resource-days that differ; 0: the two sources tell the same")
    items: list[DifferenceView]


def reconciliation_router(months: Months) -> APIRouter:
    """Routes over `months`."""
    router = APIRouter(tags=["months"])

    @router.get(
        "/contracts/{contract_id}/reconciliation",
        summary="Where the inventory and the partner's events differ, day by day",
    )
    async def reconcile(contract_id: UUID, month: MonthName, caller: Reader) -> ReconciliationView:
        metering, found = await months.reconcile(caller.organisations, contract_id, first_day(month))
        return ReconciliationView.model_validate(
            {
                "month": month,
                "billed_by": metering,
                "compared_with": "events" if metering == "inventory" else "inventory",
                "differences": len(found),
                "items": [_view(difference) for difference in found[:MOST_ROWS]],
            }
        )

    return router


def _view(difference: Difference) -> DifferenceView:
    return DifferenceView(
        resource=difference.resource,
        day=difference.day,
        billed=_hours(difference.billed),
        other=_hours(difference.other),
    )


def _hours(step_seconds: tuple[int, ...]) -> HoursView:
    vcpu, ram, disk = (str(hours_of(steps, meter)) for steps, meter in zip(step_seconds, METERS, strict=True))
    return HoursView(vcpu_hours=vcpu, ram_gib_hours=ram, disk_gib_hours=disk)
