"""Composition root and command line of billing."""

import asyncio
from collections.abc import AsyncIterator

from common.cli import command_line
from common.database import Connection
from common.events import Event
from common.service import Parts, Runtime, Service, Worker, migrations_of

from billing.api.contracts import contracts_router
from billing.api.exports import exports_router
from billing.api.invoices import invoices_router
from billing.api.months import months_router
from billing.api.payments import payments_router
from billing.api.previews import previews_router
from billing.api.reconciliation import reconciliation_router
from billing.api.sellers import sellers_router
from billing.api.usage import usage_router
from billing.api.usage_events import usage_events_router
from billing.consumers import SUBSCRIPTIONS
from billing.einvoice.files import Writer
from billing.einvoice.validation import Schematrons
from billing.published import INVOICES, invoice_issued
from billing.service.contracts import Contracts
from billing.service.invoicing import Invoicing
from billing.service.metering import Metering
from billing.service.months import Months
from billing.service.payments import Payments
from billing.service.runs import Runs, work
from billing.service.usage_events import UsageEvents
from billing.settings import Settings
from billing.store import invoices as invoice_store

SCHEMATRONS = Schematrons()
"""One process for schematrons, however many parts of this one issue documents."""


def build(runtime: Runtime[Settings]) -> Parts:
    """Wire the service together."""
    database, clock = runtime.database, runtime.clock
    invoicing = Invoicing(database, clock, Writer(SCHEMATRONS))
    runs = Runs(database, invoicing, clock)

    async def settle(stop: asyncio.Event) -> None:
        await work(runs, database, runtime.settings.database_url, stop)

    return Parts(
        routers=[
            usage_router(Metering(database, clock)),
            previews_router(),
            contracts_router(database, Contracts(database, clock)),
            months_router(Months(database, clock)),
            reconciliation_router(Months(database, clock)),
            usage_events_router(UsageEvents(database, clock)),
            sellers_router(database, clock),
            invoices_router(database, invoicing, runs),
            payments_router(database, Payments(database, clock)),
            exports_router(database),
        ],
        subscriptions=SUBSCRIPTIONS,
        workers=[Worker("invoice-runs", settle)],
        republishers={INVOICES: republish_invoices},
    )


async def republish_invoices(connection: Connection) -> AsyncIterator[Event]:
    """Every issued document, by number."""
    after: str | None = None
    while found := await invoice_store.read_invoices(connection, None, None, after=after, limit=500):
        for issued in found:
            yield invoice_issued(issued)
        after = found[-1].document.number


SERVICE = Service(
    name="billing",
    title="Constellation billing",
    description="Cloud Like by use: what was held, month by local month, what it costs, and its carbon.",
    settings=Settings,
    migrations=migrations_of(__file__),
    build=build,
)


def main() -> None:
    """The command `billing`."""
    command_line(SERVICE)()
