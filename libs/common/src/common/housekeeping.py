"""Forgetting what has served its time: ids of processed events, idempotency keys. One process at a time, in small bites."""

import asyncio

import structlog

from common.database import Database
from common.pause import pause
from common.settings import ServiceSettings

log = structlog.get_logger()

EVERY_S = 600.0

_EVENTS = """
DELETE FROM processed_events WHERE event_id IN (
    SELECT event_id FROM processed_events WHERE processed_at < now() - make_interval(days => $1) LIMIT 10000
)
"""

_KEYS = """
DELETE FROM idempotency_keys WHERE (client, key) IN (
    SELECT client, key FROM idempotency_keys WHERE created_at < now() - make_interval(hours => $1) LIMIT 10000
)
"""


class Housekeeping:
    """Prunes the plumbing tables of one service."""

    def __init__(self, settings: ServiceSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def run(self, stop: asyncio.Event) -> None:
        """Prune now and every ten minutes until `stop` is set."""
        while not stop.is_set():
            await self.prune()
            await pause(EVERY_S, stop)

    async def prune(self) -> None:
        """Delete at most 10,000 rows of each kind."""
        async with self._database.transaction(frozenset()) as unit:
            if not await unit.connection.fetchval(
                "SELECT pg_try_advisory_xact_lock(hashtextextended('housekeeping:' || current_schema(), 0))"
            ):
                return
            events = await unit.connection.execute(_EVENTS, self._settings.retention_days)
            keys = await unit.connection.execute(_KEYS, self._settings.idempotency_hours)
        log.debug("housekeeping.pruned", events=events, keys=keys)
