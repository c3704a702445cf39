"""`/periods`: months of an organisation, their closing, and what became known of closed ones afterwards."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, decode, encode
from common.api.problems import FieldError, Unprocessable
from common.database import Database
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from footprint.api import examples
from footprint.api.answers import Basis, Org, Reader
from footprint.api.numbers import answer
from footprint.periods import CLOSED, NOW, Moment, Periods
from footprint.service import read_month

Closer = Annotated[Caller, Depends(requires("footprint:close"))]
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def periods_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """The routes of months."""
    router = APIRouter(tags=["periods"])
    periods = Periods(database, clock)

    @router.get("/periods", responses=examples.PERIODS, summary="The months of an organisation, the latest first")
    async def get_periods(
        caller: Reader, org: Org, basis: Basis = "location", cursor: Cursor = None, limit: Limit = 24
    ) -> Response:
        """Each with its state and its figures; of a closed one also what was restated, and in which month that counts.

        `total_kg` is what the month holds itself, `known_now_kg` adds what was restated of it since it was closed. All of it is on the
        `basis` that is asked for; `other_basis` says what was restated on the other one, which is never added.
        """
        caller.require_organisation(org)
        before: int | None = decode(cursor, int)[0] if cursor else None
        items, following = await periods.many(caller.organisations, org, before, limit, basis)
        return answer({"items": items, "next_cursor": None if following is None else encode(following)})

    @router.get("/periods/{month}", responses=examples.PERIOD, summary="A month of an organisation")
    async def get_period(caller: Reader, org: Org, month: str, basis: Basis = "location") -> Response:
        """Open or closed, by whom and when."""
        caller.require_organisation(org)
        return answer(await periods.one(caller.organisations, org, read_month(month), basis))

    @router.post("/periods/{month}/close", responses=examples.PERIOD, summary="Close a month")
    async def close_period(
        caller: Closer,
        org: Org,
        month: str,
        earlier: Annotated[bool, Query(description="close the open months before it as well")] = False,
    ) -> Response:
        """A closed month never changes: what becomes known of it later is a restatement, counted in the month that is open then.

        Needs the scope `footprint:close`. Only elapsed months, in their order: an earlier month that is open is closed first (409), or with
        it (`earlier=true`); none before the first of which anything is known (422). While something waits to be computed the answer is 409
        as well. Closing a closed month again answers as the first time.
        """
        caller.require_organisation(org)
        return answer(await periods.close(caller.organisations, org, read_month(month), caller.client, earlier=earlier))

    @router.get(
        "/periods/{month}/comparison", responses=examples.COMPARISON, summary="Two computations of a closed month"
    )
    async def get_comparison(
        caller: Reader,
        org: Org,
        month: str,
        start: Annotated[
            str, Query(alias="from", description="`closed`, or an instant since", examples=["closed"])
        ] = "closed",
        end: Annotated[
            str, Query(alias="to", description="`now`, or an instant after `from`", examples=["now"])
        ] = "now",
        basis: Basis = "location",
    ) -> Response:
        """What the month was and is on a basis, by stage; by how much it differs and why (`inventory`, `measurement`, `factor` or
        `method`); and the assets that moved most. All parts add up to the differences as printed."""
        caller.require_organisation(org)
        one, other = _moment(start, CLOSED, "from"), _moment(end, NOW, "to")
        return answer(await periods.compare(caller.organisations, org, read_month(month), one, other, basis))

    @router.get(
        "/periods/{month}/restatements", responses=examples.RESTATEMENTS, summary="The restatements of a closed month"
    )
    async def get_restatements(
        caller: Reader, org: Org, month: str, basis: Basis = "location", cursor: Cursor = None, limit: Limit = 100
    ) -> Response:
        """One per asset and correction, in the order in which they were recorded: the difference by reason, what was heard, and the factor
        versions that the month was closed with and those of now. Each is told on every basis: one that moved nothing on the basis asked
        for has 0 there, and under `other_basis` what it moved on the other one. `applications` are by how much it moved what they use:
        corrected shares of a closed month move that alone."""
        caller.require_organisation(org)
        after: int | None = decode(cursor, int)[0] if cursor else None
        items, following = await periods.restatements(caller.organisations, org, read_month(month), after, limit, basis)
        return answer({"items": items, "next_cursor": None if following is None else encode(following)})

    return router


def _moment(text: str, word: Moment, field: str) -> Moment:
    """The word itself, or an instant with its offset."""
    if text == word:
        return word
    try:
        return _INSTANT.validate_python(text.replace(" ", "+"))  # a plus sign that was not escaped
    except ValidationError as error:
        rule = f"{field} {text!r} must be {word!r} or an instant with its offset, for example 2026-11-05T08:00:00Z"
        raise Unprocessable(rule, [FieldError(field, "malformed", rule)]) from error
