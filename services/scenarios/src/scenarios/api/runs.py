"""Runs of studies: asked for, followed, read."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from common.api import idempotency
from common.api.auth import Caller
from common.api.problems import NotFound
from common.api.sse import ServerSentEvent, event_stream
from common.database import Database
from common.json import dumps
from common.organisations import Organisations
from common.wakeup import Wakeup
from fastapi import APIRouter, Body, Request, Response
from pydantic import BaseModel

from scenarios.api import examples
from scenarios.api.studies import JSON
from scenarios.api.views import Reader, RunView, Writer, show_run
from scenarios.domain.montecarlo import MonteCarloRequest
from scenarios.domain.optimum import OptimumRequest
from scenarios.domain.run import ComparisonRequest
from scenarios.service import studies as service
from scenarios.store import runs

WAIT_S = 2.0

PROGRESS = 'event: progress\ndata: {"kind": "comparison", "status": "running", "progress": 0.5}\n\n'

COMPARE = {"summary": "With the months, and what makes the difference", "value": {"monthly": True, "waterfall": True}}
DRAW = {"summary": "The same draws at each call", "value": {"draws": 10_000, "seed": 1}}
BUDGET = {"summary": "The most avoided with 100,000 € beyond the reference", "value": {"budget_eur": "100000.00"}}
TARGET = {"summary": "The cheapest plan that avoids 50 t", "value": {"target_kg": 50_000.0}}


class RunList(BaseModel):
    """The newest hundred runs of a study, without their results."""

    items: list[RunView]


def runs_router(database: Database, url: str, clock: Callable[[], datetime]) -> APIRouter:
    """Routes over runs; `url` is the database's, to listen for progress."""
    router = APIRouter(tags=["runs"])

    async def queue(study_id: UUID, kind: str, options: BaseModel, request: Request, caller: Caller) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                study = await service.find_own_study(unit, study_id, caller)
                run_id = await service.request_run(unit, study, kind, options.model_dump(mode="json"), clock())
                run = await runs.find_run(unit.connection, run_id)
                assert run is not None
                return Response(dumps(show_run(run)), 202, {"Location": f"/v1/runs/{run_id}"}, JSON)

            return await idempotency.once(request, unit, caller, act)

    @router.post(
        "/studies/{study_id}/runs",
        status_code=202,
        summary="Compute the study",
        response_model=RunView,
        responses=examples.answer("POST /studies/{study_id}/runs", 202),
    )
    async def request_comparison(
        study_id: UUID,
        options: Annotated[ComparisonRequest, Body(openapi_examples={"by-month": COMPARE})],
        request: Request,
        caller: Writer,
    ) -> Response:
        return await queue(study_id, "comparison", options, request, caller)

    @router.post(
        "/studies/{study_id}/uncertainty",
        status_code=202,
        summary="Seeded Monte Carlo over the study: P5, P50, P95 and what matters most",
        response_model=RunView,
        responses=examples.answer("POST /studies/{study_id}/uncertainty", 202),
    )
    async def request_monte_carlo(
        study_id: UUID,
        options: Annotated[MonteCarloRequest, Body(openapi_examples={"seeded": DRAW})],
        request: Request,
        caller: Writer,
    ) -> Response:
        return await queue(study_id, "monte_carlo", options, request, caller)

    @router.post(
        "/studies/{study_id}/optimum",
        status_code=202,
        summary="The best plan of offers under a budget, or the cheapest to a target",
        response_model=RunView,
        responses=examples.answer("POST /studies/{study_id}/optimum", 202),
    )
    async def request_optimum(
        study_id: UUID,
        options: Annotated[OptimumRequest, Body(openapi_examples={"budget": BUDGET, "target": TARGET})],
        request: Request,
        caller: Writer,
    ) -> Response:
        return await queue(study_id, "optimum", options, request, caller)

    @router.get(
        "/studies/{study_id}/runs",
        summary="The newest runs of a study",
        responses=examples.answer("GET /studies/{study_id}/runs"),
    )
    async def list_runs(study_id: UUID, caller: Reader) -> RunList:
        async with database.transaction(caller.organisations) as unit:
            await service.find_study(unit, study_id)
            return RunList(items=[show_run(run) for run in await runs.list_runs(unit.connection, study_id)])

    async def read(run_id: UUID, organisations: Organisations) -> RunView:
        async with database.snapshot(organisations) as connection:
            run = await runs.find_run(connection, run_id)
        if run is None:
            raise NotFound("run", run_id)
        return show_run(run)

    @router.get(
        "/runs/{run_id}",
        summary="A run: its progress, then its result",
        responses=examples.answer("GET /runs/{run_id}"),
    )
    async def read_run(run_id: UUID, caller: Reader) -> RunView:
        return await read(run_id, caller.organisations)

    @router.get(
        "/runs/{run_id}/events",
        summary="The progress of a run as server-sent events, until it is finished",
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {"example": PROGRESS}}}},
    )
    async def follow_run(run_id: UUID, caller: Reader) -> Response:
        first = await read(run_id, caller.organisations)
        return event_stream(follow(first, caller.organisations))

    async def follow(view: RunView, organisations: Organisations) -> AsyncIterator[ServerSentEvent]:
        told: tuple[str, float] | None = None
        async with Wakeup(url, database, service.RUNS_CHANNEL) as wakeup:
            while True:
                if (view.status, view.progress) != told:
                    told = (view.status, view.progress)
                    yield ServerSentEvent("progress", view.model_dump(mode="json", exclude={"result"}))
                if view.status in ("done", "failed"):
                    return
                await wakeup.wait(WAIT_S)
                view = await read(view.id, organisations)

    return router
