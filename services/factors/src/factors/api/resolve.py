"""Which factor answers a question, and why: one by one, or many at once."""

from functools import partial
from typing import Annotated, Any

from common.api.auth import Caller, requires
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter

from factors.api.batches import Answers, BatchIn, Item, ItemError, run_batch
from factors.api.questions import RefQuestionIn, ScopedQuestionIn, answerer
from factors.api.schemas import ResolutionOut
from factors.domain.regions import Regions
from factors.live import LiveCatalogue

Reader = Annotated[Caller, Depends(requires("factors:read"))]

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

    @router.get(
        "/resolve", response_model=ResolutionOut, summary="The factor that answers, why, and every fallback taken"
    )
    async def resolve_one(caller: Reader, query: Annotated[ScopedQuestionIn, Query()]) -> Response:
        who = await answerer(live, regions, caller, query)
        _, told = who.answer(query.question())
        return Response(told.model_dump_json(), media_type="application/json")

    @router.post(
        "/resolve", response_model=ResolutionsOut, summary="The same for many questions; each is answered or refused"
    )
    async def resolve_many(caller: Reader, body: QuestionsIn) -> Response:
        answers = Answers(await answerer(live, regions, caller, body))
        return run_batch(body.items, partial(_resolve, answers))

    return router


def _resolve(answers: Answers, given: Item) -> dict[str, Any]:
    _, told = answers.to(_ITEM.validate_python(given).question())
    return told
