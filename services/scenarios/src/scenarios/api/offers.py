"""The catalogue of offers, for whoever prepares a study."""

from collections.abc import Sequence
from typing import Annotated

from common.api.auth import Caller, requires
from common.api.problems import NotFound
from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from scenarios.api import examples
from scenarios.domain.offers import Offer

Reader = Annotated[Caller, Depends(requires("scenarios:read"))]
OfferId = Annotated[str, Path(max_length=64, examples=["long-life-support"])]


class Catalogue(BaseModel):
    """Every offer, in the order of the catalogue."""

    items: Sequence[Offer]


def offers_router(offers: Sequence[Offer]) -> APIRouter:
    """Routes over `offers`."""
    router = APIRouter(tags=["offers"])
    by_id = {offer.id: offer for offer in offers}

    @router.get(
        "/offers",
        summary="The catalogue of low-carbon offers, in French and English",
        responses=examples.answer("GET /offers"),
    )
    async def read_offers(caller: Reader) -> Catalogue:
        return Catalogue(items=offers)

    @router.get(
        "/offers/{offer_id}",
        summary="One offer",
        responses={404: {"description": "no such offer"}, **examples.answer("GET /offers/{offer_id}")},
    )
    async def read_offer(offer_id: OfferId, caller: Reader) -> Offer:
        if offer_id not in by_id:
            raise NotFound("offer", offer_id)
        return by_id[offer_id]

    return router
