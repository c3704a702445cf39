"""Payments, and what is owed of an invoice."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from common import json
from common.api import idempotency
from common.api.auth import Caller, requires
from common.database import Database
from fastapi import APIRouter, Depends, Request, Response
from pydantic import AfterValidator, BaseModel, Field

from billing.api.invoices import Number
from billing.api.price_schemas import Exact
from billing.documents.parts import Day, Text
from billing.service.payments import Account, Payments

Reader = Annotated[Caller, Depends(requires("billing:read"))]
Writer = Annotated[Caller, Depends(requires("billing:write"))]


def _something(amount: Decimal) -> Decimal:
    if amount == 0:
        raise ValueError("a payment of nothing is none")
    return amount


Amount = Annotated[
    Decimal,
    Field(decimal_places=2, max_digits=14, allow_inf_nan=False, examples=["66.72"]),
    AfterValidator(_something),
]


class PaymentIn(Exact):
    """Money that came in; below zero, a payment that did not hold."""

    amount: Amount
    paid_on: Day
    reference: Text = Field(examples=["SEPA 2026-12-01 4711"])


class PaymentView(BaseModel):
    """A payment as it was stored."""

    id: UUID
    amount: str
    paid_on: date
    reference: str
    means: Literal["transfer", "wallet"]


class AccountView(BaseModel):
    """An invoice's account today; `open` below zero is owed back to the customer."""

    number: str
    gross: str
    credited: str
    payments: list[PaymentView]
    open: str
    due_on: date
    days_late: int
    late_penalty: str = Field(description="simple interest on what was open after the due date, to today")
    indemnity: str = Field(description="40 euros once anything was open after the due date (D441-5)")


def payments_router(database: Database, payments: Payments) -> APIRouter:
    """Routes over `payments`."""
    router = APIRouter(tags=["payments"])

    @router.post("/invoices/{number}/payments", status_code=201, response_model=AccountView, summary="Record a payment")
    async def record(number: Number, payment: PaymentIn, request: Request, caller: Writer) -> Response:
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                account = await payments.record(unit, number, payment.amount, payment.paid_on, payment.reference)
                return Response(json.dumps(account_view(account)), 201, media_type="application/json")

            return await idempotency.once(request, unit, caller, act)

    @router.get("/invoices/{number}/account", summary="What is owed of an invoice today")
    async def account(number: Number, caller: Reader) -> AccountView:
        return account_view(await payments.account(caller.organisations, number))

    return router


def account_view(account: Account) -> AccountView:
    """An account as the API shows it."""
    document = account.invoice.document
    return AccountView(
        number=document.number,
        gross=str(document.body.gross),
        credited=str(account.credited),
        payments=[
            PaymentView(
                id=paid.id,
                amount=f"{paid.amount:.2f}",
                paid_on=paid.paid_on,
                reference=paid.reference,
                means=paid.means,
            )
            for paid in account.payments
        ],
        open=f"{account.dues.open_amount:.2f}",
        due_on=document.due_on,
        days_late=account.dues.days_late,
        late_penalty=str(account.dues.late_penalty),
        indemnity=str(account.dues.indemnity),
    )
