"""The progress of recomputation can be asked for, by organisation, and is measured."""

from common.organisations import EVERY
from footprint.recomputation import ASSETS_COUNTED_BY_MONTH, MARKS_COUNTED_BY_ASSET, Recomputation
from prometheus_client import REGISTRY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    ORG,
    activity,
    asset,
    electricity,
    foundations,
    guest,
    host,
    id_of,
    machine,
    measured,
    organisation,
    override,
)


async def test_what_a_factor_makes_wait_is_told_until_it_is_done(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("one"), asset("two"))
    await pipeline.settle()
    client = pipeline.service.client
    rest = (await client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (rest["assets"], rest["done"], rest["waiting"], rest["since"], rest["causes"]) == (2, 2, 0, None, [])
    await pipeline.service.handle(electricity("FR", 0.07, version=2))
    heard = (await client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (heard["waiting"], heard["changes_to_spread"]) == (0, 1)
    assert await pipeline.calculator.step() == 1
    waits = (await client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (waits["assets"], waits["done"], waits["waiting"], waits["exact"]) == (2, 0, 2, True)
    assert waits["asset_months_waiting"] > 20
    assert [(each["lane"], each["cause"], each["assets"]) for each in waits["causes"]] == [("bulk", "factor", 2)]
    assert waits["since"] == waits["causes"][0]["since"]
    gauge = Recomputation(pipeline.service.database)
    await gauge.measure()
    assert REGISTRY.get_sample_value("footprint_marks_waiting", {"lane": "bulk"}) == 2
    await pipeline.settle()
    await gauge.measure()
    assert REGISTRY.get_sample_value("footprint_marks_waiting", {"lane": "bulk"}) == 0
    assert (await client.get(f"/v1/recomputation?org={ORG}")).json()["done"] == 2
    assert (await client.get("/v1/recomputation?org=nope")).status_code == 404


async def test_what_is_heard_of_an_organisation_itself_waits_until_it_is_spread(pipeline: Pipeline) -> None:
    """Its own factors, and measurements of its machines: another organisation waits for neither."""
    await pipeline.service.handle(*foundations(), organisation("globex"), host("a"), machine("vm", guest("a", 2)))
    await pipeline.settle()
    for heard in (override("ours", "electricity", 0.9, region="FR"), measured("vm", "2026-05", kwh=3.0)):
        await pipeline.service.handle(heard)
        for org, spread in ((ORG, 1), ("globex", 0)):
            told = (await pipeline.service.client.get(f"/v1/recomputation?org={org}")).json()
            assert told["changes_to_spread"] + told["waiting"] >= spread, heard.type
            assert (told["changes_to_spread"] + told["waiting"] > 0) == bool(spread), heard.type
        await pipeline.settle()


async def mark(pipeline: Pipeline, name: str, times: int, org: str | None = ORG) -> None:
    """Marks of an asset, as many as the computations that were asked for."""
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            """
            INSERT INTO marks (asset_id, priority, cause, org_id)
            SELECT $1, 1, 'factor', $2 FROM generate_series(1, $3::integer)
            """,
            id_of(name),
            org,
            times,
        )


async def test_where_many_marks_wait_the_assets_behind_them_are_told_as_bounds(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), *(asset(name) for name in ("one", "two", "three")))
    await pipeline.settle()
    await mark(pipeline, "one", MARKS_COUNTED_BY_ASSET)
    few = (await pipeline.service.client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (few["exact"], few["waiting"], few["done"], few["causes"][0]["assets"]) == (True, 1, 2, 1)
    assert few["asset_months_waiting"] > 10
    await mark(pipeline, "one", 1)
    many = (await pipeline.service.client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (many["exact"], many["waiting"], many["done"]) == (False, 3, 0), "bounds: no more than there are"
    assert [(each["lane"], each["cause"], each["assets"]) for each in many["causes"]] == [("bulk", "factor", 3)]
    assert many["asset_months_waiting"] is None
    assert many["since"] == few["since"]
    await pipeline.settle()
    rest = (await pipeline.service.client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (rest["exact"], rest["waiting"], rest["done"], rest["asset_months_waiting"]) == (True, 0, 3, 0)


async def test_months_of_what_waits_are_counted_for_few_assets_alone(pipeline: Pipeline) -> None:
    names = [f"asset-{number}" for number in range(ASSETS_COUNTED_BY_MONTH + 1)]
    await pipeline.service.handle(*foundations(), *(asset(name) for name in names))
    await pipeline.settle()
    for name in names[1:]:
        await mark(pipeline, name, 1)
    few = (await pipeline.service.client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (few["waiting"], few["exact"]) == (ASSETS_COUNTED_BY_MONTH, True)
    assert few["asset_months_waiting"] > 10 * ASSETS_COUNTED_BY_MONTH
    await mark(pipeline, names[0], 1)
    more = (await pipeline.service.client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (more["waiting"], more["exact"], more["asset_months_waiting"]) == (ASSETS_COUNTED_BY_MONTH + 1, True, None)


async def test_marks_of_others_are_theirs_and_marks_that_name_nobody_count_for_whose_asset_it_is(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(
        *foundations(), asset("ours"), organisation(id="globex"), asset("theirs", org="globex")
    )
    await pipeline.settle()
    await mark(pipeline, "theirs", 1, "globex")
    await mark(pipeline, "ours", 1, None)
    ours = (await pipeline.service.client.get(f"/v1/recomputation?org={ORG}")).json()
    assert (ours["assets"], ours["waiting"], ours["done"]) == (1, 1, 0)
    theirs = (await pipeline.service.client.get("/v1/recomputation?org=globex")).json()
    assert (theirs["assets"], theirs["waiting"], theirs["done"]) == (1, 1, 0)


async def test_every_mark_of_a_known_asset_names_whose_it_is(pipeline: Pipeline) -> None:
    async def whose() -> set[str | None]:
        async with pipeline.service.database.snapshot(EVERY) as connection:
            return {row["org_id"] for row in await connection.fetch("SELECT org_id FROM marks")}

    await pipeline.service.handle(*foundations(), host("h"), machine("vm", guest("h", 4)), activity("km"))
    assert await whose() == {ORG}, "what was heard"
    await pipeline.settle()
    await pipeline.service.handle(electricity("FR", 0.07, version=2))
    await pipeline.calculator.step()
    assert await whose() == {ORG}, "what a factor touches"
