"""Issued months that no longer come to what was billed of them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from common.api import cursors
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit, Page
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from billing.api.months import MonthName, first_day
from billing.service.rerating import LateData, Rerated

Reader = Annotated[Caller, Depends(requires("billing:read"))]


class DeltaView(BaseModel):
    """One line of the month: what it comes to now, less what has been billed of it."""

    meter: str
    label: str
    owed: str


class OutdatedView(BaseModel):
    """An invoice whose month comes to another amount by what is known now. `POST /invoices/{number}/credit-notes` settles it."""

    number: str
    org: str
    contract_id: UUID
    month: str
    issued_on: date
    billed_net: str = Field(description="invoice and adjustments less credit notes, of this month", examples=["55.60"])
    rerated_net: str = Field(description="at the same prices, from what is known now", examples=["35.82"])
    owed_net: str = Field(description="the second less the first; below zero it is to be credited", examples=["-19.78"])
    owed_gross: str
    settled_by: Literal["credit_note", "adjustment"]
    lines: list[DeltaView]


def late_data_router(late_data: LateData) -> APIRouter:
    """Routes over `late_data`."""
    router = APIRouter(tags=["invoices"])

    @router.get("/late-data", summary="Issued months that what is known now would bill otherwise")
    async def page(
        caller: Reader,
        org: Annotated[str | None, Query(max_length=64)] = None,
        month: MonthName | None = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Page[OutdatedView]:
        """Each page rates the months of the next `limit` invoices again and holds those that differ: it may be empty and not the last."""
        after = None if cursor is None else cursors.decode(cursor, str)[0]
        first = None if month is None else first_day(month)
        found, last = await late_data.page(caller.organisations, org, first, after=after, limit=limit)
        following = None if last is None else cursors.encode(last)
        return Page(items=[_outdated(one) for one in found], next_cursor=following)

    return router


def _outdated(again: Rerated) -> OutdatedView:
    document = again.original.document
    return OutdatedView(
        number=document.number,
        org=again.original.org,
        contract_id=document.body.contract_id,
        month=f"{document.body.month:%Y-%m}",
        issued_on=document.issued_on,
        billed_net=f"{again.billed_net:.2f}",
        rerated_net=f"{again.rating.net:.2f}",
        owed_net=f"{again.owed:.2f}",
        owed_gross=f"{again.owed_gross:.2f}",
        settled_by="adjustment" if again.owed > 0 else "credit_note",
        lines=[DeltaView(meter=d.meter, label=d.label, owed=f"{d.amount:.2f}") for d in again.deltas],
    )
