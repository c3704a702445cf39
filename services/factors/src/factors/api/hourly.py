"""Electricity factors through the hours of the year."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.api.auth import Caller, requires
from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Database
from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator

from factors.api import examples
from factors.api.answers import FactorOut, StepOut
from factors.api.imports import RejectOut
from factors.api.questions import ScopeIn, answerer
from factors.domain.hourly import NoShapeError, coverage, mean_intensity, shaped
from factors.domain.records import Perimeter
from factors.domain.regions import Regions
from factors.domain.resolve import Fallback, Question
from factors.domain.rules import EARLIEST_YEAR, LATEST_YEAR
from factors.importing import intensities as reader
from factors.importing.tables import FileError, decode
from factors.live import LiveCatalogue
from factors.store import intensities as store

Reader = Annotated[Caller, Depends(requires("factors:read"))]
Writer = Annotated[Caller, Depends(requires("factors:write"))]


def _as_written(value: object) -> object:
    """A number would be taken for seconds since 1970."""
    if isinstance(value, str) and _RFC_3339.match(value) is None:
        raise ValueError("must be a date and time as 2024-01-01T00:00:00+01:00")
    return value


def _of_our_time(value: datetime) -> datetime:
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise ValueError(f"must be of {EARLIEST_YEAR} to {LATEST_YEAR}")
    return value


_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:")
Moment = Annotated[AwareDatetime, BeforeValidator(_as_written), AfterValidator(_of_our_time)]

LONGEST = timedelta(days=32)
WHOLE = 0.99
"""The share of the year that must be known for the mean to be the year's without a warning."""


class SeriesOut(BaseModel):
    """What an import of a series did or, as a dry run, would do; a dry run replaces nothing."""

    dry_run: bool
    region: str
    intervals: int
    replaced: int
    rejects: list[RejectOut]


class HourOut(BaseModel):
    """The factor over `[start, end)`; null where the licence of the yearly factor forbids showing it."""

    start: datetime
    end: datetime
    value: float | None


class HourlyOut(BaseModel):
    """A yearly factor through its hours: EF_h = EF_year × CI_h ÷ mean CI. `coverage` is the share of the year whose CI is known."""

    factor: FactorOut
    steps: list[StepOut]
    unit: str
    mean_intensity_g_kwh: float
    coverage: float
    warnings: list[str]
    series_sources: list[str]
    hours: list[HourOut]


def hourly_router(
    database: Database, live: LiveCatalogue, regions: Regions, clock: Callable[[], datetime]
) -> APIRouter:
    """`/intensities` and `/electricity/hourly`."""
    router = APIRouter(tags=["hourly electricity"])

    @router.post(
        "/intensities",
        summary="Import a series of carbon intensity; it replaces what was known of its time",
        responses=examples.answer("POST /intensities"),
    )
    async def import_series(
        caller: Writer,
        file: Annotated[UploadFile, File(description="CSV: from, to, carbon_intensity (g/kWh)")],
        region: Annotated[str, Query(max_length=20, examples=["FR"])],
        source_name: Annotated[str, Form(min_length=1, max_length=500)],
        source_link: Annotated[str, Form(min_length=1, max_length=500)],
        dry_run: Annotated[bool, Query(description="say what would be taken up and rejected, change nothing")] = False,
    ) -> SeriesOut:
        caller.require_every_organisation()
        place = regions.find(region)
        if place is None:
            raise NotFound("region", region)
        try:
            found, rejects = reader.read(decode(await file.read()))
        except FileError as error:
            raise Unprocessable(str(error), [FieldError("file", error.code, str(error))]) from error
        replaced = 0
        if found and not dry_run:
            async with database.transaction(caller.organisations) as unit:
                replaced = await store.put(unit.connection, place.code, found, source_name, source_link, clock())
        told = [RejectOut(line=one.line, field=one.field, code=one.code, detail=one.detail) for one in rejects[:1000]]
        return SeriesOut(dry_run=dry_run, region=place.code, intervals=len(found), replaced=replaced, rejects=told)

    @router.get(
        "/electricity/hourly",
        summary="The electricity factor of each hour, in the shape of the grid's carbon intensity",
        responses=examples.answer("GET /electricity/hourly"),
    )
    async def hourly(
        caller: Reader,
        region: Annotated[str, Query(max_length=20, examples=["FR"])],
        start: Annotated[Moment, Query(alias="from", examples=["2024-01-01T00:00:00+01:00"])],
        end: Annotated[Moment, Query(alias="to", examples=["2024-01-01T02:00:00+01:00"])],
        perimeter: Annotated[Perimeter | None, Query()] = None,
        allow: Annotated[Fallback | None, Query(description="year: an earlier year's factor may stand in")] = None,
        time_zone: Annotated[str, Query(max_length=60)] = "Europe/Paris",
        org: Annotated[
            str | None, Query(max_length=64, description="with this organisation's own yearly value in place")
        ] = None,
    ) -> HourlyOut:
        zone = _zone(time_zone)
        first, last = start.astimezone(zone), (end - timedelta(microseconds=1)).astimezone(zone)
        if not timedelta() < end - start <= LONGEST or first.year != last.year:
            rule = "from is before to, both in one local year, at most 32 days apart"
            raise Unprocessable(rule, [FieldError("to", "range", rule)])
        allowed = frozenset({allow} if allow else ())
        question = Question("electricity", first.date(), region, perimeter=perimeter, allow=allowed)
        resolution, _ = (await answerer(live, regions, caller, ScopeIn(org=org))).answer(question)
        place = regions.find(region)
        assert place is not None
        year = (
            datetime(first.year, 1, 1, tzinfo=zone).astimezone(UTC),
            datetime(first.year + 1, 1, 1, tzinfo=zone).astimezone(UTC),
        )
        async with database.snapshot(caller.organisations) as connection:
            known = await store.between(connection, place.code, *year)
            references = await store.sources_between(connection, place.code, *year)
        try:
            mean = mean_intensity(known)
        except NoShapeError as error:
            raise NotFound("carbon intensity series of", f"{place.code} in {first.year}") from error
        share = coverage(known, *year)
        shown = resolution.factor.content.source.displayable
        within = [one for one in known if start <= one.start and one.end <= end]
        return HourlyOut(
            factor=FactorOut.of(resolution.factor),
            steps=[StepOut(code=step.code, text=step.text) for step in resolution.steps],
            unit=resolution.factor.content.unit,
            mean_intensity_g_kwh=mean,
            coverage=share,
            warnings=[] if share >= WHOLE else [f"only {share:.1%} of {first.year} is known: the mean is of that part"],
            series_sources=references,
            hours=[
                HourOut(start=one.start, end=one.end, value=one.value if shown else None)
                for one in shaped(resolution.factor.content.value, mean, within)
            ],
        )

    return router


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        rule = f"{name!r} is no time zone as Europe/Paris"
        raise Unprocessable(rule, [FieldError("time_zone", "unknown", rule)]) from error
