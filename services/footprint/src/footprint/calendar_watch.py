"""The passing of months: when a local month begins, an organisation's assets are marked, so that the month that has become current is
published, and in January the projection reaches to the end of the new year.

An organisation that is seen for the first time is not marked when all that is stored of it was computed in its present month: an import
would be computed twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from common.database import Database
from common.organisations import EVERY
from common.pause import pause

from footprint.domain.months import current_month
from footprint.store import calendar, changes, heard, moments

LOOK_EVERY_S = 30.0

UNDER_WAY = timedelta(hours=1)
"""Longer than any computation takes: one that read the clock before a month began has stored its results when the month is so old."""


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
        """Mark the assets of the organisations in which a month has begun since the last look, or since they were computed where there was
        none; in which one has, or which are new."""
        now = self._clock()
        async with self._database.transaction(EVERY) as unit:
            await changes.forget_old(unit.connection)
            months = await calendar.months_seen(unit.connection)
            begun = [(org, month) for org, zone, seen in months if (month := current_month(zone, now)) > (seen or 0)]
            if begun:
                await calendar.note_months(unit.connection, begun)
                settled = await calendar.computed_since(unit.connection, self._first_seen(months, now))
                await heard.note_changes(unit, "organisation", sorted({org for org, _ in begun} - settled))
                await moments.forget_what_nothing_rests_on(unit.connection)
        return [org for org, _ in begun]

    def _first_seen(self, months: Sequence[tuple[str, str, int | None]], now: datetime) -> list[tuple[str, int]]:
        """Organisations never seen before, whose present month did not begin just now."""
        return [
            (org, month)
            for org, zone, seen in months
            if seen is None and (month := current_month(zone, now)) == current_month(zone, now - UNDER_WAY)
        ]
