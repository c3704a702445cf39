"""Buy-backs and wallets: what a customer's own machines were bought for pays its invoices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from common.api.problems import Conflict, FieldError, NotFound, Unprocessable
from common.database import Connection, Database, Transaction
from common.organisations import Organisations

from billing.documents.buy_backs import (
    Credited,
    Item,
    NotLeft,
    Taxation,
    buy_back_body,
    buy_back_credit_body,
    buy_back_faults,
    credit_lines,
)
from billing.domain.amounts import total
from billing.service.issuing import LEGAL_ZONE, DocumentWriter, issue
from billing.service.payments import Account, Payments
from billing.service.rerating import read_known
from billing.store import contracts as contract_store
from billing.store import invoices as invoice_store
from billing.store import payments as payment_store
from billing.store import wallets as store
from billing.store.invoices import Issued
from billing.store.payments import Payment
from billing.store.wallets import Entry


@dataclass(frozen=True, slots=True)
class Wallet:
    """What is in an organisation's wallet, and its newest entries first."""

    org: str
    balance: Decimal
    entries: tuple[Entry, ...]


class Wallets:
    """Credits wallets by buy-backs and pays invoices from them."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], writer: DocumentWriter, payments: Payments
    ) -> None:
        self._database = database
        self._clock = clock
        self._writer = writer
        self._payments = payments

    async def buy_back(
        self, unit: Transaction, contract_id: UUID, items: Sequence[Item], taxation: Taxation, handed_over_on: date
    ) -> tuple[Issued, Entry]:
        """Issue the self-billed invoice of `items` in the customer's name and credit its gross to the customer's wallet, both or neither.

        Raises `NotFound`, `Conflict` without a seller or a mandate, `Unprocessable` for a day to come and for whom cannot be billed for.
        """
        contract = await contract_store.read_contract(unit.connection, contract_id, lock=True)
        if contract is None:
            raise NotFound("contract", contract_id)
        operator = await invoice_store.read_seller(unit.connection)
        if operator is None:
            raise Conflict("say who the seller is first (PUT /v1/seller)", code="no-seller")
        if contract.mandate is None:
            detail = (
                "the customer has given no mandate to be billed for in its name: set `mandate` of the contract first"
            )
            raise Conflict(detail, code="no-mandate")
        if handed_over_on > self._clock().astimezone(LEGAL_ZONE).date():
            raise _refused("handed_over_on", f"{handed_over_on} is to come; goods are billed when they are handed over")
        faults = list(buy_back_faults(contract.customer, taxation))
        if faults:
            raise Unprocessable(
                "; ".join(fault.detail for fault in faults),
                [FieldError(fault.field, fault.code, fault.detail) for fault in faults],
            )
        body = buy_back_body(contract, contract.mandate, operator, items, taxation, handed_over_on)
        if body.gross == 0:
            raise _refused("items", "a buy-back for nothing needs no invoice")
        await store.hold(unit.connection, contract.org)
        issued = await issue(unit, contract.org, body, self._clock, self._writer)
        number = issued.document.number
        return issued, await store.append(unit.connection, contract.org, "buy_back", body.gross, number, self._clock())

    async def credit_buy_back(
        self, unit: Transaction, number: str, reason: str, asked: Sequence[Credited] | None
    ) -> tuple[Issued, Entry]:
        """Issue the self-billed credit note of what is `asked` of a buy-back, or of all that is left of it, and take its gross out of the
        wallet, both or neither.

        Raises `NotFound`, `Unprocessable` for more than is left, `Conflict` for what is no buy-back, where nothing is left, and where the
        wallet no longer holds as much (docs/decisions/0074).
        """
        original = await read_known(unit.connection, number)
        if original.document.body.type != "389":
            raise Conflict(f"{number} is no buy-back; only these are credited here", code="not-a-buy-back")
        await contract_store.read_contract(unit.connection, original.document.body.contract_id, lock=True)
        await store.hold(unit.connection, original.org)
        notes = [note.document.body for note in await invoice_store.read_credit_notes(unit.connection, number)]
        try:
            lines = credit_lines(original.document, notes, asked)
        except NotLeft as error:
            field = f"lines.{error.index}.{error.field}"
            raise Unprocessable(str(error), [FieldError(field, "range", str(error))]) from error
        if not lines:
            raise Conflict(f"nothing is left of {number} to credit", code="nothing-to-correct")
        body = buy_back_credit_body(original.document, notes, lines, reason)
        balance = await store.read_balance(unit.connection, original.org) or Decimal(0)
        if body.gross > balance:
            detail = (
                f"the credit note takes {body.gross} out of the wallet, which holds {balance:.2f}: take payments back into it first "
                f"(POST /wallets/{original.org}/payments with an amount below zero)"
            )
            raise Conflict(detail, code="wallet-spent")
        issued = await issue(unit, original.org, body, self._clock, self._writer)
        taken = issued.document.number
        return issued, await store.append(
            unit.connection, original.org, "buy_back_credited", -body.gross, taken, self._clock()
        )

    async def pay(self, unit: Transaction, org: str, number: str, amount: Decimal | None) -> Account:
        """Pay an invoice of `org` from its wallet: `amount`, or as much as is open and there; below zero, take so much of it back.

        Raises `NotFound`, `Conflict` for what is no invoice, `Unprocessable` for more than is open, than is there, or than was paid so.
        """
        await store.hold(unit.connection, org)
        await payment_store.one_at_a_time(unit.connection, number)
        account = await self._payments.read(unit.connection, number)
        if account.invoice.org != org:
            raise NotFound("invoice", number)
        balance = await store.read_balance(unit.connection, org) or Decimal(0)
        due = amount if amount is not None else min(balance, account.dues.open_amount)
        self._check(due, account, balance)
        now = self._clock()
        kind: store.Kind = "payment" if due > 0 else "payment_taken_back"
        entry = await store.append(unit.connection, org, kind, -due, number, now)
        payment = Payment(uuid4(), due, now.astimezone(LEGAL_ZONE).date(), f"wallet {entry.sequence}", "wallet")
        await payment_store.add_payment(unit.connection, org, number, payment, now)
        return await self._payments.read(unit.connection, number)

    async def pay_all(self, unit: Transaction, org: str) -> list[Account]:
        """Pay the open invoices of `org`, the oldest due first, until nothing is open or the wallet is empty."""
        await store.hold(unit.connection, org)
        paid = []
        for number in await invoice_store.read_invoice_numbers(unit.connection, org):
            account = await self._payments.read(unit.connection, number)
            balance = await store.read_balance(unit.connection, org)
            if balance and account.dues.open_amount > 0:
                paid.append(await self.pay(unit, org, number, None))
        return paid

    async def balance(self, unit: Transaction, org: str) -> Decimal:
        """What is in the wallet of `org` as this transaction sees it."""
        return await store.read_balance(unit.connection, org) or Decimal("0.00")

    async def read(self, organisations: Organisations, org: str, *, before: int | None, limit: int) -> Wallet:
        """The wallet of `org`. Raises `NotFound` for an organisation without contract."""
        async with self._database.snapshot(organisations) as connection:
            await _check_customer(connection, org)
            balance = await store.read_balance(connection, org) or Decimal("0.00")
            entries = await store.read_entries(connection, org, before=before, limit=limit)
        return Wallet(org, balance, tuple(entries))

    def _check(self, amount: Decimal, account: Account, balance: Decimal) -> None:
        if amount == 0:
            raise _refused("amount", "there is nothing to pay, or nothing to pay it from")
        if amount > account.dues.open_amount:
            raise _refused("amount", f"{amount} is more than the {account.dues.open_amount} that is open")
        if amount > balance:
            raise _refused("amount", f"{amount} is more than the {balance} in the wallet")
        paid = total([payment.amount for payment in account.payments if payment.means == "wallet"])
        if -amount > paid:
            raise _refused("amount", f"{amount} takes back more than the {paid} that the wallet has paid")


async def _check_customer(connection: Connection, org: str) -> None:
    if not await contract_store.read_contracts(connection, org, after=None, limit=1):
        raise NotFound("wallet", org)


def _refused(field: str, detail: str) -> Unprocessable:
    return Unprocessable(detail, [FieldError(field, "range", detail)])
