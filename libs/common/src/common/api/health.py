"""`/livez`, `/readyz`, `/metrics`: what the orchestrator and the operators ask of every process."""

import asyncio
from collections.abc import Callable, Mapping

import asyncpg
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from common.api.problems import Problem
from common.database import Database

READY_WITHIN_S = 3.0


def health_router(database: Database, liveness: Mapping[str, Callable[[], str | None]]) -> APIRouter:
    """The health routes. `liveness` holds, by name, functions that say why this process must be restarted, or None."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="Whether this process does its work; 503 asks for a restart")
    async def live() -> dict[str, str]:
        reasons = {name: reason for name, check in liveness.items() if (reason := check()) is not None}
        if reasons:
            raise Problem(503, "not-live", "; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        return {"status": "live"}

    @router.get("/readyz", summary="Whether this process can answer: Postgres is reached; the broker is not asked")
    async def ready() -> dict[str, str]:
        try:
            async with asyncio.timeout(READY_WITHIN_S), database.pool.acquire() as connection:
                await connection.fetchval("SELECT 1 FROM schema_migrations LIMIT 1")
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Problem(503, "not-ready", f"Postgres: {error!r}", headers={"Retry-After": "2"}) from error
        return {"status": "ready"}

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
