"""A small but whole service: things that are created over HTTP, published, heard again, and counted once."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated

from common.api import idempotency
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.direct import DirectRoute
from common.api.etag import etag, require_match
from common.api.problems import NotFound
from common.cli import command_line
from common.consumer import Subscription, once
from common.database import Connection, Database, Transaction
from common.events import Event, ReceivedEvent
from common.json import dumps
from common.service import Parts, Runtime, Service
from common.settings import ServiceSettings
from fastapi import APIRouter, Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

TOPIC = "sample.things"
TYPE = "sample.thing.changed.v1"
COUNTED = "sample.thing.counted.v1"

authorise = requires("inventory:read")
Reader = Annotated[Caller, Depends(authorise)]
Writer = Annotated[Caller, Depends(requires("inventory:write"))]


class Thing(BaseModel):
    """A thing as it is sent, stored, published and heard."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(pattern="^[a-z0-9-]+$")
    org: str
    name: str
    version: int = 1


class NewName(BaseModel):
    name: str


def event_of(thing: Thing) -> Event:
    return Event(TOPIC, TYPE, thing.id, f"thing/{thing.id}", thing.model_dump())


def router_of(database: Database) -> APIRouter:
    router = APIRouter()

    @router.post("/things", status_code=201)
    async def create(thing: Thing, request: Request, caller: Writer) -> Response:
        caller.require_organisation(thing.org)
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                await unit.connection.execute(
                    "INSERT INTO things (id, org_id, name, version) VALUES ($1, $2, $3, 1)",
                    thing.id,
                    thing.org,
                    thing.name,
                )
                unit.publish(event_of(thing))
                return Response(dumps(thing), 201, {"ETag": etag(1), "Content-Type": "application/json"})

            return await idempotency.once(request, unit, caller, act)

    @router.get("/things")
    async def list_things(caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Page[Thing]:
        (after,) = decode(cursor, str) if cursor else ("",)
        async with database.snapshot(caller.organisations) as connection:
            rows = await connection.fetch("SELECT * FROM things WHERE id > $1 ORDER BY id LIMIT $2", after, limit + 1)
        items = [
            Thing(id=row["id"], org=row["org_id"], name=row["name"], version=row["version"]) for row in rows[:limit]
        ]
        return Page(items=items, next_cursor=encode(items[-1].id) if len(rows) > limit else None)

    @router.patch("/things/{thing_id}")
    async def rename(thing_id: str, change: NewName, request: Request, caller: Writer) -> Thing:
        async with database.transaction(caller.organisations) as unit:
            row = await unit.connection.fetchrow("SELECT * FROM things WHERE id = $1 FOR UPDATE", thing_id)
            if row is None:
                raise NotFound("thing", thing_id)
            require_match(request, row["version"])
            thing = Thing(id=thing_id, org=row["org_id"], name=change.name, version=row["version"] + 1)
            await unit.connection.execute(
                "UPDATE things SET name = $2, version = $3 WHERE id = $1", thing_id, thing.name, thing.version
            )
            unit.publish(event_of(thing))
            return thing

    @router.post("/crash")
    async def crash(caller: Writer) -> None:
        raise RuntimeError("on purpose")

    async def directly(request: Request) -> Response:
        await authorise(request)
        match request.query_params.get("fail"):
            case "problem":
                raise NotFound("thing", "t-1")
            case "validation":
                raise RequestValidationError([{"loc": ("query", "x"), "type": "missing", "msg": "Field required"}])
            case "passing":
                raise ConnectionResetError("the database is restarted")
            case "crash":
                raise RuntimeError("on purpose")
        return Response(await request.body(), media_type="application/json")

    router.add_api_route("/direct", directly, methods=["POST"], route_class_override=DirectRoute)
    return router


async def hear(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """A projection, guarded by version."""
    for event in events:
        thing = event.parse(Thing)
        if thing.name == "poison":
            raise ValueError("this thing cannot be heard")
        await unit.connection.execute(
            """
            INSERT INTO heard (id, org_id, name, version) VALUES ($1, $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version
            WHERE heard.version < excluded.version
            """,
            thing.id,
            thing.org,
            thing.name,
            thing.version,
        )


async def count(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """A counter, which a version guard could not protect."""
    for event in events:
        await unit.connection.execute(
            "INSERT INTO counted (id, times) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET times = counted.times + 1",
            event.key,
        )


async def republish_things(connection: Connection) -> AsyncIterator[Event]:
    async for row in connection.cursor("SELECT * FROM things ORDER BY id"):
        yield event_of(Thing(id=row["id"], org=row["org_id"], name=row["name"], version=row["version"]))


def build(runtime: Runtime[ServiceSettings]) -> Parts:
    return Parts(
        routers=[router_of(runtime.database)],
        subscriptions=[Subscription(TOPIC, {TYPE: hear, COUNTED: once(count)})],
        republishers={TOPIC: republish_things},
    )


SAMPLE = Service(
    name="sample",
    title="Sample",
    description="A service to test common with",
    settings=ServiceSettings,
    migrations=Path(__file__).parent / "migrations",
    build=build,
)

if __name__ == "__main__":
    command_line(SAMPLE)()
