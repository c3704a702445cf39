"""Importing files of factors: what it would do, or do it as one release."""

from typing import Annotated

from common.api.auth import Caller, requires
from common.api.idempotency import once
from common.api.problems import FieldError, Unprocessable
from common.database import Database
from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel

from factors.api import examples
from factors.api.answers import ChangeOut
from factors.api.releases import ReleaseName
from factors.domain.records import GwpSet, Source, differences
from factors.importing.plan import Plan
from factors.imports import Format, Importing
from factors.live import LiveCatalogue

Writer = Annotated[Caller, Depends(requires("factors:write"))]
Text = Annotated[str | None, Form(max_length=500)]

SHOWN = 1000
"""How many rejected rows, and how many changes, an answer shows at most; the counts are whole."""


class RejectOut(BaseModel):
    """A row that cannot be taken up."""

    line: int
    field: str
    code: str
    detail: str


class RevisionOut(BaseModel):
    """A factor whose next version the file brings."""

    id: str
    before_version: int
    changes: list[ChangeOut]


class ImportOut(BaseModel):
    """What an import did or, as a dry run, would do. Lists are cut at 1,000; the counts are not."""

    dry_run: bool
    release: str | None
    added: int
    revised: int
    unchanged: int
    rejected: int
    skipped: dict[str, int]
    added_ids: list[str]
    revisions: list[RevisionOut]
    rejects: list[RejectOut]


def imports_router(database: Database, importing: Importing, live: LiveCatalogue) -> APIRouter:
    """`/imports`."""
    router = APIRouter(tags=["imports"])

    @router.post(
        "/imports",
        response_model=ImportOut,
        summary="Import a file of factors as one release, or say what it would do",
        responses=examples.answer("POST /imports"),
    )
    async def import_file(
        request: Request,
        caller: Writer,
        file: Annotated[UploadFile, File(description="CSV; comma, semicolon or tab")],
        format: Annotated[Format, Query()] = Format.OWN,  # noqa: A002 - the parameter's name on the wire
        dry_run: Annotated[bool, Query(description="say what it would do, change nothing")] = False,
        release: Annotated[
            ReleaseName | None,
            Query(description="the name of the release; needed unless dry_run", examples=["own-2026"]),
        ] = None,
        gwp_set: Annotated[
            GwpSet | None, Query(description="base_carbone: the potentials its CO2e are counted with; AR5 when absent")
        ] = None,
        source_name: Text = None,
        source_link: Text = None,
        source_licence: Text = None,
        source_year: Annotated[int | None, Form(ge=1990, le=2200)] = None,
    ) -> Response:
        caller.require_every_organisation()
        if release is None and not dry_run:
            rule = "name the release, or ask for a dry run"
            raise Unprocessable(rule, [FieldError("release", "required", rule)])
        source = _source(source_name, source_link, source_licence, source_year)
        data = await file.read()
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                planned = await importing.plan(unit, format, data, source, gwp_set)
                if release is not None and not dry_run:
                    await importing.publish(unit, planned, release, caller.client)
                body = _out(planned, release, dry_run=dry_run)
                return Response(body.model_dump_json(), media_type="application/json")

            answer = await once(request, unit, caller, act, payload=data)
        await live.refresh()
        return answer

    return router


def _source(name: str | None, link: str | None, licence: str | None, year: int | None) -> Source | None:
    if name and link and licence and year:
        return Source(name=name, link=link, licence=licence, year=year)
    return None


def _out(planned: Plan, release: str | None, *, dry_run: bool) -> ImportOut:
    return ImportOut(
        dry_run=dry_run,
        release=None if dry_run else release,
        added=len(planned.added),
        revised=len(planned.revised),
        unchanged=planned.unchanged,
        rejected=len(planned.rejects),
        skipped=dict(planned.skipped),
        added_ids=[entry.id for entry in planned.added[:SHOWN]],
        revisions=[
            RevisionOut(
                id=entry.id,
                before_version=before.version,
                changes=[ChangeOut(**change) for change in differences(before.content, entry.content)],
            )
            for before, entry in planned.revised[:SHOWN]
        ],
        rejects=[
            RejectOut(line=one.line, field=one.field, code=one.code, detail=one.detail)
            for one in planned.rejects[:SHOWN]
        ],
    )
