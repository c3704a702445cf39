"""Questions as callers ask them, and answers or refusals as they are told."""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from common import json
from common.api.auth import Caller
from common.api.problems import FieldError, Problem, Unprocessable
from common.organisations import check_organisation_id
from pydantic import Field, field_validator, model_validator

from factors import metrics
from factors.api.answers import FactorOut
from factors.api.requests import Activity, Day, Schema, Word
from factors.domain import wording
from factors.domain.catalogue import Catalogue
from factors.domain.nearest import nearest, nearest_activities
from factors.domain.overridden import OwnValues, resolve_for
from factors.domain.records import DEFAULT_GWP_SET, GWP, FactorVersion, GwpSet, Perimeter
from factors.domain.regions import Regions
from factors.domain.resolve import (
    DEFAULT_YEAR_GAP,
    Fallback,
    NothingFitsError,
    Question,
    Resolution,
    Said,
    StageNeededError,
    UnknownRegionError,
)
from factors.live import LiveCatalogue


class QuestionIn(Schema):
    """What is looked for. Strict unless `allow` names what may stand in."""

    activity: Activity = Field(examples=["electricity"])
    date: Day = Field(examples=["2021-06-01"])
    region: Word | None = Field(
        default=None, examples=["FR"], description="ISO 3166-1 alpha-2, ISO 3166-2, EU, a part of the world, or world"
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


class ScopeIn(Schema):
    """Whose catalogue answers: what is published now, a release of it, or it with an organisation's own values."""

    release: str | None = Field(
        default=None, max_length=100, description="answer from this release; absent: what is published now"
    )
    org: str | None = Field(default=None, max_length=64, description="with this organisation's own values in place")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.release is not None and self.org is not None:
            raise ValueError("a release holds no organisation's own values: give release or org, not both")
        return self


class ScopedQuestionIn(QuestionIn, ScopeIn):
    """A question, and whose catalogue answers it."""


class RefQuestionIn(QuestionIn):
    """A question among others, with the caller's own reference."""

    ref: str | None = Field(default=None, max_length=200)


_OWN, _PUBLIC = metrics.QUESTIONS.labels("own"), metrics.QUESTIONS.labels("public")


@lru_cache(maxsize=4096)
def _told(version: FactorVersion) -> Any:
    """A version as it is told, in JSON. Versions never change, and building this costs more than resolving."""
    return json.encoded(FactorOut.of(version).model_dump_json().encode())


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions from one catalogue, with an organisation's own values where there are any."""

    regions: Regions
    public: Catalogue
    release: str | None = None
    own: OwnValues | None = None

    def answer(self, question: Question, said: Said = wording.day) -> tuple[Resolution, dict[str, Any]]:
        """The resolution of `question` and how it is told, a `ResolutionOut` ready for `common.json`; `said` says its day.

        Raises a Problem that names what was looked for and the nearest.
        """
        try:
            resolution, is_own = resolve_for(self.own, self.public, self.regions, question, said)
        except LookupError as error:
            problem = self._refusal(error, question)
            metrics.QUESTIONS.labels(problem.code).inc()
            raise problem from error
        (_OWN if is_own else _PUBLIC).inc()
        told = {
            "release": self.release,
            "org": self.own.org if self.own and is_own else None,
            "factor": _told(resolution.factor),
            "steps": resolution.steps,
            "warnings": resolution.warnings,
        }
        return resolution, told

    def _refusal(self, error: LookupError, question: Question) -> Problem:
        match error:
            case UnknownRegionError():
                return unknown_region(error)
            case StageNeededError():
                rule = f"several stages answer: name one of {', '.join(error.stages)}"
                return Unprocessable(rule, [FieldError("stage", "required", rule)], "stage-needed")
            case NothingFitsError():
                return _nothing_fits(self.public, self.regions, question)
            case _:
                raise error


async def answerer(live: LiveCatalogue, regions: Regions, caller: Caller, scope: ScopeIn) -> Answerer:
    """Who answers in that scope. Raises NotFound for an unknown release, Forbidden for an organisation not of the caller's."""
    own = None
    if scope.org is not None:
        caller.require_organisation(check_organisation_id(scope.org))
        own = OwnValues(scope.org, await live.own(scope.org))
    return Answerer(regions, await live.at(scope.release), scope.release, own)


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
