"""The versions of studies, and with whom they are shared."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from common.api.problems import NotFound, Unprocessable
from common.database import Database
from common.organisations import check_organisation_id
from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from scenarios.api import examples
from scenarios.api.views import Reader, Writer
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.study import OrganisationId, StudyDefinition
from scenarios.service import studies as service
from scenarios.store import versions
from scenarios.store.versions import Share, VersionLine


class VersionList(BaseModel):
    """All versions of a study, newest first."""

    items: list[VersionLine]


class VersionView(BaseModel):
    """A version as it was; sending its definition with PUT makes it the newest again."""

    number: int
    recorded_at: datetime
    recorded_by: str = Field(description="the client whose change made it")
    change: str
    snapshot: int
    definition: StudyDefinition
    alternatives: list[AlternativeSpec]


class ShareList(BaseModel):
    """Who may read a study beside the organisation whose it is."""

    items: list[Share]


def versions_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Routes over versions and shares."""
    router = APIRouter(tags=["studies"])

    @router.get(
        "/studies/{study_id}/versions",
        summary="What changed a study, when, and by whom",
        responses=examples.answer("GET /studies/{study_id}/versions"),
    )
    async def list_versions(study_id: UUID, caller: Reader) -> VersionList:
        async with database.transaction(caller.organisations) as unit:
            await service.find_study(unit, study_id)
            return VersionList(items=await versions.list_versions(unit.connection, study_id))

    @router.get(
        "/studies/{study_id}/versions/{number}",
        summary="A study as it was in a version",
        responses=examples.answer("GET /studies/{study_id}/versions/{number}"),
    )
    async def read_version(
        study_id: UUID, number: Annotated[int, Path(ge=1, le=2**31 - 1)], caller: Reader
    ) -> VersionView:
        async with database.transaction(caller.organisations) as unit:
            await service.find_study(unit, study_id)
            found = await versions.find_version(unit.connection, study_id, number)
        if found is None:
            raise NotFound("version", number)
        line = found.line
        return VersionView(
            number=line.number,
            recorded_at=line.recorded_at,
            recorded_by=line.recorded_by,
            change=line.change,
            snapshot=line.snapshot,
            definition=found.definition,
            alternatives=list(found.alternatives),
        )

    @router.get(
        "/studies/{study_id}/shares",
        summary="The organisations that may read a study",
        responses=examples.answer("GET /studies/{study_id}/shares"),
    )
    async def list_shares(study_id: UUID, caller: Reader) -> ShareList:
        async with database.transaction(caller.organisations) as unit:
            await service.find_study(unit, study_id)
            return ShareList(items=await versions.list_shares(unit.connection, study_id))

    @router.put(
        "/studies/{study_id}/shares/{org}",
        status_code=204,
        summary="Let another organisation read a study, its runs and its plan; it can change nothing",
    )
    async def share(study_id: UUID, org: OrganisationId, caller: Writer) -> None:
        check_organisation_id(org)
        async with database.transaction(caller.organisations) as unit:
            study = await service.find_own_study(unit, study_id, caller)
            if org == study.org:
                raise Unprocessable(f"the study is {org!r}'s own", code="own-study")
            await versions.share(unit.connection, study, org, caller.client, clock())

    @router.delete("/studies/{study_id}/shares/{org}", status_code=204, summary="Let it read the study no more")
    async def unshare(study_id: UUID, org: OrganisationId, caller: Writer) -> None:
        async with database.transaction(caller.organisations) as unit:
            await service.find_own_study(unit, study_id, caller)
            await versions.unshare(unit.connection, study_id, org)

    return router
