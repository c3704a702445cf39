"""The ledger: one command, a state that is projected, and a sum that no version guard could protect."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

from common.api.auth import Caller, requires
from common.cli import command_line
from common.consumer import Subscription, once
from common.database import Connection, Database, Transaction
from common.events import Event, ReceivedEvent
from common.service import Parts, Runtime, Service
from common.settings import ServiceSettings
from fastapi import APIRouter, Depends
from pydantic import BaseModel

ACCOUNTS = "ledger.accounts"
DEPOSITS = "ledger.deposits"
TOTALS = "ledger.totals"

Writer = Annotated[Caller, Depends(requires("inventory:write"))]


class Deposit(BaseModel):
    """A command, and the event that tells it; `version` is the account's after it."""

    id: UUID
    org: str
    account: str
    amount: int
    version: int = 0


class Account(BaseModel):
    """An account's whole state."""

    id: str
    org: str
    version: int
    balance: int


def router_of(database: Database) -> APIRouter:
    """The one call: deposit."""
    router = APIRouter()

    @router.post("/deposits", status_code=201)
    async def deposit(command: Deposit, caller: Writer) -> Account:
        async with database.transaction(caller.organisations) as unit:
            row = await unit.connection.fetchrow(
                """
                INSERT INTO accounts (id, org_id, version, balance) VALUES ($1, $2, 1, $3)
                ON CONFLICT (id) DO UPDATE
                SET version = accounts.version + 1, balance = accounts.balance + excluded.balance
                RETURNING id, org_id AS org, version, balance
                """,
                command.account,
                command.org,
                command.amount,
            )
            account = Account.model_validate(dict(row or {}))
            await unit.connection.execute(
                "INSERT INTO deposits (id, org_id, account, amount) VALUES ($1, $2, $3, $4)",
                command.id,
                command.org,
                command.account,
                command.amount,
            )
            told = command.model_copy(update={"version": account.version})
            unit.publish(_changed(account), _event(DEPOSITS, "ledger.deposit.made.v1", account.id, told))
            return account

    return router


async def hear_accounts(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Keep the newest state of each account."""
    for event in events:
        account = event.parse(Account)
        await unit.connection.execute(
            """
            INSERT INTO heard (id, org_id, version, balance) VALUES ($1, $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET version = excluded.version, balance = excluded.balance
            WHERE heard.version < excluded.version
            """,
            account.id,
            account.org,
            account.version,
            account.balance,
        )


async def sum_deposits(unit: Transaction, events: Sequence[ReceivedEvent]) -> None:
    """Add each deposit to its account's total, and publish the total; ValueError for a barred account."""
    for event in events:
        deposit = event.parse(Deposit)
        if await unit.connection.fetchval("SELECT count(*) FROM barred WHERE id = $1", deposit.account):
            raise ValueError(f"account {deposit.account} is barred")
        row = await unit.connection.fetchrow(
            """
            INSERT INTO totals (id, org_id, events, amount) VALUES ($1, $2, 1, $3)
            ON CONFLICT (id) DO UPDATE SET events = totals.events + 1, amount = totals.amount + excluded.amount
            RETURNING id, org_id AS org, events AS version, amount AS balance
            """,
            deposit.account,
            deposit.org,
            deposit.amount,
        )
        total = Account.model_validate(dict(row or {}))
        unit.publish(_event(TOTALS, "ledger.total.changed.v1", total.id, total))


async def republish_accounts(connection: Connection) -> AsyncIterator[Event]:
    """Every account's present state."""
    async for row in connection.cursor("SELECT id, org_id AS org, version, balance FROM accounts ORDER BY id"):
        yield _changed(Account.model_validate(dict(row)))


async def republish_totals(connection: Connection) -> AsyncIterator[Event]:
    """Every account's present total."""
    async for row in connection.cursor(
        "SELECT id, org_id AS org, events AS version, amount AS balance FROM totals ORDER BY id"
    ):
        total = Account.model_validate(dict(row))
        yield _event(TOTALS, "ledger.total.changed.v1", total.id, total)


def _changed(account: Account) -> Event:
    return _event(ACCOUNTS, "ledger.account.changed.v1", account.id, account)


def _event(topic: str, event_type: str, key: str, data: BaseModel) -> Event:
    return Event(topic, event_type, key, f"account/{key}", data.model_dump(mode="json"))


def build(runtime: Runtime[ServiceSettings]) -> Parts:
    """Wire the ledger."""
    return Parts(
        routers=[router_of(runtime.database)],
        subscriptions=[
            Subscription(ACCOUNTS, {"ledger.account.changed.v1": hear_accounts}),
            Subscription(DEPOSITS, {"ledger.deposit.made.v1": once(sum_deposits)}),
        ],
        republishers={ACCOUNTS: republish_accounts, TOTALS: republish_totals},
    )


SERVICE = Service(
    name="ledger",
    title="Ledger",
    description="Deposits, for fault tests",
    settings=ServiceSettings,
    migrations=Path(__file__).parent / "migrations",
    build=build,
)


def main() -> None:
    """The command `ledger`."""
    command_line(SERVICE)()
