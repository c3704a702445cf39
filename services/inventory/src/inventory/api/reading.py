"""`/assets/facets`, `/assets/quality`, `/assets/export`, `/assets/{id}/sheet`: assets counted, judged, taken away, seen whole."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from common.api.auth import Caller
from common.database import Connection, Database
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from inventory.api import examples
from inventory.api.picking import AssetQuery, picked
from inventory.api.routes import OwnCodes, Reader
from inventory.domain.filtering import AssetFilter
from inventory.domain.quality import MEANINGS, Gap, Severity
from inventory.domain.record import AssetKey
from inventory.exports.files import csv_text, workbook
from inventory.exports.rows import HEADER, Cell, cells
from inventory.store import listing, states

EXPORT_ROWS = 1000
"""Assets per step of an export."""

VALUES_LIMIT = 50
"""Values per facet, the most frequent ones."""


class FacetName(StrEnum):
    """What assets are counted by."""

    KIND = "kind"
    STATUS = "status"
    SITE = "site"
    APPLICATION = "application"
    SOURCE = "source"
    PLAN = "plan"
    OWNER = "owner"
    MAKER = "maker"
    MODEL = "model"
    CONDITION = "condition"
    SUPPORT = "support"


class Counted(BaseModel):
    """Assets, and units of them (fleets by their quantity)."""

    assets: int
    units: int


class FacetValue(Counted):
    """How many have a value; null: none is known."""

    value: str | None = None


class FacetsView(BaseModel):
    """Counts of the assets that fit; the counts of a facet leave its own filter out."""

    total: Counted
    facets: dict[FacetName, list[FacetValue]]


class GapView(BaseModel):
    """Something that is missing: which field, how grave, which results it touches, why."""

    field: Gap
    severity: Severity
    touches: str
    why: str


class GapCountView(GapView, Counted):
    """A gap, and how many assets that fit and are not retired have it; `share` of the assets."""

    share: float


class QualityView(BaseModel):
    """What is missing, the gravest and most frequent first; `complete` is how many assets have only gaps of low severity."""

    assets: int
    units: int
    complete: int
    gaps: list[GapCountView]


class ExportFormat(StrEnum):
    """The file to write."""

    CSV = "csv"
    XLSX = "xlsx"


_MEDIA = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class FacetQuery(AssetQuery):
    """A filter, and which facets."""

    facet: Annotated[list[FacetName], Field(default_factory=list, description="which facets; all when none is named")]


class ExportQuery(AssetQuery):
    """A filter, and what to write of the assets that fit."""

    format: ExportFormat = ExportFormat.CSV
    history: bool = Field(False, description="one row per state of an asset's timeline instead of the present one only")


def gap_view(gap: Gap) -> GapView:
    """A gap with what it means."""
    meaning = MEANINGS[gap]
    return GapView(field=gap, severity=meaning.severity, touches=meaning.touches, why=meaning.why)


def reading_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Assets: facets, quality, export."""
    router = APIRouter(tags=["assets"], route_class=OwnCodes)

    @router.get("/assets/facets", responses=examples.answers(examples.FACETS))
    async def count_assets(caller: Reader, query: Annotated[FacetQuery, Query()]) -> FacetsView:
        """How many assets fit a filter, and how many by kind, status, site and so on, the most frequent 50 values of each."""
        wanted = await picked(database, caller, query)
        names = list(dict.fromkeys(wanted.facet or FacetName))
        async with database.snapshot(caller.organisations) as connection:
            total, counted = await listing.facets(connection, wanted, clock(), names, VALUES_LIMIT)
        return FacetsView(
            total=Counted(assets=total.assets, units=total.units),
            facets={
                name: [FacetValue(value=one.value, assets=one.assets, units=one.units) for one in counted[name]]
                for name in names
            },
        )

    @router.get("/assets/quality", responses=examples.answers(examples.QUALITY))
    async def judge_assets(caller: Reader, query: Annotated[AssetQuery, Query()]) -> QualityView:
        """What is missing of the assets that fit a filter: which field, why it matters, how many assets; retired ones apart.

        `GET /assets?missing=<field>` lists the assets of a gap.
        """
        wanted = await picked(database, caller, query)
        async with database.snapshot(caller.organisations) as connection:
            total, complete, counted = await listing.gap_counts(connection, wanted, clock())
        gaps = [
            GapCountView(
                **gap_view(one.gap).model_dump(), assets=one.assets, units=one.units, share=one.assets / total.assets
            )
            for one in counted
            if one.assets
        ]
        order = list(Severity)
        gaps.sort(key=lambda one: (order.index(one.severity), -one.assets, one.field))
        return QualityView(assets=total.assets, units=total.units, complete=complete, gaps=gaps)

    @router.get(
        "/assets/export",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {
                    "text/csv": {"schema": {"type": "string"}, "example": examples.EXPORT},
                    _MEDIA[ExportFormat.XLSX]: {"schema": {"type": "string", "format": "binary"}},
                }
            }
        },
    )
    async def export_assets(caller: Reader, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
        """The assets that fit a filter as a table of the platform's own format: imported again it changes nothing."""
        wanted = await picked(database, caller, query)
        pages = _pages(database, caller, wanted, clock(), history=wanted.history)
        content = csv_text(HEADER, pages) if wanted.format is ExportFormat.CSV else workbook(HEADER, pages, "assets")
        disposition = {"Content-Disposition": f'attachment; filename="assets.{wanted.format}"'}
        return StreamingResponse(content, 200, disposition, _MEDIA[wanted.format])

    return router


async def _pages(
    database: Database, caller: Caller, wanted: AssetFilter, now: datetime, *, history: bool
) -> AsyncIterator[list[list[Cell]]]:
    """The rows of an export, a page at a time, each read in a moment of its own: nobody waits for a slow reader."""
    after: AssetKey | None = None
    while True:
        async with database.snapshot(caller.organisations) as connection:
            found = await listing.list_present(connection, wanted, now, after, EXPORT_ROWS)
            rows = await _histories(connection, found) if history else [_present_row(present) for present in found]
        if rows:
            yield rows
        if len(found) < EXPORT_ROWS:
            return
        after = found[-1].asset.key


def _present_row(present: listing.Present) -> list[Cell]:
    return cells(present.asset, present.segment, present.site, present.host)


async def _histories(connection: Connection, found: list[listing.Present]) -> list[list[Cell]]:
    timelines = await states.timelines(connection, [present.asset.id for present in found])
    pieces = [piece for timeline in timelines.values() for piece in timeline.segments]
    hosts = await listing.names_of(connection, {piece.state.host_id for piece in pieces if piece.state.host_id})
    sites = await listing.site_codes(connection, {piece.state.site_id for piece in pieces if piece.state.site_id})
    rows = []
    for present in found:
        for piece in timelines[present.asset.id].segments:
            host = hosts.get(piece.state.host_id) if piece.state.host_id else None
            site = sites.get(piece.state.site_id) if piece.state.site_id else None
            rows.append(cells(present.asset, piece, site, host.key if host else None))
    return rows
