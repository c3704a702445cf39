"""Thresholds of a contract, and the alerts that crossing them raised."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4

from common import json
from common.api import cursors, idempotency
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, Page
from common.database import Database
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from billing.api.months import MonthName, first_day
from billing.api.price_schemas import Exact
from billing.documents.parts import Text
from billing.domain.thresholds import Measure, Threshold
from billing.service.thresholds import Thresholds
from billing.store.thresholds import Alert

Reader = Annotated[Caller, Depends(requires("billing:read"))]
Writer = Annotated[Caller, Depends(requires("billing:write"))]


class NewThreshold(Exact):
    """What to be told of: net euros of the month so far, or of its projected end."""

    name: Text = Field(examples=["80 % of the budget"])
    measure: Measure = Field(
        description="`month_to_date`; `state_based`: what runs now stays on; `linear`: the mean so far goes on"
    )
    amount: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2, allow_inf_nan=False)] = Field(
        description="euros, net; reached counts as crossed", examples=["4000.00"]
    )


class ThresholdView(BaseModel):
    """A threshold that is watched."""

    id: UUID
    name: str
    measure: Measure
    amount: str


class AlertView(BaseModel):
    """A threshold as it was when a month crossed it; `value` is the figure by which it did."""

    id: UUID
    org: str
    contract_id: UUID
    threshold_id: UUID
    month: str
    name: str
    measure: Measure
    amount: str
    value: str
    raised_at: datetime


def thresholds_router(database: Database, thresholds: Thresholds) -> APIRouter:
    """Routes over `thresholds`."""
    router = APIRouter(tags=["thresholds"])

    @router.post(
        "/contracts/{contract_id}/thresholds",
        status_code=201,
        response_model=ThresholdView,
        summary="Be told when a month crosses an amount",
    )
    async def agree(contract_id: UUID, new: NewThreshold, request: Request, caller: Writer) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                threshold = Threshold(uuid4(), new.name, new.measure, new.amount)
                await thresholds.agree(unit, contract_id, threshold)
                return Response(json.dumps(_threshold(threshold)), 201, media_type="application/json")

            return await idempotency.once(request, unit, caller, act)

    @router.get("/contracts/{contract_id}/thresholds", summary="The thresholds of a contract")
    async def read(contract_id: UUID, caller: Reader) -> list[ThresholdView]:
        return [_threshold(threshold) for threshold in await thresholds.of(caller.organisations, contract_id)]

    @router.delete(
        "/contracts/{contract_id}/thresholds/{threshold_id}",
        status_code=204,
        summary="Watch a threshold no longer; its alerts stay",
    )
    async def withdraw(contract_id: UUID, threshold_id: UUID, caller: Writer) -> None:
        async with database.transaction(caller.organisations) as unit:
            await thresholds.withdraw(unit, contract_id, threshold_id)

    @router.get("/alerts", summary="Alerts, in the order in which they were raised")
    async def alerts(
        caller: Reader,
        org: Annotated[str | None, Query(max_length=64)] = None,
        contract: UUID | None = None,
        month: MonthName | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[AlertView]:
        after = None
        if cursor is not None:
            raised_at, last = cursors.decode(cursor, datetime, UUID)
            after = (raised_at, last)
        first = None if month is None else first_day(month)
        found = await thresholds.alerts(caller.organisations, org, contract, first, after=after, limit=limit)
        following = cursors.encode(found[-1].raised_at, found[-1].id) if len(found) == limit else None
        return Page(items=[_alert(alert) for alert in found], next_cursor=following)

    return router


def _threshold(threshold: Threshold) -> ThresholdView:
    return ThresholdView(
        id=threshold.id, name=threshold.name, measure=threshold.measure, amount=f"{threshold.amount:.2f}"
    )


def _alert(alert: Alert) -> AlertView:
    return AlertView(
        id=alert.id,
        org=alert.org,
        contract_id=alert.contract_id,
        threshold_id=alert.threshold_id,
        month=f"{alert.month:%Y-%m}",
        name=alert.name,
        measure=alert.measure,
        amount=f"{alert.amount:.2f}",
        value=f"{alert.value:.2f}",
        raised_at=alert.raised_at,
    )
