"""Rebuilding topics from their owner's tables."""

from common.database import Database
from common.events import Event
from common.organisations import EVERY
from common.service import Republisher

BATCH = 1000


async def republish(database: Database, republisher: Republisher) -> int:
    """Put every document of a topic into the outbox again and return their number.

    Documents carry the version they have, so readers that are up to date drop them. A change that commits meanwhile publishes a newer
    version of its own, and readers take the newer one whatever the order.
    """
    count = 0
    async with database.snapshot(EVERY) as connection:
        batch: list[Event] = []
        async for event in republisher(connection):
            batch.append(event)
            if len(batch) == BATCH:
                count += await _write(database, batch)
                batch = []
        count += await _write(database, batch)
    return count


async def _write(database: Database, batch: list[Event]) -> int:
    async with database.transaction(EVERY) as unit:
        unit.publish(*batch)
    return len(batch)
