"""Releases of factors that a study may be pinned to."""

from common.database import Database
from common.organisations import EVERY
from fastapi import APIRouter
from pydantic import BaseModel

from scenarios.api import examples
from scenarios.api.views import Reader
from scenarios.store import releases


class ReleaseList(BaseModel):
    """The releases of which every part was heard, newest first."""

    items: list[releases.Release]


def releases_router(database: Database) -> APIRouter:
    """The route over releases, which belong to no organisation."""
    router = APIRouter(tags=["studies"])

    @router.get(
        "/releases",
        summary="Releases of factors that a study may be pinned to, newest first",
        responses=examples.answer("GET /releases"),
    )
    async def list_releases(caller: Reader) -> ReleaseList:
        async with database.snapshot(EVERY) as connection:
            return ReleaseList(items=await releases.list_releases(connection))

    return router
