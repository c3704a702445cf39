"""Releases: make one, read it, compare two."""

from datetime import datetime
from typing import Annotated, Any

import asyncpg
from common.api import cursors
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, Page
from common.api.problems import Conflict, NotFound
from common.database import Connection, Database
from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from factors.api import examples
from factors.api.answers import FactorOut, visible_changes
from factors.api.requests import Name, Schema
from factors.domain.comparison import compare
from factors.domain.records import FactorVersion
from factors.service import Publishing
from factors.store import releases as store

Reader = Annotated[Caller, Depends(requires("factors:read"))]
Writer = Annotated[Caller, Depends(requires("factors:write"))]
ReleaseName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class ReleaseIn(Schema):
    """A name for what is published now."""

    name: ReleaseName
    note: Name

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "2026-audit", "note": "what the report of 2026 was computed with"}],
        }
    )


class ReleaseOut(BaseModel):
    """A frozen set of factors; `size` is their number."""

    name: str
    note: str
    author: str
    created_at: datetime
    size: int


class RevisedOut(BaseModel):
    """A factor that changed. `relative_change` is what any result in proportion to it would change by."""

    id: str
    before_version: int
    after_version: int
    relative_change: float | None
    changes: list[dict[str, Any]]


class ComparisonOut(BaseModel):
    """What the second release has more, has no more, and has otherwise."""

    added: list[FactorOut]
    removed: list[FactorOut]
    revised: list[RevisedOut]


def releases_router(database: Database, publishing: Publishing) -> APIRouter:
    """`/releases`."""
    router = APIRouter(tags=["releases"])

    @router.post(
        "/releases",
        status_code=201,
        summary="Freeze what is published now under a name",
        responses=examples.answer("POST /releases", 201),
    )
    async def make_release(caller: Writer, body: ReleaseIn) -> ReleaseOut:
        caller.require_every_organisation()
        try:
            async with database.transaction(caller.organisations) as unit:
                await publishing.freeze(unit, body.name, body.note, caller.client)
        except asyncpg.UniqueViolationError as error:
            raise Conflict(f"a release {body.name!r} exists; releases never change", "release-exists") from error
        return await _read(caller, body.name)

    @router.get("/releases", summary="The releases, the newest first", responses=examples.answer("GET /releases"))
    async def list_releases(caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Page[ReleaseOut]:
        made_at, name = cursors.decode(cursor, AwareDatetime, str) if cursor is not None else (None, None)
        after = None if made_at is None else (made_at, name)
        async with database.snapshot(caller.organisations) as connection:
            found = await store.list_releases(connection, after, limit + 1)
        page = found[:limit]
        more = len(found) > limit
        return Page(
            items=[_out(release) for release in page],
            next_cursor=cursors.encode(page[-1].created_at, page[-1].name) if more else None,
        )

    @router.get(
        "/releases/compare",
        summary="What changed between two releases, and by how much",
        responses=examples.answer("GET /releases/compare"),
    )
    async def compare_releases(
        caller: Reader,
        before: Annotated[ReleaseName, Query(examples=["2026.12"])],
        after: Annotated[ReleaseName, Query(examples=["2026-audit"])],
    ) -> ComparisonOut:
        async with database.snapshot(caller.organisations) as connection:
            found = compare(await _versions(connection, before), await _versions(connection, after))
        return ComparisonOut(
            added=[FactorOut.of(version) for version in found.added],
            removed=[FactorOut.of(version) for version in found.removed],
            revised=[
                RevisedOut(
                    id=one.after.id,
                    before_version=one.before.version,
                    after_version=one.after.version,
                    relative_change=one.relative_change,
                    changes=[dict(change) for change in visible_changes(one.before, one.after)],
                )
                for one in found.revised
            ],
        )

    @router.get("/releases/{name}", summary="One release", responses=examples.answer("GET /releases/{name}"))
    async def read_release(caller: Reader, name: Annotated[str, Path(examples=["2026.12"])]) -> ReleaseOut:
        return await _read(caller, name)

    async def _read(caller: Caller, name: str) -> ReleaseOut:
        async with database.snapshot(caller.organisations) as connection:
            release = await store.find(connection, name)
        if release is None:
            raise NotFound("release", name)
        return _out(release)

    return router


async def _versions(connection: Connection, name: str) -> list[FactorVersion]:
    if await store.find(connection, name) is None:
        raise NotFound("release", name)
    return await store.versions_in(connection, name)


def _out(release: store.Release) -> ReleaseOut:
    return ReleaseOut(
        name=release.name, note=release.note, author=release.author, created_at=release.created_at, size=release.size
    )
