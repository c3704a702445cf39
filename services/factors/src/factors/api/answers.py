"""What callers are told: factors with their versions, and how a question was answered."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from factors.domain import uncertainty
from factors.domain.records import (
    Bilingual,
    Change,
    FactorVersion,
    GwpSet,
    Perimeter,
    Ratings,
    Source,
    Status,
    differences,
)


class FactorOut(BaseModel):
    """One version of a factor. `value` and `gases` are null when the licence forbids showing them (`masked`).

    `gsd2` is the spread that the source states, else the one that the ratings give: the 95 % interval of the value is
    [value/gsd2, value*gsd2].
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
            gsd2=uncertainty.of_content(content),
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


class FacetOut(BaseModel):
    """How often a value stands in what was found."""

    value: str
    count: int
