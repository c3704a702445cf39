"""Studies and their alternatives."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from common.api import idempotency
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import etag, require_match
from common.api.problems import NotFound
from common.database import Database, Transaction
from common.json import dumps
from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel

from scenarios.api import examples
from scenarios.api.estimates import unprocessable
from scenarios.api.views import (
    AlternativeView,
    DifferenceView,
    Reader,
    SnapshotView,
    StudyView,
    Writer,
    as_written,
    show_alternative,
    show_snapshot,
    show_study,
)
from scenarios.domain.description import Refused
from scenarios.domain.estimate import AlternativeSpec, Name
from scenarios.domain.study import StudyDefinition
from scenarios.service import studies as service
from scenarios.store import studies

JSON = "application/json"

SnapshotNumber = Annotated[int | None, Query(ge=1, description="an earlier one; the one that counts when absent")]

EXAMPLE = {
    "summary": "Long life support for the servers of one site",
    "value": {
        "org": "acme",
        "name": "Servers of Nanterre 2027–2031",
        "scope": {"kinds": ["server"], "sites": ["nanterre-1"]},
        "start": "2027-01-01",
        "years": 5,
        "reference": {
            "description": "All servers are renewed at once",
            "actions": [
                {
                    "lever": "renew",
                    "on": {"kinds": ["server"]},
                    "year": 0,
                    "with": {"annual_kwh_ratio": 0.7, "price_eur": "9000.00"},
                }
            ],
        },
        "effect_class": "eema",
        "eligibility": "The software runs on the hardware that is kept; spare parts can be had",
        "assumptions": [{"text": "New servers use 30 % less energy", "source": "assumption"}],
    },
}

COPY = {"summary": "The same, to try something else", "value": {"name": "Servers of Nanterre, with refurbished kit"}}

ALTERNATIVE = {
    "summary": "Three years more",
    "value": {
        "name": "long-life-support",
        "actions": [{"lever": "extend_life", "on": {"kinds": ["server"]}, "years": 3}],
    },
}


class NewName(BaseModel):
    """What a copy is called."""

    name: Name


class EligibilityList(BaseModel):
    """Every offer of the catalogue, in its order."""

    items: list[service.Eligibility]


def studies_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Routes over stored studies."""
    router = APIRouter(tags=["studies"])

    async def shown(unit: Transaction, study_id: UUID) -> StudyView:
        study = await service.find_study(unit, study_id)
        return show_study(study, await studies.list_alternatives(unit.connection, study_id))

    @router.post(
        "/studies",
        status_code=201,
        summary="A study of an organisation's assets, frozen as heard",
        response_model=StudyView,
        responses=examples.answer("POST /studies", 201),
    )
    async def create_study(
        definition: Annotated[StudyDefinition, Body(openapi_examples={"long-life-support": EXAMPLE})],
        request: Request,
        caller: Writer,
    ) -> Response:
        caller.require_organisation(definition.org)
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                study = await shown(unit, await service.create_study(unit, definition, caller.client, clock()))
                headers = {"ETag": etag(study.version), "Location": f"/v1/studies/{study.id}"}
                return Response(dumps(as_written(study)), 201, headers, JSON)

            try:
                return await idempotency.once(request, unit, caller, act)
            except Refused as refused:
                raise unprocessable(refused) from refused

    @router.get("/studies", summary="Studies, by id", responses=examples.answer("GET /studies"))
    async def list_studies(
        caller: Reader,
        org: Annotated[str | None, Query(max_length=64)] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Page[StudyView]:
        (after,) = decode(cursor, UUID) if cursor else (UUID(int=0),)
        async with database.snapshot(caller.organisations) as connection:
            found = await studies.list_studies(connection, org, after, limit + 1)
            items = [show_study(each, await studies.list_alternatives(connection, each.id)) for each in found[:limit]]
        return Page(items=items, next_cursor=encode(items[-1].id) if len(found) > limit else None)

    @router.get(
        "/studies/{study_id}",
        summary="A study with its alternatives",
        responses=examples.answer("GET /studies/{study_id}"),
    )
    async def read_study(study_id: UUID, caller: Reader, response: Response) -> StudyView:
        async with database.transaction(caller.organisations) as unit:
            study = await shown(unit, study_id)
        response.headers["ETag"] = etag(study.version)
        return study

    @router.put(
        "/studies/{study_id}",
        summary="Replace a study's definition (If-Match)",
        responses=examples.answer("PUT /studies/{study_id}"),
    )
    async def replace_study(
        study_id: UUID,
        definition: Annotated[StudyDefinition, Body(openapi_examples={"long-life-support": EXAMPLE})],
        request: Request,
        caller: Writer,
        response: Response,
    ) -> StudyView:
        async with database.transaction(caller.organisations) as unit:
            study = await service.find_own_study(unit, study_id, caller)
            require_match(request, study.version)
            try:
                await service.change_study(unit, study, definition, caller.client, clock())
            except Refused as refused:
                raise unprocessable(refused) from refused
            changed = await shown(unit, study_id)
        response.headers["ETag"] = etag(changed.version)
        return changed

    @router.post(
        "/studies/{study_id}/duplicate",
        status_code=201,
        summary="A copy with the same snapshot and alternatives",
        response_model=StudyView,
        responses=examples.answer("POST /studies/{study_id}/duplicate", 201),
    )
    async def duplicate_study(
        study_id: UUID,
        named: Annotated[NewName, Body(openapi_examples={"copy": COPY})],
        request: Request,
        caller: Writer,
    ) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                study = await service.find_own_study(unit, study_id, caller)
                copy_id = await service.duplicate_study(unit, study, named.name, caller.client, clock())
                copy = await shown(unit, copy_id)
                headers = {"ETag": etag(copy.version), "Location": f"/v1/studies/{copy.id}"}
                return Response(dumps(as_written(copy)), 201, headers, JSON)

            return await idempotency.once(request, unit, caller, act)

    @router.get(
        "/studies/{study_id}/snapshot",
        summary="The frozen assets, their evidence, and what was left out and why",
        responses=examples.answer("GET /studies/{study_id}/snapshot"),
    )
    async def read_snapshot(study_id: UUID, caller: Reader, number: SnapshotNumber = None) -> SnapshotView:
        async with database.transaction(caller.organisations) as unit:
            study = await service.find_study(unit, study_id)
            number = number or study.snapshot
            if number > study.snapshot:
                raise NotFound("snapshot", number)
            return show_snapshot(number, *await studies.read_snapshot(unit.connection, study_id, number))

    @router.post(
        "/studies/{study_id}/snapshot",
        summary="Freeze the assets anew, and tell what differs",
        responses=examples.answer("POST /studies/{study_id}/snapshot"),
    )
    async def refresh_snapshot(study_id: UUID, caller: Writer) -> DifferenceView:
        async with database.transaction(caller.organisations) as unit:
            study = await service.find_own_study(unit, study_id, caller)
            try:
                found = await service.refresh_snapshot(unit, study, caller.client, clock())
            except Refused as refused:
                raise unprocessable(refused) from refused
            study = await service.find_study(unit, study_id)
        return DifferenceView(snapshot=study.snapshot, added=found.added, removed=found.removed, changed=found.changed)

    @router.get(
        "/studies/{study_id}/offers",
        summary="Which offers can be taken on the study's assets, or why not",
        responses=examples.answer("GET /studies/{study_id}/offers"),
    )
    async def read_eligibility(study_id: UUID, caller: Reader) -> EligibilityList:
        async with database.transaction(caller.organisations) as unit:
            found = await service.eligible_offers(unit, await service.find_study(unit, study_id))
        return EligibilityList(items=found)

    @router.post(
        "/studies/{study_id}/scenarios",
        status_code=201,
        summary="An alternative",
        response_model=AlternativeView,
        responses=examples.answer("POST /studies/{study_id}/scenarios", 201),
    )
    async def add_alternative(
        study_id: UUID,
        alternative: Annotated[AlternativeSpec, Body(openapi_examples={"long-life-support": ALTERNATIVE})],
        request: Request,
        caller: Writer,
    ) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                study = await service.find_own_study(unit, study_id, caller)
                new_id = await service.add_alternative(unit, study, alternative, caller.client, clock())
                kept = await studies.find_alternative(unit.connection, new_id)
                assert kept is not None
                return Response(dumps(as_written(show_alternative(kept))), 201, {"ETag": etag(1)}, JSON)

            try:
                return await idempotency.once(request, unit, caller, act)
            except Refused as refused:
                raise unprocessable(refused) from refused

    @router.put(
        "/studies/{study_id}/scenarios/{alternative_id}",
        summary="Replace an alternative (If-Match)",
        responses=examples.answer("PUT /studies/{study_id}/scenarios/{alternative_id}"),
    )
    async def replace_alternative(
        study_id: UUID,
        alternative_id: UUID,
        changed: Annotated[AlternativeSpec, Body(openapi_examples={"long-life-support": ALTERNATIVE})],
        request: Request,
        caller: Writer,
    ) -> AlternativeView:
        async with database.transaction(caller.organisations) as unit:
            study = await service.find_own_study(unit, study_id, caller)
            alternative = await service.find_alternative(unit, study, alternative_id)
            require_match(request, alternative.version)
            try:
                await service.change_alternative(unit, study, alternative, changed, caller.client, clock())
            except Refused as refused:
                raise unprocessable(refused) from refused
            kept = await studies.find_alternative(unit.connection, alternative_id)
            assert kept is not None
            return show_alternative(kept)

    @router.delete("/studies/{study_id}/scenarios/{alternative_id}", status_code=204, summary="Forget an alternative")
    async def delete_alternative(study_id: UUID, alternative_id: UUID, caller: Writer) -> None:
        async with database.transaction(caller.organisations) as unit:
            study = await service.find_own_study(unit, study_id, caller)
            alternative = await service.find_alternative(unit, study, alternative_id)
            await service.forget_alternative(unit, study, alternative, caller.client, clock())

    return router
