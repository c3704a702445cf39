"""Of what is stored, only what differs is written."""

import gc
from decimal import ROUND_HALF_UP, Decimal
from io import BytesIO
from random import Random
from typing import NamedTuple
from uuid import UUID

from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import asset, factor, foundations, id_of, segment, site


class Line(NamedTuple):
    """What a figure is about."""

    asset: UUID
    month: int
    stage: str
    basis: str
    site: UUID | None


async def rows(pipeline: Pipeline) -> dict[Line, tuple[str, float]]:
    """Which transaction wrote each figure last, and its value, by what it is about."""
    async with pipeline.service.database.snapshot(EVERY) as connection:
        found = await connection.fetch(
            "SELECT asset_id, month, stage, basis, site_id, xmin::text AS writer, value FROM figures"
        )
    return {
        Line(row["asset_id"], row["month"], row["stage"], row["basis"], row["site_id"]): (row["writer"], row["value"])
        for row in found
    }


async def test_a_factor_changes_the_figures_that_rest_on_it_and_leaves_the_rows_of_the_others(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"), asset("other"))
    await pipeline.settle()
    before = await rows(pipeline)
    await pipeline.service.handle(factor("embodied-server", "embodied.server", 1100.0, 2, stage="manufacturing"))
    await pipeline.settle()
    after = await rows(pipeline)
    assert after.keys() == before.keys()
    assert {line.stage for line in after if after[line][0] != before[line][0]} == {"manufacturing"}
    assert all((after[line] == before[line]) == (line.stage != "manufacturing") for line in after)


async def test_figures_that_are_about_something_else_take_the_place_of_the_others(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), site("lyon"), asset("srv"))
    await pipeline.settle()
    before = await rows(pipeline)
    moved = [segment(end="2026-06-01T00:00:00+02:00"), segment("2026-06-01T00:00:00+02:00", site_id=str(id_of("lyon")))]
    await pipeline.service.handle(asset("srv", 2, moved))
    await pipeline.settle()
    after = await rows(pipeline)
    june = 2026 * 12 + 5
    assert {line._replace(site=None) for line in after} == {line._replace(site=None) for line in before}
    assert {line.site for line in after if line.month >= june} == {id_of("lyon")}
    assert {line: after[line] for line in after if line.month < june} == {
        line: before[line] for line in before if line.month < june
    }


async def test_computing_leaves_nothing_behind_that_only_the_collector_of_garbage_could_free(
    pipeline: Pipeline,
) -> None:
    """It rarely looks: a few objects in a cycle that hold what was written of each group would fill the memory in minutes."""
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await pipeline.service.handle(factor("embodied-server", "embodied.server", 1100.0, 2, stage="manufacturing"))
    gc.collect()
    gc.disable()
    try:
        await pipeline.settle()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        assert [each for each in gc.garbage if isinstance(each, type | BytesIO | bytes)] == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def in_decimals(value: float) -> int:
    """A float's first 15 digits as a whole number, a half rounded away from zero."""
    return int(Decimal(f"{value:.15g}").quantize(Decimal(1), ROUND_HALF_UP))


async def test_whole_billionths_are_the_same_whichever_way_a_float_becomes_a_numeric(pipeline: Pipeline) -> None:
    random_ = Random(5)
    values = [random_.choice((-1, 1)) * 10 ** random_.uniform(-12, 9) for _ in range(5000)]
    values += [whole / 1e9 + half for whole in range(-20, 20) for half in (0.0, 0.5e-9, 0.25e-9, 0.4e-9)]
    values += [99999.9999999995, 1e5, 100000.0000000005, 999.9999999995, 1e3, 123456.7890123455, 0.0, -0.0]
    async with pipeline.service.database.snapshot(EVERY) as connection:
        told = await connection.fetch(
            """
            SELECT billionths(value) AS whole, square_billionths(value) AS square, round(value * 1e9) AS rounded
            FROM unnest($1::double precision[]) WITH ORDINALITY AS given (value, place)
            ORDER BY place
            """,
            values,
        )
    assert [int(each["whole"]) for each in told] == [in_decimals(each["rounded"]) for each in told]
    assert [int(each["square"]) for each in told] == [in_decimals(value * 1e9) ** 2 for value in values]
