"""`GET /assets/{id}/months/{month}/explanation`: every gram accounted for."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from common import json
from common.api.auth import Caller, requires
from common.database import Database
from fastapi import APIRouter, Depends, Response

from footprint.api import examples
from footprint.service import Answers, read_month


def explanations_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """The route of explanations."""
    router = APIRouter(tags=["results"])
    answers = Answers(database, clock)

    @router.get(
        "/assets/{asset_id}/months/{month}/explanation",
        responses=examples.EXPLANATION,
        summary="How the figures of one asset and month came about",
    )
    async def get_explanation(
        caller: Annotated[Caller, Depends(requires("footprint:read"))], asset_id: UUID, month: str
    ) -> Response:
        """The stored figures and a `trace`: per figure its lines, each a formula with its numbers and value, which sum to the figure.

        A formula read from left to right in doubles gives its value bit for bit. `up_to_date` says that the trace gives exactly the
        stored values; it is false while a change waits to be computed.
        """
        document = await answers.explanation(caller.organisations, asset_id, read_month(month))
        return Response(json.dumps(document), media_type="application/json")

    return router
