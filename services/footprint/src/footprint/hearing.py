"""Up to which instant all that others published has been taken in."""

import asyncio
from datetime import datetime

from common.catching_up import CatchingUp
from common.database import Database
from common.organisations import EVERY

from footprint.settings import FootprintSettings
from footprint.store import waiting


class Hearing:
    """Keeps what `GET /recomputation` tells as `heard_until`. Instants are of the database's clock."""

    def __init__(self, settings: FootprintSettings, database: Database, topics: list[str]) -> None:
        self._database = database
        self._catching_up = CatchingUp(settings, database.schema, topics)

    async def run(self, stop: asyncio.Event) -> None:
        """Watch the consumer group until stopped. Raises `KafkaError` without a broker."""
        await self._catching_up.run(self._now, self._keep, stop)

    async def _now(self) -> datetime:
        async with self._database.snapshot(EVERY) as connection:
            return await waiting.instant(connection)

    async def _keep(self, until: datetime) -> None:
        async with self._database.transaction(EVERY) as unit:
            await waiting.keep_heard(unit.connection, until)
