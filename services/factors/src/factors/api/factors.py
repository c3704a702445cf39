"""The catalogue: list and search, history, drafts, publication, withdrawal."""

from typing import Annotated, cast

from common.api import cursors
from common.api.auth import Caller, requires
from common.api.cursors import Page
from common.api.etag import etag
from common.api.idempotency import once
from common.api.problems import NotFound
from common.database import Database
from common.organisations import EVERY
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from factors.api import examples
from factors.api.answers import FacetOut, FactorHistory, FactorOut, history
from factors.api.requests import EXAMPLE, DraftIn, FactorFilters, FactorQuery, ReasonIn
from factors.domain.gases import Gases
from factors.domain.records import INTERNAL
from factors.live import LiveCatalogue
from factors.service import Publishing
from factors.store import versions as store
from factors.store.search import Position, facets, search

Reader = Annotated[Caller, Depends(requires("factors:read"))]
Writer = Annotated[Caller, Depends(requires("factors:write"))]

Likeness = Annotated[float, Field(ge=0, le=1)]
Number = Annotated[int, Field(ge=1, lt=2**31)]
KnownId = Annotated[str, Path(examples=[EXAMPLE["id"]])]

JSON = "application/json"


def factors_router(database: Database, publishing: Publishing, live: LiveCatalogue, gases: Gases) -> APIRouter:
    """`/factors`. Reading is for every caller: factors are public. Changing them is for the platform's own staff."""
    router = APIRouter(tags=["factors"])

    @router.get("/factors", summary="List or search factors", responses=examples.answer("GET /factors"))
    async def list_factors(caller: Reader, query: Annotated[FactorQuery, Query()]) -> Page[FactorOut]:
        _check_may_see(caller, query)
        after = None if query.cursor is None else cursors.decode(query.cursor, Likeness, str, Number)
        async with database.snapshot(caller.organisations) as connection:
            found = await search(connection, query.filters(), cast(Position | None, after), query.limit)
        return Page(
            items=[FactorOut.of(version) for version in found.versions],
            next_cursor=None if found.after is None else cursors.encode(*found.after),
        )

    @router.get(
        "/factors/facets",
        summary="How many factors there are by region, year, source and activity, of those listed",
        responses=examples.answer("GET /factors/facets"),
    )
    async def count_facets(caller: Reader, query: Annotated[FactorFilters, Query()]) -> dict[str, list[FacetOut]]:
        _check_may_see(caller, query)
        async with database.snapshot(caller.organisations) as connection:
            counted = await facets(connection, query.filters())
        return {
            name: [FacetOut(value=one.value, count=one.count) for one in counted if one.facet == name]
            for name in ("activity", "region", "year", "source")
        }

    @router.get(
        "/factors/{factor_id}",
        summary="A factor with all of its versions",
        responses=examples.answer("GET /factors/{factor_id}"),
    )
    async def read_factor(caller: Reader, factor_id: KnownId, response: Response) -> FactorHistory:
        async with database.snapshot(caller.organisations) as connection:
            versions = await store.versions_of(connection, factor_id)
        if caller.organisations != EVERY:
            versions = [version for version in versions if version.status not in INTERNAL]
        if not versions:
            raise NotFound("factor", factor_id)
        told = history(versions)
        response.headers["ETag"] = etag(told.version)
        return told

    @router.post(
        "/factors",
        status_code=201,
        response_model=FactorOut,
        summary="Draft a factor, or its next version",
        responses=examples.answer("POST /factors", 201),
    )
    async def draft_factor(request: Request, caller: Writer, draft: DraftIn) -> Response:
        caller.require_every_organisation()
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                version = await publishing.draft(unit, draft.id, draft.content(gases), caller.client, draft.reason)
                headers = {"Location": f"/v1/factors/{version.id}", "ETag": etag(version.version)}
                return Response(FactorOut.of(version).model_dump_json(), 201, headers, JSON)

            return await once(request, unit, caller, act)

    @router.post(
        "/factors/{factor_id}/submit",
        summary="Put the open draft up for review",
        responses=examples.answer("POST /factors/{factor_id}/submit"),
    )
    async def submit_factor(caller: Writer, factor_id: KnownId) -> FactorOut:
        caller.require_every_organisation()
        async with database.transaction(caller.organisations) as unit:
            return FactorOut.of(await publishing.submit(unit, factor_id))

    @router.post(
        "/factors/{factor_id}/discard",
        summary="Give up the open draft; it stays in the history",
        responses=examples.answer("POST /factors/{factor_id}/discard"),
    )
    async def discard_factor(caller: Writer, factor_id: KnownId) -> FactorOut:
        caller.require_every_organisation()
        async with database.transaction(caller.organisations) as unit:
            return FactorOut.of(await publishing.discard(unit, factor_id))

    @router.post(
        "/factors/{factor_id}/publish",
        summary="Publish the open draft",
        responses=examples.answer("POST /factors/{factor_id}/publish"),
    )
    async def publish_factor(caller: Writer, factor_id: KnownId) -> FactorOut:
        caller.require_every_organisation()
        async with database.transaction(caller.organisations) as unit:
            version = await publishing.publish(unit, factor_id, caller.client)
        await live.refresh()
        return FactorOut.of(version)

    @router.post(
        "/factors/{factor_id}/withdraw",
        summary="Withdraw a published factor; its history stays",
        responses=examples.answer("POST /factors/{factor_id}/withdraw"),
    )
    async def withdraw_factor(caller: Writer, factor_id: KnownId, body: ReasonIn) -> FactorOut:
        caller.require_every_organisation()
        async with database.transaction(caller.organisations) as unit:
            version = await publishing.withdraw(unit, factor_id, caller.client, body.reason)
        await live.refresh()
        return FactorOut.of(version)

    return router


def _check_may_see(caller: Caller, filters: FactorFilters) -> None:
    """Drafts are seen by those who keep the catalogue only. Raises Forbidden."""
    if filters.status in INTERNAL:
        caller.require_every_organisation()
