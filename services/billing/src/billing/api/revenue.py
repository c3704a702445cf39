"""What contracts brought in, with the carbon of what they sold."""

from datetime import date
from typing import Annotated
from uuid import UUID

from common.api.auth import Caller, requires
from common.api.problems import FieldError, Unprocessable
from common.database import Database
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from billing.api.months import MonthName, first_day
from billing.documents.revenue import Sold, sold, together
from billing.store.invoices import Issued, read_invoices_since

Reader = Annotated[Caller, Depends(requires("billing:read"))]

MOST_MONTHS = 120


class SoldView(BaseModel):
    """Euros before tax: `net` = `invoiced` + `adjusted` − `credited`. kWh and kgCO2e as the invoices say them."""

    invoiced: str = Field(examples=["5660.88"])
    adjusted: str
    credited: str
    net: str
    kwh: float | None
    gwp_kg: float | None = Field(description="kgCO2e, electricity location-based")
    kg_per_euro: float | None


class SoldMonth(SoldView):
    """A month that was sold."""

    month: str = Field(examples=["2026-10"])


class ContractRevenue(BaseModel):
    """A contract, its months and their sum; `customer` and `reference` as its newest document says them."""

    contract_id: UUID
    org: str
    reference: str
    customer: str
    months: list[SoldMonth]
    total: SoldView


class Revenue(BaseModel):
    """Every contract that was billed, by its organisation and reference."""

    items: list[ContractRevenue]


def revenue_router(database: Database) -> APIRouter:
    """Routes of the revenue."""
    router = APIRouter(tags=["revenue"])

    @router.get("/revenue", summary="Revenue and carbon by contract and month sold")
    async def revenue(
        caller: Reader,
        from_: Annotated[MonthName, Query(alias="from")],
        to: MonthName,
        org: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Revenue:
        first, last = first_day(from_), first_day(to)
        _check_span(first, last)
        async with database.snapshot(caller.organisations) as connection:
            documents = await read_invoices_since(connection, org, first)
        found = sold(issued.document.body for issued in documents)
        newest = {issued.document.body.contract_id: issued for issued in documents}
        items = [
            _contract(newest[contract], {month: row for month, row in months.items() if first <= month <= last})
            for contract, months in found.items()
        ]
        return Revenue(
            items=sorted((item for item in items if item.months), key=lambda item: (item.org, item.reference))
        )

    return router


def _check_span(first: date, last: date) -> None:
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if not 1 <= months <= MOST_MONTHS:
        rule = f"must be from `from` on, at most {MOST_MONTHS} months"
        raise Unprocessable(f"to {last:%Y-%m} {rule}", [FieldError("to", "range", rule)])


def _contract(newest: Issued, months: dict[date, Sold]) -> ContractRevenue:
    body = newest.document.body
    return ContractRevenue(
        contract_id=body.contract_id,
        org=newest.org,
        reference=body.contract_reference,
        customer=body.customer.name,
        months=[SoldMonth(month=f"{month:%Y-%m}", **_fields(row)) for month, row in sorted(months.items())],
        total=SoldView(**_fields(together(months))),
    )


def _fields(row: Sold) -> dict[str, str | float | None]:
    return {
        "invoiced": f"{row.invoiced:.2f}",
        "adjusted": f"{row.adjusted:.2f}",
        "credited": f"{row.credited:.2f}",
        "net": f"{row.net:.2f}",
        "kwh": row.kwh,
        "gwp_kg": row.gwp_kg,
        "kg_per_euro": row.kg_per_euro,
    }
