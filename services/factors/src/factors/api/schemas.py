"""Shapes of the factors API. Carbon and energy are JSON numbers in full double precision."""

from datetime import date, datetime
from typing import Annotated, Any

from common.api.cursors import Cursor, Limit
from pydantic import BaseModel, ConfigDict, Field

from factors.domain import uncertainty
from factors.domain.records import (
    Bilingual,
    Change,
    FactorContent,
    FactorVersion,
    GwpSet,
    Perimeter,
    Ratings,
    Source,
    Status,
    differences,
)
from factors.store.search import Filters

Finite = Annotated[float, Field(allow_inf_nan=False)]
Rating = Annotated[int, Field(ge=1, le=5)]
FactorId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,118}[a-z0-9]$", description="stable: lower-case letters, digits, inner hyphens"
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Word = Annotated[str, Field(min_length=1, max_length=120)]


class Schema(BaseModel):
    """Base of what callers send: an unknown field is refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid")


class TextIn(Schema):
    """A text in French and in English."""

    fr: Name
    en: Name


class SourceIn(Schema):
    """Where a value comes from; no value without it."""

    name: Name
    link: Name = Field(description="the reference as one would print it")
    licence: Name
    year: int = Field(ge=1900, le=2200)
    url: str | None = Field(default=None, max_length=2000)
    displayable: bool = Field(default=True, description="false when the licence forbids showing the value")


class RatingsIn(Schema):
    """Data quality, 1 very bad to 5 very good; absent is unknown."""

    technical: Rating | None = None
    reliability: Rating | None = None
    temporal: Rating | None = None
    completeness: Rating | None = None
    geographic: Rating | None = None


class FactorIn(Schema):
    """What a version says."""

    activity: Word
    name: TextIn
    criterion: Word = "gwp"
    stage: Word | None = None
    value: Finite = Field(ge=0, description="in `unit`")
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    region: Word | None = None
    valid_from: date | None = None
    valid_to: date | None = Field(default=None, description="first day after the validity")
    published_year: int = Field(ge=1990, le=2200)
    perimeter: Perimeter | None = None
    gwp_set: GwpSet | None = None
    gases: dict[Word, Annotated[Finite, Field(ge=0)]] = Field(
        default={}, max_length=100, description="kg per unit of activity"
    )
    biogenic_co2: Annotated[Finite, Field(ge=0)] | None = None
    ratings: RatingsIn | None = None
    source: SourceIn
    note: TextIn | None = None

    def content(self) -> FactorContent:
        """The same as the domain's type."""
        return FactorContent(
            activity=self.activity,
            name=Bilingual(self.name.fr, self.name.en),
            criterion=self.criterion,
            value=self.value,
            unit=self.unit,
            published_year=self.published_year,
            source=Source(**self.source.model_dump()),
            stage=self.stage,
            region=self.region,
            perimeter=self.perimeter,
            gwp_set=self.gwp_set,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            gases=tuple(sorted(self.gases.items())),
            biogenic_co2=self.biogenic_co2,
            ratings=Ratings(**self.ratings.model_dump()) if self.ratings else None,
            note=Bilingual(self.note.fr, self.note.en) if self.note else None,
        )


class DraftIn(FactorIn):
    """A draft: of a new factor, or the next version of a known one."""

    id: FactorId
    reason: Name = Field(description="why this version is made")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "electricity-fr-2025-example", "activity": "electricity", "value": 0.052, "unit": "kgCO2e/kWh",
                    "name": {"fr": "Électricité, France, 2025, consommation", "en": "Electricity, France, 2025, consumption"},
                    "region": "FR", "valid_from": "2025-01-01", "valid_to": "2026-01-01", "published_year": 2025,
                    "perimeter": "consumption", "reason": "yearly update",
                    "source": {"name": "Example", "link": "Example, yearly report 2025, table 3", "licence": "CC BY 4.0", "year": 2026},
                }
            ]
        },
    )  # fmt: skip


class FactorFilters(Schema):
    """Which factors are meant."""

    q: str | None = Field(
        default=None, max_length=200, description="words in French or English; accents and small errors do not matter"
    )
    activity: Word | None = Field(default=None, description="with those below it: embodied finds embodied.server")
    region: Word | None = None
    year: int | None = Field(default=None, ge=1990, le=2200, description="valid on some day of this year")
    criterion: Word | None = None
    perimeter: Perimeter | None = None
    source: Word | None = Field(default=None, description="part of the source's name")
    status: Status = Status.PUBLISHED

    def filters(self) -> Filters:
        """The same for the store."""
        return Filters(
            text=self.q,
            activity=self.activity,
            region=self.region,
            year=self.year,
            criterion=self.criterion,
            perimeter=self.perimeter,
            source=self.source,
            status=self.status,
        )


class FactorQuery(FactorFilters):
    """What to list, page by page."""

    cursor: Cursor = None
    limit: Limit = 100


class FacetOut(BaseModel):
    """How often a value stands in what was found."""

    value: str
    count: int


class ReasonIn(Schema):
    """Why something is done."""

    reason: Name


class FactorOut(BaseModel):
    """One version of a factor. `value` and `gases` are null when the licence forbids showing them (`masked`).

    `gsd2` is the spread that the ratings give: the 95 % interval of the value is [value/gsd2, value*gsd2].
    """

    id: str
    version: int
    status: Status
    activity: str
    name: Bilingual
    criterion: str
    stage: str | None
    value: float | None
    unit: str
    region: str | None
    valid_from: date | None
    valid_to: date | None
    published_year: int
    perimeter: Perimeter | None
    gwp_set: GwpSet | None
    gases: dict[str, float] | None
    biogenic_co2: float | None
    ratings: Ratings | None
    source: Source
    note: Bilingual | None
    gsd2: float
    masked: bool
    author: str
    reason: str
    recorded_at: datetime
    published_by: str | None

    @classmethod
    def of(cls, version: FactorVersion) -> "FactorOut":
        """The answer for a version, masked where its licence asks for it."""
        content = version.content
        shown = content.source.displayable
        return cls.model_construct(
            id=version.id,
            version=version.version,
            status=version.status,
            activity=content.activity,
            name=content.name,
            criterion=content.criterion,
            stage=content.stage,
            value=content.value if shown else None,
            unit=content.unit,
            region=content.region,
            valid_from=content.valid_from,
            valid_to=content.valid_to,
            published_year=content.published_year,
            perimeter=content.perimeter,
            gwp_set=content.gwp_set,
            gases=dict(content.gases) if shown else None,
            biogenic_co2=content.biogenic_co2 if shown else None,
            ratings=content.ratings,
            source=content.source,
            note=content.note,
            gsd2=uncertainty.of_ratings(content.ratings),
            masked=not shown,
            author=version.author,
            reason=version.reason,
            recorded_at=version.recorded_at,
            published_by=version.published_by,
        )


class ChangeOut(BaseModel):
    """One field that a version changed."""

    field: str
    before: Any
    after: Any


class VersionOut(FactorOut):
    """A version with what it changed from the one before."""

    changes: list[ChangeOut]


class FactorHistory(FactorOut):
    """A factor at its present version, with all of its versions, the newest first."""

    versions: list[VersionOut]


def history(versions: list[FactorVersion]) -> FactorHistory:
    """The history of a factor from its versions, the newest first; at least one.

    The present version is the published or withdrawn one, else the draft. Changes of masked values are not shown.
    """
    present = next((v for v in versions if v.status in (Status.PUBLISHED, Status.WITHDRAWN)), versions[0])
    told = [
        VersionOut.model_construct(
            **FactorOut.of(version).__dict__,
            changes=[ChangeOut(**change) for change in visible_changes(before, version)] if before else [],
        )
        for version, before in zip(versions, [*versions[1:], None], strict=True)
    ]
    return FactorHistory.model_construct(**FactorOut.of(present).__dict__, versions=told)


def visible_changes(before: FactorVersion, after: FactorVersion) -> list[Change]:
    """What differs between two versions, without what a licence forbids showing."""
    masked = not (before.content.source.displayable and after.content.source.displayable)
    hidden = ("value", "gases", "biogenic_co2") if masked else ()
    return [change for change in differences(before.content, after.content) if change["field"] not in hidden]


class StepOut(BaseModel):
    """One thing done on the way to an answer, in words."""

    code: str
    text: Bilingual


class ResolutionOut(BaseModel):
    """The factor that answers, how it was found, and what a reader must be told.

    `release` names the release that the answer is pinned to; null: what is published now. `org` names the organisation whose own value
    the answer is; null: it is public.
    """

    release: str | None
    org: str | None
    factor: FactorOut
    steps: list[StepOut]
    warnings: list[StepOut]
