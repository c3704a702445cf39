"""SQL of invoice runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from asyncpg import Record
from common.database import Connection

from billing.store.contracts import Contract

_ADD = """
INSERT INTO invoice_runs (id, org_id, contract_id, month, state, asked_at)
SELECT $1, org_id, contract_id, $2, 'waiting', $3 FROM unnest($4::text[], $5::uuid[]) AS asked (org_id, contract_id)
"""

_NEXT = """
SELECT id, org_id, contract_id, month, state, number, detail
FROM invoice_runs
WHERE state = 'waiting'
ORDER BY asked_at, contract_id
LIMIT 1
FOR UPDATE SKIP LOCKED
"""

_SETTLE = "UPDATE invoice_runs SET state = $3, number = $4, detail = $5 WHERE id = $1 AND contract_id = $2"
_FOUND_NOTHING = "SELECT EXISTS (SELECT FROM invoice_runs WHERE contract_id = $1 AND month = $2 AND state = 'nothing')"
_RUN = (
    "SELECT id, org_id, contract_id, month, state, number, detail FROM invoice_runs WHERE id = $1 ORDER BY contract_id"
)


State = Literal["waiting", "issued", "draft", "nothing", "failed"]


@dataclass(frozen=True, slots=True)
class Item:
    """One contract of a run."""

    run: UUID
    org: str
    contract_id: UUID
    month: date
    state: State
    number: str | None
    detail: str | None


async def add_run(connection: Connection, run: UUID, month: date, contracts: Sequence[Contract], now: datetime) -> None:
    """Store a run over `contracts`, all of them waiting."""
    orgs, ids = [contract.org for contract in contracts], [contract.id for contract in contracts]
    await connection.execute(_ADD, run, month, now, orgs, ids)


async def take_next(connection: Connection) -> Item | None:
    """The contract that has waited longest, locked; None when none waits that another process has not taken."""
    row = await connection.fetchrow(_NEXT)
    return None if row is None else _item(row)


async def settle(connection: Connection, item: Item, state: State, number: str | None, detail: str | None) -> None:
    """Say what became of a contract of a run."""
    await connection.execute(_SETTLE, item.run, item.contract_id, state, number, detail)


async def read_run(connection: Connection, run: UUID) -> list[Item]:
    """The contracts of a run."""
    return [_item(row) for row in await connection.fetch(_RUN, run)]


async def found_nothing(connection: Connection, contract_id: UUID, month: date) -> bool:
    """Whether a run has found nothing to bill of a contract's month."""
    found: bool = await connection.fetchval(_FOUND_NOTHING, contract_id, month)
    return found


def _item(row: Record) -> Item:
    return Item(*tuple(row))
