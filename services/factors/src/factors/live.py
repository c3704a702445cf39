"""The published factors in this process's memory, kept in step with the database.

Each publication has a revision, and revisions commit in their order (see the migration), so looking for revisions later than the
last one seen misses nothing. A notification says when to look; a poll looks anyway, should the notification get lost.
"""

import asyncio
from collections.abc import Callable, Iterator

import structlog
from common.api.problems import NotFound
from common.database import Database
from common.organisations import EVERY
from common.wakeup import Wakeup

from factors import metrics
from factors.domain.catalogue import Catalogue
from factors.domain.records import FactorVersion
from factors.service import CHANNEL
from factors.store import overrides, releases
from factors.store import versions as store

log = structlog.get_logger()

_NOTHING = Catalogue()

Restated = Callable[[FactorVersion], Iterator[FactorVersion]]
"""The other forms in which a version answers; see `Catalogue`."""


class PinnedCatalogues:
    """The catalogues of releases, read when first asked for; the last few asked for are kept, since they never change."""

    def __init__(self, database: Database, restated: Restated, kept: int = 4) -> None:
        self._database = database
        self._restated = restated
        self._kept = kept
        self._catalogues: dict[str, Catalogue] = {}

    async def of(self, release: str) -> Catalogue:
        """The catalogue of a release. Raises NotFound."""
        catalogue = self._catalogues.pop(release, None)
        if catalogue is None:
            async with self._database.snapshot(EVERY) as connection:
                if await releases.find(connection, release) is None:
                    raise NotFound("release", release)
                catalogue = Catalogue(await releases.versions_in(connection, release), self._restated)
        self._catalogues[release] = catalogue
        while len(self._catalogues) > self._kept:
            del self._catalogues[next(iter(self._catalogues))]
        return catalogue


class LiveCatalogue:
    """The catalogue of this process. `generation` grows whenever something in it changed."""

    def __init__(self, database: Database, restated: Restated) -> None:
        self._database = database
        self._restated = restated
        self._pinned = PinnedCatalogues(database, restated)
        self._catalogue = Catalogue(restated=restated)
        self._own: dict[str, Catalogue] = {}
        self._seen = -1
        self._refreshing = asyncio.Lock()
        self.generation = 0

    async def at(self, release: str | None) -> Catalogue:
        """The catalogue of a release, or the present one. Raises NotFound."""
        return await self.current() if release is None else await self._pinned.of(release)

    async def own(self, org: str) -> Catalogue:
        """The values that an organisation put in the place of public factors."""
        await self.current()
        return self._own.get(org, _NOTHING)

    async def current(self) -> Catalogue:
        """The catalogue, read from the database the first time."""
        if self._seen < 0:
            await self.refresh()
        return self._catalogue

    async def refresh(self) -> None:
        """Take up what was published or withdrawn since the last look."""
        async with self._refreshing, self._database.snapshot(EVERY) as connection:
            seen, changes = max(self._seen, 0), 0
            async for revision, version in store.present_versions(connection, seen):
                self._catalogue.put(version)
                seen, changes = revision, changes + 1
            seen_own = max(self._seen, 0)
            async for revision, override in overrides.changed_since(connection, seen_own):
                self._own_of(override.org).put(override.version)
                seen, changes = max(seen, revision), changes + 1
            self._seen = seen
        if changes:
            self.generation += 1
            metrics.PUBLISHED.set(len(self._catalogue))
            metrics.REVISION.set(self._seen)
            log.info("catalogue.refreshed", changes=changes, revision=self._seen)

    def _own_of(self, org: str) -> Catalogue:
        return self._own.setdefault(org, Catalogue(restated=self._restated))

    async def run(self, stop: asyncio.Event, url: str, poll_s: float) -> None:
        """Keep in step until stopped."""
        async with Wakeup(url, self._database, CHANNEL) as wakeup:
            stopping = asyncio.ensure_future(stop.wait())
            while not stop.is_set():
                await self.refresh()
                waiting = asyncio.ensure_future(wakeup.wait(poll_s))
                await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
            stopping.cancel()
