"""Which changes are computed at once, and which wait behind them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.events import Event
from common.organisations import EVERY
from footprint.store.heard import BULK, LIVE

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import asset, id_of, measured

BEGUN = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def apart(events: Sequence[Event], milliseconds: float, begun: datetime = BEGUN) -> list[Event]:
    """The events as if one had happened so long after the other."""
    return [
        replace(event, time=begun + timedelta(milliseconds=milliseconds * number))
        for number, event in enumerate(events)
    ]


async def lanes(pipeline: Pipeline) -> dict[str, int]:
    """The priority of each marked asset."""
    async with pipeline.service.database.snapshot(EVERY) as connection:
        rows = await connection.fetch("SELECT asset_id, priority FROM marks")
    return {str(row["asset_id"]): row["priority"] for row in rows}


async def test_two_hundred_changes_a_second_are_live_however_late_they_are_heard(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*apart([asset(f"srv{number}") for number in range(300)], 5))
    assert set((await lanes(pipeline)).values()) == {LIVE}


async def test_what_happens_many_at_once_is_an_import_and_waits(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*apart([asset(f"srv{number}") for number in range(300)], 0.1))
    assert set((await lanes(pipeline)).values()) == {BULK}


async def test_a_single_change_amid_an_import_is_live(pipeline: Pipeline) -> None:
    imported = apart([asset(f"srv{number}") for number in range(200)], 0.1)
    single = apart([asset("single")], 0, BEGUN + timedelta(seconds=1))
    await pipeline.service.handle(*imported[:100], *single, *imported[100:])
    assert [name for name, lane in (await lanes(pipeline)).items() if lane == LIVE] == [str(id_of("single"))]


async def test_measurements_of_many_assets_at_once_wait_and_those_of_one_do_not(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*apart([measured(f"srv{number}", kwh=1.0) for number in range(60)], 0.1))
    await pipeline.service.handle(*apart([measured("single", kwh=1.0)], 0))
    assert [name for name, lane in (await lanes(pipeline)).items() if lane == LIVE] == [str(id_of("single"))]
