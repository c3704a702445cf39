"""The provider's own particulars, as its invoices show them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from common.api.auth import Caller, requires
from common.api.problems import FieldError, NotFound, Unprocessable
from common.database import Database
from common.organisations import EVERY
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from stdnum import iban

from billing.documents.content import Seller
from billing.domain.parties import FRENCH
from billing.service.contracts import check_party
from billing.store import invoices as invoice_store

Reader = Annotated[Caller, Depends(requires("billing:read"))]
Writer = Annotated[Caller, Depends(requires("billing:write"))]


class SellerVersion(BaseModel):
    """The version under which the particulars were stored."""

    version: int


def sellers_router(database: Database, clock: Callable[[], datetime]) -> APIRouter:
    """Routes of the seller."""
    router = APIRouter(tags=["seller"])

    @router.put("/seller", summary="Say who sells; documents issued before keep what they say")
    async def put(seller: Seller, caller: Writer) -> SellerVersion:
        caller.require_every_organisation()
        check_seller(seller)
        async with database.transaction(EVERY) as unit:
            return SellerVersion(version=await invoice_store.add_seller(unit.connection, seller, clock()))

    @router.get("/seller", summary="Who sells")
    async def read(caller: Reader) -> Seller:
        async with database.snapshot(caller.organisations) as connection:
            seller = await invoice_store.read_seller(connection)
        if seller is None:
            raise NotFound("seller", "of this platform")
        return seller

    return router


def check_seller(seller: Seller) -> None:
    """Raise `Unprocessable` for a seller that French invoices cannot name: outside France, without VAT id, with a wrong IBAN."""
    check_party(seller, "seller")
    faults = []
    if seller.territory not in FRENCH:
        faults.append(FieldError("seller.territory", "foreign", "the provider must be established in France"))
    if seller.vat_id is None:
        faults.append(FieldError("seller.vat_id", "missing", "the provider must have a VAT id"))
    if not iban.is_valid(seller.iban):
        faults.append(FieldError("seller.iban", "checksum", f"{seller.iban!r} is no IBAN"))
    if faults:
        raise Unprocessable("; ".join(fault.detail for fault in faults), faults)
