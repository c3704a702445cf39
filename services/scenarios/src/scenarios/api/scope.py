"""What a study of an organisation can start from."""

from typing import Annotated

from common.api.auth import Caller, requires
from common.database import Database
from common.organisations import check_organisation_id
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from scenarios.api import examples
from scenarios.store import heard

Reader = Annotated[Caller, Depends(requires("scenarios:read"))]
OrganisationId = Annotated[str, Query(max_length=64, examples=["acme"])]


class KindCount(BaseModel):
    """Pieces of kit of one kind."""

    kind: str = Field(examples=["server"])
    quantity: int = Field(examples=[52])


class ScopeView(BaseModel):
    """What scenarios has heard of an organisation so far."""

    org: str = Field(examples=["acme"])
    assets: list[KindCount]
    sites: int = Field(examples=[3])
    first_month: str | None = Field(description="first month whose footprint is known", examples=["2025-09"])
    last_month: str | None = Field(examples=["2026-10"])


def scope_router(database: Database) -> APIRouter:
    """Routes over what was heard."""
    router = APIRouter(tags=["scope"])

    @router.get(
        "/scope",
        summary="What is known of an organisation: kit by kind, sites, months with a footprint",
        responses=examples.answer("GET /scope"),
    )
    async def read_scope(org: OrganisationId, caller: Reader) -> ScopeView:
        check_organisation_id(org)
        caller.require_organisation(org)
        async with database.snapshot(caller.organisations) as connection:
            scope = await heard.read_scope(connection, org)
        return ScopeView(
            org=org,
            assets=[KindCount(kind=kind, quantity=quantity) for kind, quantity in scope.quantity_by_kind.items()],
            sites=scope.sites,
            first_month=None if scope.first_month is None else f"{scope.first_month:%Y-%m}",
            last_month=None if scope.last_month is None else f"{scope.last_month:%Y-%m}",
        )

    return router
