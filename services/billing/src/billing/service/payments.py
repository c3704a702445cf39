"""Payments of invoices, and the account that they and the credit notes leave."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import uuid4

from common.api.problems import Conflict, FieldError, Unprocessable
from common.database import Connection, Database, Transaction
from common.organisations import Organisations

from billing.domain.amounts import total
from billing.domain.dues import Dues, Reduction, dues
from billing.service.issuing import LEGAL_ZONE
from billing.service.rerating import read_known
from billing.store import invoices as invoice_store
from billing.store import payments as payment_store
from billing.store.invoices import Issued
from billing.store.payments import Payment


@dataclass(frozen=True, slots=True)
class Account:
    """An invoice with what has happened to it, and what is owed today."""

    invoice: Issued
    payments: tuple[Payment, ...]
    credited: Decimal
    dues: Dues


class Payments:
    """Takes payments in and shows accounts."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def record(self, unit: Transaction, number: str, amount: Decimal, paid_on: date, reference: str) -> Account:
        """Store a payment; calls for one invoice come one after another.

        Raises `NotFound`, `Conflict` for a credit note, `Unprocessable` for more than is open, for taking back more than was paid, and for
        a day before the issue or after today.
        """
        await payment_store.one_at_a_time(unit.connection, number)
        before = await self.read(unit.connection, number)
        paid = total([payment.amount for payment in before.payments if payment.means == "transfer"])
        if amount > 0 and amount > before.dues.open_amount:
            raise _refused("amount", f"{amount} is more than the {before.dues.open_amount} that is open")
        if amount < 0 and -amount > paid:
            raise _refused("amount", f"{amount} takes back more than the {paid} that was transferred")
        if not before.invoice.document.issued_on <= paid_on <= self._today():
            raise _refused("paid_on", f"{paid_on} must be a day from the issue to today")
        payment = Payment(uuid4(), amount, paid_on, reference)
        await payment_store.add_payment(unit.connection, before.invoice.org, number, payment, self._clock())
        return await self.read(unit.connection, number)

    async def account(self, organisations: Organisations, number: str) -> Account:
        """The account of an invoice today. Raises `NotFound`, `Conflict` for a credit note."""
        async with self._database.snapshot(organisations) as connection:
            return await self.read(connection, number)

    async def read(self, connection: Connection, number: str) -> Account:
        """The account of an invoice as `connection` sees it. Raises what `account` raises."""
        invoice = await read_known(connection, number)
        document = invoice.document
        if document.body.type != "380":
            raise Conflict(
                f"{number} is no invoice to a customer; credit notes and buy-backs have no account", "not-an-invoice"
            )
        notes = await invoice_store.read_credit_notes(connection, number)
        payments = await payment_store.read_payments(connection, number)
        reductions = [Reduction(note.document.issued_on, note.document.body.gross) for note in notes]
        credited = total([reduction.amount for reduction in reductions])
        reductions += [Reduction(payment.paid_on, payment.amount) for payment in payments]
        percent = document.body.late_penalty_percent
        owed = dues(document.body.gross, document.due_on, reductions, self._today(), percent)
        return Account(invoice, payments, credited, owed)

    def _today(self) -> date:
        return self._clock().astimezone(LEGAL_ZONE).date()


def _refused(field: str, detail: str) -> Unprocessable:
    return Unprocessable(detail, [FieldError(field, "range", detail)])
