"""`/import-mappings`: how an organisation's own tables are read, remembered by name."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.cursors import Cursor, Limit, Page, decode, encode
from common.api.etag import etag, require_match
from common.api.problems import NotFound
from common.database import Database
from fastapi import APIRouter, Body, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from inventory.api import examples
from inventory.api.routes import OwnCodes, Reader, Writer
from inventory.domain.defects import Defect
from inventory.domain.quantities import OrganisationId
from inventory.imports.mapping import Mapping, MappingName
from inventory.imports.presets import PRESETS
from inventory.service import import_mappings as use_cases
from inventory.service.problems import unprocessable
from inventory.store import import_mappings
from inventory.store.import_mappings import StoredMapping


class MappingRequest(Mapping):
    """A mapping and whose it is."""

    org: OrganisationId

    def mapping(self) -> Mapping:
        """The mapping alone."""
        return Mapping.model_validate(self.model_dump(exclude={"org"}))


class MappingView(MappingRequest):
    """A mapping as it is remembered."""

    id: UUID
    version: int
    recorded_at: datetime

    @classmethod
    def of(cls, stored: StoredMapping) -> Self:
        """The view of a stored mapping."""
        named = {"id": stored.id, "version": stored.version, "recorded_at": stored.recorded_at}
        return cls.model_validate({**stored.mapping.model_dump(), "org": stored.org, **named})


class PresetView(Mapping):
    """A mapping that every organisation has; one of its own of the same name goes before it."""


def import_mappings_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Mappings of columns: create, list, read, replace, forget; and the presets."""
    router = APIRouter(tags=["imports"], route_class=OwnCodes)

    @router.post(
        "/import-mappings",
        status_code=201,
        response_model=MappingView,
        responses=examples.answers(examples.MAPPING, 201),
    )
    async def create_mapping(
        mapping: Annotated[MappingRequest, Body(examples=[examples.MAPPING_REQUEST])], request: Request, caller: Writer
    ) -> Response:
        """Remember a mapping. The same again answers 200; another one of that organisation and name, 409.

        `columns` are our own (see the own CSV in docs/inventory.md) or `tags.<name>`. `format=auto` recognises a table of the
        mapping by its required headings, or by all when none is required; `mapping` of an import names it.
        """
        caller.require_organisation(mapping.org)
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                stored, is_new = await use_cases.create_mapping(unit, mapping.org, mapping.mapping(), clock())
                return _answer(stored, 201 if is_new else 200)

            return await idempotency.once(request, unit, caller, act)

    @router.get("/import-mappings", responses=examples.answers(examples.page(examples.MAPPING)))
    async def list_mappings(
        caller: Reader, org: Annotated[OrganisationId | None, Query()] = None, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[MappingView]:
        """Mappings by organisation and name."""
        after = decode(cursor, OrganisationId, MappingName) if cursor else None
        async with database.snapshot(caller.organisations) as connection:
            found = await import_mappings.page(connection, org, after, limit + 1)
        items = [MappingView.of(stored) for stored in found[:limit]]
        following = encode(items[-1].org, items[-1].name) if len(found) > limit else None
        return Page(items=items, next_cursor=following)

    @router.get("/import-mappings/presets", responses=examples.answers([examples.PRESET]))
    async def list_presets(caller: Reader) -> list[PresetView]:
        """The mappings that every organisation has, to use by name or to start a mapping of one's own from."""
        return [PresetView.model_validate(preset.model_dump()) for preset in PRESETS.values()]

    @router.get(
        "/import-mappings/{mapping_id}", response_model=MappingView, responses=examples.answers(examples.MAPPING)
    )
    async def read_mapping(mapping_id: UUID, caller: Reader) -> Response:
        """One mapping."""
        async with database.snapshot(caller.organisations) as connection:
            stored = await import_mappings.find(connection, mapping_id)
        if stored is None:
            raise NotFound("import mapping", mapping_id)
        return _answer(stored)

    @router.put(
        "/import-mappings/{mapping_id}", response_model=MappingView, responses=examples.answers(examples.MAPPING)
    )
    async def replace_mapping(
        mapping_id: UUID,
        mapping: Annotated[MappingRequest, Body(examples=[examples.MAPPING_REQUEST])],
        request: Request,
        caller: Writer,
    ) -> Response:
        """Replace a mapping; its organisation stays. Needs `If-Match`."""
        async with database.transaction(caller.organisations) as unit:
            known = await use_cases.mapping_or_404(unit, mapping_id)
            require_match(request, known.version)
            if mapping.org != known.org:
                raise unprocessable([Defect("org", "fixed", "org does not change")])
            stored = await use_cases.replace_mapping(unit, known, mapping.mapping(), clock())
        return _answer(stored)

    @router.delete("/import-mappings/{mapping_id}", status_code=204)
    async def delete_mapping(mapping_id: UUID, request: Request, caller: Writer) -> Response:
        """Forget a mapping; imports that were submitted with it keep it. Needs `If-Match`."""
        async with database.transaction(caller.organisations) as unit:
            known = await use_cases.mapping_or_404(unit, mapping_id)
            require_match(request, known.version)
            await import_mappings.delete(unit.connection, mapping_id)
        return Response(status_code=204)

    return router


def _answer(stored: StoredMapping, status: int = 200) -> Response:
    view: BaseModel = MappingView.of(stored)
    content = json.dumps(view.model_dump(mode="json"))
    return Response(content, status, {"ETag": etag(stored.version)}, "application/json")
