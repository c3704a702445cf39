"""One asset as an answer, or the problem that it is not there."""

from datetime import datetime
from uuid import UUID

from common import json
from common.api.auth import Caller
from common.api.etag import etag
from common.database import Database
from starlette.responses import Response

from inventory.api.views import AssetView
from inventory.service.assets import not_there
from inventory.store import listing
from inventory.store.listing import Present


async def present_or_problem(database: Database, caller: Caller, asset_id: UUID, now: datetime) -> Present:
    """The asset as it is now. Raises NotFound, and Problem 410 for a record that proved to be another asset."""
    async with database.snapshot(caller.organisations) as connection:
        present = await listing.find_present(connection, asset_id, now)
        if present is not None:
            return present
        raise await not_there(connection, asset_id)


def asset_answer(present: Present) -> Response:
    """The answer that shows an asset; the ETag is its version."""
    content = json.dumps(AssetView.of(present).model_dump(mode="json"))
    return Response(content, 200, {"ETag": etag(present.asset.version)}, "application/json")
