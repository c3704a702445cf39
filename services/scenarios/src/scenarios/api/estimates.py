"""A comparison in one call; nothing is stored."""

from typing import Annotated, Any

from common.api.auth import Caller, requires
from common.api.problems import FieldError, Unprocessable
from fastapi import APIRouter, Body, Depends

from scenarios.api import examples
from scenarios.catalogue import offers_by_id
from scenarios.domain.description import Refused
from scenarios.domain.estimate import EstimateRequest, estimate
from scenarios.domain.outcome import Comparison

Reader = Annotated[Caller, Depends(requires("scenarios:read"))]

EXAMPLE: dict[str, Any] = {
    "summary": "Long life support against renewal: ten servers, three years",
    "value": {
        "start": "2026-01-01",
        "years": 3,
        "electricity": {"gwp": 0.0569},
        "assets": [
            {
                "ref": "srv",
                "kind": "server",
                "quantity": 10,
                "annual_kwh": 1760.3,
                "pue": 1.58,
                "embodied_kg": 1313.28,
                "life_years": 4,
                "age_years": 4,
            }
        ],
        "reference": {
            "actions": [
                {
                    "lever": "renew",
                    "on": ["srv"],
                    "year": 0,
                    "with": {"annual_kwh_ratio": 0.7, "embodied_kg": 1313.28, "life_years": 4},
                }
            ]
        },
        "alternatives": [
            {"name": "long-life-support", "actions": [{"lever": "extend_life", "on": ["srv"], "years": 3}]}
        ],
    },
}


def unprocessable(refused: Refused) -> Unprocessable:
    """What the domain refuses, as a problem document."""
    return Unprocessable(refused.detail, [FieldError(refused.field, refused.code, refused.detail)])


def estimates_router() -> APIRouter:
    """The stateless comparison."""
    router = APIRouter(tags=["estimates"])

    @router.post(
        "/estimates",
        summary="Compare alternatives with a reference, without storing anything",
        responses=examples.answer("POST /estimates"),
    )
    def compare(
        request: Annotated[EstimateRequest, Body(openapi_examples={"long-life-support": EXAMPLE})], caller: Reader
    ) -> Comparison:
        try:
            return estimate(request, offers_by_id())
        except Refused as refused:
            raise unprocessable(refused) from refused

    return router
