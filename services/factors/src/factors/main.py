"""The composition root and command line of the factors service."""

import asyncio
from collections.abc import AsyncIterator

from common.cli import command_line
from common.database import Connection
from common.events import Event
from common.service import Parts, Runtime, Service, Worker, migrations_of

from factors import events
from factors.api.effects import effects_router
from factors.api.estimates import estimates_router
from factors.api.factors import factors_router
from factors.api.hourly import hourly_router
from factors.api.imports import imports_router
from factors.api.overrides import overrides_router
from factors.api.releases import releases_router
from factors.api.resolve import resolve_router
from factors.api.uncertainty import uncertainty_router
from factors.catalogue import reader
from factors.domain.restating import restating
from factors.imports import Importing
from factors.live import LiveCatalogue
from factors.loading import CatalogueLoader
from factors.overriding import Overriding
from factors.service import Publishing
from factors.settings import FactorsSettings
from factors.store import overrides, releases
from factors.store import versions as store


def build(runtime: Runtime[FactorsSettings]) -> Parts:
    """Wire the service."""
    settings, database = runtime.settings, runtime.database
    regions, rules = reader.regions(), reader.rules()
    live = LiveCatalogue(database, restating(rules.gases))
    publishing = Publishing(rules, runtime.clock, four_eyes=settings.four_eyes)

    async def keep_live(stop: asyncio.Event) -> None:
        await live.run(stop, settings.database_url, settings.live_poll_s)

    workers = [Worker("live-catalogue", keep_live, role="api")]
    if settings.catalogue_at_start:
        workers.append(Worker("catalogue", CatalogueLoader(database, runtime.clock).run, role="work"))
    return Parts(
        routers=[
            resolve_router(live, regions),
            factors_router(database, publishing, live, rules.gases),
            estimates_router(live, regions, rules.gases, runtime.clock),
            effects_router(live, regions),
            releases_router(database, publishing),
            imports_router(database, Importing(rules, runtime.clock), live),
            overrides_router(database, Overriding(rules, runtime.clock), live, rules.gases),
            uncertainty_router(),
            hourly_router(database, live, regions, runtime.clock),
        ],
        workers=workers,
        republishers={
            events.TOPIC: republish_factors,
            events.OVERRIDES_TOPIC: republish_overrides,
            events.RELEASES_TOPIC: republish_releases,
        },
    )


async def republish_factors(connection: Connection) -> AsyncIterator[Event]:
    """The present document of every factor that was ever published."""
    async for _, version in store.present_versions(connection, after_revision=0):
        yield events.changed(version)


async def republish_overrides(connection: Connection) -> AsyncIterator[Event]:
    """Every version of every organisation's own values; readers keep the newest."""
    async for _, override in overrides.changed_since(connection, after_revision=0):
        yield events.override_changed(override)


async def republish_releases(connection: Connection) -> AsyncIterator[Event]:
    """Every part of every release."""
    for release in await releases.list_releases(connection):
        for part in events.release_frozen(release, await releases.versions_in(connection, release.name)):
            yield part


SERVICE = Service(
    name="factors",
    title="Constellation factors",
    description="What a kWh, a server, a euro of maintenance weighs: versioned, sourced, immutable once published.",
    settings=FactorsSettings,
    migrations=migrations_of(__file__),
    build=build,
)


def main() -> None:
    """The command `factors`."""
    command_line(SERVICE)()
