"""`/measurements/batch`, and what was measured of an asset: months, days, samples."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.database import Connection, Database
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from inventory.api import examples, measurement_examples
from inventory.api.batch_rows import batch_request, read_rows
from inventory.api.measurement_views import (
    DayView,
    MeasuredMonthView,
    MonthSummary,
    SampleBatchView,
    SampleView,
    summary,
)
from inventory.api.routes import OwnCodes, Reader, Writer
from inventory.domain.defects import Defect, Refused
from inventory.domain.measured_month import summed
from inventory.domain.quantities import EARLIEST_YEAR, LATEST_YEAR, Instant
from inventory.domain.samples import SERIES, Level, Metric, Sample, SampleRow, read_samples
from inventory.service.assets import not_there
from inventory.service.measurements import Partitions, Result, SampleOutcome, apply_samples
from inventory.service.problems import unprocessable
from inventory.service.rows import Malformed
from inventory.settings import InventorySettings
from inventory.store import measurement_days, measurement_reading
from inventory.store.measurement_reading import Subject

SAMPLES_SPAN = timedelta(days=32)

Month = Annotated[
    str,
    Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="a local month of the organisation", examples=["2026-03"]),
]


def measurements_router(database: Database, clock: Callable[[], datetime], settings: InventorySettings) -> APIRouter:
    """Measurements: batches in; roll-ups and samples out."""
    router = APIRouter(tags=["measurements"], route_class=OwnCodes)
    partitions = Partitions(database)

    @router.post(
        "/measurements/batch",
        response_model=SampleBatchView,
        responses=examples.answers(measurement_examples.BATCH),
        openapi_extra=batch_request(SampleRow, measurement_examples.ROWS),
    )
    async def record(request: Request, caller: Writer) -> Response:
        """Record measurements of assets: a JSON array, or NDJSON with one a line.

        Each row has its own result; a bad row never sinks the good ones. `energy_kwh`, `average_w` and `cpu_utilisation` (a share)
        cover `[from, to)`; a reading of `energy_counter_j` has one instant, `to`. The same row again is a `duplicate`; another value
        for the same interval takes its place (`replaced`, with the `previous` value). Late rows are as good as others.
        """
        rows = await read_rows(request, settings.measurement_limit_rows)
        samples = read_samples([_as_refused(row) for row in rows], clock())
        await partitions.ensure(sample.start for sample in samples if isinstance(sample, Sample))
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                return _results(await apply_samples(unit, samples, clock()))

            return await idempotency.once(request, unit, caller, act)

    @router.get("/assets/{asset_id}/measurements", responses=examples.answers(measurement_examples.MONTH))
    async def read_month(asset_id: UUID, month: Month, caller: Reader) -> MeasuredMonthView:
        """What was measured of an asset in a month: energy by level, utilisation, which share of the time each covers, by month and by day.

        Nothing is filled in: what was not measured is missing coverage, never 0. Samples are rolled up some seconds after they came.
        """
        first = _first_of(month)
        async with database.snapshot(caller.organisations) as connection:
            subject = await _subject(connection, asset_id)
            fields, days = await _month(connection, subject, first)
            pending = await measurement_reading.is_pending(connection, asset_id)
        return MeasuredMonthView(**fields, pending=pending, days=days)

    @router.get(
        "/assets/{asset_id}/measurements/months",
        responses=examples.answers(examples.page(measurement_examples.SUMMARY)),
    )
    async def list_months(
        asset_id: UUID, caller: Reader, limit: Limit = 24, cursor: Cursor = None
    ) -> Page[MonthSummary]:
        """The months in which anything was measured of an asset, in sum, the latest first."""
        (before,) = decode(cursor, date) if cursor else (None,)
        async with database.snapshot(caller.organisations) as connection:
            subject = await _subject(connection, asset_id)
            found = await measurement_reading.months_after(connection, asset_id, before, limit + 1)
            items = [MonthSummary(**(await _month(connection, subject, month))[0]) for month in found[:limit]]
        return Page(items=items, next_cursor=encode(found[limit - 1].isoformat()) if len(found) > limit else None)

    @router.get("/assets/{asset_id}/samples", responses=examples.answers(examples.page(measurement_examples.SAMPLE)))
    async def list_samples(
        asset_id: UUID,
        caller: Reader,
        start: Annotated[Instant, Query(alias="from", examples=["2026-03-01T00:00:00+01:00"])],
        end: Annotated[
            Instant, Query(alias="to", description="at most 32 days later", examples=["2026-03-02T00:00:00+01:00"])
        ],
        metric: Annotated[Metric | None, Query()] = None,
        level: Annotated[Level | None, Query()] = None,
        limit: Limit = 1000,
        cursor: Cursor = None,
    ) -> Page[SampleView]:
        """The samples of an asset that begin in `[from, to)`, as they were sent, with the values that they had before."""
        if not timedelta(0) < end - start <= SAMPLES_SPAN:
            raise unprocessable([Defect("to", "out_of_range", "to must be after from, by at most 32 days")])
        series = [
            number for number, (what, where) in SERIES.items() if metric in (None, what) and level in (None, where)
        ]
        after = decode(cursor, Instant, int, str, Instant) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            await _subject(connection, asset_id)
            found = await measurement_reading.list_samples(
                connection,
                asset_id,
                (start, end),
                series,
                after,
                limit + 1,
            )
        following = None
        if len(found) > limit:
            last = found[limit - 1]
            number = next(number for number, each in SERIES.items() if each == last.series)
            following = encode(last.start, number, last.channel, last.end)
        return Page(items=[SampleView.of(sample) for sample in found[:limit]], next_cursor=following)

    return router


def _as_refused(row: Any) -> Any:
    return Refused([row.defect]) if isinstance(row, Malformed) else row


def _results(outcomes: Sequence[SampleOutcome]) -> Response:
    counts = Counter(outcome.result for outcome in outcomes)
    content = {
        **{result.value: counts[result] for result in Result},
        "results": [outcome.document(index) for index, outcome in enumerate(outcomes)],
    }
    return Response(json.dumps(content), 200, None, "application/json")


def _first_of(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise unprocessable(
            [Defect("month", "out_of_range", f"a month from {EARLIEST_YEAR} to {LATEST_YEAR} is wanted")]
        )
    return date(year, number, 1)


async def _subject(connection: Connection, asset_id: UUID) -> Subject:
    subject = await measurement_reading.find_subject(connection, asset_id)
    if subject is None:
        raise await not_there(connection, asset_id)
    return subject


async def _month(connection: Connection, subject: Subject, month: date) -> tuple[dict[str, Any], list[DayView]]:
    """A month in sum, as the fields of its view, and its days."""
    key = (subject.id, month)
    days = (await measurement_days.days_of(connection, [key])).get(key, [])
    stored = (await measurement_days.months_of(connection, [subject.id])).get(key)
    total = summed(month, subject.zone, [measurement_days.day_document(row) for row in days], subject.timeline)
    return summary(subject.id, month, subject.zone.key, total, stored), [DayView.of(dict(row)) for row in days]
