"""`POST /previews`: a bill from given events and prices, without storing anything."""

import asyncio
from decimal import Decimal
from typing import Annotated

from common.api.auth import Caller, requires
from fastapi import APIRouter, Depends

from billing.api.preview_schemas import LineOut, PreviewOut, PreviewRequest, ProjectionOut, VatOut, WarningOut
from billing.domain.amounts import HOUR_S, plain
from billing.domain.rating import Line
from billing.service.previews import Preview, preview

Reader = Annotated[Caller, Depends(requires("billing:read"))]

INLINE_EVENTS = 500
"""Up to so many events are rated at once in the event loop; more go to a thread, so that others need not wait."""


def previews_router() -> APIRouter:
    """Routes without state."""
    router = APIRouter(tags=["previews"])

    @router.post("/previews", summary="What given usage would cost at given prices")
    async def make_preview(request: PreviewRequest, caller: Reader) -> PreviewOut:
        if len(request.events) <= INLINE_EVENTS:
            return _document(preview(request))
        return await asyncio.to_thread(lambda: _document(preview(request)))

    return router


def line_out(line: Line) -> LineOut:
    """A rated line as the API shows it."""
    charge = line.charge
    return LineOut(
        meter=line.meter,
        label=line.label,
        unit_hours=str(charge.unit_hours if charge else Decimal("0.0000")),
        amount=str(line.amount),
        units=None if charge is None else str(charge.units),
        quantity=None if charge is None else str(charge.quantity),
        price=None if charge is None else str(charge.price),
        base_hours=None if charge is None else str(charge.base_hours),
    )


def _document(made: Preview) -> PreviewOut:
    seconds = made.rating.end - made.rating.start
    return PreviewOut(
        period_hours=seconds // HOUR_S if seconds % HOUR_S == 0 else seconds / HOUR_S,
        lines=[line_out(line) for line in made.rating.lines],
        net=str(made.rating.net),
        vat=str(made.vat),
        gross=str(made.gross),
        vat_treatment=VatOut(
            category=made.treatment.category, rate=plain(made.treatment.rate), reason=made.treatment.reason
        ),
        projection=ProjectionOut(
            state_based_net=str(made.projection.state_based_net),
            linear_net=None if made.projection.linear_net is None else str(made.projection.linear_net),
        ),
        hash=made.rating.hash,
        warnings=[
            WarningOut(code=finding.code, resource=finding.resource, event=finding.event) for finding in made.findings
        ],
    )
