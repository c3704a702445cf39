"""The catalogue in the memory of an API process, kept in step with the database: estimates read no table."""

import asyncio

from common.database import Database
from common.organisations import EVERY
from common.wakeup import Wakeup

from footprint.domain.catalogue import Catalogue
from footprint.store.catalogues import CatalogueReader
from footprint.store.heard import CATALOGUE_CHANNEL

POLL_S = 2.0


class LiveCatalogue:
    """The factors as this process knows them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader = CatalogueReader()

    async def current(self) -> Catalogue:
        """The catalogue as last read; the first time it is read now."""
        if not self._reader.has_read:
            await self.refresh()
        return self._reader.known.default

    async def refresh(self) -> None:
        """Read the catalogue if it changed."""
        async with self._database.snapshot(EVERY) as connection:
            await self._reader.read(connection)

    async def run(self, url: str, stop: asyncio.Event) -> None:
        """Keep in step until stopped."""
        async with Wakeup(url, self._database, CATALOGUE_CHANNEL) as wakeup:
            while not stop.is_set():
                await self.refresh()
                await wakeup.wait(POLL_S)
