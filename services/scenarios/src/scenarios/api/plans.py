"""Plans: adopted, moved on, held against footprints, and the committee's page."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from common.api import idempotency
from common.api.auth import Caller
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import etag, require_match
from common.api.problems import Forbidden
from common.database import Database, Transaction
from common.json import dumps
from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import Field

from scenarios.api import examples
from scenarios.api.estimates import unprocessable
from scenarios.api.plan_views import EntryView, History, PlanView, ProgressView, show_plan, show_progress
from scenarios.api.studies import JSON
from scenarios.api.views import Reader, Writer, as_written
from scenarios.domain.committee import Committee
from scenarios.domain.description import Refused, Written
from scenarios.domain.plan import ActionChange
from scenarios.service import plans as service
from scenarios.service import studies as study_service
from scenarios.store import plans
from scenarios.store.plans import Plan

ADOPT = {"summary": "The alternative of that id", "value": {"alternative": "6f9619ff-8b86-d011-b42d-00c04fc964ff"}}
DECIDE = {
    "summary": "Decided, with an owner and a day",
    "value": {"status": "decided", "owner": "ops@acme.example", "due_on": "2027-03-01"},
}
DONE = {
    "summary": "Done, and what came in the place of what left",
    "value": {"status": "done", "done_on": "2027-03-04", "replaced_by": []},
}
CLOSE = {"summary": "Given up", "value": {"reason": "the budget went to another programme"}}

MonthText = Annotated[
    str, Query(pattern="^(199\\d|20\\d\\d|21\\d\\d)-(0[1-9]|1[0-2])$", description="YYYY-MM", examples=["2027-01"])
]


class Adoption(Written):
    """Which alternative of the study becomes its plan."""

    alternative: UUID


class Closing(Written):
    """Why a plan is followed no more."""

    reason: Annotated[str, Field(min_length=1, max_length=4000)]


def plans_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Routes over plans."""
    router = APIRouter(tags=["plans"])

    async def own(unit: Transaction, plan_id: UUID, caller: Caller, request: Request) -> Plan:
        """The plan, locked, at the version that the caller names; of an organisation of the caller's own."""
        await service.find_plan(unit.connection, plan_id)
        plan = await plans.find_plan(unit.connection, plan_id, lock=True)
        if plan is None:
            raise Forbidden("this plan is shared with you to read; who owns it can change it")
        require_match(request, plan.version)
        return plan

    @router.post(
        "/studies/{study_id}/plan",
        status_code=201,
        summary="Adopt an alternative as the study's plan",
        response_model=PlanView,
        responses=examples.answer("POST /studies/{study_id}/plan", 201),
    )
    async def adopt(
        study_id: UUID,
        adoption: Annotated[Adoption, Body(openapi_examples={"adopt": ADOPT})],
        request: Request,
        caller: Writer,
    ) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                study = await study_service.find_own_study(unit, study_id, caller)
                alternative = await study_service.find_alternative(unit, study, adoption.alternative)
                plan_id = await service.adopt(unit, study, alternative, caller.client, clock())
                view = show_plan(await service.find_plan(unit.connection, plan_id))
                headers = {"ETag": etag(view.version), "Location": f"/v1/plans/{plan_id}"}
                return Response(dumps(as_written(view)), 201, headers, JSON)

            try:
                return await idempotency.once(request, unit, caller, act)
            except Refused as refused:
                raise unprocessable(refused) from refused

    @router.get("/plans", summary="Plans, by id", responses=examples.answer("GET /plans"))
    async def list_plans(
        caller: Reader,
        org: Annotated[str | None, Query(max_length=64)] = None,
        study: UUID | None = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[PlanView]:
        (after,) = decode(cursor, UUID) if cursor else (UUID(int=0),)
        async with database.snapshot(caller.organisations) as connection:
            found = await plans.list_plans(connection, org, study, after, limit + 1)
        items = [show_plan(plan) for plan in found[:limit]]
        return Page(items=items, next_cursor=encode(items[-1].id) if len(found) > limit else None)

    @router.get(
        "/plans/{plan_id}", summary="A plan with its actions", responses=examples.answer("GET /plans/{plan_id}")
    )
    async def read_plan(plan_id: UUID, caller: Reader, response: Response) -> PlanView:
        async with database.snapshot(caller.organisations) as connection:
            plan = await service.find_plan(connection, plan_id)
        response.headers["ETag"] = etag(plan.version)
        return show_plan(plan)

    @router.patch(
        "/plans/{plan_id}/actions/{number}",
        summary="Move an action on (If-Match of the plan)",
        responses=examples.answer("PATCH /plans/{plan_id}/actions/{number}"),
    )
    async def change_action(
        plan_id: UUID,
        number: Annotated[int, Path(ge=1, le=100_000)],
        change: Annotated[ActionChange, Body(openapi_examples={"decide": DECIDE, "done": DONE})],
        request: Request,
        caller: Writer,
        response: Response,
    ) -> PlanView:
        now = clock()
        async with database.transaction(caller.organisations) as unit:
            plan = await own(unit, plan_id, caller, request)
            try:
                await service.change_action(unit, plan, number, change, caller.client, now, now.date())
            except Refused as refused:
                raise unprocessable(refused) from refused
            changed = await service.find_plan(unit.connection, plan_id)
        response.headers["ETag"] = etag(changed.version)
        return show_plan(changed)

    @router.post(
        "/plans/{plan_id}/close",
        summary="Follow a plan no more (If-Match)",
        responses=examples.answer("POST /plans/{plan_id}/close"),
    )
    async def close_plan(
        plan_id: UUID,
        closing: Annotated[Closing, Body(openapi_examples={"close": CLOSE})],
        request: Request,
        caller: Writer,
        response: Response,
    ) -> PlanView:
        async with database.transaction(caller.organisations) as unit:
            plan = await own(unit, plan_id, caller, request)
            await service.close(unit, plan, closing.reason, caller.client, clock())
            closed = await service.find_plan(unit.connection, plan_id)
        response.headers["ETag"] = etag(closed.version)
        return show_plan(closed)

    @router.get(
        "/plans/{plan_id}/history",
        summary="What was done to a plan, by whom and when",
        responses=examples.answer("GET /plans/{plan_id}/history"),
    )
    async def read_history(plan_id: UUID, caller: Reader) -> History:
        async with database.snapshot(caller.organisations) as connection:
            await service.find_plan(connection, plan_id)
            entries = await plans.read_history(connection, plan_id)
        return History(
            items=[
                EntryView(
                    version=entry.version,
                    at=entry.at,
                    by=entry.by,
                    action=entry.action,
                    changes=entry.changes,
                    note=entry.note,
                )
                for entry in entries
            ]
        )

    @router.get(
        "/plans/{plan_id}/progress",
        summary="Realised against expected, by action and month",
        responses=examples.answer("GET /plans/{plan_id}/progress"),
    )
    async def read_progress(plan_id: UUID, caller: Reader) -> ProgressView:
        async with database.snapshot(caller.organisations) as connection:
            plan = await service.find_plan(connection, plan_id)
            followed = await service.follow(connection, plan, clock().date())
        return show_progress(plan, followed)

    @router.get(
        "/plans/{plan_id}/committee",
        summary="The page of a month's CarbonOps committee",
        responses=examples.answer("GET /plans/{plan_id}/committee"),
    )
    async def read_committee(plan_id: UUID, month: MonthText, caller: Reader) -> Committee:
        async with database.snapshot(caller.organisations) as connection:
            plan = await service.find_plan(connection, plan_id)
            return await service.committee(connection, plan, date.fromisoformat(f"{month}-01"), clock().date())

    return router
