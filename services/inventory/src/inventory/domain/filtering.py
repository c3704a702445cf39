"""Which assets: everything by which they can be picked, the same for lists, facets, exports and saved views."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from inventory.domain.quality import Gap
from inventory.domain.quantities import Code, Day, Instant, Label, OrganisationId
from inventory.domain.vocabulary import Condition, Kind, Status, SupportKind

CHOICES_LIMIT = 100
"""Values of one filter."""

Search = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
_UUID = r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$"
AssetId = Annotated[str, StringConstraints(pattern=_UUID)]


def _any(what: str) -> object:
    return Field(default_factory=list, max_length=CHOICES_LIMIT, description=f"{what}; several: any of them")


class AssetFilter(BaseModel):
    """Assets that fit every field that is given; of the values of one field, any."""

    model_config = ConfigDict(extra="forbid")

    org: OrganisationId | None = None
    q: Search | None = Field(
        None, description="words, each in a name, external id, serial number, UUID, owner, model or tag, in any case"
    )
    as_of: Instant | None = Field(None, description="the assets as they were, or will be, at a moment; now when absent")
    kind: Annotated[list[Kind], _any("their kind")]
    status: Annotated[list[Status], _any("their status then")]
    site: Annotated[list[Code], _any("the code of the site where they are then")]
    host: Annotated[list[AssetId], _any("the id of the asset that hosts them then")]
    application: Annotated[list[Code], _any("the code of an application that runs on them then")]
    tag: Annotated[list[Label], _any("a tag's name, or name=value")]
    source: Annotated[list[Label], _any("a source that knows them")]
    plan: Annotated[list[Label], _any("their plan then")]
    owner: Annotated[list[Label], _any("their owner")]
    maker: Annotated[list[Label], _any("the maker of their model")]
    model: Annotated[list[Label], _any("the name of their model")]
    condition: Annotated[list[Condition], _any("the condition in which they came")]
    support: Annotated[list[SupportKind], _any("who maintains them")]
    missing: Annotated[list[Gap], _any("what is not known of them, see /assets/quality")]
    acquired_from: Day | None = Field(None, description="acquired on that day or later")
    acquired_before: Day | None = Field(None, description="acquired before that day")
    older_than_years: Annotated[float, Field(ge=0, le=100)] | None = Field(
        None, description="years since they were made: since acquired, and the age they had then"
    )
    changed_since: Instant | None = Field(None, description="whose current version was recorded then or later")
