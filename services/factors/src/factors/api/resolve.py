"""Which factor answers a question, and why: one by one, or many at once."""

from functools import partial
from typing import Annotated, Any

from common import json
from common.api.auth import Caller, requires
from common.api.direct import DirectRoute
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter

from factors.api import examples
from factors.api.answers import ResolutionOut
from factors.api.batches import Answers, BatchIn, Item, ItemError, run_batch
from factors.api.prepared import PreparedAnswers
from factors.api.queries import query_parameters, read_query
from factors.api.questions import Answerer, RefQuestionIn, ScopedQuestionIn, answerer
from factors.domain.regions import Regions
from factors.live import LiveCatalogue

_authorise = requires("factors:read")
Reader = Annotated[Caller, Depends(_authorise)]

_ITEM = TypeAdapter(RefQuestionIn)


class QuestionsIn(BatchIn):
    """Questions, each with the parameters of `GET /resolve` and a `ref` of the caller's."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"ref": "a", "activity": "electricity", "region": "FR", "date": "2021-06-01"}]}]
        }
    )


class ItemResolution(ResolutionOut):
    """The answer to one question."""

    index: int
    ref: str | None


class ResolutionsOut(BaseModel):
    """The questions that could be answered, in their order, and why the others could not."""

    items: list[ItemResolution]
    errors: list[ItemError]


def resolve_router(live: LiveCatalogue, regions: Regions) -> APIRouter:
    """`/resolve`, from memory."""
    router = APIRouter(tags=["resolve"])

    prepared = PreparedAnswers(live)

    async def resolve_one(request: Request) -> Response:
        caller = await _authorise(request)
        asked: bytes = request.scope["query_string"]
        told = prepared.recall(asked)
        if told is None:
            query = read_query(request, ScopedQuestionIn)
            who = await answerer(live, regions, caller, query)
            told = prepared.prepare(asked, query, who) if query.org is None else _for_organisation(who, query)
        return Response(told, media_type="application/json")

    router.add_api_route(
        "/resolve",
        resolve_one,
        methods=["GET"],
        response_model=ResolutionOut,
        openapi_extra=query_parameters(ScopedQuestionIn),
        summary="The factor that answers, why, and every fallback taken",
        responses=examples.answer("GET /resolve"),
        route_class_override=DirectRoute,
    )

    @router.post(
        "/resolve",
        response_model=ResolutionsOut,
        summary="The same for many questions; each is answered or refused",
        responses=examples.answer("POST /resolve"),
    )
    async def resolve_many(caller: Reader, body: QuestionsIn) -> Response:
        answers = Answers(await answerer(live, regions, caller, body))
        return run_batch(body.items, partial(_resolve, answers))

    return router


def _for_organisation(who: Answerer, query: ScopedQuestionIn) -> bytes:
    _, told = who.answer(query.question())
    return json.dumps(told)


def _resolve(answers: Answers, given: Item) -> dict[str, Any]:
    _, told = answers.to(_ITEM.validate_python(given).question())
    return told
