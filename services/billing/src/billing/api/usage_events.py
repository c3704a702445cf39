"""`POST /usage-events/batch`: CloudEvents of partners, in the JSON batch format."""

from datetime import UTC
from typing import Annotated, Any, Literal

from common.api.auth import Caller, requires
from common.api.problems import field_errors
from common.organisations import visible
from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from billing.api.preview_schemas import Instant, Quantity
from billing.domain.amounts import METERS, NotWhole, steps_of
from billing.service.usage_events import Outcome, UsageEvents
from billing.store.contracts import EventRow

Writer = Annotated[Caller, Depends(requires("billing:write"))]

MOST_EVENTS = 10_000
KINDS = {f"usage.{kind}.v1": kind for kind in ("started", "resized", "stopped")}
EXAMPLE = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/partner/cluster-3",
    "type": "usage.started.v1",
    "subject": "vm-1042",
    "time": "2026-11-01T00:00:00+01:00",
    "data": {"org": "acme", "vcpu": 4, "ram_gib": 16},
}


class UsageData(BaseModel):
    """Absolute quantities; what a `resized` leaves out stays as it was."""

    model_config = ConfigDict(extra="forbid")

    org: Annotated[str, Field(min_length=1, max_length=64)]
    vcpu: Quantity | None = None
    ram_gib: Quantity | None = None
    disk_gib: Quantity | None = None


class UsageCloudEvent(BaseModel):
    """A CloudEvent 1.0 whose subject is the resource; unknown extension attributes are ignored, as the specification asks."""

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=200)]
    source: Annotated[str, Field(min_length=1, max_length=200)]
    type: Literal["usage.started.v1", "usage.resized.v1", "usage.stopped.v1"]
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    time: Instant
    data: UsageData

    @model_validator(mode="after")
    def _whole_steps(self) -> "UsageCloudEvent":
        self._amounts()
        return self

    def _amounts(self) -> tuple[int | None, ...]:
        given = (self.data.vcpu, self.data.ram_gib, self.data.disk_gib)
        try:
            return tuple(
                None if units is None else steps_of(meter, units) for meter, units in zip(METERS, given, strict=True)
            )
        except NotWhole as error:
            raise ValueError(str(error)) from error

    def row(self) -> EventRow:
        """As stored."""
        at = self.time.astimezone(UTC)
        return EventRow(self.data.org, self.source, self.id, self.subject, KINDS[self.type], at, self._amounts())


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
        "/usage-events/batch", summary="Take in usage events of partners; a bad one does not sink the good ones"
    )
    async def take(
        events: Annotated[list[dict[str, Any]], Body(max_length=MOST_EVENTS, examples=[[EXAMPLE]])], caller: Writer
    ) -> EventResults:
        results: dict[int, EventResult] = {}
        rows: dict[int, EventRow] = {}
        for index, document in enumerate(events):
            try:
                row = UsageCloudEvent.model_validate(document).row()
            except ValidationError as error:
                found = field_errors(error.errors())
                results[index] = _refused(
                    index, [EventError(field=f.field, code=f.code, detail=f.detail) for f in found]
                )
                continue
            if visible(caller.organisations, row.org):
                rows[index] = row
            else:
                detail = f"your token does not name organisation {row.org!r}"
                results[index] = _refused(index, [EventError(field="data.org", code="forbidden", detail=detail)])
        outcomes = await usage_events.take(caller.organisations, list(rows.values()))
        for index, outcome in zip(rows, outcomes, strict=True):
            results[index] = _result(index, outcome)
        statuses = [result.status for result in results.values()]
        return EventResults(
            created=statuses.count("created"),
            duplicates=statuses.count("duplicate"),
            rejected=statuses.count("error"),
            results=[results[index] for index in range(len(events))],
        )

    return router


def _result(index: int, outcome: Outcome) -> EventResult:
    if outcome == "conflict":
        detail = "an event of that source and id is stored with other content; give a correction an id of its own"
        return _refused(index, [EventError(field="id", code="conflict", detail=detail)])
    return EventResult(index=index, status=outcome)


def _refused(index: int, errors: list[EventError]) -> EventResult:
    return EventResult(index=index, status="error", errors=errors)
