"""Postgres: the pool, and the transaction in which every use case runs.

A `Transaction` carries the organisations whose rows it may see (row-level security reads them) and the events that the use case
publishes; the events reach the outbox in the same transaction, just before its commit, or not at all.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from common import json, outbox
from common.events import Event
from common.organisations import Organisations, as_setting
from common.settings import ServiceSettings

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy


class Transaction:
    """One unit of work. Never outlives the `async with` that made it."""

    def __init__(
        self,
        connection: Connection,
        organisations: Organisations,
        write: "Callable[[Transaction], Awaitable[None]] | None" = None,
    ) -> None:
        self.connection = connection
        self.organisations = organisations
        self.events: list[Event] = []
        self.channels: set[str] = set()
        self._write = write
        self._savepoints = 0

    def publish(self, *events: Event) -> None:
        """Have `events` written to the outbox at commit, in this order."""
        self.events.extend(events)

    def trace(self, traceparents: Mapping[str, str | None]) -> None:
        """Say of which calls' traces the events are that were published so far, by their keys: a transaction may be the work of several."""
        self.events = [replace(event, traceparent=traceparents.get(event.key)) for event in self.events]

    async def write_out(self) -> None:
        """Write what was published so far to the outbox now and not at commit: a bulk change then holds a part of its events in memory.

        Does nothing within a savepoint, whose end may yet undo what it published. Raises what the end of the transaction raises.
        """
        if self._write is not None and not self._savepoints:
            await self._write(self)

    def wake(self, channel: str) -> None:
        """Notify the listeners of `channel` (see `common.wakeup`) at commit, once."""
        self.channels.add(channel)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that may fail alone: on an error its rows, events and wake-ups are undone and the error goes on."""
        events, channels = len(self.events), set(self.channels)
        self._savepoints += 1
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            del self.events[events:]
            self.channels = channels
            raise
        finally:
            self._savepoints -= 1


class Database:
    """A service's own schema, reached as the service's own role.

    `observe` is told of each event at the moment it is written to the outbox (tests validate it against its contract there).
    """

    def __init__(
        self, pool: asyncpg.Pool, schema: str, limits: outbox.Limits, observe: Callable[[Event], None] | None = None
    ) -> None:
        self.pool = pool
        self.schema = schema
        self.gate = outbox.Gate(limits)
        self._observe = observe

    @asynccontextmanager
    async def transaction(
        self, organisations: Organisations, settings: Mapping[str, str] | None = None
    ) -> AsyncIterator[Transaction]:
        """A read-write transaction (READ COMMITTED) that commits when the block ends and rolls back when it raises.

        `settings` of Postgres hold until its end.

        Raises `common.api.problems.Unavailable` when it publishes while the outbox is full, `Problem` 422 when an event is too large.
        """
        async with self.pool.acquire() as connection, connection.transaction():
            await _set(connection, {"app.orgs": as_setting(organisations), **(settings or {})})
            unit = Transaction(connection, organisations, self._write_events)
            yield unit
            await self._flush(unit)

    @asynccontextmanager
    async def snapshot(self, organisations: Organisations) -> AsyncIterator[Connection]:
        """A read-only transaction in which every statement sees the same state (REPEATABLE READ)."""
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await _set(connection, {"app.orgs": as_setting(organisations)})
            yield connection

    def channel(self, name: str) -> str:
        """The name of a notification channel within the cluster's one name space."""
        return f"{self.schema}_{name}"

    async def _write_events(self, unit: Transaction) -> None:
        if unit.events:
            if self._observe is not None:
                for event in unit.events:
                    self._observe(event)
            await outbox.write(unit.connection, unit.events, self.gate, self.channel(outbox.CHANNEL))
            unit.events.clear()

    async def _flush(self, unit: Transaction) -> None:
        await self._write_events(unit)
        for name in sorted(unit.channels):
            await outbox.notify(unit.connection, self.channel(name))

    async def close(self) -> None:
        """Close the pool once its connections are back; after five seconds, regardless."""
        try:
            async with asyncio.timeout(5):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()


async def _set(connection: Connection, settings: Mapping[str, str]) -> None:
    """Set configuration parameters until the end of the transaction, in one statement."""
    calls = (f"set_config('{name}', ${position}, true)" for position, name in enumerate(settings, start=1))
    await connection.execute(f"SELECT {', '.join(calls)}", *settings.values())


async def prepare_connection(connection: asyncpg.Connection) -> None:
    """Give a fresh connection the platform's codecs: `json` and `jsonb` are Python values."""
    await connection.set_type_codec(
        "jsonb", encoder=_encode_jsonb, decoder=_decode_jsonb, schema="pg_catalog", format="binary"
    )
    await connection.set_type_codec("json", encoder=json.dumps_text, decoder=json.loads, schema="pg_catalog")


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + json.dumps(value)


def _decode_jsonb(data: bytes) -> Any:
    return json.loads(data[1:])


def connection_settings(service: str) -> dict[str, str]:
    """Session settings of every connection of `service`: its schema first, instants in UTC."""
    return {"application_name": service, "search_path": f"{service}, public", "TimeZone": "UTC"}


async def connect(url: str, service: str) -> asyncpg.Connection:
    """One connection outside the pool, for a session-long lock or LISTEN."""
    connection = await asyncpg.connect(url, server_settings=connection_settings(service))
    await prepare_connection(connection)
    return connection


async def _leave(_connection: Connection) -> None:
    """What is done with a connection before the next transaction has it: nothing, for whatever a transaction sets (organisations, advisory
    locks, planner settings) ends with it. The driver's default, to take locks, cursors, listeners and settings back, costs a fifth of a
    small transaction. An open transaction is rolled back by the pool itself."""


@asynccontextmanager
async def open_database(
    settings: ServiceSettings, service: str, observe: Callable[[Event], None] | None = None
) -> AsyncIterator[Database]:
    """The service's database for as long as the block runs. Raises what asyncpg raises when it cannot be reached."""
    pool = await asyncpg.create_pool(
        settings.database_url,
        min_size=1,
        max_size=settings.database_pool_size,
        init=prepare_connection,
        reset=_leave,
        server_settings=connection_settings(service),
        command_timeout=120,
    )
    limits = outbox.Limits(depth=settings.outbox_limit, event_bytes=settings.event_limit_bytes)
    database = Database(pool, service, limits, observe)
    try:
        yield database
    finally:
        await database.close()
