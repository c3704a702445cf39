"""Every topic rebuilt from the tables: the current document of each aggregate, in the order in which they became so."""

from collections.abc import AsyncIterator

from common.database import Connection
from common.events import Event

from inventory import events
from inventory.service.measurement_worker import published
from inventory.store import activities, applications, assets, measurement_days, places


async def republish_organisations(connection: Connection) -> AsyncIterator[Event]:
    """The documents of all organisations."""
    async for stored in places.stream_organisations(connection):
        yield events.organisation_changed(stored)


async def republish_sites(connection: Connection) -> AsyncIterator[Event]:
    """The documents of all sites."""
    async for stored in places.stream_sites(connection):
        yield events.site_changed(stored)


async def republish_assets(connection: Connection) -> AsyncIterator[Event]:
    """The documents of all assets; of a deleted one its last document and the tombstone, for readers that missed them."""
    async for asset in assets.stream(connection):
        yield events.asset_changed(asset)
        if asset.deleted:
            yield events.asset_tombstone(asset)


async def republish_measurements(connection: Connection) -> AsyncIterator[Event]:
    """The documents of all measured months; of a deleted asset's its last document and the tombstone."""
    async for month, days in measurement_days.stream_months(connection):
        for event in published(month, days):
            yield event


async def republish_activities(connection: Connection) -> AsyncIterator[Event]:
    """The documents of all activities; of a deleted one its last document and the tombstone."""
    async for stored in activities.stream(connection):
        yield events.activity_changed(stored)
        if stored.deleted:
            yield events.activity_tombstone(stored)


async def republish_applications(connection: Connection) -> AsyncIterator[Event]:
    """The documents of all applications; of a deleted one its last document and the tombstone."""
    async for application in applications.stream(connection):
        yield events.application_changed(application)
        if application.deleted:
            yield events.application_tombstone(application)
