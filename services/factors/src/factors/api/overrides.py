"""An organisation's own values in the place of public factors."""

from typing import Annotated

from common.api.auth import Caller, requires
from common.api.idempotency import once
from common.api.problems import NotFound
from common.database import Database
from common.organisations import check_organisation_id
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ConfigDict

from factors.api import examples
from factors.api.answers import FactorOut, StepOut
from factors.api.requests import EXAMPLE, FactorId, FactorIn, Name, ReasonIn
from factors.domain.gases import Gases
from factors.domain.overridden import warnings_of
from factors.live import LiveCatalogue
from factors.overriding import Overriding
from factors.store import overrides as store
from factors.store.overrides import Override

Reader = Annotated[Caller, Depends(requires("factors:read"))]
Writer = Annotated[Caller, Depends(requires("factors:write"))]
Org = Annotated[str, Path(examples=["acme"])]
OverrideId = Annotated[str, Path(examples=["supplier-2025"])]


class OverrideIn(FactorIn):
    """A value of an organisation's own, or the next version of the one of that id."""

    org: str
    id: FactorId
    reason: Name

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                EXAMPLE
                | {"org": "acme", "id": "supplier-2025", "value": 0.031, "perimeter": "production"}
                | {
                    "name": {
                        "fr": "Électricité, France, 2025, production",
                        "en": "Electricity, France, 2025, production",
                    }
                }
            ]
        }
    )


class OverrideOut(FactorOut):
    """One version of an organisation's own value; `withdrawn` once it has ended. `warnings`: what it does not change."""

    org: str
    warnings: list[StepOut]


def overrides_router(database: Database, overriding: Overriding, live: LiveCatalogue, gases: Gases) -> APIRouter:
    """`/overrides`. Each organisation's are its own."""
    router = APIRouter(tags=["overrides"])

    @router.post(
        "/overrides",
        status_code=201,
        response_model=OverrideOut,
        summary="Put an organisation's own value in place",
        responses=examples.answer("POST /overrides", 201),
    )
    async def declare_override(request: Request, caller: Writer, body: OverrideIn) -> Response:
        caller.require_organisation(check_organisation_id(body.org))
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                content = body.content(gases)
                override = await overriding.declare(unit, body.org, body.id, content, caller.client, body.reason)
                headers = {"Location": f"/v1/overrides/{body.org}/{body.id}"}
                return Response(_out(override).model_dump_json(), 201, headers, "application/json")

            answer = await once(request, unit, caller, act)
        await live.refresh()
        return answer

    @router.get(
        "/overrides", summary="An organisation's own values, as they stand", responses=examples.answer("GET /overrides")
    )
    async def list_overrides(
        caller: Reader, org: Annotated[str, Query(max_length=64, examples=["acme"])]
    ) -> list[OverrideOut]:
        caller.require_organisation(check_organisation_id(org))
        async with database.snapshot(caller.organisations) as connection:
            return [_out(override) for override in await store.present(connection, org)]

    @router.get(
        "/overrides/{org}/{override_id}",
        summary="Every version of an organisation's own value, the newest first",
        responses=examples.answer("GET /overrides/{org}/{override_id}"),
    )
    async def read_override(caller: Reader, org: Org, override_id: OverrideId) -> list[OverrideOut]:
        caller.require_organisation(check_organisation_id(org))
        async with database.snapshot(caller.organisations) as connection:
            found = await store.versions_of(connection, org, override_id)
        if not found:
            raise NotFound("override", f"{org}/{override_id}")
        return [_out(override) for override in found]

    @router.post(
        "/overrides/{org}/{override_id}/end",
        summary="Go back to the public factor",
        responses=examples.answer("POST /overrides/{org}/{override_id}/end"),
    )
    async def end_override(caller: Writer, org: Org, override_id: OverrideId, body: ReasonIn) -> OverrideOut:
        caller.require_organisation(check_organisation_id(org))
        async with database.transaction(caller.organisations) as unit:
            override = await overriding.end(unit, org, override_id, caller.client, body.reason)
        await live.refresh()
        return _out(override)

    return router


def _out(override: Override) -> OverrideOut:
    warnings = [StepOut(code=each.code, text=each.text) for each in warnings_of(override.version.content)]
    told = FactorOut.of(override.version).__dict__
    return OverrideOut.model_construct(**told, org=override.org, warnings=warnings)
