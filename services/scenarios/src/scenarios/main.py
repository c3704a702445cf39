"""Composition root and command line of scenarios."""

from importlib.resources import files

from common.cli import command_line
from common.service import Parts, Runtime, Service, migrations_of

from scenarios.api.estimates import estimates_router
from scenarios.api.offers import offers_router
from scenarios.api.scope import scope_router
from scenarios.consumers import SUBSCRIPTIONS
from scenarios.domain.offers import read_catalogue
from scenarios.settings import Settings


def build(runtime: Runtime[Settings]) -> Parts:
    """Wire the service together."""
    offers = read_catalogue(files("scenarios").joinpath("data/offers.toml").read_text(encoding="utf-8"))
    return Parts(
        routers=[offers_router(offers), estimates_router(), scope_router(runtime.database)],
        subscriptions=SUBSCRIPTIONS,
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
