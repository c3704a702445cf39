"""`/applications`: what runs on the machines, with weights; one by one, and in batches by their codes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import etag, require_match
from common.api.problems import NotFound
from common.database import Connection, Database
from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from inventory.api import examples
from inventory.api.batch_rows import batch_request, read_rows
from inventory.api.routes import OwnCodes, Reader, Writer, author
from inventory.api.views import BatchView, HistoryView
from inventory.domain.application import Application, ApplicationChange, ApplicationRecord
from inventory.domain.quantities import Code, Label, OrganisationId
from inventory.domain.record import HostReference
from inventory.service import applications as use_cases
from inventory.service.batches import retried
from inventory.service.writing import signed
from inventory.store import applications as store
from inventory.store import versions
from inventory.store.finding import containing
from inventory.store.listing import names_of
from inventory.store.versions import DocumentKind


class MembershipView(BaseModel):
    """The application runs on a machine over `[from, to)`; its names are null when the token does not name its owner."""

    asset_id: UUID
    machine: HostReference | None = None
    name: str | None = None
    start: datetime = Field(serialization_alias="from")
    end: datetime | None = Field(default=None, serialization_alias="to")
    weight: float


class ApplicationView(BaseModel):
    """An application as it is known."""

    id: UUID
    org: str
    code: str
    name: str
    users: int | None = None
    machines: list[MembershipView]
    version: int
    recorded_at: datetime

    @classmethod
    async def of(cls, connection: Connection, applications: Sequence[Application]) -> list[Self]:
        """The views of applications, with the names of their machines."""
        ids = {machine.asset_id for one in applications for machine in one.machines}
        named = await names_of(connection, ids) if ids else {}
        views = []
        for one in applications:
            machines = []
            for machine in one.machines:
                known = named.get(machine.asset_id)
                machines.append(
                    MembershipView(
                        asset_id=machine.asset_id,
                        machine=HostReference(**known.key._asdict()) if known else None,
                        name=known.name if known else None,
                        start=machine.start,
                        end=machine.end,
                        weight=machine.weight,
                    )
                )
            views.append(
                cls(
                    id=one.id,
                    org=one.org,
                    code=one.code,
                    name=one.name,
                    users=one.users,
                    machines=machines,
                    version=one.version,
                    recorded_at=one.recorded_at,
                )
            )
        return views


def applications_router(database: Database, clock: Callable[[], datetime], batch_limit_rows: int) -> APIRouter:
    """Applications: create, batch, list, read, change, delete."""
    router = APIRouter(tags=["applications"], route_class=OwnCodes)

    @router.post(
        "/applications",
        status_code=201,
        response_model=ApplicationView,
        responses=examples.answers(examples.APPLICATION, 201),
    )
    async def create_application(
        application: Annotated[ApplicationRecord, Body(examples=[examples.APPLICATION_REQUEST])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Create an application. The same again answers 200; another one of that organisation and code, 409.

        A machine without `from` belongs to it since the machine is known.
        """
        caller.require_organisation(application.org)

        async def once() -> Response:
            async with signed(database, caller.organisations, author(caller)) as unit:

                async def act() -> Response:
                    stored, new = await use_cases.create_application(unit, application, clock())
                    return await _answer(unit.connection, stored, 201 if new else 200)

                return await idempotency.once(request, unit, caller, act)

        return await retried(once)

    @router.post(
        "/applications/batch",
        response_model=BatchView,
        responses=examples.answers(examples.APPLICATION_BATCH),
        openapi_extra=batch_request(ApplicationRecord, [examples.APPLICATION_REQUEST]),
    )
    async def upsert_applications(request: Request, caller: Writer) -> Response:
        """Create or change applications by their codes: a JSON array, or NDJSON with one a line; each row has its own result.

        Several rows may tell one application, such as one row a machine. Machines that no row names stay as they are. A
        weight without `from` holds since the machine is known when the machine is new to the application, else from now.
        """
        rows = await read_rows(request, batch_limit_rows)

        async def once() -> Response:
            async with signed(database, caller.organisations, author(caller)) as unit:

                async def act() -> Response:
                    outcomes = await use_cases.apply_application_rows(unit, rows, clock())
                    content = json.dumps({"results": [outcome.document() for outcome in outcomes]})
                    return Response(content, 200, None, "application/json")

                return await idempotency.once(request, unit, caller, act)

        return await retried(once)

    @router.get("/applications", responses=examples.answers(examples.page(examples.APPLICATION)))
    async def list_applications(
        caller: Reader,
        org: Annotated[OrganisationId | None, Query()] = None,
        code: Annotated[Code | None, Query()] = None,
        q: Annotated[Label | None, Query(description="a part of the code or the name")] = None,
        machine: Annotated[
            UUID | None, Query(description="the id of an asset that they run, ran or will run on")
        ] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[ApplicationView]:
        """Applications by organisation and code."""
        after = decode(cursor, OrganisationId, Code) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            found = await store.list_applications(connection, org, code, containing(q), machine, after, limit + 1)
            items = await ApplicationView.of(connection, found[:limit])
        following = encode(items[-1].org, items[-1].code) if len(found) > limit else None
        return Page(items=items, next_cursor=following)

    @router.get(
        "/applications/{application_id}",
        response_model=ApplicationView,
        responses=examples.answers(examples.APPLICATION),
    )
    async def read_application(application_id: UUID, caller: Reader) -> Response:
        """One application with its machines; the ETag is its version."""
        async with database.snapshot(caller.organisations) as connection:
            found = await store.find(connection, application_id)
            if found is None:
                raise NotFound("application", application_id)
            return await _answer(connection, found)

    @router.get(
        "/applications/{application_id}/history",
        responses=examples.answers(examples.history(examples.APPLICATION)),
    )
    async def read_application_history(application_id: UUID, caller: Reader) -> HistoryView:
        """Every version of an application, the latest first: when it became known, who wrote it, what it said."""
        async with database.snapshot(caller.organisations) as connection:
            if await store.find(connection, application_id) is None:
                raise NotFound("application", application_id)
            return HistoryView.of(await versions.history(connection, DocumentKind.APPLICATION, str(application_id)))

    @router.patch(
        "/applications/{application_id}",
        response_model=ApplicationView,
        responses=examples.answers(examples.APPLICATION),
    )
    async def change_application(
        application_id: UUID,
        change: Annotated[ApplicationChange, Body(examples=[{"users": 900}])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Change an application; `machines` are replaced as a whole, what is left out stays. Needs `If-Match`."""
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.application_or_404(unit, application_id)
            require_match(request, known.version)
            changed = await use_cases.change_application(unit, known, change, clock())
            return await _answer(unit.connection, changed)

    @router.delete("/applications/{application_id}", status_code=204)
    async def delete_application(application_id: UUID, request: Request, caller: Writer) -> Response:
        """Delete an application; its code is free again. One that is no longer used ends its machines instead. Needs `If-Match`."""
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.application_or_404(unit, application_id)
            require_match(request, known.version)
            await use_cases.delete_application(unit, known, clock())
        return Response(status_code=204)

    return router


async def _answer(connection: Connection, application: Application, status: int = 200) -> Response:
    [view] = await ApplicationView.of(connection, [application])
    content = json.dumps(view.model_dump(mode="json", by_alias=True))
    return Response(content, status, {"ETag": etag(application.version)}, "application/json")
