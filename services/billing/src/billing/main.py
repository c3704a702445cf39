"""Composition root and command line of billing."""

from common.cli import command_line
from common.service import Parts, Runtime, Service, migrations_of

from billing.api.previews import previews_router
from billing.api.usage import usage_router
from billing.consumers import SUBSCRIPTIONS
from billing.service import Metering
from billing.settings import Settings


def build(runtime: Runtime[Settings]) -> Parts:
    """Wire the service together."""
    return Parts(
        routers=[usage_router(Metering(runtime.database, runtime.clock)), previews_router()],
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
