"""`GET /pending`: what was accepted and is not on its way to the other services yet."""

from datetime import datetime
from typing import Annotated

from common.api.problems import NotFound
from common.database import Database
from common.organisations import EVERY
from fastapi import APIRouter, Query
from pydantic import BaseModel

from inventory.api import examples
from inventory.api.routes import OwnCodes, Reader
from inventory.store import places
from inventory.store.pending import pending


class PendingView(BaseModel):
    """What waits here. `published`: nothing does, and all that was accepted before the call is with the broker by `at`."""

    org: str
    at: datetime
    imports: int
    measured_assets: int
    events: int
    published: bool


EXAMPLE = {
    "org": "acme",
    "at": "2026-11-23T09:00:40.250Z",
    "imports": 0,
    "measured_assets": 12,
    "events": 3,
    "published": False,
}


def pending_router(database: Database) -> APIRouter:
    """The route of what waits."""
    router = APIRouter(tags=["organisations and sites"], route_class=OwnCodes)

    @router.get("/pending", responses=examples.answers(EXAMPLE))
    async def get_pending(caller: Reader, org: Annotated[str, Query(examples=["acme"])]) -> PendingView:
        """What was accepted of an organisation and has not been handed on: imports that wait or run (rehearsals aside, those of several
        organisations with it), assets whose measurements are not rolled up yet, events that wait for the broker (of all, where many wait).

        Once `published`, ask the footprint's `/recomputation` until `heard_until` is at or after this `at` with nothing waiting: then all
        that was accepted before this call is in the figures. Machines on hosts of another organisation rest on what is pending of that one
        too.
        """
        caller.require_organisation(org)
        async with database.snapshot(EVERY) as connection:
            if not await places.time_zones(connection, [org]):
                raise NotFound("organisation", org)
            found = await pending(connection, org)
        return PendingView(
            org=org,
            at=found.at,
            imports=found.imports,
            measured_assets=found.measured_assets,
            events=found.events,
            published=not (found.imports or found.measured_assets or found.events),
        )

    return router
