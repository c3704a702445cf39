"""A process of a service: one role, or all of them in one event loop, with health beside whatever it does."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from common import outbox, telemetry
from common.api.app import create_app
from common.consumer import ConsumerRunner
from common.database import Database, open_database
from common.dead_letters import DeadLetters
from common.housekeeping import Housekeeping
from common.http import HttpProtocol
from common.kafka import COMPACTED, KEPT
from common.pause import pause
from common.relay import Relay
from common.service import Parts, Role, Runtime, Service, Settings, Worker, supervise
from common.settings import ServiceSettings

log = structlog.get_logger()

GAUGE_S = 1.0


async def run(service: Service[Settings], settings: Settings, roles: Sequence[Role]) -> None:
    """Run `roles` of `service` until SIGINT or SIGTERM, or until one of them fails: then the error goes on and the process with it."""
    telemetry.configure(settings, service.name)
    async with open_database(settings, service.name) as database:
        parts = service.build(Runtime(settings, database))
        liveness: dict[str, Callable[[], str | None]] = {}
        workers = [worker for role in roles for worker in _workers(role, settings, database, parts, liveness)]
        app = application(service, settings, database, parts.routers if "api" in roles else (), liveness)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                loop="uvloop",
                http=HttpProtocol,
                timeout_graceful_shutdown=10,
                lifespan="off",
                server_header=False,
                date_header=False,
            )
        )
        ease_collection()
        log.info("process.started", service=service.name, roles=list(roles), port=settings.port)
        await _serve(server, workers)
        log.info("process.stopped", service=service.name)


def ease_collection() -> None:
    """Leave what was loaded at start out of garbage collection, and collect less often.

    A batch makes tens of thousands of objects that are all alive until it commits; walking them again and again, at the interpreter's
    default of every 700 new ones, took a third of an import's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def application(
    service: Service[Settings],
    settings: Settings,
    database: Database,
    routers: Sequence[APIRouter],
    liveness: Mapping[str, Callable[[], str | None]],
) -> FastAPI:
    """The HTTP application of a process of `service`."""
    return create_app(
        name=service.name,
        title=service.title,
        description=service.description,
        settings=settings,
        database=database,
        routers=routers,
        liveness=liveness,
    )


async def openapi_document(service: Service[Settings]) -> dict[str, Any]:
    """The OpenAPI document of `service`; needs neither environment nor servers, since nothing is connected or served."""
    nowhere = "postgresql://nobody@127.0.0.1/none"
    settings = service.settings(database_url=nowhere, kafka_bootstrap="127.0.0.1:0", issuer="none")
    limits = outbox.Limits(depth=settings.outbox_limit, event_bytes=settings.event_limit_bytes)
    database = Database(asyncpg.create_pool(nowhere), service.name, limits)
    parts = service.build(Runtime(settings, database))
    document: dict[str, Any] = application(service, settings, database, parts.routers, {}).openapi()
    return document


async def _serve(server: uvicorn.Server, workers: Sequence[Worker]) -> None:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(supervise(worker, stop), name=worker.name) for worker in workers]
    serving = asyncio.create_task(server.serve(), name="http")
    try:
        await asyncio.wait([serving, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        server.should_exit = True
        outcomes = await asyncio.gather(serving, *tasks, return_exceptions=True)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failed:
        raise ExceptionGroup("the process stops because a part of it failed", failed)


def _workers(
    role: Role,
    settings: ServiceSettings,
    database: Database,
    parts: Parts,
    liveness: dict[str, Callable[[], str | None]],
) -> list[Worker]:
    own = [worker for worker in parts.workers if worker.role == role]
    match role:
        case "api":
            return [Worker("outbox-gauge", _gauge(database)), *own]
        case "relay":
            topics = dict.fromkeys(parts.republishers, COMPACTED) | {DeadLetters(database.schema).topic: KEPT}
            return [
                Worker("relay", Relay(settings, database, topics).run),
                Worker("housekeeping", Housekeeping(settings, database).run),
                *own,
            ]
        case "consume" if parts.subscriptions:
            runner = ConsumerRunner(settings, database, parts.subscriptions)
            liveness["consumer"] = lambda: runner.progress.stuck(settings.stuck_after_s)
            return [Worker("consumer", runner.run), *own]
        case _:
            return own


def _gauge(database: Database) -> Callable[[asyncio.Event], Awaitable[None]]:
    async def measure(stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with database.pool.acquire() as connection:
                await database.gate.measure(connection)
            await pause(GAUGE_S, stop)

    return measure
