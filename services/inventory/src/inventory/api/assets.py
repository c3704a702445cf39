"""`/assets`: batches, pages, one asset, its timeline."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.cursors import Page, decode, encode
from common.api.direct import DirectRoute
from common.api.etag import etag, require_match
from common.api.queries import refuse_others
from common.database import Database
from fastapi import APIRouter, Body, Query, Request
from pydantic import Field
from starlette.responses import Response

from inventory.api import examples
from inventory.api.batch_rows import BATCH_REQUEST, read_rows
from inventory.api.picking import AssetQuery, picked
from inventory.api.presenting import asset_answer, present_or_problem
from inventory.api.routes import OwnCodes, Reader, Writer, author, authorise_writer
from inventory.api.views import AssetView, BatchView, SegmentView, TimelineView
from inventory.domain.quantities import Instant, Label, OrganisationId
from inventory.domain.record import AssetChange, AssetKey
from inventory.domain.timeline import Segment
from inventory.service import assets as use_cases
from inventory.service.batches import retried
from inventory.service.rows import RowOutcome, apply_sent_rows, read_sent_rows
from inventory.service.small_batches import LARGEST_ROWS, SmallBatches
from inventory.service.writing import signed
from inventory.store import listing, states

CHANGE_EXAMPLES = [
    {"status": "off", "effective_from": "2026-11-02T18:00:00+01:00"},
    {"allocation": {"vcpu": 4, "ram_gib": 16}, "effective_from": "2026-10-12", "effective_to": "2026-11-02"},
]


class ListQuery(AssetQuery):
    """A filter and a page."""

    limit: int = Field(100, ge=1, le=1000, description="rows per page, at most 1000")
    cursor: str | None = Field(None, max_length=2000, description="`next_cursor` of the page before")


def assets_router(database: Database, clock: Callable[[], datetime], batch_limit_rows: int) -> APIRouter:
    """Assets: batch upsert, list, read, change, delete, timeline."""
    router = APIRouter(tags=["assets"], route_class=OwnCodes)
    small = SmallBatches(database, clock)

    async def upsert(request: Request) -> Response:
        """Create or update assets: a JSON array, or NDJSON with one asset a line.

        Each row has its own result; a bad row never sinks the good ones. Rows of one asset with rising `effective_from`
        are its history; hosts may stand anywhere in the batch. A row without `effective_from` holds from the moment at
        which it is received. The same rows again are `unchanged`.
        """
        caller = await authorise_writer(request)
        refuse_others(request, ())
        rows = read_sent_rows(await read_rows(request, batch_limit_rows), caller.organisations)
        if len(rows) <= LARGEST_ROWS and idempotency.HEADER not in request.headers:
            return _results(await small.apply(caller.organisations, author(caller), rows))

        async def once() -> Response:
            async with signed(database, caller.organisations, author(caller)) as unit:

                async def act() -> Response:
                    return _results(await apply_sent_rows(unit, rows, clock()))

                return await idempotency.once(request, unit, caller, act)

        return await retried(once)

    router.add_api_route(
        "/assets/batch",
        upsert,
        methods=["POST"],
        response_model=BatchView,
        responses=examples.answers(examples.BATCH),
        openapi_extra=BATCH_REQUEST,
        route_class_override=DirectRoute,
    )

    @router.get("/assets", responses=examples.answers(examples.page(examples.ASSET)))
    async def list_assets(caller: Reader, query: Annotated[ListQuery, Query()]) -> Page[AssetView]:
        """Assets as they are now, or at `as_of`, by organisation, source and external id."""
        after = AssetKey(*decode(query.cursor, OrganisationId, Label, Label)) if query.cursor else None
        wanted = await picked(database, caller, query)
        limit = query.limit
        async with database.snapshot(caller.organisations) as connection:
            found = await listing.list_present(connection, wanted, clock(), after, limit + 1)
        following = encode(*found[limit - 1].asset.key) if len(found) > limit else None
        return Page(items=[AssetView.of(present) for present in found[:limit]], next_cursor=following)

    @router.get("/assets/{asset_id}", response_model=AssetView, responses=examples.answers(examples.ASSET))
    async def read_asset(asset_id: UUID, caller: Reader) -> Response:
        """One asset as it is now; the ETag is its version."""
        return asset_answer(await present_or_problem(database, caller, asset_id, clock()))

    @router.patch("/assets/{asset_id}", response_model=AssetView, responses=examples.answers(examples.ASSET))
    async def change_asset(
        asset_id: UUID, change: Annotated[AssetChange, Body(examples=CHANGE_EXAMPLES)], request: Request, caller: Writer
    ) -> Response:
        """Change an asset from a date on (now, when none is given), in the past or in the future. Needs `If-Match`.

        What is left out stays, null clears. With `effective_to` the change is a correction of that interval only; without,
        each attribute holds until the next date at which it is known to change. `status: retired` is final.
        """
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.asset_or_404(unit, asset_id)
            require_match(request, known.version)
            await use_cases.change_asset(unit, known, change, clock())
        return asset_answer(await present_or_problem(database, caller, asset_id, clock()))

    @router.delete("/assets/{asset_id}", status_code=204)
    async def delete_asset(asset_id: UUID, request: Request, caller: Writer) -> Response:
        """Delete an asset that should never have been here; one that has left is retired instead. Needs `If-Match`.

        The answer's ETag is the version that `POST /assets/{id}/undo` takes back.
        """
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.asset_or_404(unit, asset_id)
            require_match(request, known.version)
            last = await use_cases.delete_asset(unit, known, clock())
        return Response(status_code=204, headers={"ETag": etag(last.version)})

    @router.get("/assets/{asset_id}/timeline", responses=examples.answers(examples.TIMELINE))
    async def read_timeline(
        asset_id: UUID,
        caller: Reader,
        as_known_at: Annotated[Instant | None, Query(description="what was believed then; now when absent")] = None,
    ) -> TimelineView:
        """The dated history of an asset, first to last, as it is believed now or was at a moment."""
        moment = as_known_at or clock()
        present = await present_or_problem(database, caller, asset_id, clock())
        segments: Sequence[Segment] = present.asset.timeline.segments
        if as_known_at is not None:
            async with database.snapshot(caller.organisations) as connection:
                segments = await states.timeline_as_known_at(connection, asset_id, moment)
        return TimelineView(
            asset_id=asset_id,
            version=present.asset.version,
            as_known_at=moment,
            timeline=[SegmentView.of(segment) for segment in segments],
        )

    return router


def _results(outcomes: Sequence[RowOutcome]) -> Response:
    return Response(
        json.dumps({"results": [outcome.document() for outcome in outcomes]}), 200, None, "application/json"
    )
