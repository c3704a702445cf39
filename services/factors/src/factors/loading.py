"""Publishing the platform's own catalogue: nothing when nothing changed, a new version where a file says something new."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from common.database import Database, Transaction
from common.organisations import EVERY

from factors.catalogue import reader
from factors.catalogue.reader import Entry
from factors.service import freeze, publish_entries
from factors.store import releases
from factors.store import versions as store

log = structlog.get_logger()

AUTHOR = "constellation-catalogue"
"""The author of every version that comes from the catalogue's files."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('factors catalogue', 0))"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: ids published, and ids left alone because somebody else has the last word on them."""

    published: tuple[str, ...]
    left_alone: tuple[str, ...]


async def load(unit: Transaction, entries: Sequence[Entry], release: str, now: datetime) -> Loaded:
    """Publish what `entries` say that the catalogue has not said before.

    A factor that somebody changed or withdrew since, or whose question another published factor answers, is left alone: the files
    never undo a person's decision. The first load of a release freezes it under its name. Waits for another load that is under way.
    """
    await unit.connection.execute(_LOCK)
    said = await store.origins(unit.connection, AUTHOR)
    others = await store.published_by_others(unit.connection, AUTHOR)
    news: list[Entry] = []
    left_alone: list[str] = []
    for entry in entries:
        origin = said.get(entry.id)
        if origin is not None and origin.digest == entry.content.digest():
            continue
        changed_since = origin is not None and not origin.is_latest
        if changed_since or any(entry.content.rivals(other.content) for other in others):
            left_alone.append(entry.id)
        else:
            news.append(entry)
    await publish_entries(unit, news, AUTHOR, f"catalogue release {release}", now)
    if news and await releases.find(unit.connection, release) is None:
        await freeze(unit, release, f"catalogue release {release}", AUTHOR, now)
    return Loaded(tuple(entry.id for entry in news), tuple(left_alone))


class CatalogueLoader:
    """The worker that publishes the catalogue when the process starts."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Load once, then wait for the end of the process."""
        await self.load()
        await stop.wait()

    async def load(self) -> Loaded:
        """Load the catalogue in one transaction."""
        async with self._database.transaction(EVERY) as unit:
            loaded = await load(unit, reader.entries(), reader.release_name(), self._clock())
        log.info("catalogue.loaded", published=len(loaded.published), left_alone=loaded.left_alone)
        return loaded
