"""Whether the inventory and a partner's usage events tell the same month: now, and as the daily look saw it."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from common.api.auth import Caller, requires
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from billing.api.months import MonthName, first_day
from billing.domain.amounts import METERS, hours_of
from billing.domain.reconciliation import Difference
from billing.service.reconciliations import Reconciliations
from billing.store.reconciliations import Look

Reader = Annotated[Caller, Depends(requires("billing:read"))]


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


class LookView(BaseModel):
    """What the daily look saw of a month: at the days that were over at `until`."""

    made_at: datetime
    until: datetime
    compared_with: Literal["inventory", "events"] | None = Field(description="null: the other source has told nothing")
    differences: int = Field(description="resource-days on which the two sources differ")
    owed: str | None = Field(
        description="what the month comes to now less what has been billed of it, euros net; null where it has not been run",
        examples=["-19.78"],
    )


def look_view(look: Look) -> LookView:
    """A look as the API shows it."""
    return LookView(
        made_at=look.made_at,
        until=look.until,
        compared_with=look.compared_with,
        differences=look.differences,
        owed=None if look.owed is None else f"{look.owed:.2f}",
    )


def reconciliation_router(reconciliations: Reconciliations) -> APIRouter:
    """Routes over `reconciliations`."""
    router = APIRouter(tags=["months"])

    @router.get(
        "/contracts/{contract_id}/reconciliation",
        summary="Where the inventory and the partner's events differ, day by day",
    )
    async def reconcile(contract_id: UUID, month: MonthName, caller: Reader) -> ReconciliationView:
        metering, found = await reconciliations.compare(caller.organisations, contract_id, first_day(month))
        return ReconciliationView.model_validate(
            {
                "month": month,
                "billed_by": metering,
                "compared_with": "events" if metering == "inventory" else "inventory",
                "differences": found.differences,
                "items": [difference_view(difference) for difference in found.first],
            }
        )

    return router


def difference_view(difference: Difference) -> DifferenceView:
    """A difference as the API shows it."""
    return DifferenceView(
        resource=difference.resource,
        day=difference.day,
        billed=_hours(difference.billed),
        other=_hours(difference.other),
    )


def _hours(step_seconds: tuple[int, ...]) -> HoursView:
    vcpu, ram, disk = (str(hours_of(steps, meter)) for steps, meter in zip(step_seconds, METERS, strict=True))
    return HoursView(vcpu_hours=vcpu, ram_gib_hours=ram, disk_gib_hours=disk)
