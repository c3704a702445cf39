"""`/assets/{id}/sheet`: everything that a person wants to see of one asset, in one call."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from common.database import Connection, Database
from fastapi import APIRouter
from pydantic import BaseModel, Field

from inventory.api import examples
from inventory.api.places import SiteView
from inventory.api.presenting import present_or_problem
from inventory.api.reading import GapView, gap_view
from inventory.api.revisions import AssetHistoryView, LikenessView, RevisionView, likeness_view
from inventory.api.routes import OwnCodes, Reader
from inventory.api.views import AssetView, SegmentView
from inventory.domain.filtering import AssetFilter
from inventory.domain.vocabulary import Kind, Status
from inventory.store import applications, listing, merging, places, revisions, states

VERSIONS_SHOWN = 20
MACHINES_SHOWN = 100
PAIRS_SHOWN = 20
APPLICATIONS_SHOWN = 100


class Served(BaseModel):
    """An application runs on the asset over `[from, to)`."""

    id: UUID
    code: str
    name: str
    start: datetime = Field(serialization_alias="from")
    end: datetime | None = Field(default=None, serialization_alias="to")
    weight: float


class Hosted(BaseModel):
    """A machine that is on the asset now."""

    id: UUID
    source: str
    external_id: str
    name: str | None = None
    kind: Kind
    status: Status
    vcpu: int | None = None


class SheetView(BaseModel):
    """An asset as it is now, where it is, what it was and will be, who changed it, what is on it, what is missing of it.

    Of `machines` the first 100 by name are shown, `machines_in_all` counts them; `history` holds the last 20 versions.
    """

    asset: AssetView
    site: SiteView | None = None
    timeline: list[SegmentView]
    history: list[RevisionView]
    applications: list[Served]
    machines: list[Hosted]
    machines_in_all: int
    missing: list[GapView]
    likely_the_same: list[LikenessView]


def sheets_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Assets: the sheet of one."""
    router = APIRouter(tags=["assets"], route_class=OwnCodes)

    @router.get("/assets/{asset_id}/sheet", responses=examples.answers(examples.SHEET))
    async def read_sheet(asset_id: UUID, caller: Reader) -> SheetView:
        """Everything about one asset: its state, site, timeline, history, applications, machines, and what is missing."""
        now = clock()
        present = await present_or_problem(database, caller, asset_id, now)
        async with database.snapshot(caller.organisations) as connection:
            past = await revisions.history(connection, asset_id)
            beliefs = await states.beliefs(connection, asset_id)
            site_id = present.segment.state.site_id
            site = await places.find_site(connection, site_id) if site_id is not None else None
            pairs = await merging.likenesses_of(connection, present.asset.key.org, asset_id, PAIRS_SHOWN)
            named = await listing.names_of(connection, {one for pair in pairs for one in (pair.one, pair.other)})
            wanted = AssetFilter.model_validate({"host": [str(asset_id)]})
            machines = await listing.list_present(connection, wanted, now, None, MACHINES_SHOWN)
            total, _ = await listing.facets(connection, wanted, now, (), 0)
            return SheetView(
                asset=AssetView.of(present),
                site=SiteView.of(site) if site else None,
                timeline=[SegmentView.of(segment) for segment in present.asset.timeline.segments],
                history=AssetHistoryView.of(asset_id, past, beliefs, VERSIONS_SHOWN).versions,
                applications=await _served(connection, asset_id),
                machines=[_hosted(machine) for machine in machines],
                machines_in_all=total.assets,
                missing=[gap_view(gap) for gap in await listing.gaps_of(connection, asset_id, now)],
                likely_the_same=[likeness_view(pair, named) for pair in pairs],
            )

    return router


async def _served(connection: Connection, asset_id: UUID) -> list[Served]:
    found = await applications.list_applications(connection, None, None, None, asset_id, None, APPLICATIONS_SHOWN)
    return [
        Served(id=one.id, code=one.code, name=one.name, start=machine.start, end=machine.end, weight=machine.weight)
        for one in found
        for machine in one.machines
        if machine.asset_id == asset_id
    ]


def _hosted(present: listing.Present) -> Hosted:
    asset, state = present.asset, present.segment.state
    return Hosted(
        id=asset.id,
        source=asset.key.source,
        external_id=asset.key.external_id,
        name=asset.description.name,
        kind=asset.kind,
        status=state.status,
        vcpu=state.allocation.vcpu if state.allocation else None,
    )
