"""Finished comparisons as files."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from common.api.problems import Conflict, NotFound
from common.database import Database
from common.organisations import Organisations
from fastapi import APIRouter, Query, Response

from scenarios.api.views import Reader
from scenarios.domain.tables import Language
from scenarios.exports import as_csv, as_workbook
from scenarios.report import Subject, report_pdf
from scenarios.store import runs
from scenarios.store.runs import Run

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Extension = Literal["csv", "xlsx"]
Lang = Annotated[Language, Query(description="of the headers")]


def exports_router(database: Database) -> APIRouter:
    """Routes over the results of finished comparisons."""
    router = APIRouter(tags=["exports"])

    async def finished(run_id: UUID, organisations: Organisations) -> tuple[Run, dict[str, Any]]:
        async with database.snapshot(organisations) as connection:
            run = await runs.find_run(connection, run_id)
        if run is None:
            raise NotFound("run", run_id)
        if run.result is None or run.kind != "comparison":
            raise Conflict(
                f"run {run_id} is a {run.kind} that is {run.status}; only a comparison that is done has a table"
            )
        return run, run.result

    @router.get(
        "/runs/{run_id}/years.{extension}",
        summary="A comparison by scenario and year: CSV, or a workbook with a chart for each alternative",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}, XLSX: {}}}, 409: {"description": "not a finished comparison"}},
    )
    async def export_years(run_id: UUID, extension: Extension, caller: Reader, lang: Lang = "fr") -> Response:
        _, result = await finished(run_id, caller.organisations)
        make, media = (as_csv, "text/csv; charset=utf-8") if extension == "csv" else (as_workbook, XLSX)
        content = await asyncio.to_thread(make, result, lang)
        disposition = f'attachment; filename="{run_id}.{extension}"'
        return Response(content, media_type=media, headers={"Content-Disposition": disposition})

    @router.get(
        "/runs/{run_id}/report.pdf",
        summary="A comparison as a report to print, with the catalogue's chart for each alternative",
        response_class=Response,
        responses={
            200: {"content": {"application/pdf": {}}},
            409: {"description": "not a finished comparison, or nothing to print with on the server"},
        },
    )
    async def export_report(run_id: UUID, caller: Reader, lang: Lang = "fr") -> Response:
        run, result = await finished(run_id, caller.organisations)
        assert run.finished_at is not None
        request = run.request
        subject = Subject(request["definition"], result, request["study_version"], request["snapshot"], run.finished_at)
        content = await asyncio.to_thread(report_pdf, subject, lang)
        disposition = f'attachment; filename="{run_id}.pdf"'
        return Response(content, media_type="application/pdf", headers={"Content-Disposition": disposition})

    return router
