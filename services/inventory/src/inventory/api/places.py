"""`/organizations` and `/sites`."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import etag, require_match
from common.api.problems import NotFound
from common.database import Database
from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel, Field, Strict, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from inventory.api import examples
from inventory.api.routes import OwnCodes, Reader, Writer, author
from inventory.api.views import HistoryView
from inventory.domain.configuration import Part
from inventory.domain.places import (
    AllocationInterval,
    ContractInterval,
    DayInterval,
    OperatorInterval,
    Organisation,
    PueInterval,
    Site,
    SiteInterval,
)
from inventory.domain.quantities import Amount, Code, OrganisationId, Share
from inventory.domain.vocabulary import AllocationBy, AllocationRule, Operator
from inventory.service import places as use_cases
from inventory.service.writing import signed
from inventory.store import places, versions
from inventory.store.places import StoredOrganisation, StoredSite
from inventory.store.versions import DocumentKind


class ElectricityOfDays(Part):
    """The electricity contract of some days; see `Electricity` of a site."""

    guarantee_of_origin_share: Share
    residual_kg_per_kwh: Amount | None = None


class AllocationOfDays(Part):
    """The rule of some days; see `AllocationInterval` of a site."""

    allocation_rule: AllocationRule
    allocation_by: AllocationBy


class OrganisationView(Organisation):
    """An organisation as it is known."""

    version: int
    recorded_at: datetime

    @classmethod
    def of(cls, stored: StoredOrganisation) -> Self:
        """The view of a stored organisation."""
        return cls(**stored.organisation.model_dump(), version=stored.version, recorded_at=stored.recorded_at)


class SiteView(Site):
    """A site as it is known."""

    id: UUID
    version: int
    recorded_at: datetime

    @classmethod
    def of(cls, stored: StoredSite) -> Self:
        """The view of a stored site."""
        named = {"id": stored.id, "version": stored.version, "recorded_at": stored.recorded_at}
        return cls.model_validate({**stored.site.model_dump(by_alias=True), **named})


class SiteCorrection(DayInterval):
    """What held at a site over the days `[from, to)`; null is open. One of the four is said."""

    pue: Annotated[float, Strict(), Field(ge=1, le=10, allow_inf_nan=False)] | None = None
    operator: Operator | None = None
    electricity: ElectricityOfDays | None = None
    allocation: AllocationOfDays | None = None

    @model_validator(mode="after")
    def _one_is_said(self) -> Self:
        if sum(one is not None for one in (self.pue, self.operator, self.electricity, self.allocation)) != 1:
            raise PydanticCustomError("one_of", "say one of pue, operator, electricity, allocation")
        return self

    def interval(self) -> SiteInterval:
        """The correction as a dated value."""
        days = {"from": self.start, "to": self.end}
        if self.pue is not None:
            return PueInterval.model_validate({**days, "value": self.pue})
        if self.operator is not None:
            return OperatorInterval.model_validate({**days, "operator": self.operator})
        if self.allocation is not None:
            return AllocationInterval.model_validate({**days, **self.allocation.model_dump()})
        assert self.electricity is not None
        return ContractInterval.model_validate({**days, **self.electricity.model_dump()})


Change = Annotated[dict[str, Any], Body(description="the fields to change; those left out stay")]


def places_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Organisations and sites: create, list, read, change."""
    router = APIRouter(tags=["organisations and sites"], route_class=OwnCodes)

    @router.post(
        "/organizations",
        status_code=201,
        response_model=OrganisationView,
        responses=examples.answers(examples.ORGANISATION, 201),
    )
    async def create_organisation(
        organisation: Annotated[Organisation, Body(examples=[examples.ORGANISATION_REQUEST])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Create an organisation. The same again answers 200; another one of that id, 409."""
        caller.require_organisation(organisation.id)
        async with signed(database, caller.organisations, author(caller)) as unit:

            async def act() -> Response:
                stored, is_new = await use_cases.create_organisation(unit, organisation, clock())
                return _answer(OrganisationView.of(stored), stored.version, 201 if is_new else 200)

            return await idempotency.once(request, unit, caller, act)

    @router.get("/organizations", responses=examples.answers(examples.page(examples.ORGANISATION)))
    async def list_organisations(caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Page[OrganisationView]:
        """The organisations that the token names, by id."""
        (after,) = decode(cursor, OrganisationId) if cursor else (None,)
        async with database.snapshot(caller.organisations) as connection:
            found = await places.list_organisations(connection, after, limit + 1)
        items = [OrganisationView.of(stored) for stored in found[:limit]]
        return Page(items=items, next_cursor=encode(items[-1].id) if len(found) > limit else None)

    @router.get(
        "/organizations/{org}", response_model=OrganisationView, responses=examples.answers(examples.ORGANISATION)
    )
    async def read_organisation(org: OrganisationId, caller: Reader) -> Response:
        """One organisation."""
        async with database.snapshot(caller.organisations) as connection:
            stored = await places.find_organisation(connection, org)
        if stored is None:
            raise NotFound("organisation", org)
        return _answer(OrganisationView.of(stored), stored.version)

    @router.patch(
        "/organizations/{org}", response_model=OrganisationView, responses=examples.answers(examples.ORGANISATION)
    )
    async def change_organisation(
        org: OrganisationId,
        change: Annotated[Change, Body(examples=[{"name": "Acme Mutuelle"}])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Change fields of an organisation. Needs `If-Match`."""
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.organisation_or_404(unit, org)
            require_match(request, known.version)
            stored = await use_cases.change_organisation(unit, known, change, clock())
        return _answer(OrganisationView.of(stored), stored.version)

    @router.get(
        "/organizations/{org}/history",
        responses=examples.answers(examples.history(examples.ORGANISATION_REQUEST)),
    )
    async def read_organisation_history(org: OrganisationId, caller: Reader) -> HistoryView:
        """Every version of an organisation, the latest first."""
        async with database.snapshot(caller.organisations) as connection:
            if await places.find_organisation(connection, org) is None:
                raise NotFound("organisation", org)
            found = await versions.history(connection, DocumentKind.ORGANISATION, org)
        return HistoryView.of(found)

    @router.post("/sites", status_code=201, response_model=SiteView, responses=examples.answers(examples.SITE, 201))
    async def create_site(
        site: Annotated[Site, Body(examples=[examples.SITE_REQUEST])], request: Request, caller: Writer
    ) -> Response:
        """Create a site. The same again answers 200; another one of that organisation and code, 409."""
        caller.require_organisation(site.org)
        async with signed(database, caller.organisations, author(caller)) as unit:

            async def act() -> Response:
                stored, is_new = await use_cases.create_site(unit, site, clock())
                return _answer(SiteView.of(stored), stored.version, 201 if is_new else 200)

            return await idempotency.once(request, unit, caller, act)

    @router.get("/sites", responses=examples.answers(examples.page(examples.SITE)))
    async def list_sites(
        caller: Reader, org: Annotated[OrganisationId | None, Query()] = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[SiteView]:
        """Sites by organisation and code."""
        after = decode(cursor, OrganisationId, Code) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            found = await places.list_sites(connection, org, after, limit + 1)
        items = [SiteView.of(stored) for stored in found[:limit]]
        following = encode(items[-1].org, items[-1].code) if len(found) > limit else None
        return Page(items=items, next_cursor=following)

    @router.get("/sites/{site_id}", response_model=SiteView, responses=examples.answers(examples.SITE))
    async def read_site(site_id: UUID, caller: Reader) -> Response:
        """One site as it is known now, with what holds and held on which days."""
        async with database.snapshot(caller.organisations) as connection:
            stored = await places.find_site(connection, site_id)
        if stored is None:
            raise NotFound("site", site_id)
        return _answer(SiteView.of(stored), stored.version)

    @router.get("/sites/{site_id}/history", responses=examples.answers(examples.history(examples.SITE_REQUEST)))
    async def read_site_history(site_id: UUID, caller: Reader) -> HistoryView:
        """Every version of a site, the latest first: when it became known, who wrote it, what it said."""
        async with database.snapshot(caller.organisations) as connection:
            if await places.find_site(connection, site_id) is None:
                raise NotFound("site", site_id)
            found = await versions.history(connection, DocumentKind.SITE, str(site_id))
        return HistoryView.of(found)

    @router.post("/sites/{site_id}/corrections", response_model=SiteView, responses=examples.answers(examples.SITE))
    async def correct_site(
        site_id: UUID,
        correction: Annotated[SiteCorrection, Body(examples=[examples.SITE_CORRECTION])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Say what held at a site over some days, past or future; on other days all stays as it was known. Needs `If-Match`.

        One of `pue`, `operator`, `electricity` and `allocation` (the rule by which hosts are shared out). What was believed before stays
        readable in the site's history.
        """
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.site_or_404(unit, site_id)
            require_match(request, known.version)
            stored = await use_cases.correct_site(unit, known, correction.interval(), clock())
        return _answer(SiteView.of(stored), stored.version)

    @router.patch("/sites/{site_id}", response_model=SiteView, responses=examples.answers(examples.SITE))
    async def change_site(
        site_id: UUID,
        change: Annotated[Change, Body(examples=[{"pue": [{"value": 1.42}], "operator": "hosted"}])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Change fields of a site; lists are replaced as a whole, see also `/corrections`. Needs `If-Match`."""
        async with signed(database, caller.organisations, author(caller)) as unit:
            known = await use_cases.site_or_404(unit, site_id)
            require_match(request, known.version)
            stored = await use_cases.change_site(unit, known, change, clock())
        return _answer(SiteView.of(stored), stored.version)

    return router


def _answer(view: BaseModel, version: int, status: int = 200) -> Response:
    content = json.dumps(view.model_dump(mode="json", by_alias=True))
    return Response(content, status, {"ETag": etag(version)}, "application/json")
