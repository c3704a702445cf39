"""`GET /reports/{org}/{year}.{csv,xlsx,pdf}`: the yearly report as a file."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

from common.database import Database
from fastapi import APIRouter, Path, Query, Response

from footprint.api import examples
from footprint.api.answers import Reader
from footprint.api.language import Spoken
from footprint.reporting import Format, Reports
from footprint.reports.sheets import Dialect

MEDIA: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def reports_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """The route of reports."""
    router = APIRouter(tags=["reports"])
    reports = Reports(database, clock)

    @router.get(
        "/reports/{org}/{year}.{form}",
        responses=examples.REPORT,
        response_class=Response,
        summary="The yearly report of an organisation as CSV, workbook or PDF",
    )
    async def get_report(
        caller: Reader,
        language: Spoken,
        org: Annotated[str, Path(min_length=1, max_length=64, examples=["acme"])],
        year: Annotated[int, Path(ge=1990, le=2100, examples=[2026])],
        form: Format,
        dialect: Annotated[
            Dialect,
            Query(
                description="of the CSV: `plain` has commas and decimal points, `excel` semicolons, decimal commas and a mark"
            ),
        ] = "plain",
    ) -> Response:
        """The same figures as `/dashboard` and `/totals`, to the last digit.

        CSV: every line of the roll-up, exact, with the API's codes in English (`lang=en`) and words in French; `dialect=excel` is for
        a French spreadsheet. Workbook: months with their chart, BEGES and GHG Protocol tables, restatements, factors,
        assumptions, all lines. PDF: the same set as pages, with exact values, method and factor versions, assumptions and conventions in
        annexes; 409 `no-pango` where the machine lacks the library that draws it. Elapsed months are the organisation's own; later ones
        of a running year are projected and say so. All totals are location-based, the market-based electricity stands beside. The
        language is that of `lang`, else of `Accept-Language`, else French.
        """
        caller.require_organisation(org)
        body = await reports.written(caller.organisations, org, year, form, language, dialect)
        headers = {"Content-Disposition": f'attachment; filename="footprint-{org}-{year}-{language}.{form}"'}
        return Response(body, media_type=MEDIA[form], headers=headers)

    return router
