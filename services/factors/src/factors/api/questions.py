"""Questions as callers ask them, and answers or refusals as they are told."""

import datetime

from common.api.problems import FieldError, Problem, Unprocessable
from pydantic import Field, field_validator

from factors.api.schemas import FactorOut, ResolutionOut, Schema, StepOut, Word
from factors.domain.catalogue import Catalogue
from factors.domain.nearest import nearest, nearest_activities
from factors.domain.records import DEFAULT_GWP_SET, GWP, GwpSet, Perimeter
from factors.domain.regions import Regions
from factors.domain.resolve import (
    DEFAULT_YEAR_GAP,
    Fallback,
    NothingFitsError,
    Question,
    Resolution,
    StageNeededError,
    UnknownRegionError,
    resolve,
)


class QuestionIn(Schema):
    """What is looked for. Strict unless `allow` names what may stand in."""

    activity: Word
    date: datetime.date
    region: Word | None = Field(
        default=None, description="ISO 3166-1 alpha-2, ISO 3166-2, EU, a part of the world, or world"
    )
    criterion: Word = GWP
    perimeter: Perimeter | None = Field(
        default=None, description="absent: consumption before production, and the answer says which"
    )
    stage: Word | None = None
    gwp_set: GwpSet = DEFAULT_GWP_SET
    allow: str = Field(
        default="", max_length=40, description="region, year, or both with a comma", examples=["region,year"]
    )
    year_gap: int = Field(default=DEFAULT_YEAR_GAP, ge=0, le=100, description="how many years back `allow=year` may go")

    @field_validator("date")
    @classmethod
    def _not_before_1990(cls, value: datetime.date) -> datetime.date:
        if value.year < 1990:
            raise ValueError("must be 1990-01-01 or later")
        return value

    @field_validator("allow")
    @classmethod
    def _known_fallbacks(cls, value: str) -> str:
        if unknown := [word for word in value.split(",") if word and word not in tuple(Fallback)]:
            raise ValueError(f"must hold region, year or both, not {','.join(unknown)}")
        return value

    def question(self) -> Question:
        """The same as the domain's type."""
        return Question(
            activity=self.activity,
            on=self.date,
            region=self.region,
            criterion=self.criterion,
            perimeter=self.perimeter,
            stage=self.stage,
            gwp_set=self.gwp_set,
            allow=frozenset(Fallback(word) for word in self.allow.split(",") if word),
            year_gap=self.year_gap,
        )


class PinnedQuestionIn(QuestionIn):
    """A question that may be pinned to a release."""

    release: str | None = Field(
        default=None, max_length=100, description="answer from this release; absent: what is published now"
    )


class RefQuestionIn(QuestionIn):
    """A question among others, with the caller's own reference."""

    ref: str | None = Field(default=None, max_length=200)


def answer(catalogue: Catalogue, regions: Regions, question: Question) -> Resolution:
    """The resolution of `question`; what prevents it as a Problem that names what was looked for and the nearest."""
    try:
        return resolve(catalogue, regions, question)
    except UnknownRegionError as error:
        raise unknown_region(error) from error
    except StageNeededError as error:
        rule = f"several stages answer: name one of {', '.join(error.stages)}"
        raise Unprocessable(rule, [FieldError("stage", "required", rule)], "stage-needed") from error
    except NothingFitsError as error:
        raise _nothing_fits(catalogue, regions, question) from error


def unknown_region(error: UnknownRegionError) -> Problem:
    """The refusal of a place that is not known, naming those that may have been meant."""
    near = [{"region": region.code, "name": region.name.en} for region in error.nearest]
    hint = ", ".join(f"{region.code} ({region.name.en})" for region in error.nearest) or "none"
    field = FieldError("region", "unknown_region", f"no place has the code {error.region!r}")
    return Problem(404, "unknown-region", f"{error.region!r} is no known place; nearest: {hint}", [field], nearest=near)


def _nothing_fits(catalogue: Catalogue, regions: Regions, question: Question) -> Problem:
    near = [
        {
            "id": item.factor.id,
            "region": item.factor.content.region,
            "valid_from": item.factor.content.valid_from,
            "valid_to": item.factor.content.valid_to,
            "perimeter": item.factor.content.perimeter,
            "needs": list(item.needs),
        }
        for item in nearest(catalogue, regions, question)
    ]
    activities = nearest_activities(catalogue, question)
    named = [f"{item['id']} (needs {', '.join(item['needs'])})" for item in near if isinstance(item["needs"], list)]
    sought = (
        f"{question.activity}, {question.criterion}, region {question.region or 'none'}, {question.on.isoformat()}, "
        f"perimeter {question.perimeter or 'any'}, GWP set {question.gwp_set}"
    )
    detail = f"nothing fits {sought}; nearest: {', '.join([*named, *activities]) or 'none'}"
    return Problem(404, "factor-not-found", detail, nearest=near, nearest_activities=activities)


def resolution_out(found: Resolution, release: str | None) -> ResolutionOut:
    """The answer for a resolution in the catalogue of `release` (None: the present one)."""
    return ResolutionOut.model_construct(
        release=release,
        factor=FactorOut.of(found.factor),
        steps=[StepOut.model_construct(code=step.code, text=step.text) for step in found.steps],
        warnings=[StepOut.model_construct(code=step.code, text=step.text) for step in found.warnings],
    )
