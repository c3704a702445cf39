"""`/views`: named filters of assets, of one client or shared within an organisation."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID, uuid4

import asyncpg
from common import json
from common.api import idempotency
from common.api.auth import Caller
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import etag, require_match
from common.api.problems import Conflict, Forbidden, NotFound
from common.database import Database, Transaction
from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from inventory.api import examples
from inventory.api.routes import OwnCodes, Reader
from inventory.domain.configuration import Part
from inventory.domain.filtering import AssetFilter
from inventory.domain.quantities import Label, OrganisationId
from inventory.service import places
from inventory.store import saved_views
from inventory.store.saved_views import SavedView


class ViewRequest(Part):
    """A filter under a name; `shared` with everybody who may read the organisation."""

    org: OrganisationId
    name: Label
    shared: bool = False
    filter: AssetFilter


class ViewChange(Part):
    """What may be said of a view; what is left out stays, the filter is replaced as a whole."""

    name: Label | None = None
    shared: bool | None = None
    filter: AssetFilter | None = None


class SavedViewView(BaseModel):
    """A saved view; `own` says whether the caller may change it."""

    id: UUID
    org: str
    name: str
    shared: bool
    own: bool
    filter: dict[str, Any]
    version: int
    recorded_at: datetime

    @classmethod
    def of(cls, view: SavedView, caller: Caller) -> Self:
        """The view of a view, for a caller."""
        return cls(
            id=view.id,
            org=view.org,
            name=view.name,
            shared=view.shared,
            own=view.client == caller.client,
            filter=dict(view.filter),
            version=view.version,
            recorded_at=view.recorded_at,
        )


def saved_views_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Saved views: create, list, read, change, delete. Whoever may read assets may keep views of them."""
    router = APIRouter(tags=["saved views"], route_class=OwnCodes)

    @router.post(
        "/views",
        status_code=201,
        response_model=SavedViewView,
        responses=examples.answers(examples.SAVED_VIEW, 201),
    )
    async def create_view(
        view: Annotated[ViewRequest, Body(examples=[examples.SAVED_VIEW_REQUEST])], request: Request, caller: Reader
    ) -> Response:
        """Keep a filter under a name, for yourself or shared within the organisation."""
        caller.require_organisation(view.org)
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                await places.organisation_or_422(unit, view.org)
                stored = SavedView(
                    uuid4(), view.org, caller.client, view.name, view.shared, _document(view.filter), 1, clock()
                )
                await _write(unit, stored, saved_views.insert)
                return _answer(stored, caller, 201)

            return await idempotency.once(request, unit, caller, act)

    @router.get("/views", responses=examples.answers(examples.page(examples.SAVED_VIEW)))
    async def list_views(
        caller: Reader, org: Annotated[OrganisationId | None, Query()] = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[SavedViewView]:
        """Your views and those that are shared with you, by organisation and name."""
        after = decode(cursor, OrganisationId, Label, UUID) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            found = await saved_views.list_views(connection, caller.client, org, after, limit + 1)
        items = [SavedViewView.of(view, caller) for view in found[:limit]]
        following = encode(items[-1].org, items[-1].name, items[-1].id) if len(found) > limit else None
        return Page(items=items, next_cursor=following)

    @router.get("/views/{view_id}", response_model=SavedViewView, responses=examples.answers(examples.SAVED_VIEW))
    async def read_view(view_id: UUID, caller: Reader) -> Response:
        """One view."""
        return _answer(await view_or_404(database, caller, view_id), caller)

    @router.patch("/views/{view_id}", response_model=SavedViewView, responses=examples.answers(examples.SAVED_VIEW))
    async def change_view(
        view_id: UUID,
        change: Annotated[ViewChange, Body(examples=[{"shared": True}])],
        request: Request,
        caller: Reader,
    ) -> Response:
        """Change one of your views. Needs `If-Match`."""
        async with database.transaction(caller.organisations) as unit:
            known = await _own(unit, caller, view_id)
            require_match(request, known.version)
            changed = replace(
                known,
                name=change.name or known.name,
                shared=known.shared if change.shared is None else change.shared,
                filter=known.filter if change.filter is None else _document(change.filter),
            )
            if changed != known:
                changed = replace(changed, version=known.version + 1, recorded_at=clock())
                await _write(unit, changed, saved_views.update)
            return _answer(changed, caller)

    @router.delete("/views/{view_id}", status_code=204)
    async def delete_view(view_id: UUID, request: Request, caller: Reader) -> Response:
        """Delete one of your views. Needs `If-Match`."""
        async with database.transaction(caller.organisations) as unit:
            known = await _own(unit, caller, view_id)
            require_match(request, known.version)
            await saved_views.delete(unit.connection, known.id)
        return Response(status_code=204)

    return router


async def view_or_404(database: Database, caller: Caller, view_id: UUID) -> SavedView:
    """A view that the caller may use. Raises NotFound."""
    async with database.snapshot(caller.organisations) as connection:
        found = await saved_views.find(connection, view_id, caller.client)
    if found is None:
        raise NotFound("view", view_id)
    return found


async def _own(unit: Transaction, caller: Caller, view_id: UUID) -> SavedView:
    known = await saved_views.find(unit.connection, view_id, caller.client, lock=True)
    if known is None:
        raise NotFound("view", view_id)
    if known.client != caller.client:
        raise Forbidden("only who made a view changes it; save one of your own")
    return known


async def _write(unit: Transaction, view: SavedView, how: Callable[[Any, SavedView], Any]) -> None:
    try:
        async with unit.savepoint():
            await how(unit.connection, view)
    except asyncpg.UniqueViolationError as failure:
        if failure.constraint_name != saved_views.NAME_TAKEN:
            raise
        raise Conflict(f"you have a view {view.name!r} of {view.org!r} already", "exists") from failure


def _document(wanted: AssetFilter) -> dict[str, Any]:
    return wanted.model_dump(mode="json", exclude_defaults=True)


def _answer(view: SavedView, caller: Caller, status: int = 200) -> Response:
    content = json.dumps(SavedViewView.of(view, caller).model_dump(mode="json"))
    return Response(content, status, {"ETag": etag(view.version)}, "application/json")
