"""Composition root and command line of billing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from common.cli import command_line
from common.database import Connection
from common.events import Event
from common.service import Parts, Runtime, Service, Worker, migrations_of

from billing.api.alerts import alerts_router
from billing.api.contracts import contracts_router
from billing.api.exports import exports_router
from billing.api.invoices import invoices_router
from billing.api.late_data import late_data_router
from billing.api.months import months_router
from billing.api.payments import payments_router
from billing.api.previews import previews_router
from billing.api.reconciliation import reconciliation_router
from billing.api.revenue import revenue_router
from billing.api.sellers import sellers_router
from billing.api.thresholds import thresholds_router
from billing.api.usage import usage_router
from billing.api.usage_events import usage_events_router
from billing.api.wallets import wallets_router
from billing.consumers import subscriptions
from billing.einvoice.files import Writer
from billing.einvoice.validation import Schematrons
from billing.published import ALERTS, INVOICES, alert_told, document_issued
from billing.service import reconciliations as reconciling
from billing.service import thresholds as alerting
from billing.service.contracts import Contracts
from billing.service.invoicing import Invoicing
from billing.service.metering import Metering
from billing.service.months import Months
from billing.service.payments import Payments
from billing.service.reconciliations import Reconciliations
from billing.service.rerating import LateData
from billing.service.runs import Runs, work
from billing.service.thresholds import Thresholds
from billing.service.usage_events import UsageEvents
from billing.service.wallets import Wallets
from billing.settings import Settings
from billing.store import alerts as alert_store
from billing.store import invoices as invoice_store

SCHEMATRONS = Schematrons()
"""One process for schematrons, however many parts of this one issue documents."""


def build(runtime: Runtime[Settings]) -> Parts:
    """Wire the service together."""
    database, clock = runtime.database, runtime.clock
    writer = Writer(SCHEMATRONS)
    invoicing = Invoicing(database, clock, writer)
    payments = Payments(database, clock)
    runs = Runs(database, invoicing, clock)
    thresholds = Thresholds(database, clock)
    reconciliations = Reconciliations(database, clock)
    usage_events = UsageEvents(database, clock)

    async def settle(stop: asyncio.Event) -> None:
        await work(runs, database, runtime.settings.database_url, stop)

    async def watch(stop: asyncio.Event) -> None:
        settings = runtime.settings
        await alerting.work(thresholds, database, settings.database_url, settings.threshold_check_s, stop)

    async def look(stop: asyncio.Event) -> None:
        settings = runtime.settings
        await reconciling.work(reconciliations, database, settings.database_url, settings.reconciliation_check_s, stop)

    return Parts(
        routers=[
            usage_router(Metering(database, clock)),
            previews_router(),
            contracts_router(database, Contracts(database, clock)),
            months_router(Months(database, clock)),
            reconciliation_router(reconciliations),
            late_data_router(LateData(database, clock)),
            usage_events_router(usage_events),
            sellers_router(database, clock),
            invoices_router(database, invoicing, runs, reconciliations),
            payments_router(database, payments),
            wallets_router(database, Wallets(database, clock, writer, payments)),
            thresholds_router(database, thresholds),
            alerts_router(database),
            exports_router(database),
            revenue_router(database),
        ],
        subscriptions=subscriptions(usage_events),
        workers=[Worker("invoice-runs", settle), Worker("thresholds", watch), Worker("reconciliations", look)],
        republishers={INVOICES: republish_invoices, ALERTS: republish_alerts},
    )


async def republish_invoices(connection: Connection) -> AsyncIterator[Event]:
    """Every issued document, by number."""
    after: str | None = None
    while found := await invoice_store.read_invoices(connection, None, None, after=after, limit=500):
        for issued in found:
            yield document_issued(issued)
        after = found[-1].document.number


async def republish_alerts(connection: Connection) -> AsyncIterator[Event]:
    """Every alert, in the order in which they were raised."""
    after: tuple[datetime, UUID] | None = None
    while found := await alert_store.read_alerts(connection, None, None, None, after=after, limit=500):
        for alert in found:
            yield alert_told(alert)
        after = (found[-1].raised_at, found[-1].id)


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
