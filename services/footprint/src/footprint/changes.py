"""The stream of changes: one listener for a process, any number of clients, each with its own organisations and its own place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from common.api.problems import NotFound
from common.api.sse import ServerSentEvent
from common.database import Database
from common.organisations import Organisations
from common.wakeup import Wakeup

from footprint.domain.months import format_month
from footprint.store import changes as store
from footprint.store.answers import organisation_zone
from footprint.store.changes import Position

POLL_S: Final = 2.0
PAGE: Final = 200


class ChangeFeed:
    """Follows what calculators and closings tell."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._news = asyncio.Event()

    async def run(self, url: str, stop: asyncio.Event) -> None:
        """Wake every stream of this process when something was told, or now and then; until stopped."""
        async with Wakeup(url, self._database, store.CHANGES_CHANNEL) as wakeup:
            while not stop.is_set():
                await wakeup.wait(POLL_S)
                self._wake()
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def check(self, organisations: Organisations, orgs: Sequence[str]) -> None:
        """Raises `NotFound` for an organisation that is not known."""
        async with self._database.snapshot(organisations) as connection:
            for org in orgs:
                if await organisation_zone(connection, org) is None:
                    raise NotFound("organisation", org)

    async def follow(
        self, organisations: Organisations, orgs: Sequence[str] | None, last_id: str | None
    ) -> AsyncIterator[ServerSentEvent]:
        """First `ready` (or `reset`, when what was told since `last_id` is no longer all there: read anew), then each change as it comes.

        Every event has an id to go on after. A change names the organisation, its months, and the assets while they are few.
        """
        position, event = await self._start(organisations, last_id)
        yield ServerSentEvent(event, {"organisations": orgs}, str(position))
        while True:
            news = self._news
            async with self._database.snapshot(organisations) as connection:
                rows = await store.after(connection, orgs, position, PAGE)
            for row in rows:
                position = Position(row["number"], row["id"], row["at"])
                yield ServerSentEvent(row["what"], _told(row), str(position))
            if len(rows) < PAGE:
                try:
                    async with asyncio.timeout(POLL_S):
                        await news.wait()
                except TimeoutError:
                    continue

    async def _start(self, organisations: Organisations, last_id: str | None) -> tuple[Position, str]:
        position = None if last_id is None else Position.read(last_id)
        async with self._database.snapshot(organisations) as connection:
            newest = await store.now(connection)
        if last_id is None:
            return newest, "ready"
        if position is None or position.transaction > newest.transaction or position.at < newest.at - store.KEPT_S:
            return newest, "reset"
        return position, "ready"


def _told(row: Any) -> dict[str, Any]:
    return {
        "org": row["org_id"],
        "months": [format_month(month) for month in row["months"]],
        "assets": row["assets"],
        "asset_count": row["asset_count"],
        "at": row["changed_at"],
    }
