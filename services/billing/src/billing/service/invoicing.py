"""Use cases of invoices: draft, issue, correct, verify."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from common.api.problems import Conflict, NotFound
from common.database import Connection, Database, Transaction
from common.organisations import Organisations

from billing.documents.bodies import adjustment_lines, credit_body, invoice_body, trace_of
from billing.documents.content import Body
from billing.domain.chain import first_fault
from billing.domain.months import Month, RatedMonth
from billing.domain.rating import Rating, TermsWindow, rate_intervals
from billing.einvoice.files import Files
from billing.service.issuing import DocumentWriter, issue
from billing.service.months import MonthFacts, rate_facts, read_facts
from billing.service.reconciliations import settle_month
from billing.service.rerating import Rerated, read_known, rerated
from billing.store import contracts as contract_store
from billing.store import invoices as store
from billing.store.contracts import Contract
from billing.store.invoices import Adjustment, Issued


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a contract's month."""

    state: Literal["issued", "draft", "nothing"]
    issued: Issued | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a second look at an invoice came to: a credit note, or an adjustment of `net` euros on the next invoice."""

    credit_note: Issued | None
    adjustment: Adjustment | None
    net: Decimal


@dataclass(frozen=True, slots=True)
class Verified:
    """A series of a year: how many documents it has, and what is wrong with them, or None."""

    documents: int
    fault: str | None


class Invoicing:
    """Invoices and credit notes."""

    def __init__(self, database: Database, clock: Callable[[], datetime], writer: DocumentWriter) -> None:
        self._database = database
        self._clock = clock
        self._writer = writer

    async def settle(self, unit: Transaction, contract_id: UUID, first: date) -> Settled:
        """Issue the invoice of the month when its grace is over and there is something to bill. Raises `NotFound`, `Conflict`.

        An invoice that exists is the answer, so a run that is started again issues nothing twice.
        """
        contract = await self._locked(unit, contract_id)
        known = await store.read_invoice_of_month(unit.connection, contract_id, first)
        if known is not None:
            return Settled("issued", known)
        now = self._clock()
        facts = await read_facts(unit.connection, contract, first, now)
        if now < facts.grace_ends:
            return Settled("draft")
        body, month, adjustments = await self._body(unit.connection, facts, now)
        if body is None:
            return Settled("nothing")
        issued = await issue(unit, contract.org, body, self._clock, self._writer)
        await store.add_intervals(unit.connection, issued.document.number, contract.org, month.intervals)
        await store.bill_adjustments(unit.connection, adjustments, issued.document.number)
        await settle_month(unit, contract, first, issued.document.number, now)
        return Settled("issued", issued)

    async def draft(self, organisations: Organisations, contract_id: UUID, first: date) -> Body | None:
        """The invoice of the month as it would be issued from what is known now; None when there is nothing to bill."""
        async with self._database.transaction(organisations) as unit:
            contract = await self._locked(unit, contract_id)
            now = self._clock()
            facts = await read_facts(unit.connection, contract, first, now)
            body, _, _ = await self._body(unit.connection, facts, now)
        return body

    async def correct(self, unit: Transaction, number: str, reason: str) -> Corrected:
        """Rate the invoice's month again at its original prices, and bill the difference to what has been billed of it so far.

        Raises `NotFound`, and `Conflict` for a credit note and where there is no difference.
        """
        original = await read_known(unit.connection, number)
        if original.document.body.type != "380":
            rule = "only these are rated again (a buy-back is credited by POST /buy-backs/{number}/credit-notes)"
            raise Conflict(f"{number} is no invoice to a customer; {rule}", "not-an-invoice")
        contract = await self._locked(unit, original.document.body.contract_id)
        again = await rerated(unit.connection, contract, original, self._clock())
        if again.owed == 0:
            raise Conflict(f"what is known now comes to what has been billed by {number}", "nothing-to-correct")
        corrected = await self._corrected(unit, contract, again, reason)
        await settle_month(unit, contract, again.month.first, number, again.cutoff)
        return corrected

    async def read(self, organisations: Organisations, number: str) -> tuple[Issued, list[Issued]]:
        """A document, and the credit notes on it. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            return await read_known(connection, number), await store.read_credit_notes(connection, number)

    async def files(self, organisations: Organisations, number: str) -> Files:
        """The files of a document. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            files = await store.read_files(connection, number)
        if files is None:
            raise NotFound("invoice", number)
        return files

    async def rate_from_evidence(self, organisations: Organisations, number: str) -> Rating:
        """The rating of an invoice from the intervals kept with it and the price versions that it names. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            original = await read_known(connection, number)
            month = await original_month(connection, original)
            intervals = await store.read_intervals(connection, number, after=None, limit=None)
        return rate_intervals(month.start, month.end, month.windows, intervals, month.minimums)

    async def verify(self, organisations: Organisations, series: str, year: int) -> Verified:
        """Walk the chain of a series."""
        async with self._database.snapshot(organisations) as connection:
            links, last, last_hash = await store.read_chain(connection, series, year)
        return Verified(len(links), first_fault(links, last, last_hash))

    async def _locked(self, unit: Transaction, contract_id: UUID) -> Contract:
        contract = await contract_store.read_contract(unit.connection, contract_id, lock=True)
        if contract is None:
            raise NotFound("contract", contract_id)
        return contract

    async def _body(
        self, connection: Connection, facts: MonthFacts, cutoff: datetime
    ) -> tuple[Body | None, RatedMonth, list[Adjustment]]:
        seller = await store.read_seller(connection)
        if seller is None:
            raise Conflict("say who the seller is first (PUT /v1/seller)", code="no-seller")
        adjustments = await store.take_open_adjustments(connection, facts.contract.id)
        month = await asyncio.to_thread(rate_facts, facts)
        lines = [line for adjustment in adjustments for line in adjustment.lines]
        return invoice_body(facts.contract, seller, month, lines, cutoff), month, adjustments

    async def _corrected(self, unit: Transaction, contract: Contract, again: Rerated, reason: str) -> Corrected:
        original = again.original.document
        if again.owed > 0:
            adjustment = Adjustment(uuid4(), tuple(adjustment_lines(original, again.deltas)))
            await store.add_adjustment(unit.connection, adjustment, again.original, again.cutoff)
            return Corrected(None, adjustment, again.owed)
        trace = trace_of(again.rating, again.month.windows, again.cutoff)
        body = credit_body(original, again.deltas, again.billed_net, trace, reason)
        return Corrected(await issue(unit, contract.org, body, self._clock, self._writer), None, again.owed)


async def original_month(connection: Connection, original: Issued) -> Month:
    """The month of an invoice with the terms by which it was rated, whatever has been agreed since."""
    trace = original.document.body.trace
    stored = await contract_store.read_prices(connection, original.document.body.contract_id)
    versions = {version.number: version.to_domain() for version in stored}
    windows = tuple(
        TermsWindow(span.start, span.end, versions[span.version].terms, span.version) for span in trace.spans
    )
    minimums = tuple(
        minimum for span in trace.spans for minimum in versions[span.version].minimums(span.start, span.end)
    )
    return Month(original.document.body.month, trace.start, trace.end, windows, minimums)
