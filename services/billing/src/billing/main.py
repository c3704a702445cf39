"""Composition root and command line of billing."""

from common.cli import command_line
from common.service import Parts, Runtime, Service, migrations_of

from billing.api.contracts import contracts_router
from billing.api.months import months_router
from billing.api.previews import previews_router
from billing.api.usage import usage_router
from billing.api.usage_events import usage_events_router
from billing.consumers import SUBSCRIPTIONS
from billing.contracts import Contracts
from billing.months import Months
from billing.service import Metering
from billing.settings import Settings
from billing.usage_events import UsageEvents


def build(runtime: Runtime[Settings]) -> Parts:
    """Wire the service together."""
    database, clock = runtime.database, runtime.clock
    return Parts(
        routers=[
            usage_router(Metering(database, clock)),
            previews_router(),
            contracts_router(database, Contracts(database, clock)),
            months_router(Months(database, clock)),
            usage_events_router(UsageEvents(database, clock)),
        ],
        subscriptions=SUBSCRIPTIONS,
    )


SERVICE = Service(
    name="billing",
    title="Constellation billing",
    description="Cloud Like by use: what was held, month by local month, with its carbon.",
    settings=Settings,
    migrations=migrations_of(__file__),
    build=build,
)


def main() -> None:
    """The command `billing`."""
    command_line(SERVICE)()
