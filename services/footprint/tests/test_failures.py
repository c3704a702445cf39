"""An asset that cannot be computed stops nobody else."""

import pytest
from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import ORG, asset, foundations, id_of, organisation, segment


async def failed(pipeline: Pipeline) -> dict[str, str]:
    """Why which assets were set aside."""
    async with pipeline.service.database.snapshot(EVERY) as connection:
        return {str(row["asset_id"]): row["reason"] for row in await connection.fetch("SELECT * FROM failed_marks")}


async def set_zone(pipeline: Pipeline, zone: str) -> None:
    """Store a time zone of the organisation behind the back of the consumer, which would refuse one that is not known."""
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("UPDATE organisations SET time_zone = $2 WHERE org_id = $1", ORG, zone)


async def test_an_asset_that_fails_for_good_is_set_aside_and_the_others_are_computed(pipeline: Pipeline) -> None:
    others = [asset(name, org="globex") for name in ("good", "fine")]
    await pipeline.service.handle(*foundations(), organisation("globex"), asset("bad"), *others)
    await set_zone(pipeline, "Nowhere/Atall")
    await pipeline.settle()
    for name in ("good", "fine"):
        answer = await pipeline.service.client.get(f"/v1/assets/{id_of(name)}/months/2026-01")
        assert answer.status_code == 200
        assert answer.json()["pending"] is False
    assert list(await failed(pipeline)) == [str(id_of("bad"))]
    assert "Nowhere/Atall" in (await failed(pipeline))[str(id_of("bad"))]


async def test_assets_computed_one_by_one_beside_one_that_fails_count_once(pipeline: Pipeline) -> None:
    others = [asset(name, org="globex") for name in ("good", "fine", "well")]
    await pipeline.service.handle(*foundations(), organisation("globex"), asset("bad"), *others)
    await set_zone(pipeline, "Nowhere/Atall")
    await pipeline.settle()
    async with pipeline.service.database.snapshot(EVERY) as connection:
        stored = await connection.fetchval("SELECT count(*) FROM figures")
        lines = await connection.fetchval(
            "SELECT count(*) FROM (SELECT DISTINCT asset_id, month, stage, criterion, basis, share FROM figures) AS lines"
        )
        counted = await connection.fetchval("SELECT sum(figures) FROM organisation_months")
    assert stored == lines == counted > 0


async def test_after_its_next_change_an_asset_set_aside_is_computed_with_all_that_was_missed(
    pipeline: Pipeline,
) -> None:
    path = f"/v1/assets/{id_of('bad')}/months/2026-01"
    await pipeline.service.handle(*foundations(), asset("bad"))
    await pipeline.settle()
    await set_zone(pipeline, "Nowhere/Atall")
    await pipeline.service.handle(asset("bad", version=2, quantity=2))
    await pipeline.settle()
    stale = (await pipeline.service.client.get(path)).json()
    assert (stale["quantity"], stale["pending"]) == (1, True)
    await set_zone(pipeline, "Europe/Paris")
    june = "2026-06-01T00:00:00+02:00"
    timeline = [segment(end=june), segment(june, status="off")]
    await pipeline.service.handle(asset("bad", 3, timeline, quantity=2))
    await pipeline.settle()
    answer = (await pipeline.service.client.get(path)).json()
    assert (answer["quantity"], answer["pending"]) == (2, False)
    assert await failed(pipeline) == {}


@pytest.mark.parametrize("start", ["1990-01-01T00:00:00+14:00", "1980-05-01T00:00:00Z"])
async def test_a_timeline_from_before_1990_in_local_time_is_computed(pipeline: Pipeline, start: str) -> None:
    await pipeline.service.handle(*foundations(), asset("old", timeline=[segment(start)]), asset("good"))
    await pipeline.settle()
    assert await failed(pipeline) == {}
    for name in ("old", "good"):
        answer = await pipeline.service.client.get(f"/v1/assets/{id_of(name)}/months/2026-01")
        assert answer.status_code == 200


async def test_december_1989_has_its_partitions(pipeline: Pipeline) -> None:
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("SELECT ensure_month_partitions(1989 * 12 + 11, 1990 * 12)")
        assert await unit.connection.fetchval("SELECT to_regclass('figures_1989_12') IS NOT NULL")
