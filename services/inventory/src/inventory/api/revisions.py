"""What was changed of an asset, when and by whom; names, mergers and undoing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import require_match
from common.api.problems import NotFound
from common.database import Database
from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from inventory.api import examples
from inventory.api.presenting import asset_answer, present_or_problem
from inventory.api.routes import OwnCodes, Reader, Writer, author
from inventory.api.views import AssetView, Identity, SegmentView
from inventory.domain.comparing import field_changes
from inventory.domain.merging import Prefer
from inventory.domain.quantities import Label, OrganisationId
from inventory.domain.revision import Action, PastVersion, standing
from inventory.domain.timeline import Segment
from inventory.service import assets as use_cases
from inventory.service import merging as merging_cases
from inventory.service import undoing
from inventory.service.writing import signed
from inventory.store import imports, listing, merging, revisions, states


class FieldChangeView(BaseModel):
    """The value at a dotted path before and after."""

    field: str
    before: Any = None
    after: Any = None


class RevisionView(BaseModel):
    """One version of an asset: who wrote it, how, and what it changed.

    `removed` and `added` are segments of the timeline; `undoes` is the version that it took back, `undone` that it was
    taken back itself; `partner` is the other asset of a merger.
    """

    version: int
    recorded_at: datetime
    action: Action
    client: str | None = None
    import_id: UUID | None = None
    undoes: int | None = None
    undone: bool = False
    partner: UUID | None = None
    changes: list[FieldChangeView]
    removed: list[SegmentView]
    added: list[SegmentView]


class AssetHistoryView(BaseModel):
    """Versions of an asset, the latest first."""

    asset_id: UUID
    versions: list[RevisionView]

    @classmethod
    def of(cls, asset_id: UUID, past: Sequence[PastVersion], beliefs: Sequence[states.Belief], limit: int) -> Self:
        """The view of the last `limit` of all versions of an asset, with all that was ever believed of its timeline."""
        undone = _undone(past)
        views = []
        for position in range(len(past) - 1, max(-1, len(past) - 1 - limit), -1):
            version = past[position]
            before = past[position - 1] if position else None
            views.append(_revision(version, before, beliefs, version.version in undone))
        return cls(asset_id=asset_id, versions=views)


def _undone(past: Sequence[PastVersion]) -> set[int]:
    left = {one.version for one in standing(past)}
    return {one.version for one in past if one.undoes is None} - left


def _revision(
    version: PastVersion, before: PastVersion | None, beliefs: Sequence[states.Belief], undone: bool
) -> RevisionView:
    changes = field_changes(before.described if before else {}, version.described)
    names = [f"{source}/{external_id}" for source, external_id in version.names]
    known = [f"{source}/{external_id}" for source, external_id in before.names] if before else names
    views = [FieldChangeView(field=one.field, before=one.before, after=one.after) for one in changes]
    if names != known:
        views.append(FieldChangeView(field="identities", before=known, after=names))
    old = _believed(beliefs, before.recorded_at) if before else []
    new = [] if version.action is Action.DELETED else _believed(beliefs, version.recorded_at)
    if before is not None and before.action is Action.DELETED:
        old = []
    return RevisionView(
        version=version.version,
        recorded_at=version.recorded_at,
        action=version.action,
        client=version.author.client,
        import_id=version.author.import_id,
        undoes=version.undoes,
        undone=undone,
        partner=version.partner,
        changes=views,
        removed=[SegmentView.of(piece) for piece in old if piece not in new],
        added=[SegmentView.of(piece) for piece in new if piece not in old],
    )


def _believed(beliefs: Sequence[states.Belief], moment: datetime) -> list[Segment]:
    return [one.segment for one in beliefs if one.since <= moment and (one.until is None or moment < one.until)]


class MergeRequest(BaseModel, extra="forbid"):
    """The asset that proves to be this one, and whose values win where both records know one."""

    other: UUID
    prefer: Prefer = Prefer.THIS


class DistinctRequest(BaseModel, extra="forbid"):
    """An asset that looks like this one and is another thing."""

    other: UUID


class UndoneImportView(BaseModel):
    """How many assets were deleted again, and how many are as they were before the import."""

    deleted: int
    restored: int


class LikelyAsset(BaseModel):
    """One of two assets that are likely to be one."""

    id: UUID
    source: str
    external_id: str
    name: str | None = None


class LikenessView(BaseModel):
    """Two assets that share a value which only one thing should have: `by` is serial_number or uuid."""

    org: str
    kind: str
    by: str
    value: str
    one: LikelyAsset
    other: LikelyAsset


Versions = Annotated[int, Query(ge=1, le=1000, description="how many of the latest versions")]
OtherSource = Annotated[Label, Query(description="the source that knows the asset under the name")]
OtherName = Annotated[Label, Query(description="what the source calls it")]


def revisions_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Assets: likely duplicates, merging, names, history, undoing."""
    router = APIRouter(tags=["assets"], route_class=OwnCodes)

    @router.get("/assets/duplicates", responses=examples.answers(examples.page(examples.LIKENESS)))
    async def list_duplicates(
        caller: Reader,
        org: Annotated[OrganisationId | None, Query()] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[LikenessView]:
        """Pairs of assets that are likely to be one: the same serial number or UUID in two records.

        They are suggestions: nothing is merged but by `POST /assets/{id}/merge`; `POST /assets/{id}/distinct` says that a
        pair is two things.
        """
        after = decode(cursor, UUID, UUID) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            found = await merging.likenesses(connection, org, after, limit + 1)
            named = await listing.names_of(connection, {one for pair in found for one in (pair.one, pair.other)})
        following = encode(found[limit - 1].one, found[limit - 1].other) if len(found) > limit else None
        return Page(items=[likeness_view(pair, named) for pair in found[:limit]], next_cursor=following)

    @router.get("/assets/{asset_id}/history", responses=examples.answers(examples.ASSET_HISTORY))
    async def read_history(asset_id: UUID, caller: Reader, limit: Versions = 100) -> AssetHistoryView:
        """What was changed of an asset, when and by whom, the latest first; also of a deleted one."""
        async with database.snapshot(caller.organisations) as connection:
            past = await revisions.history(connection, asset_id)
            if not past:
                raise NotFound("asset", asset_id)
            beliefs = await states.beliefs(connection, asset_id)
        return AssetHistoryView.of(asset_id, past, beliefs, limit)

    @router.post("/assets/{asset_id}/undo", response_model=AssetView, responses=examples.answers(examples.ASSET))
    async def undo(asset_id: UUID, request: Request, caller: Writer) -> Response:
        """Take back the last change of an asset, its deletion or its merger, as a new version. Needs `If-Match`.

        Calls one after another go back change by change. 409 when something was built upon the change since.
        """
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await undoing.known_or_deleted(unit, asset_id)
            require_match(request, known.version)
            await undoing.undo_change(unit, known, clock())
        return asset_answer(await present_or_problem(database, caller, asset_id, clock()))

    @router.post("/assets/{asset_id}/merge", response_model=AssetView, responses=examples.answers(examples.ASSET))
    async def merge(
        asset_id: UUID,
        merger: Annotated[MergeRequest, Body(examples=[examples.MERGE_REQUEST])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Make another record that proves to be this asset one with it. Needs `If-Match` of this asset.

        This one stays, under the names of both; what only one record knows is kept, where both know something `prefer`
        says whose value wins. Machines and applications on the other move here; the other is deleted.
        """
        async with signed(database, caller.organisations, author(caller)) as unit:
            this, other = await merging_cases.lock_pair(unit, asset_id, merger.other)
            require_match(request, this.version)
            await merging_cases.merge_assets(unit, this, other, merger.prefer, clock())
        return asset_answer(await present_or_problem(database, caller, asset_id, clock()))

    @router.post("/assets/{asset_id}/distinct", status_code=204)
    async def say_distinct(
        asset_id: UUID, other: Annotated[DistinctRequest, Body(examples=[examples.DISTINCT_REQUEST])], caller: Writer
    ) -> Response:
        """Say that another asset, however like this one, is another thing: the pair is no longer suggested."""
        async with signed(database, caller.organisations, author(caller)) as unit:
            await merging_cases.say_distinct(unit, asset_id, other.other, clock())
        return Response(status_code=204)

    @router.post("/assets/{asset_id}/identities", response_model=AssetView, responses=examples.answers(examples.ASSET))
    async def add_identity(
        asset_id: UUID,
        identity: Annotated[Identity, Body(examples=[{"source": "glpi", "external_id": "2217"}])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Let a further name lead to an asset: rows of that source and external id are about it. Needs `If-Match`."""
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.asset_or_404(unit, asset_id)
            require_match(request, known.version)
            await use_cases.name_asset(unit, known, identity.source, identity.external_id, clock())
        return asset_answer(await present_or_problem(database, caller, asset_id, clock()))

    @router.delete(
        "/assets/{asset_id}/identities", response_model=AssetView, responses=examples.answers(examples.ASSET)
    )
    async def remove_identity(
        asset_id: UUID, source: OtherSource, external_id: OtherName, request: Request, caller: Writer
    ) -> Response:
        """Take a name from an asset; it keeps at least one. Needs `If-Match`."""
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.asset_or_404(unit, asset_id)
            require_match(request, known.version)
            await use_cases.unname_asset(unit, known, source, external_id, clock())
        return asset_answer(await present_or_problem(database, caller, asset_id, clock()))

    @router.post("/imports/{import_id}/undo", responses=examples.answers(examples.UNDONE_IMPORT))
    async def undo_import(import_id: UUID, caller: Writer) -> UndoneImportView:
        """Take back what an import did to assets, all of it or nothing; sites, applications and the rest stay.

        Assets that it created are deleted, the others are as they were before. 409 when one of them has changed since, or
        when machines or applications that the import did not bring are on one that it created. Again: nothing is left to do.
        """
        async with signed(database, caller.organisations, author(caller)) as unit:
            if await imports.find(unit.connection, import_id) is None:
                raise NotFound("import", import_id)
            undone = await undoing.undo_import(unit, import_id, clock())
        return UndoneImportView(deleted=undone.deleted, restored=undone.restored)

    return router


def likeness_view(pair: merging.Likeness, named: dict[UUID, listing.Named]) -> LikenessView:
    """The view of a pair with the names of both."""
    one, other = named[pair.one], named[pair.other]
    return LikenessView(
        org=one.key.org,
        kind=one.kind,
        by=pair.by,
        value=pair.value,
        one=LikelyAsset(id=pair.one, source=one.key.source, external_id=one.key.external_id, name=one.name),
        other=LikelyAsset(id=pair.other, source=other.key.source, external_id=other.key.external_id, name=other.name),
    )
