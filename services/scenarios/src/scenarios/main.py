"""Composition root and command line of scenarios."""

from common.cli import command_line
from common.service import Parts, Runtime, Service, Worker, migrations_of

from scenarios.api.estimates import estimates_router
from scenarios.api.exports import exports_router
from scenarios.api.offers import offers_router
from scenarios.api.plans import plans_router
from scenarios.api.releases import releases_router
from scenarios.api.runs import runs_router
from scenarios.api.scope import scope_router
from scenarios.api.studies import studies_router
from scenarios.api.versions import versions_router
from scenarios.catalogue import shipped_offers
from scenarios.consumers import SUBSCRIPTIONS
from scenarios.events import PLANS, RESULTS
from scenarios.republish import republish_plans, republish_results
from scenarios.settings import Settings
from scenarios.worker import RunWorker


def build(runtime: Runtime[Settings]) -> Parts:
    """Wire the service together."""
    database, url, clock = runtime.database, runtime.settings.database_url, runtime.clock
    return Parts(
        routers=[
            offers_router(shipped_offers()),
            estimates_router(),
            scope_router(database),
            studies_router(database, clock),
            versions_router(database, clock),
            releases_router(database),
            runs_router(database, url, clock),
            plans_router(database, clock),
            exports_router(database),
        ],
        subscriptions=SUBSCRIPTIONS,
        workers=[Worker("runs", RunWorker(database, url, clock).run)],
        republishers={RESULTS: republish_results, PLANS: republish_plans},
    )


SERVICE = Service(
    name="scenarios",
    title="Constellation scenarios",
    description="What would change, what it avoids, what it costs.",
    settings=Settings,
    migrations=migrations_of(__file__),
    build=build,
)


def main() -> None:
    """The command `scenarios`."""
    command_line(SERVICE)()
