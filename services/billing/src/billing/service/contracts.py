"""Use cases of contracts: agree, change, price anew."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

import asyncpg
from common.api.problems import Conflict, FieldError, NotFound, Unprocessable
from common.database import Database, Transaction
from common.organisations import Organisations

from billing.documents.parts import Party, PriceTerms, list_prices
from billing.store import contracts as store
from billing.store.contracts import Contract, StoredPrices

Outcome = TypeVar("Outcome")


class Contracts:
    """Contracts and their price versions."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def agree(self, unit: Transaction, contract: Contract, terms: PriceTerms | None) -> int:
        """Store a new contract with its first prices, the catalogue's when `terms` is None; the number of that price version.

        Raises `Unprocessable` for identifiers that are not right, `Conflict` when the organisation has a contract at that time already, or
        one of that reference.
        """
        check_party(contract.customer, "customer")
        first = terms or list_prices(contract.starts_on)
        _check_start(first, contract)
        now = self._clock()
        await _without_overlap(store.add_contract(unit.connection, contract, now))
        return await store.add_prices(unit.connection, contract, first, now)

    async def change(self, unit: Transaction, contract_id: UUID, change: Callable[[Contract], Contract]) -> Contract:
        """Change customer, end, grace or due days. Raises what `agree` raises, `NotFound`, and what `change` raises."""
        before = await self._locked(unit, contract_id)
        after = change(before)
        check_party(after.customer, "customer")
        await _without_overlap(store.change_contract(unit.connection, after))
        return replace(after, version=before.version + 1)

    async def price(self, unit: Transaction, contract_id: UUID, terms: PriceTerms) -> int:
        """Append a price version and return its number. Raises `NotFound`, `Unprocessable` for a day outside the contract."""
        contract = await self._locked(unit, contract_id)
        _check_start(terms, contract)
        return await store.add_prices(unit.connection, contract, terms, self._clock())

    async def read(self, organisations: Organisations, contract_id: UUID) -> tuple[Contract, list[StoredPrices]]:
        """A contract with its price versions. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            contract = await store.read_contract(connection, contract_id)
            if contract is None:
                raise NotFound("contract", contract_id)
            return contract, await store.read_prices(connection, contract_id)

    async def page(
        self, organisations: Organisations, org: str | None, *, after: UUID | None, limit: int
    ) -> list[Contract]:
        """Contracts by id from behind `after`, at most `limit`."""
        async with self._database.snapshot(organisations) as connection:
            return await store.read_contracts(connection, org, after=after, limit=limit)

    async def _locked(self, unit: Transaction, contract_id: UUID) -> Contract:
        contract = await store.read_contract(unit.connection, contract_id, lock=True)
        if contract is None:
            raise NotFound("contract", contract_id)
        return contract


def check_party(party: Party, field: str) -> None:
    """Raise `Unprocessable` naming every identifier of `party` that is not right."""
    faults = [FieldError(f"{field}.{fault.field}", fault.code, fault.detail) for fault in party.faults()]
    if faults:
        raise Unprocessable("; ".join(fault.detail for fault in faults), faults)


def _check_start(terms: PriceTerms, contract: Contract) -> None:
    ends_on = contract.ends_on or date.max
    if not contract.starts_on <= terms.valid_from < ends_on:
        rule = f"must be a day of the contract, from {contract.starts_on} on"
        raise Unprocessable(f"valid_from {terms.valid_from} {rule}", [FieldError("valid_from", "range", rule)])


async def _without_overlap(work: Awaitable[Outcome]) -> Outcome:
    try:
        return await work
    except asyncpg.ExclusionViolationError as error:
        raise Conflict("the organisation has another contract in that time", code="contract-overlap") from error
    except asyncpg.UniqueViolationError as error:
        raise Conflict("the organisation has another contract of that reference", code="contract-reference") from error
    except asyncpg.CheckViolationError as error:
        rule = "must be later than starts_on"
        raise Unprocessable(f"ends_on {rule}", [FieldError("ends_on", "range", rule)]) from error
