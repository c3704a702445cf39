"""`GET /recomputation`: what waits to be computed again."""

from common.database import Database
from fastapi import APIRouter, Response

from footprint.api import examples
from footprint.api.answers import Org, Reader
from footprint.api.numbers import answer
from footprint.recomputation import Recomputation


def recomputation_router(database: Database) -> APIRouter:
    """The route of progress."""
    router = APIRouter(tags=["results"])
    recomputation = Recomputation(database)

    @router.get("/recomputation", responses=examples.RECOMPUTATION, summary="What waits to be computed again")
    async def get_recomputation(caller: Reader, org: Org) -> Response:
        """Assets that wait and those that are done, the stored asset-months that may yet change, since when, and by `lane` and cause.

        Lane `live`: changes one by one; `bulk`: a factor, an import, a new month. `failed`: assets whose computation failed and was set
        aside. `exact` false: so much waits that `waiting` and the assets of causes are bounds from above, `done` one from below; 0 is
        told only when nothing waits. `asset_months_waiting` null: of more assets than are counted. `changes_to_spread`: changes of
        factors, sites and the organisation of which the assets they touch are not marked yet; all is computed once this and `waiting`
        are 0.
        """
        caller.require_organisation(org)
        return answer(await recomputation.progress(caller.organisations, org))

    return router
