"""Alerts: thresholds that months crossed, and what the daily look at them found."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from common.api import cursors
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, Page
from common.database import Database
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from billing.api.months import MonthName, first_day
from billing.domain.reconciliation import FindingCode
from billing.domain.thresholds import Measure
from billing.store import alerts as store
from billing.store.alerts import Alert

Reader = Annotated[Caller, Depends(requires("billing:read"))]


class AlertView(BaseModel):
    """A threshold as it was when a month crossed it, `value` being the figure by which it did; or a finding of the daily look at a month.

    A finding is of a `day`, or of all of a month: `value` is then what it comes to now less what has been billed, `number` its invoice.
    """

    id: UUID
    kind: Literal["threshold", "finding"]
    org: str
    contract_id: UUID
    month: str
    name: str = Field(description="of the threshold; of a finding, the sentence that says it")
    threshold_id: UUID | None
    measure: Measure | None
    amount: str | None
    value: str | None = Field(description="euros, net")
    finding: FindingCode | None
    day: date | None
    number: str | None
    raised_at: datetime
    ended_at: datetime | None = Field(description="of a finding that is no longer so")


def alerts_router(database: Database) -> APIRouter:
    """Routes over the alerts that are stored."""
    router = APIRouter(tags=["alerts"])

    @router.get("/alerts", summary="Alerts, in the order in which they were raised")
    async def alerts(
        caller: Reader,
        org: Annotated[str | None, Query(max_length=64)] = None,
        contract: UUID | None = None,
        month: MonthName | None = None,
        open_only: Annotated[bool, Query(alias="open", description="only findings that have not ended")] = False,
        finding: FindingCode | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[AlertView]:
        after = None
        if cursor is not None:
            raised_at, last = cursors.decode(cursor, datetime, UUID)
            after = (raised_at, last)
        first = None if month is None else first_day(month)
        async with database.snapshot(caller.organisations) as connection:
            found = await store.read_alerts(
                connection, org, contract, first, open_only=open_only, finding=finding, after=after, limit=limit
            )
        following = cursors.encode(found[-1].raised_at, found[-1].id) if len(found) == limit else None
        return Page(items=[alert_view(alert) for alert in found], next_cursor=following)

    return router


def alert_view(alert: Alert) -> AlertView:
    """An alert as the API shows it."""
    return AlertView(
        id=alert.id,
        kind="threshold" if alert.finding is None else "finding",
        org=alert.org,
        contract_id=alert.contract_id,
        month=f"{alert.month:%Y-%m}",
        name=alert.name,
        threshold_id=alert.threshold_id,
        measure=alert.measure,
        amount=None if alert.amount is None else f"{alert.amount:.2f}",
        value=None if alert.value is None else f"{alert.value:.2f}",
        finding=alert.finding,
        day=alert.day,
        number=alert.number,
        raised_at=alert.raised_at,
        ended_at=alert.ended_at,
    )
