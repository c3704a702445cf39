"""Thresholds of a contract."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID, uuid4

from common import json
from common.api import idempotency
from common.api.auth import Caller, requires
from common.database import Database
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from billing.api.price_schemas import Exact
from billing.documents.parts import Text
from billing.domain.thresholds import Measure, Threshold
from billing.service.thresholds import Thresholds

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

    return router


def _threshold(threshold: Threshold) -> ThresholdView:
    return ThresholdView(
        id=threshold.id, name=threshold.name, measure=threshold.measure, amount=f"{threshold.amount:.2f}"
    )
