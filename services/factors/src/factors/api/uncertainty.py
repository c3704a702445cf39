"""Uncertainty calculations that store nothing: ratings to GSD², products and sums of estimates."""

import math
from typing import Annotated

from common.api.auth import Caller, requires
from common.api.problems import FieldError, Unprocessable
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from factors.api import examples
from factors.api.requests import Finite, RatingsIn, Schema
from factors.domain import uncertainty
from factors.domain.records import Ratings

Reader = Annotated[Caller, Depends(requires("factors:read"))]
Gsd2 = Annotated[Finite, Field(ge=1, le=1e6, description="geometric standard deviation, squared; 1 is exact")]


class TermIn(Schema):
    """An estimate: its spread as `gsd2`, or from the ratings of its factor and of its activity (absent: exact)."""

    value: Finite = Field(ge=0, le=1e18)
    gsd2: Gsd2 | None = None
    factor: RatingsIn | None = None
    activity: RatingsIn | None = None


class SpreadIn(Schema):
    """Independent terms to add up. Terms that share a factor are one variable: add their values first."""

    terms: list[TermIn] = Field(min_length=1, max_length=10_000)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"terms": [{"value": 100, "gsd2": 1.2}, {"value": 300, "gsd2": 1.5}]}],
        }
    )


class SpreadOut(BaseModel):
    """A sum with its 95 % interval [value/gsd2, value*gsd2], and the spread of each term."""

    value: float
    gsd2: float
    low: float
    high: float
    terms_gsd2: list[float]


def uncertainty_router() -> APIRouter:
    """`/uncertainty`."""
    router = APIRouter(tags=["estimates"])

    @router.post(
        "/uncertainty",
        summary="The interval of a sum of estimates (Bilan Carbone 4.4.2)",
        responses=examples.answer("POST /uncertainty"),
    )
    async def spread(caller: Reader, body: SpreadIn) -> SpreadOut:
        spreads = [_spread(index, term) for index, term in enumerate(body.terms)]
        values = [term.value for term in body.terms]
        total = math.fsum(values)
        gsd2 = uncertainty.of_sum(list(zip(values, spreads, strict=True)))
        low, high = uncertainty.interval(total, gsd2)
        return SpreadOut(value=total, gsd2=gsd2, low=low, high=high, terms_gsd2=spreads)

    return router


def _spread(index: int, term: TermIn) -> float:
    if term.gsd2 is not None:
        if term.factor is not None or term.activity is not None:
            rule = "give gsd2, or ratings, not both"
            raise Unprocessable(rule, [FieldError(f"terms.{index}.gsd2", "both", rule)])
        return term.gsd2
    return uncertainty.of_product(_of(term.factor), _of(term.activity))


def _of(given: RatingsIn | None) -> float:
    return 1.0 if given is None else uncertainty.of_ratings(Ratings(**given.model_dump()))
