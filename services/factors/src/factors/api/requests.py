"""What callers send: factors to draft, and which ones to list."""

import re
from dataclasses import replace
from datetime import date
from typing import Annotated, Final

from common.api.cursors import Cursor, Limit
from common.api.problems import FieldError, Unprocessable
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from factors.domain.gases import GasError, Gases
from factors.domain.records import Bilingual, FactorContent, GwpSet, Perimeter, Ratings, Source, Status
from factors.domain.restating import value_under
from factors.domain.rules import LONGEST_ACTIVITY
from factors.domain.units import UnitError
from factors.store.search import Filters

Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Rating = Annotated[int, Field(ge=1, le=5)]
FactorId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,118}[a-z0-9]$", description="stable: lower-case letters, digits, inner hyphens"
    ),
]


def _as_written(value: object) -> object:
    """Only YYYY-MM-DD is a date: pydantic would also take a number for seconds since 1970."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and _DATE.fullmatch(value) is None):
        raise ValueError("must be a date as YYYY-MM-DD")
    return value


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Day = Annotated[date, BeforeValidator(_as_written)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Word = Annotated[str, Field(min_length=1, max_length=120)]
Activity = Annotated[str, Field(min_length=1, max_length=LONGEST_ACTIVITY)]


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

    activity: Activity
    name: TextIn
    criterion: Word = "gwp"
    stage: Word | None = None
    value: Finite | None = Field(
        default=None, ge=0, description="in `unit`; absent: computed from `gases` under `gwp_set`"
    )
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    region: Word | None = None
    valid_from: Day | None = None
    valid_to: Day | None = Field(default=None, description="first day after the validity")
    published_year: int = Field(ge=1990, le=2200)
    perimeter: Perimeter | None = None
    gwp_set: GwpSet | None = None
    gases: dict[Word, Annotated[Finite, Field(ge=0)]] = Field(
        default={}, max_length=100, description="kg per unit of activity; their sum under `gwp_set` is the value"
    )
    biogenic_co2: Annotated[Finite, Field(ge=0)] | None = None
    ratings: RatingsIn | None = None
    gsd2: Finite | None = Field(
        default=None, ge=1, le=1e6, description="the spread that the source states; absent: the one of the ratings"
    )
    source: SourceIn
    note: TextIn | None = None

    def content(self, gases: Gases) -> FactorContent:
        """The same as the domain's type, its value computed from the gases where none is stated. Raises Unprocessable naming the field."""
        if self.value is not None:
            return self._content(self.value)
        if self.gwp_set is None or not self.gases:
            rule = "give value, or gases with the gwp_set that makes the value of them"
            raise Unprocessable(rule, [FieldError("value", "required", rule)])
        stated = self._content(0.0)
        try:
            return replace(stated, value=value_under(stated, gases, self.gwp_set))
        except GasError as error:
            raise Unprocessable(str(error), [FieldError(f"gases.{error.gas}", error.code, str(error))]) from error
        except UnitError as error:
            raise Unprocessable(str(error), [FieldError("unit", "unit", str(error))]) from error

    def _content(self, value: float) -> FactorContent:
        return FactorContent(
            activity=self.activity,
            name=Bilingual(self.name.fr, self.name.en),
            criterion=self.criterion,
            value=value + 0.0,  # no negative zero
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
            gsd2=self.gsd2,
        )


EXAMPLE: Final[dict[str, JsonValue]] = {
    "id": "electricity-fr-2025-example",
    "activity": "electricity",
    "name": {"fr": "Électricité, France, 2025, consommation", "en": "Electricity, France, 2025, consumption"},
    "value": 0.052,
    "unit": "kgCO2e/kWh",
    "region": "FR",
    "valid_from": "2025-01-01",
    "valid_to": "2026-01-01",
    "published_year": 2025,
    "perimeter": "consumption",
    "source": {"name": "Example", "link": "Example, yearly report 2025, table 3", "licence": "CC BY 4.0", "year": 2026},
    "reason": "yearly update",
}
"""A factor as a caller sends it."""


class DraftIn(FactorIn):
    """A draft: of a new factor, or the next version of a known one."""

    id: FactorId
    reason: Name = Field(description="why this version is made")

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class FactorFilters(Schema):
    """Which factors are meant."""

    q: str | None = Field(
        default=None, max_length=200, description="words in French or English; accents and small errors do not matter"
    )
    activity: Activity | None = Field(default=None, description="with those below it: embodied finds embodied.server")
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


class ReasonIn(Schema):
    """Why something is done."""

    reason: Name

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "retracted by its source"}]})
