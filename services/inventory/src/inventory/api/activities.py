"""`/activities`: batches, list, read, delete."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import etag, require_match
from common.api.problems import NotFound
from common.database import Database
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from inventory.api import activity_examples, examples
from inventory.api.batch_rows import batch_request, read_rows
from inventory.api.routes import OwnCodes, Reader, Writer
from inventory.api.views import RowError
from inventory.domain.activities import ActivityKind, ActivityRow, StoredActivity
from inventory.domain.quantities import Code, Day, OrganisationId
from inventory.service import activities as use_cases
from inventory.service.activities import ActivityOutcome
from inventory.service.batches import retried
from inventory.service.rows import Result
from inventory.store import activities
from inventory.store.activities import ActivityFilter


class ActivityView(BaseModel):
    """An activity as it is known; `to` is the first day after it, `activity` what its factor is looked up by."""

    id: UUID
    org: str
    source: str
    external_id: str
    asset_id: UUID | None = None
    site_id: UUID | None = None
    kind: ActivityKind
    activity: str
    country: str | None = None
    start: Annotated[date, Field(serialization_alias="from")]
    end: Annotated[date, Field(serialization_alias="to")]
    quantity: float
    unit: str
    note: str | None = None
    version: int
    recorded_at: datetime

    @classmethod
    def of(cls, stored: StoredActivity) -> Self:
        """The view of a stored activity."""
        said = {name: getattr(stored.activity, name) for name in cls.model_fields if hasattr(stored.activity, name)}
        return cls(**said, id=stored.id, version=stored.version, recorded_at=stored.recorded_at)


class ActivityResult(BaseModel):
    """What became of the row at `index`; `activity` is what its factor is looked up by, presumed from its kind when it named none."""

    index: int
    status: Literal["created", "updated", "unchanged", "error"]
    id: UUID | None = None
    version: int | None = None
    activity: str | None = None
    errors: list[RowError] | None = None


class ActivityBatchView(BaseModel):
    """One result per row, in the order of the rows, and how many there are of each."""

    created: int
    updated: int
    unchanged: int
    error: int
    results: list[ActivityResult]


def activities_router(database: Database, clock: Callable[[], datetime], limit_rows: int) -> APIRouter:
    """Activities: batch upsert, list, read, delete."""
    router = APIRouter(tags=["activities"], route_class=OwnCodes)

    @router.post(
        "/activities/batch",
        response_model=ActivityBatchView,
        responses=examples.answers(activity_examples.BATCH),
        openapi_extra=batch_request(ActivityRow, activity_examples.ROWS),
    )
    async def upsert(request: Request, caller: Writer) -> Response:
        """Record activities, or correct them: a JSON array, or NDJSON with one a line.

        Each row has its own result; a bad row never sinks the good ones. A row is the whole activity: the same
        (`org`, `source`, `external_id`) again is `unchanged`, or a new version when anything is different. Units are checked against what
        the kind is counted in. Without `activity` the kind's own is presumed, and told.
        """
        rows = await read_rows(request, limit_rows)

        async def once() -> Response:
            async with database.transaction(caller.organisations) as unit:

                async def act() -> Response:
                    return _results(await use_cases.apply_activities(unit, rows, clock()))

                return await idempotency.once(request, unit, caller, act)

        return await retried(once)

    @router.get("/activities", responses=examples.answers(examples.page(activity_examples.ACTIVITY)))
    async def list_activities(
        caller: Reader,
        org: Annotated[OrganisationId | None, Query()] = None,
        kind: Annotated[ActivityKind | None, Query()] = None,
        asset: Annotated[UUID | None, Query(description="the asset that they are for")] = None,
        site: Annotated[Code | None, Query(description="the code of the site that they are for")] = None,
        start: Annotated[
            Day | None, Query(alias="from", description="only those that go on after this day began")
        ] = None,
        end: Annotated[Day | None, Query(alias="to", description="only those that begin before this day")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[ActivityView]:
        """Activities by organisation and first day."""
        wanted = ActivityFilter(org, kind, asset, site, start, end)
        after = decode(cursor, OrganisationId, date, UUID) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            found = await activities.list_activities(connection, wanted, after, limit + 1)
        following = None
        if len(found) > limit:
            last = found[limit - 1]
            following = encode(last.activity.org, last.activity.start.isoformat(), last.id)
        return Page(items=[ActivityView.of(stored) for stored in found[:limit]], next_cursor=following)

    @router.get(
        "/activities/{activity_id}",
        response_model=ActivityView,
        responses=examples.answers(activity_examples.ACTIVITY),
    )
    async def read_activity(activity_id: UUID, caller: Reader) -> Response:
        """One activity; the ETag is its version."""
        async with database.snapshot(caller.organisations) as connection:
            stored = await activities.find(connection, activity_id)
        if stored is None:
            raise NotFound("activity", activity_id)
        content = json.dumps(ActivityView.of(stored).model_dump(mode="json", by_alias=True))
        return Response(content, 200, {"ETag": etag(stored.version)}, "application/json")

    @router.delete("/activities/{activity_id}", status_code=204)
    async def delete_activity(activity_id: UUID, request: Request, caller: Writer) -> Response:
        """Delete an activity that did not take place. Needs `If-Match`. To correct one, send it again."""
        async with database.transaction(caller.organisations) as unit:
            known = await use_cases.activity_or_404(unit, activity_id)
            require_match(request, known.version)
            await use_cases.delete_activity(unit, known, clock())
        return Response(status_code=204)

    return router


def _results(outcomes: Sequence[ActivityOutcome]) -> Response:
    counts = Counter(outcome.result for outcome in outcomes)
    content: dict[str, Any] = {
        **{result.value: counts[result] for result in Result},
        "results": [outcome.document(index) for index, outcome in enumerate(outcomes)],
    }
    return Response(json.dumps(content), 200, None, "application/json")
