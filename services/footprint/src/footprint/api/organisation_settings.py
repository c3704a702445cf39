"""`GET` and `PUT /organizations/{org}/settings`: with which factors an organisation's figures are computed."""

from typing import Annotated

from common import json
from common.api.auth import Caller, requires
from common.api.etag import etag, require_match
from common.database import Database
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from footprint.api import examples
from footprint.api.answers import Reader
from footprint.organisation_settings import OrganisationSettings


class Settings(BaseModel):
    """The decisions of an organisation."""

    model_config = ConfigDict(extra="forbid")

    factor_release: Annotated[
        str | None,
        Field(
            max_length=100,
            description="the frozen release of factors that its figures rest on; null: the present catalogue",
            examples=["2026.11"],
        ),
    ]


def organisation_settings_router(database: Database) -> APIRouter:
    """The routes of an organisation's settings."""
    router = APIRouter(tags=["settings"])
    settings = OrganisationSettings(database)

    @router.get("/organizations/{org}/settings", responses=examples.SETTINGS, summary="The settings of an organisation")
    async def get_settings(caller: Reader, org: str) -> Response:
        """`factor_release` is null while figures follow the present catalogue; `releases` are those to choose from."""
        caller.require_organisation(org)
        document = await settings.read(caller.organisations, org)
        return Response(
            json.dumps(document), media_type="application/json", headers={"ETag": etag(document["version"])}
        )

    @router.put(
        "/organizations/{org}/settings", responses=examples.SETTINGS, summary="Pin an organisation to a release"
    )
    async def put_settings(
        caller: Annotated[Caller, Depends(requires("footprint:write"))], request: Request, org: str, body: Settings
    ) -> Response:
        """Its figures then rest on the factors of that release and on its own ones, whatever else is published.

        All its open months are computed again in the background; closed ones are restated. `If-Match` is heeded where it is sent. 422 for a
        release that is not known, or of which a part has not arrived yet.
        """
        caller.require_organisation(org)
        if "if-match" in request.headers:
            require_match(request, (await settings.read(caller.organisations, org))["version"])
        document = await settings.pin(caller.organisations, org, body.factor_release, caller.client)
        return Response(
            json.dumps(document), media_type="application/json", headers={"ETag": etag(document["version"])}
        )

    return router
