"""Buy-backs, and the wallets that they fill."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from common import json
from common.api import cursors, idempotency
from common.api.auth import Caller, requires
from common.api.cursors import Cursor, Limit
from common.database import Database
from common.organisations import check_organisation_id
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field, model_validator

from billing.api.invoices import INVOICE_NUMBER, Number
from billing.api.payments import AccountView, Amount, account_view
from billing.api.price_schemas import Exact
from billing.documents.buy_backs import Credited, Item, Taxation
from billing.documents.parts import Day, Text
from billing.service.wallets import Wallets
from billing.store.invoices import Issued
from billing.store.wallets import Entry, Kind

Reader = Annotated[Caller, Depends(requires("billing:read"))]
Writer = Annotated[Caller, Depends(requires("billing:write"))]
Org = Annotated[str, Path(max_length=64, examples=["acme"])]

MOST_ITEMS = 500
Sequence = Annotated[int, Field(ge=1, le=2**31 - 1)]


class BoughtItem(Exact):
    """So many things of one kind."""

    description: Text = Field(examples=["PowerEdge R740, SN-88F2"])
    quantity: Annotated[int, Field(ge=1, le=100_000)] = 1
    unit_price: Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False)] = Field(
        description="euros before tax", examples=["850.00"]
    )


class BuyBackRequest(Exact):
    """What was bought of the customer, and when it was handed over."""

    handed_over_on: Day
    items: Annotated[tuple[BoughtItem, ...], Field(min_length=1, max_length=MOST_ITEMS)]
    vat: Taxation = Field(
        default="standard",
        description="`used_goods`: exempt by CGI 261-3-1° a, the tax on their purchase was not deductible; `franchise`: CGI 293 B",
    )


class BuyBackView(BaseModel):
    """The self-billed invoice or credit note, and what is in the wallet now."""

    number: str = Field(examples=["R732829320-2026-000001"])
    net: str
    vat: str
    gross: str
    wallet_balance: str


class CreditedLine(Exact):
    """What is credited of one line of a buy-back. A price that was too high by 50 euros is `unit_price` 50.00."""

    line: Annotated[int, Field(ge=1, le=MOST_ITEMS, description="by its place on the buy-back")]
    quantity: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="without it, all of them"
    )
    unit_price: Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2, allow_inf_nan=False)] | None = Field(
        default=None, description="euros before tax; without it, as they were bought", examples=["50.00"]
    )


class BuyBackCreditRequest(Exact):
    """Why, and of which lines; without `lines` all that is left of the buy-back is credited."""

    reason: Text = Field(examples=["SN-88F2 was never handed over"])
    lines: Annotated[tuple[CreditedLine, ...], Field(min_length=1, max_length=MOST_ITEMS)] | None = None


class WalletPayment(Exact):
    """Without `invoice`, every open invoice is paid, the oldest due first; without `amount`, as much as is open and there."""

    invoice: Annotated[str, Field(pattern=INVOICE_NUMBER)] | None = Field(default=None, examples=["F-2026-000001"])
    amount: Amount | None = Field(
        default=None, description="below zero, so much of what the wallet paid goes back into it"
    )

    @model_validator(mode="after")
    def _of_an_invoice(self) -> "WalletPayment":
        if self.amount is not None and self.invoice is None:
            raise ValueError("amount: is of one invoice, so `invoice` must say which")
        return self


class EntryView(BaseModel):
    """A change of the wallet: `number` is the buy-back that was credited, its credit note, or the invoice that was paid."""

    sequence: int
    kind: Kind
    amount: str = Field(examples=["1020.00"])
    balance: str
    number: str
    recorded_at: datetime


class WalletView(BaseModel):
    """A wallet, its newest entries first."""

    org: str
    currency: Literal["EUR"] = "EUR"
    balance: str = Field(examples=["1020.00"])
    items: list[EntryView]
    next_cursor: str | None


class WalletPayments(BaseModel):
    """The accounts of the invoices that were paid, and what is left."""

    paid: list[AccountView]
    wallet_balance: str


def wallets_router(database: Database, wallets: Wallets) -> APIRouter:
    """Routes over `wallets`."""
    router = APIRouter(tags=["wallets"])

    @router.post(
        "/contracts/{contract_id}/buy-backs",
        status_code=201,
        response_model=BuyBackView,
        summary="Buy of the customer: a self-billed invoice, credited to the wallet",
    )
    async def buy_back(contract_id: UUID, asked: BuyBackRequest, request: Request, caller: Writer) -> Response:
        items = [Item(item.description, item.quantity, item.unit_price) for item in asked.items]
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                view = _buy_back(*await wallets.buy_back(unit, contract_id, items, asked.vat, asked.handed_over_on))
                return Response(json.dumps(view), 201, media_type="application/json")

            return await idempotency.once(request, unit, caller, act)

    @router.post(
        "/buy-backs/{number}/credit-notes",
        status_code=201,
        response_model=BuyBackView,
        summary="Credit a buy-back: a self-billed credit note, taken out of the wallet",
    )
    async def credit(number: Number, asked: BuyBackCreditRequest, request: Request, caller: Writer) -> Response:
        lines = None
        if asked.lines is not None:
            lines = [Credited(line.line, line.quantity, line.unit_price) for line in asked.lines]
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                view = _buy_back(*await wallets.credit_buy_back(unit, number, asked.reason, lines))
                return Response(json.dumps(view), 201, media_type="application/json")

            return await idempotency.once(request, unit, caller, act)

    @router.get("/wallets/{org}", summary="What is in a wallet, and how it came there and went")
    async def read(org: Org, caller: Reader, cursor: Cursor = None, limit: Limit = 100) -> WalletView:
        caller.require_organisation(check_organisation_id(org))
        before = None if cursor is None else cursors.decode(cursor, Sequence)[0]
        wallet = await wallets.read(caller.organisations, org, before=before, limit=limit)
        full = len(wallet.entries) == limit
        return WalletView(
            org=org,
            balance=f"{wallet.balance:.2f}",
            items=[_entry(entry) for entry in wallet.entries],
            next_cursor=cursors.encode(wallet.entries[-1].sequence) if full else None,
        )

    @router.post(
        "/wallets/{org}/payments",
        status_code=201,
        response_model=WalletPayments,
        summary="Pay invoices from a wallet",
    )
    async def pay(org: Org, asked: WalletPayment, request: Request, caller: Writer) -> Response:
        caller.require_organisation(check_organisation_id(org))
        async with database.transaction(caller.organisations) as unit:

            async def act() -> Response:
                if asked.invoice is None:
                    paid = await wallets.pay_all(unit, org)
                else:
                    paid = [await wallets.pay(unit, org, asked.invoice, asked.amount)]
                balance = await wallets.balance(unit, org)
                view = WalletPayments(paid=[account_view(one) for one in paid], wallet_balance=f"{balance:.2f}")
                return Response(json.dumps(view), 201, media_type="application/json")

            return await idempotency.once(request, unit, caller, act)

    return router


def _buy_back(issued: Issued, entry: Entry) -> BuyBackView:
    body = issued.document.body
    return BuyBackView(
        number=issued.document.number,
        net=str(body.net),
        vat=str(body.vat_total),
        gross=str(body.gross),
        wallet_balance=f"{entry.balance:.2f}",
    )


def _entry(entry: Entry) -> EntryView:
    return EntryView(
        sequence=entry.sequence,
        kind=entry.kind,
        amount=f"{entry.amount:.2f}",
        balance=f"{entry.balance:.2f}",
        number=entry.number,
        recorded_at=entry.recorded_at,
    )
