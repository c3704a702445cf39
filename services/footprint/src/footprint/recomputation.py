"""The progress of recomputation: what waits, since when and because of what."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.api.problems import NotFound
from common.database import Connection, Database
from common.organisations import EVERY, Organisations
from common.pause import pause

from footprint import metrics
from footprint.store import answers, waiting

MEASURE_EVERY_S = 10.0

MARKS_COUNTED_BY_ASSET: Final = 5_000
"""Up to how many marks of an organisation the assets behind them are told apart, which costs several times what counting marks does."""

ASSETS_COUNTED_BY_MONTH: Final = 100
"""Up to how many assets that wait their stored months are counted."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What waits, in assets: how many, by lane and cause, and their stored months where they are counted."""

    assets: int
    exact: bool
    of_causes: Mapping[tuple[int, str], int]
    asset_months: int | None


async def _counted(connection: Connection, org: str, rows: Sequence[Any], most: int) -> _Counted:
    """The assets behind the marks of an organisation that has `most`; where there are many marks, as if each were of another asset."""
    marks = sum(row["marks"] for row in rows)
    if marks > MARKS_COUNTED_BY_ASSET:
        of_causes = {(row["priority"], row["cause"]): min(row["marks"], most) for row in rows}
        return _Counted(min(marks, most), False, of_causes, None)
    found = await waiting.assets_of_causes(connection, org) if rows else []
    assets = {asset for row in found for asset in row["assets"]}
    months = await waiting.asset_months(connection, assets) if len(assets) <= ASSETS_COUNTED_BY_MONTH else None
    return _Counted(len(assets), True, {(row["priority"], row["cause"]): len(row["assets"]) for row in found}, months)


class Recomputation:
    """Looks at the marks that calculators have not cleared yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def progress(self, organisations: Organisations, org: str) -> dict[str, Any]:
        """How many assets and stored asset-months of an organisation wait, since when, by lane and cause. Raises `NotFound`.

        Where many wait the numbers are bounds (`exact` false, decision 0109): of `waiting` and of the assets of a cause from above, of
        `done` from below. `waiting` is 0 where nothing waits, and nowhere else.
        """
        async with self._database.snapshot(organisations) as connection:
            heard_until = await waiting.heard_until(connection)
            if await answers.organisation_zone(connection, org) is None:
                raise NotFound("organisation", org)
            rows = await waiting.of_organisation(connection, org)
            counts = await waiting.counts(connection, org)
            counted = await _counted(connection, org, rows, counts["assets"])
        return {
            "org": org,
            "assets": counts["assets"],
            "done": counts["assets"] - counted.assets,
            "waiting": counted.assets,
            "exact": counted.exact,
            "failed": counts["failed"],
            "changes_to_spread": counts["changes"],
            "heard_until": heard_until,
            "asset_months_waiting": counted.asset_months,
            "since": min((row["since"] for row in rows), default=None),
            "causes": [
                {
                    "lane": waiting.LANES[row["priority"]],
                    "cause": row["cause"],
                    "assets": counted.of_causes[row["priority"], row["cause"]],
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
