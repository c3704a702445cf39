"""`/imports`: files in, jobs, what was refused, progress as it happens."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.auth import Caller
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.problems import Forbidden, NotFound, Problem
from common.api.sse import ServerSentEvent, event_stream
from common.database import Database
from common.organisations import EVERY
from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from inventory.api import examples
from inventory.api.routes import OwnCodes, Reader, Writer
from inventory.domain.defects import Defect
from inventory.domain.guarding import guarded
from inventory.domain.quantities import Code, Instant, Label, Moment, OrganisationId
from inventory.domain.vocabulary import Kind
from inventory.imports.formats import FormatName
from inventory.imports.mapping import MappingName
from inventory.service import imports as use_cases
from inventory.service.problems import unprocessable
from inventory.settings import InventorySettings
from inventory.store import import_diffs, import_rows, imports
from inventory.store.import_diffs import Difference
from inventory.store.import_rows import StoredReject
from inventory.store.imports import Import

PROGRESS_S = 0.5
"""How often a stream of progress looks."""

REJECT_ROWS = 1000
REJECT_HEADINGS = ("original", "file", "line", "code", "field", "message")

Position = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""Of a difference within its import's diff."""


class ImportedFile(BaseModel):
    """A file as it was received."""

    name: str
    size_bytes: int
    sha256: str


class Stage(BaseModel):
    """Rows done of a stage; `total` is null until it is known."""

    name: str
    done: int
    total: int | None = None


class Remark(BaseModel):
    """Something about a file that nothing was refused for."""

    file: str
    tab: str
    code: str
    detail: str


class Failure(BaseModel):
    """Why the files could not be imported as a whole."""

    file: str
    field: str
    code: str
    detail: str


class MissingHosts(StrEnum):
    """What becomes of machines on hosts that neither the files nor the inventory know."""

    REJECT = "reject"
    NONE = "none"


class DiffResult(StrEnum):
    """What an import would do to something, or `missing`: it is known from the files' source and no longer in them."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    MISSING = "missing"


class ChangedField(BaseModel):
    """A field before and after; null is not known. What is dated changes over `[from, to)`, null is open."""

    field: str
    before: Any
    after: Any
    start: datetime | None = Field(default=None, alias="from")
    end: datetime | None = Field(default=None, alias="to")


class DifferenceView(BaseModel):
    """One thing of the diff: an asset by source and external id, a site or an application by its code as external id."""

    result: DiffResult
    entity: str
    org: str
    source: str
    external_id: str
    kind: str | None
    name: str | None
    id: UUID
    changes: list[ChangedField]

    @classmethod
    def of(cls, difference: Difference) -> Self:
        """The view of a difference."""
        return cls.model_validate(
            {
                **{name: getattr(difference, name) for name in cls.model_fields if name not in ("id", "changes")},
                "id": difference.entity_id,
                "changes": difference.changes,
            }
        )


class ImportView(BaseModel):
    """An import job. Rows: `accepted` = `created` + `updated`; each row is accepted, unchanged, rejected or dropped."""

    id: UUID
    org: str
    format: str
    dry_run: bool
    status: str = Field(description="queued, running, done, failed or cancelled")
    stages: list[Stage]
    accepted: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    missing: int = Field(description="assets known from the files' sources, of the kinds in them, that are not in them")
    hostless: int = Field(description="machines taken without the host that they name, as missing_hosts=none asks")
    mapping: str | None = Field(default=None, description="the mapping of columns that the files were read by")
    dropped: dict[str, int] = Field(
        description="rows left out on purpose, by reason: template, placeholder, not_compute, not_usage:credit…"
    )
    warnings: list[Remark]
    failure: Failure | None = None
    files: list[ImportedFile]
    received_at: datetime
    finished_at: datetime | None = None

    @classmethod
    def of(cls, job: Import) -> Self:
        """The view of a job."""
        read_all = job.stage == "apply"
        stages = [
            Stage(name="read", done=job.rows_read, total=job.rows_read if read_all else None),
            Stage(name="apply", done=job.rows_applied, total=job.rows_read if read_all else None),
        ]
        return cls(
            id=job.id,
            org=job.org,
            format=job.format,
            dry_run=job.dry_run,
            status=job.status,
            stages=stages,
            accepted=job.created + job.updated,
            created=job.created,
            updated=job.updated,
            unchanged=job.unchanged,
            rejected=job.rejected,
            missing=job.missing,
            hostless=job.hostless,
            mapping=((job.learnt or {}).get("mapping") or job.options.get("mapping") or {}).get("name"),
            dropped=dict(job.dropped or {}),
            warnings=[Remark.model_validate(warning) for warning in job.warnings],
            failure=None if job.failure is None else Failure.model_validate(job.failure),
            files=[ImportedFile(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256) for file in job.files],
            received_at=job.received_at,
            finished_at=job.finished_at,
        )


def imports_router(database: Database, clock: Callable[[], datetime], settings: InventorySettings) -> APIRouter:
    """Imports: submit, list, read, rejects, progress."""
    router = APIRouter(tags=["imports"], route_class=OwnCodes)

    @router.post(
        "/imports", status_code=202, response_model=ImportView, responses=examples.answers(examples.IMPORT_QUEUED, 202)
    )
    async def submit(
        request: Request,
        caller: Writer,
        file: Annotated[list[UploadFile], File(description="one file or several of one format")],
        format_: Annotated[FormatName, Query(alias="format")] = FormatName.AUTO,
        dry_run: Annotated[
            bool, Query(description="change nothing: counts, rejects and the diff of what would change")
        ] = False,
        missing_hosts: Annotated[
            MissingHosts,
            Query(description="machines on hosts that are not known: `reject` them, or take them with `none`"),
        ] = MissingHosts.REJECT,
        org: Annotated[
            OrganisationId | None, Form(description="for rows that do not name their organisation", examples=["acme"])
        ] = None,
        site: Annotated[
            Code | None, Form(description="for machines that do not name their site", examples=["nanterre-1"])
        ] = None,
        source: Annotated[
            Label | None,
            Form(description="whose names these are, where rows do not say it", examples=["vcenter-nanterre"]),
        ] = None,
        kind: Annotated[
            Kind | None,
            Form(description="what the rows of a mapped table are that do not say it", examples=["monitor"]),
        ] = None,
        mapping: Annotated[
            MappingName | None,
            Form(
                description="the mapping of columns to read by: one of the organisation's, or a preset",
                examples=["glpi"],
            ),
        ] = None,
        effective_from: Annotated[
            Moment | None,
            Form(
                description="from when rows without a date hold; the day of the import when absent",
                examples=["2026-01-01"],
            ),
        ] = None,
    ) -> Response:
        """Import files. Once this answers 202 they are stored and will be worked off.

        The same content again changes nothing: its rows are counted as unchanged. At most 48 MiB, 20 files and 1,000,000
        rows by default. A file tells what is true on the day on which it comes, unless its rows or `effective_from` say
        another date.
        """
        if len(file) > settings.import_limit_files:
            raise Problem(413, "too-large", f"an import has at most {settings.import_limit_files} files")
        files = await use_cases.describe(file, settings.import_limit_bytes)
        if mapping is not None and format_ not in (FormatName.AUTO, FormatName.MAPPED, FormatName.GLPI):
            rule = f"a mapping is for mapped tables; format {format_} has none"
            raise unprocessable([Defect("mapping", "not_for_format", rule)])
        asked = use_cases.Request(
            org=_owner(caller, org, site),
            format=format_,
            dry_run=dry_run,
            site=site,
            source=source,
            effective_from=None if effective_from is None else effective_from.isoformat(),
            kind=kind,
            mapping=mapping,
            missing_hosts=missing_hosts,
            client=caller.client,
        )
        fingerprint = json.dumps([asked, files])
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                job = await use_cases.submit(unit, asked, file, files, clock())
                return _answer(job, 202)

            return await idempotency.once(request, unit, caller, act, payload=fingerprint)

    @router.get("/imports", responses=examples.answers(examples.page(examples.IMPORT)))
    async def list_imports(
        caller: Reader, org: Annotated[OrganisationId | None, Query()] = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[ImportView]:
        """Imports, the latest first."""
        after = decode(cursor, Instant, UUID) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            found = await imports.list_recent(connection, org, after, limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        following = encode(last.received_at, last.id) if last else None
        return Page(items=[ImportView.of(job) for job in found[:limit]], next_cursor=following)

    @router.get("/imports/{import_id}", response_model=ImportView, responses=examples.answers(examples.IMPORT))
    async def read_import(import_id: UUID, caller: Reader) -> Response:
        """One import: its status, its stages, its counts."""
        return _answer(await _find(database, caller, import_id))

    @router.post(
        "/imports/{import_id}/cancel", response_model=ImportView, responses=examples.answers(examples.IMPORT_CANCELLED)
    )
    async def cancel(import_id: UUID, caller: Writer) -> Response:
        """End an import before its end. What it has applied stays, as its counts say; 409 when it has ended."""
        async with database.transaction(caller.organisations) as unit:
            return _answer(await use_cases.cancel(unit, import_id, clock()))

    @router.get(
        "/imports/{import_id}/diff",
        response_model_by_alias=True,
        responses=examples.answers(examples.page(examples.DIFFERENCE)),
    )
    async def read_diff(
        import_id: UUID,
        caller: Reader,
        result: Annotated[DiffResult | None, Query(description="only these")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[DifferenceView]:
        """What a dry run would change: created, updated field by field with before and after, unchanged; and what is missing.

        Missing are the assets known from a source of the files, of a kind that they hold, that the files do not hold and
        that have not retired. An import that is no dry run has only these.
        """
        (after,) = decode(cursor, Position) if cursor else (0,)
        await _find(database, caller, import_id)
        async with database.snapshot(caller.organisations) as connection:
            found = await import_diffs.page(connection, import_id, result, after, limit + 1)
        following = encode(found[limit - 1].position) if len(found) > limit else None
        return Page(items=[DifferenceView.of(one) for one in found[:limit]], next_cursor=following)

    @router.get(
        "/imports/{import_id}/rejects.csv",
        response_class=StreamingResponse,
        responses=examples.answers(examples.REJECTS, media_type="text/csv"),
    )
    async def read_rejects(import_id: UUID, caller: Reader) -> Response:
        """What was refused and why, one line per reason: `original;file;line;code;field;message`.

        `original` is the row as it stood; `file` is `name#tab` for workbooks; `line` counts from 1 as spreadsheets do.
        """
        job = await _find(database, caller, import_id)
        headers = {"Content-Disposition": f'attachment; filename="rejects-{import_id}.csv"'}
        return StreamingResponse(_rejects(database, caller, job), media_type="text/csv; charset=utf-8", headers=headers)

    @router.get(
        "/imports/{import_id}/events",
        response_class=StreamingResponse,
        responses=examples.answers(examples.EVENTS, media_type="text/event-stream"),
    )
    async def follow(import_id: UUID, caller: Reader) -> Response:
        """Progress as server-sent events: `progress` whenever something changes, at last `done`, `failed` or `cancelled`."""
        await _find(database, caller, import_id)
        return event_stream(_progress(database, caller, import_id))

    return router


def _owner(caller: Caller, org: str | None, site: str | None) -> str:
    """Whose the import is: the organisation that is named, else the only one of the token, else all of them."""
    if org is not None:
        caller.require_organisation(org)
        return org
    if caller.organisations != EVERY and len(caller.organisations) == 1:
        return next(iter(caller.organisations))
    if caller.organisations != EVERY:
        if not caller.organisations:
            raise Forbidden("your token names no organisation")
        raise unprocessable(
            [Defect("org", "missing", "your token names several organisations; say whose import it is")]
        )
    if site is not None:
        raise unprocessable([Defect("org", "missing", "a default site needs the organisation that it is of")])
    return EVERY


async def _find(database: Database, caller: Caller, import_id: UUID) -> Import:
    async with database.snapshot(caller.organisations) as connection:
        job = await imports.find(connection, import_id)
    if job is None:
        raise NotFound("import", import_id)
    return job


def _answer(job: Import, status: int = 200) -> Response:
    return Response(json.dumps(ImportView.of(job).model_dump(mode="json")), status, None, "application/json")


async def _rejects(database: Database, caller: Caller, job: Import) -> AsyncIterator[str]:
    yield _line(REJECT_HEADINGS)
    last: StoredReject | None = None
    while True:
        async with database.snapshot(caller.organisations) as connection:
            page = await import_rows.list_rejects(connection, job.id, last, REJECT_ROWS)
        if not page:
            return
        last = page[-1]
        yield "".join(_line(_cells(job, reject)) for reject in page)


def _cells(job: Import, reject: StoredReject) -> tuple[Any, ...]:
    name = job.files[reject.file].name
    file = f"{name}#{reject.tab}" if reject.tab else name
    return (reject.original, file, reject.line, reject.code, reject.field, reject.message)


def _line(cells: tuple[Any, ...]) -> str:
    """A line of CSV."""
    line = io.StringIO()
    csv.writer(line, delimiter=";").writerow(guarded(cell) if isinstance(cell, str) else cell for cell in cells)
    return line.getvalue()


async def _progress(database: Database, caller: Caller, import_id: UUID) -> AsyncIterator[ServerSentEvent]:
    told: ImportView | None = None
    while True:
        view = ImportView.of(await _find(database, caller, import_id))
        ended = view.finished_at is not None
        if view != told:
            yield ServerSentEvent(view.status if ended else "progress", view.model_dump(mode="json"))
            told = view
        if ended:
            return
        await asyncio.sleep(PROGRESS_S)
