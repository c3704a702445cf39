"""Calculations that store nothing: gases to kgCO2e, activities to impacts."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from common.api.auth import Caller, requires
from common.api.problems import FieldError, Unprocessable
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from factors.api import examples
from factors.api.answers import FactorOut, StepOut
from factors.api.batches import Answers, BatchIn, Item, ItemError, run_batch
from factors.api.questions import RefQuestionIn, answerer, unknown_region
from factors.api.requests import Finite, Schema, Word
from factors.domain.equivalents import equivalents
from factors.domain.estimate import estimate
from factors.domain.gases import LARGEST_KG, GasError, Gases
from factors.domain.records import DEFAULT_GWP_SET, GWP, Bilingual, GwpSet
from factors.domain.regions import Regions
from factors.domain.resolve import UnknownRegionError
from factors.live import LiveCatalogue

Reader = Annotated[Caller, Depends(requires("factors:read"))]


class GasesIn(Schema):
    """Masses of gases and refrigerant blends."""

    gwp_set: GwpSet = DEFAULT_GWP_SET
    gases_kg: dict[Word, Finite] = Field(min_length=1, max_length=1000)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"gwp_set": "AR6", "gases_kg": {"CO2": 100, "CH4_fossil": 2, "N2O": 0.1}}],
        }
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


class EstimateIn(RefQuestionIn):
    """An activity and its quantity."""

    quantity: Finite
    unit: Annotated[str, Field(min_length=1, max_length=40)]


class EstimatesIn(BatchIn):
    """Items to estimate, each with the fields of `EstimateIn`; each is answered or refused on its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "ref": "a",
                            "activity": "electricity",
                            "region": "FR",
                            "date": "2021-06-01",
                            "quantity": 2,
                            "unit": "MWh",
                        }
                    ]
                }
            ]
        }
    )


class EstimateOut(BaseModel):
    """An impact. `gwp` is in kgCO2e; for another criterion `value` and `unit` say it, and `gwp` is null."""

    index: int
    ref: str | None
    gwp: float | None
    value: float
    low: float
    high: float
    unit: str
    formula: Bilingual
    factor: FactorOut
    steps: list[StepOut]
    warnings: list[StepOut]


class EstimatesOut(BaseModel):
    """The items that could be computed, in their order, and the errors of the others."""

    items: list[EstimateOut]
    errors: list[ItemError]


_ITEM = TypeAdapter(EstimateIn)


class EquivalentOut(BaseModel):
    """`quantity` in `unit` of what the factor is of weighs as much."""

    activity: str
    name: Bilingual
    quantity: float
    unit: str
    factor_id: str
    factor_version: int


class EquivalentsOut(BaseModel):
    """A mass of CO2e in things that people know."""

    mass_kg: float
    items: list[EquivalentOut]


def estimates_router(live: LiveCatalogue, regions: Regions, gases: Gases, clock: Callable[[], datetime]) -> APIRouter:
    """`/co2e`, `/estimates` and `/equivalents`."""
    router = APIRouter(tags=["estimates"])

    @router.post(
        "/co2e",
        summary="Gases to kgCO2e, under one set of warming potentials",
        responses=examples.answer("POST /co2e"),
    )
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
        "/estimates",
        response_model=EstimatesOut,
        summary="Activities to impacts; units converted and checked",
        responses=examples.answer("POST /estimates"),
    )
    async def estimates(caller: Reader, body: EstimatesIn) -> Response:
        answers = Answers(await answerer(live, regions, caller, body))
        return run_batch(body.items, partial(_estimate, answers))

    @router.get(
        "/equivalents",
        summary="A mass of CO2e in things that people know",
        responses=examples.answer("GET /equivalents"),
    )
    async def equivalents_of(
        caller: Reader,
        kg: Annotated[float, Query(ge=0, le=LARGEST_KG, allow_inf_nan=False, description="kgCO2e", examples=[1000])],
        region: Annotated[str, Query(max_length=20)] = "FR",
    ) -> EquivalentsOut:
        try:
            found = equivalents(await live.current(), regions, kg, region, clock().date())
        except UnknownRegionError as error:
            raise unknown_region(error) from error
        items = [
            EquivalentOut(
                activity=one.factor.content.activity,
                name=one.factor.content.name,
                quantity=one.quantity,
                unit=one.unit,
                factor_id=one.factor.id,
                factor_version=one.factor.version,
            )
            for one in found
        ]
        return EquivalentsOut(mass_kg=kg, items=items)

    return router


def _estimate(answers: Answers, given: Item) -> dict[str, Any]:
    item = _ITEM.validate_python(given)
    resolution, told = answers.to(item.question())
    computed = estimate(resolution.factor, item.quantity, item.unit)
    gwp = computed.value if item.criterion == GWP else None
    return {"gwp": gwp, **asdict(computed), **told}
