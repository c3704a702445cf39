"""Calculations that store nothing: gases to kgCO2e, activities to impacts."""

from dataclasses import asdict
from typing import Annotated, Any

from common import json
from common.api.auth import Caller, requires
from common.api.problems import FieldError, Problem, Unprocessable, field_errors
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from factors.api.resolve import QuestionIn, answer, resolution_out
from factors.api.schemas import FactorOut, Finite, Schema, StepOut, Word
from factors.domain.catalogue import Catalogue
from factors.domain.estimate import QuantityError, estimate
from factors.domain.gases import GasError, Gases
from factors.domain.records import DEFAULT_GWP_SET, GWP, Bilingual, GwpSet
from factors.domain.regions import Regions
from factors.domain.resolve import Question, Resolution
from factors.domain.units import UnitError
from factors.live import LiveCatalogue

Reader = Annotated[Caller, Depends(requires("factors:read"))]

MOST_ITEMS = 10_000


class GasesIn(Schema):
    """Masses of gases and refrigerant blends."""

    gwp_set: GwpSet = DEFAULT_GWP_SET
    gases_kg: dict[Word, Finite] = Field(
        min_length=1, max_length=1000, examples=[{"CO2": 100, "CH4_fossil": 2, "N2O": 0.1}]
    )


class GasOut(BaseModel):
    """What one gas contributes."""

    gas: str
    mass_kg: float
    gwp: float
    co2e_kg: float
    kyoto: bool


class Co2eOut(BaseModel):
    """`co2e_kg` counts the Kyoto seven; what is outside of them and biogenic CO2 are apart, never in it."""

    gwp_set: GwpSet
    co2e_kg: float
    outside_kyoto_co2e_kg: float
    biogenic_co2_kg: float
    gases: list[GasOut]


class EstimateIn(QuestionIn):
    """An activity and its quantity."""

    ref: str | None = Field(default=None, max_length=200)
    quantity: Finite
    unit: Annotated[str, Field(min_length=1, max_length=40)]


class EstimatesIn(Schema):
    """Items to estimate; each is answered or refused on its own."""

    items: list[dict[str, object]] = Field(
        min_length=1, max_length=MOST_ITEMS,
        examples=[[{"ref": "a", "activity": "electricity", "region": "FR", "date": "2021-06-01", "quantity": 2, "unit": "MWh"}]],
    )  # fmt: skip


class EstimateOut(BaseModel):
    """An impact. `gwp` is in kgCO2e; for another criterion `value` and `unit` say it, and `gwp` is null."""

    index: int
    ref: str | None
    gwp: float | None
    value: float
    unit: str
    formula: Bilingual
    factor: FactorOut
    steps: list[StepOut]
    warnings: list[StepOut]


class ItemError(BaseModel):
    """Why an item was refused."""

    index: int
    ref: str | None
    field: str
    code: str
    detail: str


class EstimatesOut(BaseModel):
    """The items that could be computed, in their order, and the errors of the others."""

    items: list[EstimateOut]
    errors: list[ItemError]


_ITEM = TypeAdapter(EstimateIn)


def estimates_router(live: LiveCatalogue, regions: Regions, gases: Gases) -> APIRouter:
    """`/co2e` and `/estimates`."""
    router = APIRouter(tags=["estimates"])

    @router.post("/co2e", summary="Gases to kgCO2e, under one set of warming potentials")
    async def co2e(caller: Reader, body: GasesIn) -> Co2eOut:
        try:
            computed = gases.co2e(body.gases_kg, body.gwp_set)
        except GasError as error:
            raise Unprocessable(str(error), [FieldError(f"gases_kg.{error.gas}", error.code, str(error))]) from error
        return Co2eOut(
            gwp_set=computed.gwp_set,
            co2e_kg=computed.co2e_kg,
            outside_kyoto_co2e_kg=computed.outside_kyoto_co2e_kg,
            biogenic_co2_kg=computed.biogenic_co2_kg,
            gases=[GasOut(**asdict(share)) for share in computed.shares],
        )

    @router.post(
        "/estimates", response_model=EstimatesOut, summary="Activities to impacts; units converted and checked"
    )
    async def estimates(caller: Reader, body: EstimatesIn) -> Response:
        batch = _Batch(await live.current(), regions)
        for index, item in enumerate(body.items):
            batch.add(index, item)
        return Response(json.dumps({"items": batch.items, "errors": batch.errors}), media_type="application/json")

    return router


class _Batch:
    """Items computed one by one; the resolution of a question is shared by all who ask it."""

    def __init__(self, catalogue: Catalogue, regions: Regions) -> None:
        self._catalogue = catalogue
        self._regions = regions
        self._answers: dict[Question, tuple[Resolution, dict[str, Any]]] = {}
        self.items: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []

    def add(self, index: int, given: dict[str, object]) -> None:
        """Compute an item, or note why it is refused."""
        ref = given.get("ref")
        try:
            item = _ITEM.validate_python(given)
            self.items.append({"index": index, "ref": item.ref, **self._estimate(item)})
        except ValidationError as error:
            for broken in field_errors(error.errors()):
                self._refuse(index, ref, broken.field, broken.code, broken.detail)
        except QuantityError as error:
            self._refuse(index, ref, "quantity", error.code, str(error))
        except UnitError as error:
            self._refuse(index, ref, "unit", "unit", str(error))
        except Problem as problem:
            field = problem.errors[0].field if problem.errors else "activity"
            self._refuse(index, ref, field, problem.code, problem.detail)

    def _estimate(self, item: EstimateIn) -> dict[str, Any]:
        question = item.question()
        found = self._answers.get(question)
        if found is None:
            resolution = answer(self._catalogue, self._regions, question)
            found = self._answers[question] = (resolution, resolution_out(resolution).model_dump(mode="json"))
        resolution, told = found
        computed = estimate(resolution.factor, item.quantity, item.unit)
        gwp = computed.value if item.criterion == GWP else None
        return {"gwp": gwp, "value": computed.value, "unit": computed.unit, "formula": computed.formula, **told}

    def _refuse(self, index: int, ref: object, field: str, code: str, detail: str) -> None:
        self.errors.append({"index": index, "ref": ref, "field": field, "code": code, "detail": detail})
