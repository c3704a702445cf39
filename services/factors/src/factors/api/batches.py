"""Many items in one call: each is answered or refused on its own, and a question asked twice is resolved once."""

from collections.abc import Callable, Sequence
from typing import Any

from common import json
from common.api.problems import Problem, field_errors
from fastapi import Response
from pydantic import BaseModel, Field, ValidationError

from factors.api.questions import Answerer, ScopeIn
from factors.domain.estimate import QuantityError
from factors.domain.resolve import Question, Resolution
from factors.domain.units import UnitError

MOST_ITEMS = 10_000

Item = Any
"""What a caller put in the list: an object, if it is well formed."""


class BatchIn(ScopeIn):
    """Items as they come; each is validated on its own, so that a bad one never sinks the good ones."""

    items: list[Item] = Field(min_length=1, max_length=MOST_ITEMS)


class ItemError(BaseModel):
    """Why an item was refused."""

    index: int
    ref: str | None
    field: str
    code: str
    detail: str


class Answers:
    """Resolutions of one call, with the form in which they are told; one per distinct question."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer
        self._known: dict[Question, tuple[Resolution, dict[str, Any]]] = {}

    def to(self, question: Question) -> tuple[Resolution, dict[str, Any]]:
        """The resolution of `question` and its JSON form. Raises what `Answerer.answer` raises."""
        known = self._known.get(question)
        if known is None:
            known = self._known[question] = self._answerer.answer(question)
        return known


def run_batch(items: Sequence[Item], compute: Callable[[Item], dict[str, Any]]) -> Response:
    """The answer `{items, errors}`: what `compute` makes of each item, and why it refused others, by their index."""
    computed, errors = each_item(items, compute)
    return Response(json.dumps({"items": computed, "errors": errors}), media_type="application/json")


def each_item(
    items: Sequence[Item], compute: Callable[[Item], dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What `compute` makes of each item, and why it refused others, each with its index and the caller's reference."""
    computed: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        place = {"index": index, "ref": _reference(item)}
        try:
            computed.append(place | compute(item))
        except (ValidationError, QuantityError, UnitError, Problem) as error:
            errors += [place | told for told in _told(error)]
    return computed, errors


def _reference(item: Item) -> str | None:
    """The caller's reference, if it is a text that can be told again: half of a surrogate pair is none."""
    ref = item.get("ref") if isinstance(item, dict) else None
    if not isinstance(ref, str):
        return None
    try:
        ref.encode()
    except UnicodeEncodeError:
        return None
    return ref


def _told(error: ValidationError | QuantityError | UnitError | Problem) -> list[dict[str, str]]:
    if isinstance(error, ValidationError):
        broken = field_errors(error.errors())
        return [{"field": one.field, "code": one.code, "detail": one.detail} for one in broken]
    if isinstance(error, QuantityError):
        return [{"field": "quantity", "code": error.code, "detail": str(error)}]
    if isinstance(error, UnitError):
        return [{"field": "unit", "code": "unit", "detail": str(error)}]
    field = error.errors[0].field if error.errors else "activity"
    return [{"field": field, "code": error.code, "detail": error.detail}]
