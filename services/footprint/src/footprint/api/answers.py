"""`GET /dashboard`, `GET /totals` and the stored result of one asset and month."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, decode, encode
from common.api.problems import FieldError, Unprocessable
from common.database import Database
from fastapi import APIRouter, Depends, Query, Response

from footprint.api import examples
from footprint.api.numbers import answer
from footprint.domain.months import format_month
from footprint.service import Answers, read_month

Reader = Annotated[Caller, Depends(requires("footprint:read"))]
Org = Annotated[str, Query(min_length=1, max_length=64, description="organisation id", examples=["acme"])]
Month = Annotated[str, Query(description="YYYY-MM", examples=["2026-10"])]
Group = Literal["month", "site", "kind", "stage", "scope", "asset"]
Criterion = Literal["gwp", "pe", "adpe", "water"]
UNITS = {"gwp": "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}


def answers_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """The routes that answer from stored results."""
    router = APIRouter(tags=["results"])
    answers = Answers(database, clock)

    @router.get("/dashboard", responses=examples.DASHBOARD, summary="The dashboard of an organisation and month")
    async def get_dashboard(caller: Reader, org: Org, month: Month) -> Response:
        """Every total is exactly the sum of its parts as printed; months after `month` are `projected`.

        Emissions are location-based. `estimate_kg` is what has elapsed up to `month` and the forecast of the rest of its year.
        """
        caller.require_organisation(org)
        return answer(await answers.dashboard(caller.organisations, org, read_month(month)))

    @router.get("/totals", responses=examples.TOTALS, summary="Totals of an organisation by group")
    async def get_totals(
        caller: Reader,
        org: Org,
        start: Annotated[str, Query(alias="from", description="first month, YYYY-MM", examples=["2026-01"])],
        end: Annotated[str, Query(alias="to", description="last month, YYYY-MM, included", examples=["2026-12"])],
        group_by: Group = "month",
        criterion: Criterion = "gwp",
        basis: Literal["location", "market"] = "location",
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Response:
        """Each figure counts to 9 decimals, and the total is the exact sum of the groups. Location and market are never mixed.

        By asset the answer is a page: `total` is of the page, `next_cursor` leads on.
        """
        caller.require_organisation(org)
        first, last = read_month(start, "from"), read_month(end, "to")
        if last < first:
            rule = f"to {end} must not be before from {start}"
            raise Unprocessable(rule, [FieldError("to", "before_from", rule)])
        document = {
            "org": org,
            "from": format_month(first),
            "to": format_month(last),
            "group_by": group_by,
            "criterion": criterion,
            "basis": basis,
            "unit": UNITS[criterion],
        }
        if group_by != "asset":
            return answer(
                document | await answers.totals(caller.organisations, org, first, last, group_by, criterion, basis)
            )
        after: UUID | None = decode(cursor, UUID)[0] if cursor else None
        page = await answers.totals_by_asset(caller.organisations, org, (first, last), criterion, basis, after, limit)
        following = page.pop("last")
        return answer(document | page | {"next_cursor": None if following is None else encode(following)})

    @router.get(
        "/assets/{asset_id}/months/{month}",
        responses=examples.ASSET_MONTH,
        summary="The figures of one asset and month",
    )
    async def get_asset_month(caller: Reader, asset_id: UUID, month: str) -> Response:
        """Figures with their 95 % interval and data-quality class (5 very good to 1 very bad), evidence, factors and warnings.

        `pending` is true while a change that touches the asset waits to be computed.
        """
        return answer(await answers.asset_month(caller.organisations, asset_id, read_month(month)))

    return router
