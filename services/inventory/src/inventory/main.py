"""The inventory service: what exists, since when, on which evidence."""

from common.cli import command_line
from common.service import Parts, Runtime, Service, Worker, migrations_of

from inventory import events
from inventory.api.activities import activities_router
from inventory.api.applications import applications_router
from inventory.api.assets import assets_router
from inventory.api.import_mappings import import_mappings_router
from inventory.api.imports import imports_router
from inventory.api.measurements import measurements_router
from inventory.api.pending import pending_router
from inventory.api.places import places_router
from inventory.api.reading import reading_router
from inventory.api.readings import readings_router
from inventory.api.revisions import revisions_router
from inventory.api.saved_views import saved_views_router
from inventory.api.sheets import sheets_router
from inventory.republish import (
    republish_activities,
    republish_applications,
    republish_assets,
    republish_measurements,
    republish_organisations,
    republish_sites,
)
from inventory.service.import_worker import ImportWorker
from inventory.service.measurement_worker import MeasurementWorker
from inventory.settings import InventorySettings


def build(runtime: Runtime[InventorySettings]) -> Parts:
    """The composition root: every part with what it needs."""
    settings, database, clock = runtime.settings, runtime.database, runtime.clock
    return Parts(
        routers=[
            places_router(database, clock),
            pending_router(database),
            revisions_router(database, clock),
            reading_router(database, clock),
            sheets_router(database, clock),
            saved_views_router(database, clock),
            assets_router(database, clock, settings.batch_limit_rows),
            applications_router(database, clock, settings.batch_limit_rows),
            imports_router(database, clock, settings),
            import_mappings_router(database, clock),
            measurements_router(database, clock, settings),
            readings_router(database, clock, settings),
            activities_router(database, clock, settings.measurement_limit_rows),
        ],
        workers=[
            Worker("imports", ImportWorker(database, settings, clock).run),
            Worker("measurements", MeasurementWorker(database, settings, clock).run),
        ],
        republishers={
            events.ORGANISATIONS: republish_organisations,
            events.SITES: republish_sites,
            events.ASSETS: republish_assets,
            events.MEASUREMENTS: republish_measurements,
            events.ACTIVITIES: republish_activities,
            events.APPLICATIONS: republish_applications,
        },
    )


SERVICE = Service(
    name="inventory",
    title="Constellation inventory",
    description="Organisations, their sites, their assets and the assets' dated history; imports of what others know.",
    settings=InventorySettings,
    migrations=migrations_of(__file__),
    build=build,
)


def main() -> None:
    """The command line `inventory`."""
    command_line(SERVICE)()
