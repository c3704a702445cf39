"""An issued month rated again from what is known now, and held against all that has been billed of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from common.api.problems import NotFound
from common.database import Connection, Database
from common.organisations import Organisations

from billing.documents.bodies import Billed, billed_of, difference, lines_by_key, merged
from billing.domain.amounts import total
from billing.domain.months import Month, rated
from billing.domain.rating import Rating
from billing.domain.vat import treatment_of, vat_of
from billing.service.months import read_month
from billing.store import contracts as contract_store
from billing.store import held as held_store
from billing.store import invoices as store
from billing.store.contracts import Contract
from billing.store.invoices import Issued


@dataclass(frozen=True, slots=True)
class Rerated:
    """What an issued month comes to by what was known at `cutoff`, and what has been billed of it, line by line of one key."""

    original: Issued
    month: Month
    rating: Rating
    billed: tuple[Billed, ...]
    deltas: tuple[Billed, ...]
    cutoff: datetime

    @property
    def billed_net(self) -> Decimal:
        """The invoice without what it adjusts of earlier months, its adjustments, less its credit notes; euros."""
        return total([part.amount for part in self.billed])

    @property
    def owed(self) -> Decimal:
        """What the month comes to less what has been billed of it, net; below zero it is to be credited."""
        return total([delta.amount for delta in self.deltas])

    @property
    def owed_gross(self) -> Decimal:
        """The same with its tax, which is the difference of the two taxes."""
        treatment = treatment_of(self.original.document.body.buyer.territory)
        return self.owed + vat_of(self.billed_net + self.owed, treatment) - vat_of(self.billed_net, treatment)


class LateData:
    """Which issued months no longer come to what was billed of them."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self, organisations: Organisations, org: str | None, month: date | None, *, after: str | None, limit: int
    ) -> tuple[list[Rerated], str | None]:
        """Of the next `limit` invoices by number from behind `after`, those that differ; and the last number that was looked at, None when
        no invoice follows."""
        now, found = self._clock(), []
        async with self._database.snapshot(organisations) as connection:
            numbers = await store.read_numbers_to_customers(connection, org, month, after=after, limit=limit)
            contracts: dict[UUID, Contract] = {}
            for number in numbers:
                original = await read_known(connection, number)
                contract_id = original.document.body.contract_id
                if contract_id not in contracts:
                    contracts[contract_id] = await _contract(connection, contract_id)
                again = await rerated(connection, contracts[contract_id], original, now)
                if again.owed:
                    found.append(again)
        return found, numbers[-1] if len(numbers) == limit else None


async def rerated(connection: Connection, contract: Contract, original: Issued, now: datetime) -> Rerated:
    """Rate the month of an invoice again by what is known at `now`.

    Prices are those that the invoice was rated by, whatever has been agreed since; the days under contract are those of the contract as it
    stands, so that an end that was moved counts.
    """
    body = original.document.body
    month = await read_month(connection, contract, body.month, body.trace.cutoff)
    held = await held_store.read_held(connection, contract, month, now)
    again = await asyncio.to_thread(rated, month, held)
    billed = await _billed(connection, original)
    deltas = difference(lines_by_key(again.rating), billed)
    return Rerated(original, month, again.rating, tuple(billed), tuple(deltas), now)


async def read_known(connection: Connection, number: str) -> Issued:
    """The document of that number. Raises `NotFound`."""
    issued = await store.read_invoice(connection, number)
    if issued is None:
        raise NotFound("invoice", number)
    return issued


async def _billed(connection: Connection, original: Issued) -> list[Billed]:
    own = [line for line in original.document.body.lines if line.kind != "adjustment"]
    found = billed_of(own)
    for adjustment in await store.read_adjustments(connection, original.document.number):
        found += billed_of(adjustment.lines)
    for note in await store.read_credit_notes(connection, original.document.number):
        found += billed_of(note.document.body.lines, -1)
    return merged(found)


async def _contract(connection: Connection, contract_id: UUID) -> Contract:
    contract = await contract_store.read_contract(connection, contract_id)
    if contract is None:
        raise NotFound("contract", contract_id)
    return contract
