"""What moving from one release to another would do to given quantities."""

from dataclasses import asdict
from typing import Annotated, Any, Final

from common import json
from common.api.auth import Caller, requires
from common.api.problems import Problem
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from factors.api import examples
from factors.api.batches import MOST_ITEMS, Answers, Item, ItemError, each_item
from factors.api.estimates import EstimateIn
from factors.api.questions import Answerer
from factors.api.releases import ReleaseName
from factors.api.requests import Schema
from factors.domain.effects import Effect, Side, effect, totals
from factors.domain.records import FactorVersion
from factors.domain.regions import Regions
from factors.domain.resolve import Question
from factors.live import LiveCatalogue

Reader = Annotated[Caller, Depends(requires("factors:read"))]

_ITEM = TypeAdapter(EstimateIn)

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "before": "2026.12",
    "items": [
        {
            "ref": "room",
            "activity": "electricity",
            "region": "FR",
            "date": "2024-06-01",
            "quantity": 120,
            "unit": "MWh",
        }
    ],
}


class EffectsIn(Schema):
    """Two catalogues, and quantities with the fields of an estimate."""

    before: ReleaseName
    after: ReleaseName | None = Field(default=None, description="absent: what is published now")
    items: list[Item] = Field(min_length=1, max_length=MOST_ITEMS)

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})


class SideOut(BaseModel):
    """What a quantity weighs by one catalogue."""

    value: float
    unit: str
    factor_id: str
    factor_version: int


class EffectOut(BaseModel):
    """One quantity: `change` is after − before in `unit`; a side is null where nothing answers, and `why` says so."""

    index: int
    ref: str | None
    unit: str
    before: SideOut | None
    after: SideOut | None
    change: float | None
    relative_change: float | None
    why: str | None


class TotalOut(BaseModel):
    """The items of one criterion that both catalogues answer, added up."""

    criterion: str
    unit: str
    items: int
    before: float
    after: float
    change: float
    relative_change: float | None


class EffectsOut(BaseModel):
    """What it would do, by item and in all; items that neither catalogue answers are errors."""

    before: str
    after: str | None
    items: list[EffectOut]
    totals: list[TotalOut]
    errors: list[ItemError]


def effects_router(live: LiveCatalogue, regions: Regions) -> APIRouter:
    """`POST /releases/compare`."""
    router = APIRouter(tags=["releases"])

    @router.post(
        "/releases/compare",
        response_model=EffectsOut,
        summary="What moving from one release to another would do to given quantities",
        responses=examples.answer("POST /releases/compare"),
    )
    async def effects_of(caller: Reader, body: EffectsIn) -> Response:
        old, new = [
            Answers(Answerer(regions, await live.at(release), release)) for release in (body.before, body.after)
        ]
        found: list[Effect] = []

        def compute(given: Item) -> dict[str, Any]:
            item = _ITEM.validate_python(given)
            before, after = _asked(old, item.question()), _asked(new, item.question())
            if isinstance(before, Problem) and isinstance(after, Problem):
                raise after
            one = effect(_factor(before), _factor(after), item.quantity, item.unit)
            found.append(one)
            return _told(one, next((side.detail for side in (before, after) if isinstance(side, Problem)), None))

        computed, errors = each_item(body.items, compute)
        answer = {
            "before": body.before,
            "after": body.after,
            "items": computed,
            "totals": [asdict(total) for total in totals(found)],
            "errors": errors,
        }
        return Response(json.dumps(answer), media_type="application/json")

    return router


def _asked(answers: Answers, question: Question) -> FactorVersion | Problem:
    """The factor that answers, or why none does."""
    try:
        return answers.to(question)[0].factor
    except Problem as refusal:
        return refusal


def _factor(answer: FactorVersion | Problem) -> FactorVersion | None:
    return answer if isinstance(answer, FactorVersion) else None


def _told(one: Effect, why: str | None) -> dict[str, Any]:
    return {
        "unit": one.unit,
        "before": _side(one.before),
        "after": _side(one.after),
        "change": one.change,
        "relative_change": one.relative_change,
        "why": why,
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "value": side.estimate.value,
        "unit": side.estimate.unit,
        "factor_id": side.factor.id,
        "factor_version": side.factor.version,
    }
