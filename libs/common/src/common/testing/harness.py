"""A service under test: its real application, database, consumer, relay and workers, in the test's own process."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Generic

import httpx
from asyncpg import Record
from fastapi import FastAPI

from common import json
from common.consumer import ConsumerRunner
from common.database import Database, open_database
from common.dead_letters import DeadLetters
from common.events import Event, ReceivedEvent
from common.kafka import COMPACTED, KEPT
from common.organisations import EVERY
from common.outbox import encode, events_of, oldest
from common.process import application
from common.relay import Relay
from common.service import Parts, Runtime, Service, Settings, Worker, supervise
from common.testing.contracts import Contracts
from common.testing.tokens import ALL_SCOPES, Issuer

_offsets = count()


def received(event: Event, *, partition: int = 0) -> ReceivedEvent:
    """`event` as a consumer would read it, without a broker between; each call takes a new offset."""
    return ReceivedEvent(
        topic=event.topic,
        partition=partition,
        offset=next(_offsets),
        key=event.key,
        id=event.id,
        type=event.type,
        source="/test",
        subject=event.subject,
        time=event.time,
        traceparent=None,
        value=encode(event.data),
    )


_ALL = 1_000_000


def _events(rows: Sequence[Record]) -> list[Event]:
    return [
        Event(
            each.topic,
            each.type,
            each.key,
            each.subject,
            None if each.value is None else json.loads(each.value),
            each.event_id,
            each.occurred_at,
        )
        for each in events_of(rows)
    ]


class RunningService(Generic[Settings]):
    """A service with its own fresh database. Made by the fixture `make_service`, which also takes it down."""

    def __init__(
        self,
        service: Service[Settings],
        settings: Settings,
        database: Database,
        runtime: Runtime[Settings],
        issuer: Issuer,
    ):
        self.service = service
        self.settings = settings
        self.database = database
        self.issuer = issuer
        self.parts: Parts = service.build(runtime)
        self.runner = ConsumerRunner(settings, database, self.parts.subscriptions)
        self.app: FastAPI = application(service, settings, database, self.parts.routers, {})
        self.client = self.client_for()

    def client_for(
        self, orgs: Sequence[str] | str = "*", scopes: Sequence[str] = ALL_SCOPES, *, client: str = "tests"
    ) -> httpx.AsyncClient:
        """An HTTP client of the application whose token names `orgs` and `scopes`."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://service",
            headers={"Authorization": f"Bearer {self.issuer.token(orgs, scopes, client=client)}"},
            timeout=60,
        )

    async def handle(self, *events: Event | ReceivedEvent) -> None:
        """Give `events` to the service's consumer as one batch."""
        await self.runner.handle([event if isinstance(event, ReceivedEvent) else received(event) for event in events])

    async def outbox(self) -> list[Event]:
        """What waits in the outbox, in order, payloads decoded."""
        async with self.database.snapshot(EVERY) as connection:
            return _events(await oldest(connection, _ALL))

    async def take_outbox(self) -> list[Event]:
        """The same, and empty it: to hand the events to another service's `handle`."""
        async with self.database.transaction(EVERY) as unit:
            rows = await oldest(unit.connection, _ALL)
            await unit.connection.execute("DELETE FROM outbox WHERE id = ANY ($1)", [row["id"] for row in rows])
        return _events(rows)

    def relay(self) -> Relay:
        """A relay of the service."""
        topics: dict[str, Mapping[str, str]] = dict.fromkeys(self.parts.republishers, COMPACTED)
        return Relay(self.settings, self.database, topics | {DeadLetters(self.service.name).topic: KEPT})

    @asynccontextmanager
    async def running(
        self, *, relay: bool = False, consumer: bool = False, workers: bool = False
    ) -> AsyncIterator[None]:
        """Run the named parts in the background for as long as the block runs; an error of theirs fails the block's end."""
        stop = asyncio.Event()
        chosen = list(self.parts.workers) if workers else []
        if relay:
            chosen.append(Worker("relay", self.relay().run, "relay"))
        if consumer:
            chosen.append(Worker("consumer", self.runner.run, "consume"))
        tasks = [asyncio.create_task(supervise(worker, stop)) for worker in chosen]
        try:
            yield
        finally:
            stop.set()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        failed = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        if failed:
            raise ExceptionGroup("a background part failed", failed)


@asynccontextmanager
async def running_service(
    service: Service[Settings], issuer: Issuer, contracts: Contracts, database_url: str, overrides: Mapping[str, Any]
) -> AsyncIterator[RunningService[Settings]]:
    """`service` on the database at `database_url`; `overrides` are settings, or `clock`."""
    given = dict(overrides)
    clock = given.pop("clock", None)
    defaults = {
        "database_url": database_url,
        "kafka_bootstrap": "127.0.0.1:1",
        "issuer": "https://issuer.test",
        "jwks": str(issuer.jwks),
    }
    settings = service.settings(**(defaults | given))
    async with open_database(settings, service.name, observe=contracts.check) as database:
        runtime = Runtime(settings, database) if clock is None else Runtime(settings, database, clock)
        running = RunningService(service, settings, database, runtime, issuer)
        async with running.client:
            yield running
