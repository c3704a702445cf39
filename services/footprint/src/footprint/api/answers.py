"""`GET /dashboard`, `GET /totals` and the stored result of one asset and month."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, decode, encode
from common.api.problems import FieldError, Unprocessable
from common.database import Database
from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field

from footprint.api import examples
from footprint.api.language import Spoken
from footprint.api.numbers import answer
from footprint.domain.catalogue import GWP
from footprint.filtering import Filters
from footprint.service import Answers, read_month
from footprint.store.totals import Question
from footprint.totals import GROUPS, Totals

Reader = Annotated[Caller, Depends(requires("footprint:read"))]
Org = Annotated[str, Query(min_length=1, max_length=64, description="organisation id", examples=["acme"])]
Month = Annotated[str, Query(description="YYYY-MM", examples=["2026-10"])]
Criterion = Literal["gwp", "pe", "adpe", "water"]
Basis = Literal["location", "market"]
Name = Annotated[str, Field(max_length=200)]

FILTERED = 20
"""Values of one filter: an address stays well within the 64 KiB that servers read of one."""


def answers_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """The routes that answer from stored results."""
    router = APIRouter(tags=["results"])
    answers = Answers(database, clock)
    totals = Totals(database)

    @router.get("/dashboard", responses=examples.DASHBOARD, summary="The dashboard of an organisation and month")
    async def get_dashboard(caller: Reader, language: Spoken, org: Org, month: Month) -> Response:
        """Every total is exactly the sum of its parts as printed; months after `month`, and those not over yet, are `projected`.

        Emissions are location-based. `estimate_kg` is what has elapsed up to `month`, `restated_kg` (corrections of closed months that
        later months count) and the forecast of the rest of its year: what runs now, carried on (what is measured at the mean of its last
        measured days), and in the seasons of what has been measured for a year (`forecast_basis`). `state_based` is without
        the seasons, as the months ahead and the totals are.
        `interval` is of the total and `part_intervals` of each part, in each month too (95 %, and their class; they do not add up): null
        where nothing positive is there. `kwh` is the electricity behind the total, at the meters of the sites, in each month too (null
        where none is in it), as `/totals` tells it; `kwh_without_factor` is what else is known and has no electricity factor, so that no
        kilogram stands for it.
        `kg_per_year` of a recommendation is twelve times what the month reported says, and for new things not made their making divided by
        their life in years; `eur_per_year` is null where no price is known; `named_assets` says what their sources
        and makers call its assets.
        A month that is not over says so: `elapsed` false, and a warning `month_not_over`. Where the month, or its year, has no figure at
        all, its kilograms are 0, its interval null, and a warning `no_figures` says why. Warnings are told in the language of `lang`, else
        of `Accept-Language`, else in French; evidence of recommendations in both.
        """
        caller.require_organisation(org)
        return answer(await answers.dashboard(caller.organisations, org, read_month(month), language))

    @router.get("/totals", responses=examples.TOTALS, summary="Totals of an organisation by any grouping")
    async def get_totals(
        caller: Reader,
        language: Spoken,
        org: Org,
        start: Annotated[str, Query(alias="from", description="first month, YYYY-MM", examples=["2026-01"])],
        end: Annotated[str, Query(alias="to", description="last month, YYYY-MM, included", examples=["2026-12"])],
        group_by: Annotated[
            str,
            Query(description=f"one or several of {', '.join(GROUPS)}, with commas", examples=["month", "site,stage"]),
        ] = "month",
        criterion: Criterion = "gwp",
        basis: Basis = "location",
        site: Annotated[
            list[Name] | None, Query(max_length=FILTERED, description="sites by their code; repeat for several")
        ] = None,
        kind: Annotated[
            list[Name] | None, Query(max_length=FILTERED, description="kinds of assets; repeat for several")
        ] = None,
        stage: Annotated[
            list[Name] | None, Query(max_length=FILTERED, description="life-cycle stages; repeat for several")
        ] = None,
        scope: Annotated[list[int] | None, Query(max_length=FILTERED, description="scopes; repeat for several")] = None,
        application: Annotated[
            list[Name] | None, Query(max_length=FILTERED, description="applications by their code; repeat for several")
        ] = None,
        asset: Annotated[
            list[UUID] | None, Query(max_length=FILTERED, description="assets; repeat for several")
        ] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Response:
        """Each figure counts to 9 decimals, and the total is the exact sum of the groups. Location and market are never mixed; other
        criteria than `gwp` are location-based, and refused with `basis=market`.

        Filters of one name are alternatives, those of several names hold together. `restated` is the part of a value that corrects months
        closed before; `low` and `high` bound the 95 % interval, with a data-quality class from 5 (very good) to 1. By application, what
        none uses is a group of its own (null); an application of another organisation that uses assets of this one is told by its id, which
        may be filtered by too (`of_another_organisation`). A site of another organisation, where machines of this one run, is
        `<org>/<code>`, in filters as well; null is what stands at no site. By asset the answer is a page of what has figures, `next_cursor`
        leads on:
        `total_of` says that `total` is of the page, `whole` has that of all pages; it holds `limit` assets, and no more than 2,400 months
        of assets (700 by month). By application it is one too where there are more than
        2,000 groups (fewer where each adds up many factors): of some applications after the other, at last of what none uses (`limit` is
        of assets; warnings and `kwh_without_factor` are then of all pages). Where no figure is there, `total` is null and a warning says
        why. `kwh` is the electricity behind a value, at the meters of the sites, exact like it, with that of corrections: null where no
        electricity is in it (making, maintenance). `kwh_without_factor` is what else is known of what is asked for and has no factor of
        this criterion and basis: it stands in no group.
        """
        caller.require_organisation(org)
        first, last = read_month(start, "from"), read_month(end, "to")
        if last < first:
            rule = f"to {end} must not be before from {start}"
            raise Unprocessable(rule, [FieldError("to", "before_from", rule)])
        if basis == "market" and criterion != GWP:
            rule = f"basis market is of criterion {GWP} alone: {criterion} is location-based; ask for it with basis=location"
            raise Unprocessable(rule, [FieldError("basis", "location_only", rule)])
        question = Question(org, first, last, criterion, basis, _groups(group_by))
        others: dict[str, list[Any]] = {"kind": kind or [], "stage": stage or [], "scope": scope or []}
        after: UUID | None = decode(cursor, UUID)[0] if cursor else None
        document, following = await totals.answer(
            caller.organisations,
            question,
            Filters(site or [], application or [], asset or [], others),
            language,
            after,
            limit,
        )
        if document["total_of"] == "page":
            document["next_cursor"] = None if following is None else encode(following)
        return answer(document)

    @router.get(
        "/assets/{asset_id}/months/{month}",
        responses=examples.ASSET_MONTH,
        summary="The figures of one asset and month",
    )
    async def get_asset_month(caller: Reader, language: Spoken, asset_id: UUID, month: str) -> Response:
        """Figures with their 95 % interval and data-quality class (5 very good to 1 very bad), evidence, factors and warnings.

        `pending` is true while a change that touches the asset waits to be computed.
        """
        return answer(await answers.asset_month(caller.organisations, asset_id, read_month(month), language))

    return router


def _groups(text: str) -> tuple[str, ...]:
    """The groups named, in their order. Raises `Unprocessable` for one that is not known."""
    groups = tuple(text.split(","))
    unknown = [each for each in groups if each not in GROUPS]
    if unknown:
        rule = f"group_by {unknown[0]!r} is not one of {', '.join(GROUPS)}"
        raise Unprocessable(rule, [FieldError("group_by", "unknown", rule)])
    return groups
