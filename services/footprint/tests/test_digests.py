"""What is stored of a result follows what it is computed from, also where nothing that is published differs."""

from typing import Any

from common.events import Event
from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.derived import mark_everything
from services.footprint.tests.test_periods import close, restatements
from services.footprint.tests.world import asset, foundations, id_of, segment, site

JUNE = 2026 * 12 + 5
UNTOLD: dict[str, Any] = {"pue": [{"from": None, "to": None, "value": 1.5}], "country": "AQ"}
"""A site of whose electricity there is no factor."""


LONG_AGO = {"on": "2015-01-01", "condition": "new", "price_eur": None, "age_years": None}
"""When an asset was acquired whose life is over."""


def moving(version: int, day: int) -> Event:
    """A server of 512 W, past its life, that moves from one such site to another in June."""
    moved = f"2026-06-{day:02d}T00:00:00+02:00"
    timeline = [
        segment(end=moved, site_id=str(id_of("north"))),
        segment(moved, site_id=str(id_of("south"))),
    ]
    declared = {"annual_kwh": None, "average_w": 512.0, "embodied_kg": None}
    return asset("srv", version, timeline, declared=declared, acquired=LONG_AGO)


async def kwh_by_site(pipeline: Pipeline, table: str = "figures") -> dict[Any, int]:
    """Billionths of a kWh of June without a factor."""
    async with pipeline.service.database.snapshot(EVERY) as connection:
        rows = await connection.fetch(
            f"SELECT site_id, sum(kwh) AS kwh FROM {table} WHERE month = $1 AND criterion = 'energy' GROUP BY site_id",
            JUNE,
        )
    return {row["site_id"]: int(row["kwh"]) for row in rows}


async def moved(pipeline: Pipeline, *, closed: bool) -> tuple[int, int]:
    """What a move on the 11th uses at both sites, once it is corrected to the 21st."""
    sites = site("north", **UNTOLD), site("south", **UNTOLD)
    await pipeline.service.handle(*foundations(), *sites, moving(1, 11))
    await pipeline.settle()
    if closed:
        await close(pipeline)
    await pipeline.service.handle(moving(2, 21))
    await pipeline.settle()
    found = await kwh_by_site(pipeline)
    return found[id_of("north")], found[id_of("south")]


async def test_electricity_without_a_factor_is_kept_where_it_was_used_when_a_move_is_corrected(
    pipeline: Pipeline,
) -> None:
    """The whole of it is the same, and so is all that is published."""
    north, south = await moved(pipeline, closed=False)
    assert (north, south) == (round(0.512 * 1.5 * 24 * 20 * 1e9), round(0.512 * 1.5 * 24 * 10 * 1e9))


async def test_electricity_without_a_factor_is_restated_where_it_was_used_in_a_closed_month(pipeline: Pipeline) -> None:
    north, south = await moved(pipeline, closed=True)
    assert 2 * north == south
    restated = await kwh_by_site(pipeline, "restated_figures")
    assert restated == {id_of("north"): south - north, id_of("south"): north - south}


async def test_the_life_of_months_past_it_is_kept_though_nothing_of_them_is_published_anew(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("old", acquired=LONG_AGO, planned_life_years=5))
    await pipeline.settle()
    published = len(await pipeline.service.outbox())
    await pipeline.service.handle(asset("old", 2, acquired=LONG_AGO, planned_life_years=4))
    await pipeline.settle()
    async with pipeline.service.database.snapshot(EVERY) as connection:
        days = await connection.fetch("SELECT DISTINCT spread_days FROM asset_months WHERE asset_id = $1", id_of("old"))
    assert [row["spread_days"] for row in days] == [4 * 365.0]
    assert len(await pipeline.service.outbox()) == published


async def test_digests_of_an_earlier_version_are_completed_without_a_word_and_closed_months_stay(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), site("north", **UNTOLD), site("south", **UNTOLD), moving(1, 11))
    await pipeline.settle()
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("UPDATE asset_months SET digest = substr(digest, 1, 16)")
    await close(pipeline, "2026-04")
    published = len(await pipeline.service.outbox())
    async with pipeline.service.database.transaction(EVERY) as unit:
        await mark_everything(unit.connection)
    await pipeline.settle()
    async with pipeline.service.database.snapshot(EVERY) as connection:
        sizes = await connection.fetch(
            "SELECT month % 12 + 1 AS number, length(digest) AS size FROM asset_months ORDER BY month"
        )
    assert [row["size"] for row in sizes] == [16 if row["number"] <= 4 else 32 for row in sizes]
    assert len(await pipeline.service.outbox()) == published
    assert await restatements(pipeline, "2026-04") == []
