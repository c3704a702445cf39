"""The filter of a call: what its query says, upon what the saved view that it names says."""

from typing import TypeVar
from uuid import UUID

from common.api.auth import Caller
from common.database import Database
from pydantic import Field

from inventory.api.saved_views import view_or_404
from inventory.domain.filtering import AssetFilter


class AssetQuery(AssetFilter):
    """A filter, and a saved view whose filter holds wherever the query does not say another."""

    view: UUID | None = Field(None, description="a saved view; what the query says itself comes before it")


Query = TypeVar("Query", bound=AssetQuery)


async def picked(database: Database, caller: Caller, query: Query) -> Query:
    """The query with the filter of its view in it. Raises NotFound for a view that the caller may not use."""
    if query.view is None:
        return query
    view = await view_or_404(database, caller, query.view)
    saved = AssetFilter.model_validate(view.filter)
    said = {name: getattr(saved, name) for name in saved.model_fields_set if name not in query.model_fields_set}
    return query.model_copy(update={"org": view.org, **said} if query.org is None else said)
