"""`POST /usage-events/batch`: CloudEvents of partners, in the JSON batch format."""

from collections.abc import Iterable
from datetime import UTC
from typing import Annotated, Any, Literal

from common import json
from common.api.auth import Caller, requires
from common.api.problems import FieldError, field_errors
from common.organisations import visible
from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel, Field, ValidationError

from billing.api.preview_schemas import Instant
from billing.api.price_schemas import InXml
from billing.events import USAGE_KINDS, UsageReported
from billing.service.usage_events import Outcome, UsageEvents
from billing.store.usage_events import EventRow

Writer = Annotated[Caller, Depends(requires("billing:write"))]

MOST_EVENTS = 10_000
EXAMPLE = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/partner/cluster-3",
    "type": "usage.started.v1",
    "subject": "vm-1042",
    "time": "2026-11-01T00:00:00+01:00",
    "data": {"org": "acme", "vcpu": 4, "ram_gib": 16},
}


class UsageCloudEvent(BaseModel):
    """A CloudEvent 1.0 whose subject is the resource; unknown extension attributes are ignored, as the specification asks."""

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=200), InXml]
    source: Annotated[str, Field(min_length=1, max_length=200), InXml]
    type: Literal["usage.started.v1", "usage.resized.v1", "usage.stopped.v1"]
    subject: Annotated[str, Field(min_length=1, max_length=200), InXml]
    time: Instant
    data: UsageReported

    def row(self) -> EventRow:
        """As stored."""
        at = self.time.astimezone(UTC)
        return EventRow(
            self.data.org, self.source, self.id, self.subject, USAGE_KINDS[self.type], at, self.data.steps()
        )


class EventError(BaseModel):
    """One field that breaks one rule."""

    field: str
    code: str
    detail: str


class EventResult(BaseModel):
    """What became of the event at `index`."""

    index: int
    status: Literal["created", "duplicate", "error"]
    errors: list[EventError] | None = None


class EventResults(BaseModel):
    """One result an event, in order."""

    created: int
    duplicates: int
    rejected: int
    results: list[EventResult]


def usage_events_router(usage_events: UsageEvents) -> APIRouter:
    """Routes over `usage_events`."""
    router = APIRouter(tags=["usage"])

    @router.post(
        "/usage-events/batch",
        response_model=EventResults,
        summary="Take in usage events of partners; a bad one does not sink the good ones",
    )
    async def take(
        events: Annotated[list[dict[str, Any]], Body(max_length=MOST_EVENTS, examples=[[EXAMPLE]])], caller: Writer
    ) -> Response:
        results: dict[int, Result] = {}
        rows: dict[int, EventRow] = {}
        for index, document in enumerate(events):
            try:
                row = UsageCloudEvent.model_validate(document).row()
            except ValidationError as error:
                results[index] = _refused(index, field_errors(error.errors()))
                continue
            if visible(caller.organisations, row.org):
                rows[index] = row
            else:
                detail = f"your token does not name organisation {row.org!r}"
                results[index] = _refused(index, [FieldError("data.org", "forbidden", detail)])
        outcomes = await usage_events.take(caller.organisations, list(rows.values()))
        for index, outcome in zip(rows, outcomes, strict=True):
            results[index] = _result(index, outcome)
        statuses = [result["status"] for result in results.values()]
        answer = {
            "created": statuses.count("created"),
            "duplicates": statuses.count("duplicate"),
            "rejected": statuses.count("error"),
            "results": [results[index] for index in range(len(events))],
        }
        return Response(json.dumps(answer), media_type="application/json")

    return router


Result = dict[str, Any]
"""An `EventResult`, as plain values: ten thousand models an answer took longer than storing the events."""


def _result(index: int, outcome: Outcome) -> Result:
    if outcome == "conflict":
        detail = "an event of that source and id is stored with other content; give a correction an id of its own"
        return _refused(index, [FieldError("id", "conflict", detail)])
    return {"index": index, "status": outcome, "errors": None}


def _refused(index: int, errors: Iterable[FieldError]) -> Result:
    found = [{"field": error.field, "code": error.code, "detail": error.detail} for error in errors]
    return {"index": index, "status": "error", "errors": found}
