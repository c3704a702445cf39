"""The progress of recomputation: what waits, since when and because of what."""

import asyncio
from typing import Any

from common.api.problems import NotFound
from common.database import Database
from common.organisations import EVERY, Organisations
from common.pause import pause

from footprint import metrics
from footprint.store import answers, waiting

MEASURE_EVERY_S = 10.0


class Recomputation:
    """Looks at the marks that calculators have not cleared yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def progress(self, organisations: Organisations, org: str) -> dict[str, Any]:
        """How many assets and stored asset-months of an organisation wait, since when, by lane and cause. Raises `NotFound`."""
        async with self._database.snapshot(organisations) as connection:
            if await answers.organisation_zone(connection, org) is None:
                raise NotFound("organisation", org)
            rows = await waiting.of_organisation(connection, org)
            counts = await waiting.counts(connection, org)
        return {
            "org": org,
            "assets": counts["assets"],
            "done": counts["assets"] - counts["waiting"],
            "waiting": counts["waiting"],
            "failed": counts["failed"],
            "changes_to_spread": counts["changes"],
            "asset_months_waiting": counts["asset_months"],
            "since": min((row["since"] for row in rows), default=None),
            "causes": [
                {
                    "lane": waiting.LANES[row["priority"]],
                    "cause": row["cause"],
                    "assets": row["assets"],
                    "since": row["since"],
                }
                for row in rows
            ],
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Measure now and then until stopped."""
        while not stop.is_set():
            await self.measure()
            await pause(MEASURE_EVERY_S, stop)

    async def measure(self) -> None:
        """Set the gauges of what waits."""
        async with self._database.snapshot(EVERY) as connection:
            rows = {waiting.LANES[row["priority"]]: row for row in await waiting.by_lane(connection)}
        for lane in waiting.LANES:
            row = rows.get(lane)
            metrics.MARKS_WAITING.labels(lane).set(row["assets"] if row else 0)
            metrics.MARKS_OLDEST_SECONDS.labels(lane).set(row["oldest_s"] if row else 0)
