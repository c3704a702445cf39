"""`GET /assets/{id}/months/{month}/explanation`: every gram accounted for."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from common.api.auth import Caller, requires
from common.database import Database
from fastapi import APIRouter, Depends, Header, Query, Response

from footprint.api import examples
from footprint.api.language import Lang, Spoken
from footprint.api.numbers import answer
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
        caller: Annotated[Caller, Depends(requires("footprint:read"))],
        asset_id: UUID,
        month: str,
        language: Spoken,
        accept: Annotated[str, Header(max_length=1000, description="`text/plain` for text")] = "*/*",
        lang: Lang = None,
        restatement: Annotated[
            int | None,
            Query(ge=1, lt=2**63, description="the `id` of a restatement of the month: what it says, and from what"),
        ] = None,
    ) -> Response:
        """The stored figures and a `trace`: per figure its lines, each a formula with its numbers and value, which sum to the figure.

        A formula read from left to right in doubles gives its value bit for bit. `up_to_date` says that the trace gives exactly the
        stored values; it is false while a change waits to be computed. A closed month is explained from what was known when it was closed:
        its documents, factors and shares of then, whatever was corrected since. With `restatement` (an `id` of
        `/periods/{month}/restatements`) it is the correction that is explained, from what was known then; `restatement.moved` says by how
        much each line moved and why.
        `named_assets` says what its source and its maker call each asset that is named here, where the caller may see it.
        `evidence_ladder` says all that was used, each with its `share` of the time, and why the others were not: `weaker` than all that was
        used, `not_there`, or `not_usable` (a utilisation without the TDP, a configuration without the die area of its CPUs, an
        own electricity factor of `consumption`, which does not tell upstream and losses apart).

        With `lang`, or with `text/plain` in `Accept`, the same as text that a customer can read and recompute by hand; with `json` in
        `Accept` never. The words of either are in the language of `lang`, else of `Accept-Language`, else in French.
        """
        asked = caller.organisations, asset_id, read_month(month), language, restatement
        if (lang or "text/plain" in accept) and "json" not in accept:
            return Response(await answers.explanation_text(*asked), media_type="text/plain; charset=utf-8")
        document = await answers.explanation(*asked)
        return answer(document)

    return router
