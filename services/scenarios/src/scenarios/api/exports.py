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
from scenarios.store import runs

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Extension = Literal["csv", "xlsx"]
Lang = Annotated[Language, Query(description="of the headers")]


def exports_router(database: Database) -> APIRouter:
    """Routes over the results of finished comparisons."""
    router = APIRouter(tags=["exports"])

    async def result_of(run_id: UUID, organisations: Organisations) -> dict[str, Any]:
        async with database.snapshot(organisations) as connection:
            run = await runs.find_run(connection, run_id)
        if run is None:
            raise NotFound("run", run_id)
        if run.result is None or run.kind != "comparison":
            raise Conflict(
                f"run {run_id} is a {run.kind} that is {run.status}; only a comparison that is done has a table"
            )
        return run.result

    @router.get(
        "/runs/{run_id}/years.{extension}",
        summary="A comparison by scenario and year: CSV, or a workbook with a chart for each alternative",
        response_class=Response,
        responses={200: {"content": {"text/csv": {}, XLSX: {}}}, 409: {"description": "not a finished comparison"}},
    )
    async def export_years(run_id: UUID, extension: Extension, caller: Reader, lang: Lang = "fr") -> Response:
        result = await result_of(run_id, caller.organisations)
        make, media = (as_csv, "text/csv; charset=utf-8") if extension == "csv" else (as_workbook, XLSX)
        content = await asyncio.to_thread(make, result, lang)
        disposition = f'attachment; filename="{run_id}.{extension}"'
        return Response(content, media_type=media, headers={"Content-Disposition": disposition})

    return router
