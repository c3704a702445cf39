"""Contracts, and the dated price versions that are added to them."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from common import json
from common.api import cursors, idempotency
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, Page
from common.api.etag import etag, require_match
from common.database import Database
from common.organisations import check_organisation_id
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from billing.api.preview_schemas import ZoneName
from billing.api.price_schemas import Exact
from billing.documents.parts import Day, Mandate, Party, PriceTerms, Text
from billing.service.contracts import Contracts
from billing.store.contracts import Contract, StoredPrices

Reader = Annotated[Caller, Depends(requires("billing:read"))]
Writer = Annotated[Caller, Depends(requires("billing:write"))]

GraceHours = Annotated[
    int, Field(ge=0, le=24 * 31, description="hours after the month's end in which late data is taken in")
]
DueDays = Annotated[int, Field(ge=0, le=60, description="at most 60 (Code de commerce, L441-10)")]


EventSources = Annotated[
    tuple[Text, ...],
    Field(
        max_length=100,
        description="who may report use over the broker: each partner's `ce_source`",
        examples=[["/partner/cluster-3"]],
    ),
]
MAY_END = ("ends_on", "mandate")
"""What a change may take away by saying null."""


class NewContract(Exact):
    """A contract; without `prices`, the catalogue's list prices hold from its start."""

    org: Annotated[str, Field(max_length=64, examples=["acme"])]
    reference: Text = Field(examples=["CL-2026-001"])
    starts_on: Day
    ends_on: Day | None = None
    time_zone: ZoneName = "Europe/Paris"
    metering: Literal["inventory", "events"] = "inventory"
    grace_hours: GraceHours = 72
    due_days: DueDays = 30
    customer: Party
    mandate: Mandate | None = None
    event_sources: EventSources = ()
    prices: PriceTerms | None = None


class ContractChange(Exact):
    """What may change; what is left out stays."""

    ends_on: Day | None = None
    grace_hours: GraceHours | None = None
    due_days: DueDays | None = None
    customer: Party | None = None
    mandate: Mandate | None = None
    event_sources: EventSources | None = None


class PriceVersionView(BaseModel):
    """A price version."""

    number: int
    recorded_at: datetime
    terms: PriceTerms


class ContractView(BaseModel):
    """A contract."""

    id: UUID
    org: str
    reference: str
    starts_on: Day
    ends_on: Day | None
    time_zone: str
    metering: str
    grace_hours: int
    due_days: int
    customer: Party
    mandate: Mandate | None
    event_sources: tuple[str, ...]
    version: int


class ContractDetail(ContractView):
    """A contract with its price versions, oldest first."""

    price_versions: list[PriceVersionView]


class PriceNumber(BaseModel):
    """The number that a price version was given."""

    number: int


def contracts_router(database: Database, contracts: Contracts) -> APIRouter:
    """Routes over `contracts`."""
    router = APIRouter(tags=["contracts"])

    @router.post("/contracts", status_code=201, response_model=ContractView, summary="Agree on a contract")
    async def agree(new: NewContract, request: Request, caller: Writer) -> Response:
        caller.require_organisation(check_organisation_id(new.org))
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                contract = _contract(new)
                await contracts.agree(unit, contract, new.prices)
                return _answer(_view(contract), 201, contract.version)

            return await idempotency.once(request, unit, caller, act)

    @router.get("/contracts", summary="Contracts, by id")
    async def page(
        caller: Reader,
        org: Annotated[str | None, Query(max_length=64)] = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[ContractView]:
        after = None if cursor is None else cursors.decode(cursor, UUID)[0]
        found = await contracts.page(caller.organisations, org, after=after, limit=limit)
        following = cursors.encode(found[-1].id) if len(found) == limit else None
        return Page(items=[_view(contract) for contract in found], next_cursor=following)

    @router.get("/contracts/{contract_id}", summary="A contract with its price versions")
    async def read(contract_id: UUID, caller: Reader, response: Response) -> ContractDetail:
        contract, prices = await contracts.read(caller.organisations, contract_id)
        response.headers["ETag"] = etag(contract.version)
        return ContractDetail(**_view(contract).model_dump(), price_versions=[_prices(version) for version in prices])

    @router.patch("/contracts/{contract_id}", response_model=ContractView, summary="Change customer, end or delays")
    async def change(contract_id: UUID, asked: ContractChange, request: Request, caller: Writer) -> Response:
        def apply(contract: Contract) -> Contract:
            require_match(request, contract.version)
            given = {name: getattr(asked, name) for name in asked.model_fields_set}
            kept = {name: value for name, value in given.items() if value is not None or name in MAY_END}
            return replace(contract, **kept)

        async with database.transaction(caller.organisations) as unit:
            contract = await contracts.change(unit, contract_id, apply)
        return _answer(_view(contract), 200, contract.version)

    @router.post(
        "/contracts/{contract_id}/prices", status_code=201, response_model=PriceNumber, summary="Add a price version"
    )
    async def price(contract_id: UUID, terms: PriceTerms, request: Request, caller: Writer) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                number = await contracts.price(unit, contract_id, terms)
                return _answer(PriceNumber(number=number), 201, None)

            return await idempotency.once(request, unit, caller, act)

    return router


def _contract(new: NewContract) -> Contract:
    return Contract(
        id=uuid4(),
        org=new.org,
        reference=new.reference,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        zone=ZoneInfo(new.time_zone),
        metering=new.metering,
        grace_hours=new.grace_hours,
        due_days=new.due_days,
        customer=new.customer,
        version=1,
        mandate=new.mandate,
        event_sources=new.event_sources,
    )


def _view(contract: Contract) -> ContractView:
    return ContractView(
        id=contract.id,
        org=contract.org,
        reference=contract.reference,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on,
        time_zone=contract.zone.key,
        metering=contract.metering,
        grace_hours=contract.grace_hours,
        due_days=contract.due_days,
        customer=contract.customer,
        mandate=contract.mandate,
        event_sources=contract.event_sources,
        version=contract.version,
    )


def _prices(version: StoredPrices) -> PriceVersionView:
    return PriceVersionView(number=version.number, recorded_at=version.recorded_at, terms=version.terms)


def _answer(document: BaseModel, status: int, version: int | None) -> Response:
    headers = {} if version is None else {"ETag": etag(version)}
    return Response(json.dumps(document), status, headers, "application/json")
