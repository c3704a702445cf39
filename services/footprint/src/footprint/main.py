"""The composition root and command line of the footprint service."""

import asyncio

from common.cli import command_line
from common.service import Parts, Runtime, Service, Worker, migrations_of

from footprint import events, republish
from footprint.api.answers import answers_router
from footprint.api.changes import changes_router
from footprint.api.estimates import estimates_router
from footprint.api.explanations import explanations_router
from footprint.api.insights import insights_router
from footprint.api.organisation_settings import organisation_settings_router
from footprint.api.periods import periods_router
from footprint.api.recomputation import recomputation_router
from footprint.api.reports import reports_router
from footprint.calculators import Calculator
from footprint.calendar_watch import Calendar
from footprint.changes import ChangeFeed
from footprint.consumers import subscriptions
from footprint.hearing import Hearing
from footprint.live import LiveCatalogue
from footprint.recomputation import Recomputation
from footprint.settings import FootprintSettings


def build(runtime: Runtime[FootprintSettings]) -> Parts:
    """Wire the service."""
    settings, database, clock = runtime.settings, runtime.database, runtime.clock
    catalogue = LiveCatalogue(database)
    feed = ChangeFeed(database)

    async def keep_catalogue(stop: asyncio.Event) -> None:
        await catalogue.run(settings.database_url, stop)

    async def follow_changes(stop: asyncio.Event) -> None:
        await feed.run(settings.database_url, stop)

    async def calculate(stop: asyncio.Event) -> None:
        await Calculator(database, clock, settings.bulk_pause_s).run(settings.database_url, stop)

    heard = subscriptions()
    return Parts(
        routers=[
            estimates_router(catalogue.current),
            answers_router(database, clock),
            explanations_router(database, clock),
            periods_router(database, clock),
            changes_router(feed),
            recomputation_router(database),
            reports_router(database, clock),
            insights_router(database, clock),
            organisation_settings_router(database),
        ],
        subscriptions=heard,
        workers=[
            Worker("live-catalogue", keep_catalogue, role="api"),
            Worker("changes", follow_changes, role="api"),
            Worker("hearing", Hearing(settings, database, [each.topic for each in heard]).run, role="consume"),
            Worker("calendar", Calendar(database, clock).run),
            Worker("waiting-gauge", Recomputation(database).run),
            *(Worker(f"calculator-{number}", calculate) for number in range(1, settings.calculators + 1)),
        ],
        republishers={events.ASSET_MONTHS: republish.asset_months, events.PERIODS: republish.periods},
    )


SERVICE = Service(
    name="footprint",
    title="Constellation footprint",
    description="Monthly emissions per asset, every roll-up of them, and the explanation of each gram.",
    settings=FootprintSettings,
    migrations=migrations_of(__file__),
    build=build,
)


def main() -> None:
    """The command `footprint`."""
    command_line(SERVICE)()
