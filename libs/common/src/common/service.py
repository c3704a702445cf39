"""What a service is made of, and the processes that are made from it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, Literal

import structlog
from fastapi import APIRouter
from typing_extensions import TypeVar

from common import metrics
from common.consumer import Subscription
from common.database import Connection, Database
from common.events import Event
from common.failures import Backoff, is_transient
from common.settings import ServiceSettings

log = structlog.get_logger()

Settings = TypeVar("Settings", bound=ServiceSettings, default=ServiceSettings)

Role = Literal["api", "consume", "relay", "work"]
ROLES: tuple[Role, ...] = ("api", "consume", "relay", "work")

Republisher = Callable[[Connection], AsyncIterator[Event]]
"""Yields the current document of every aggregate of a topic, read from the given snapshot."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A background task: `run` works until its event is set. It belongs to the processes of `role`."""

    name: str
    run: Callable[[asyncio.Event], Awaitable[None]]
    role: Role = "work"


@dataclass(frozen=True)
class Parts:
    """What a service's composition root wires together."""

    routers: Sequence[APIRouter] = ()
    subscriptions: Sequence[Subscription] = ()
    workers: Sequence[Worker] = ()
    republishers: Mapping[str, Republisher] = field(default_factory=dict)


def utc_now() -> datetime:
    """The wall clock, UTC. The only one: whoever needs the time is given a clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Runtime(Generic[Settings]):
    """What the composition root is given."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True)
class Service(Generic[Settings]):
    """A service: its name is its schema, its role, its consumer group and its command."""

    name: str
    title: str
    description: str
    settings: type[Settings]
    migrations: Path
    build: Callable[[Runtime[Settings]], Parts]


def migrations_of(module_file: str) -> Path:
    """The migrations of the service whose `main.py` is `module_file`: inside the wheel, or beside `src` in a checkout."""
    package = Path(module_file).resolve().parent
    packed = package / "migrations"
    return packed if packed.is_dir() else package.parents[1] / "migrations"


async def supervise(worker: Worker, stop: asyncio.Event) -> None:
    """Run `worker` until stopped; start it again, after a wait, when what failed it passes by itself. Other errors go on."""
    backoff = Backoff()
    while not stop.is_set():
        try:
            await worker.run(stop)
        except Exception as error:
            if not is_transient(error):
                raise
            metrics.WORKER_CRASHES.labels(worker.name).inc()
            log.warning("worker.retry", worker=worker.name, error=repr(error))
            await backoff.wait(stop)
