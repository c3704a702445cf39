"""The passing of months: when a local month begins, an organisation's assets are marked, so that the month that has become current is
published, and in January the projection reaches to the end of the new year."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from common.database import Database
from common.organisations import EVERY
from common.pause import pause

from footprint.domain.months import current_month
from footprint.store import calendar, changes, heard, moments

LOOK_EVERY_S = 30.0


class Calendar:
    """Watches the local months of all organisations."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Look now and then until stopped."""
        while not stop.is_set():
            await self.look()
            await pause(LOOK_EVERY_S, stop)

    async def look(self) -> list[str]:
        """Mark the assets of the organisations in which a month has begun since the last look; which those are."""
        now = self._clock()
        async with self._database.transaction(EVERY) as unit:
            await changes.forget_old(unit.connection)
            begun = [
                (org, month)
                for org, zone, seen in await calendar.months_seen(unit.connection)
                if (month := current_month(zone, now)) > (seen or 0)
            ]
            if begun:
                await calendar.note_months(unit.connection, begun)
                await heard.note_changes(unit, "organisation", [org for org, _ in begun])
                await moments.forget_what_nothing_rests_on(unit.connection)
        return [org for org, _ in begun]
