"""Sheets of assets and applications, ratios, equivalents and the map of data quality."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from common.database import Database
from fastapi import APIRouter, Path, Query, Response

from footprint.api import examples_insights as examples
from footprint.api.answers import Org, Reader
from footprint.api.language import Spoken
from footprint.api.numbers import answer
from footprint.insights import Insights, span
from footprint.service import read_month

Year = Annotated[int, Query(ge=1990, le=2100, examples=[2026])]
First = Annotated[str, Query(alias="from", description="first month, YYYY-MM", examples=["2026-01"])]
Last = Annotated[str, Query(alias="to", description="last month, YYYY-MM, included", examples=["2026-12"])]
Units = Annotated[
    float | None,
    Query(gt=0, le=1e15, allow_inf_nan=False, description="functional units (R) of the time asked for, for the SCI", examples=[1200000]),
]  # fmt: skip
Unit = Annotated[str, Query(min_length=1, max_length=40, description="what a functional unit is", examples=["request"])]


def insights_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """The routes beside the dashboard."""
    router = APIRouter(tags=["insights"])
    insights = Insights(database, clock)

    @router.get("/assets/{asset_id}/sheet", responses=examples.ASSET_SHEET, summary="A year of an asset")
    async def get_asset_sheet(caller: Reader, language: Spoken, asset_id: UUID, year: Year) -> Response:
        """Months with their parts, the year as elapsed, restated and forecast with its interval (in the seasons of the organisation, as on
        the dashboard, so that sheets add up to it), what the asset is called, evidence month by month, and where each month is explained.
        `kwh` is the energy of the year at the meters of the sites, projected months included; null where none is known.
        `warnings`: what is left out, and which months have no figure (`no_figures`): there 0 kg stands for what is absent."""
        return answer(await insights.asset_sheet(caller.organisations, asset_id, year, language))

    @router.get("/applications/{code}/sheet", responses=examples.APPLICATION_SHEET, summary="A year of an application")
    async def get_application_sheet(
        caller: Reader,
        language: Spoken,
        org: Org,
        code: Annotated[str, Path(min_length=1, max_length=200, examples=["erp"])],
        year: Year,
        functional_units: Units = None,
        unit: Unit = "unit",
    ) -> Response:
        """What the application uses of machines, by its weights: months with their parts, the year, by user, and its software carbon
        intensity SCI = (E·I + M) ÷ R with the boundary stated, where the functional units of the year are given. `warnings`: what is left
        out of the machines that it uses, and which months have no figure (`no_figures`): there 0 kg stands for what is absent."""
        caller.require_organisation(org)
        document = await insights.application_sheet(
            caller.organisations, org, code, year, functional_units, unit, language
        )
        return answer(document)

    @router.get("/ratios", responses=examples.RATIOS, summary="Intensities of an organisation")
    async def get_ratios(
        caller: Reader,
        language: Spoken,
        org: Org,
        start: First,
        end: Last,
        employees: Annotated[int | None, Query(ge=1, le=10_000_000)] = None,
        functional_units: Units = None,
        unit: Unit = "unit",
    ) -> Response:
        """Per virtual machine and vCPU (means over the time), per employee, and SCI = (E·I + M) ÷ R; each with its boundary stated and its
        95 % interval: that of the total it divides, scaled (what divides has no spread); null where there is no ratio."""
        caller.require_organisation(org)
        first, last = read_month(start, "from"), read_month(end, "to")
        span(first, last)
        document = await insights.ratios(
            caller.organisations, org, first, last, employees, functional_units, unit, language
        )
        return answer(document)

    @router.get("/equivalents", responses=examples.EQUIVALENTS, summary="A total in things that people know")
    async def get_equivalents(
        caller: Reader,
        language: Spoken,
        org: Org,
        start: First,
        end: Last,
        region: Annotated[
            str | None,
            Query(max_length=64, description="whose factors; else of where most assets stand", examples=["FR"]),
        ] = None,
    ) -> Response:
        """From the factors of the catalogue, each named with its source; what has no factor is left out. Where no figure is there,
        `total_kg` is null and a warning says why."""
        caller.require_organisation(org)
        first, last = read_month(start, "from"), read_month(end, "to")
        span(first, last)
        return answer(await insights.equivalents(caller.organisations, org, first, last, region, language))

    @router.get("/data-quality", responses=examples.DATA_QUALITY, summary="The map of data quality")
    async def get_data_quality(caller: Reader, language: Spoken, org: Org, start: First, end: Last) -> Response:
        """By site, kind and stage: figure, 95 % interval and class; kilograms by class; and what the whole interval is made of, the widest
        first: factors, defaults that stand in for missing data (`source`), and what is known of each asset for itself (`own`).
        Where no figure is there, `total_kg` is null and a warning says why."""
        caller.require_organisation(org)
        first, last = read_month(start, "from"), read_month(end, "to")
        span(first, last)
        return answer(await insights.data_quality(caller.organisations, org, first, last, language))

    return router
