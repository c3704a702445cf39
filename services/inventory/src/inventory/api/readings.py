"""`/measurements/readings` and `/measurement-presets`: scrapes of known meters."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from common import json
from common.api import idempotency
from common.database import Database
from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from inventory.api import examples, reading_examples
from inventory.api.batch_rows import batch_request, read_rows
from inventory.api.routes import OwnCodes, Reader, Writer
from inventory.api.views import RowError
from inventory.domain.presets import PRESETS, Preset
from inventory.domain.samples import Metric, Sample
from inventory.service.measurements import Partitions
from inventory.service.readings import Prepared, ReadingRow, apply_readings, prepare
from inventory.settings import InventorySettings


class SampleCounts(BaseModel):
    """What became of the samples of a reading."""

    created: int
    duplicate: int
    replaced: int
    error: int


class ReadingResult(BaseModel):
    """What became of the reading at `index`: each field is taken, on a channel, or left out, for a reason."""

    index: int
    status: Literal["recorded", "error"]
    id: UUID | None = None
    samples: SampleCounts | None = None
    taken: dict[str, str] | None = None
    left_out: dict[str, str] | None = None
    warnings: list[str] | None = None
    errors: list[RowError] | None = None


class ReadingBatchView(BaseModel):
    """One result per reading, in their order."""

    results: list[ReadingResult]


class PresetFieldView(BaseModel):
    """A field that is taken: its value × `factor` is in the metric's unit; where a scrape holds several groups, the first counts."""

    name: str
    labels: dict[str, str]
    metric: Metric
    group: str
    factor: float


class PresetView(BaseModel):
    """What the fields of a tool mean here. `groups` by preference; `left_out` with the reason."""

    name: str
    title: str
    groups: list[str]
    taken: list[PresetFieldView]
    left_out: dict[str, str]
    notes: list[str]

    @classmethod
    def of(cls, preset: Preset) -> "PresetView":
        """The view of a preset."""
        taken = [
            PresetFieldView(
                name=field.name,
                labels=dict(field.where),
                metric=field.metric,
                group=field.group,
                factor=field.factor,
            )
            for field in preset.taken
        ]
        return cls(
            name=preset.name,
            title=preset.title,
            groups=list(preset.groups),
            taken=taken,
            left_out=dict(preset.left_out),
            notes=list(preset.notes),
        )


class PresetsView(BaseModel):
    """Every preset."""

    items: list[PresetView]


def readings_router(database: Database, clock: Callable[[], datetime], settings: InventorySettings) -> APIRouter:
    """Scrapes in; the presets by which they are read."""
    router = APIRouter(tags=["measurements"], route_class=OwnCodes)
    partitions = Partitions(database)

    @router.post(
        "/measurements/readings",
        response_model=ReadingBatchView,
        responses=examples.answers(reading_examples.BATCH),
        openapi_extra=batch_request(ReadingRow, reading_examples.ROWS),
    )
    async def record(request: Request, caller: Writer) -> Response:
        """Record scrapes of Kepler, Scaphandre, node_exporter, Redfish or an HMC: a JSON array, or NDJSON with one a line.

        A row holds everything that a tool says of one asset at one instant. Its preset takes one group of fields, so that nothing counts
        twice, and the answer says what was left out and why. Send whole scrapes: only then can the preset choose.
        """
        rows = await read_rows(request, settings.measurement_limit_rows)
        prepared = [prepare(row, clock()) for row in rows]
        await partitions.ensure(
            sample.start
            for each in prepared
            if isinstance(each, Prepared)
            for sample in each.samples
            if isinstance(sample, Sample)
        )
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                results: list[dict[str, Any]] = await apply_readings(unit, prepared, clock())
                return Response(json.dumps({"results": results}), 200, None, "application/json")

            return await idempotency.once(request, unit, caller, act)

    @router.get("/measurement-presets", responses=examples.answers({"items": [reading_examples.PRESET]}))
    async def list_presets(caller: Reader) -> PresetsView:
        """What the fields of known meters mean: taken as which metric, preferred in which order, left out why."""
        return PresetsView(items=[PresetView.of(preset) for preset in PRESETS.values()])

    return router
