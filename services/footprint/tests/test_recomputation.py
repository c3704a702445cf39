"""The progress of recomputation can be asked for, by organisation, and is measured."""

from footprint.recomputation import Recomputation
from prometheus_client import REGISTRY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import ORG, asset, electricity, foundations


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
    assert (waits["assets"], waits["done"], waits["waiting"]) == (2, 0, 2)
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
