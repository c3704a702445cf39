"""What was done of machines follows their hosts, and market-based answers say which of it they lack, on real Postgres."""

from typing import Any

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_periods import close
from services.footprint.tests.test_pipeline import month
from services.footprint.tests.test_said import ask, codes
from services.footprint.tests.world import (
    ORG,
    activity,
    asset,
    electricity,
    factor,
    foundations,
    guest,
    host,
    id_of,
    machine,
    payloads,
    segment,
    site,
)

MIX = factor("mix-fr", "electricity.residual_mix", 0.04, unit="kgCO2e/kWh", region="FR")
WARSAW = site("warsaw", country="PL")
POLAND = electricity("PL", 0.6)
MOVE = "2026-03-17T00:00:00+01:00"
AFTER = 1_292_400 / 2_674_800
"""The part of March 2026 from the 17th on, in real seconds."""


def drawn(name: str, of: str | None = None, **fields: Any) -> Any:
    """A megawatt-hour that was drawn for an asset in March 2026."""
    days = {
        "kind": "other",
        "activity": "electricity",
        "quantity": 1.0,
        "unit": "MWh",
        "from": "2026-03-01",
        "to": "2026-04-01",
    }
    return activity(name, 1, **(days | {"asset_id": None if of is None else str(id_of(of))} | fields))


def moved(name: str, at: str = MOVE, **fields: Any) -> Any:
    """A host that stands in Warsaw from a day on."""
    configuration = {"cpu": {"units": 2, "cores": 16}}
    return asset(
        name, 2,
        [segment(end=at, configuration=configuration),
         segment(at, site_id=str(id_of("warsaw")), configuration=configuration)],
        **fields,
    )  # fmt: skip


def used(document: Any) -> dict[str, float]:
    """The location-based electricity of a month, by site."""
    return {each["site"]: each["value"] for each in document["figures"] if each["basis"] == "location"}


@pytest.mark.parametrize("allocated", [True, False])
async def test_the_move_of_a_host_moves_what_is_done_of_its_machines_from_that_month_on(
    pipeline: Pipeline, allocated: bool
) -> None:
    stay = guest("a", 4) if allocated else guest("a", 4) | {"allocation": None}
    january = drawn("january", "vm", **{"from": "2026-01-01", "to": "2026-02-01"})
    april = drawn("april", "vm", **{"from": "2026-04-01", "to": "2026-05-01"})
    await pipeline.service.handle(
        *foundations(), MIX, POLAND, WARSAW, host("a"), machine("vm", stay), january, drawn("march", "vm"), april
    )
    await pipeline.settle()
    await pipeline.service.take_outbox()
    share = used(await month(pipeline, "vm", "2026-02")) if allocated else {}
    assert used(await month(pipeline, "vm", "2026-04"))[str(id_of("nanterre"))] >= 50.0
    await pipeline.service.handle(moved("a"))
    await pipeline.settle()
    told = {each["month"] for each in payloads(await pipeline.service.outbox()) if each["asset_id"] == str(id_of("vm"))}
    assert min(told) == "2026-03"
    assert bool(share) == allocated
    assert used(await month(pipeline, "vm", "2026-04"))[str(id_of("warsaw"))] >= 600.0
    for when in ("2026-01", "2026-03", "2026-04"):
        explained = await ask(pipeline, f"/assets/{id_of('vm')}/months/{when}/explanation")
        assert explained["up_to_date"], when
        assert "no_activity_factor" not in codes(explained)


async def test_what_was_done_before_a_machine_came_follows_the_host_that_it_came_with(pipeline: Pipeline) -> None:
    late = machine("vm", guest("a", 4, "2026-06-01T00:00:00+02:00"))
    await pipeline.service.handle(*foundations(), POLAND, WARSAW, host("a"), late, drawn("early", "vm"))
    await pipeline.settle()
    assert used(await month(pipeline, "vm", "2026-03")) == {str(id_of("nanterre")): pytest.approx(50.0)}
    await pipeline.service.handle(moved("a", "2026-05-01T00:00:00+02:00"))
    await pipeline.settle()
    assert used(await month(pipeline, "vm", "2026-03")) == {str(id_of("warsaw")): pytest.approx(600.0)}
    explained = await ask(pipeline, f"/assets/{id_of('vm')}/months/2026-03/explanation")
    assert explained["up_to_date"]


@pytest.mark.parametrize("groups", ["asset", "asset,stage", "site,asset", "stage", "month", "kind", "application"])
async def test_market_based_totals_say_that_electricity_of_activities_is_not_in_them(
    pipeline: Pipeline, groups: str
) -> None:
    away = drawn("away", site_id=str(id_of("warsaw")))
    await pipeline.service.handle(*foundations(), MIX, POLAND, WARSAW, asset("srv"), away)
    await pipeline.settle()
    march = f"org={ORG}&from=2026-03&to=2026-03"
    lacking = await ask(pipeline, f"/totals?{march}&group_by={groups}&basis=market")
    assert "no_residual_mix" in codes(lacking)
    assert "no_residual_mix" not in codes(await ask(pipeline, f"/totals?{march}&group_by={groups}"))
    april = f"/totals?org={ORG}&from=2026-04&to=2026-04&group_by={groups}&basis=market"
    assert "no_residual_mix" not in codes(await ask(pipeline, april))


@pytest.mark.parametrize("groups", ["asset", "stage", "month"])
async def test_corrections_of_closed_months_that_are_in_no_market_based_figure_are_told_in_the_month_that_counts_them(
    pipeline: Pipeline, groups: str
) -> None:
    await pipeline.service.handle(*foundations(), MIX, POLAND, WARSAW, asset("srv"))
    await pipeline.settle()
    await close(pipeline, "2026-06")
    gone = segment("2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00", site_id=str(id_of("warsaw")))
    july = f"org={ORG}&from=2026-07&to=2026-07&group_by={groups}&basis=market"
    assert "no_residual_mix" not in codes(await ask(pipeline, f"/totals?{july}"))
    await pipeline.service.handle(asset("late", timeline=[gone]))
    await pipeline.settle()
    assert "no_residual_mix" in codes(await ask(pipeline, f"/totals?{july}"))


@pytest.mark.parametrize("groups", ["asset", "stage", "kind"])
async def test_electricity_without_a_location_based_factor_hides_none_without_a_market_based_one(
    pipeline: Pipeline, groups: str
) -> None:
    contract = {"guarantee_of_origin_share": 0.0, "residual_kg_per_kwh": 0.3}
    pole = site("pole", country="AQ", electricity=contract)
    there = asset("srv", timeline=[segment(site_id=str(id_of("pole")))])
    away = drawn("away", site_id=str(id_of("pole")), country="PL")
    await pipeline.service.handle(*foundations(), POLAND, pole, there, away)
    await pipeline.settle()
    march = f"org={ORG}&from=2026-03&to=2026-03&group_by={groups}"
    assert "no_residual_mix" in codes(await ask(pipeline, f"/totals?{march}&basis=market"))
    april = f"org={ORG}&from=2026-04&to=2026-04&group_by={groups}"
    assert "no_residual_mix" not in codes(await ask(pipeline, f"/totals?{april}&basis=market"))
    said = [each["code"] for each in (await ask(pipeline, f"/totals?{march}"))["warnings"]]
    assert "no_electricity_factor" in said
    assert len(said) == len(set(said))


async def test_a_month_of_which_only_a_part_is_market_based_says_so(pipeline: Pipeline) -> None:
    abroad = drawn("abroad", "srv", country="PL")
    await pipeline.service.handle(*foundations(), MIX, POLAND, WARSAW, asset("srv"), asset("other"), abroad)
    await pipeline.service.handle(
        drawn("home", site_id=str(id_of("nanterre"))), drawn("far", site_id=str(id_of("nanterre")), country="PL")
    )
    await pipeline.settle()
    march = f"org={ORG}&from=2026-03&to=2026-03&basis=market"
    for lacking in ("srv", "nanterre"):
        explained = await ask(pipeline, f"/assets/{id_of(lacking)}/months/2026-03/explanation")
        assert "no_residual_mix" in codes(explained), lacking
        for groups in ("stage", "asset", "month"):
            query = f"/totals?{march}&group_by={groups}&asset={id_of(lacking)}"
            assert "no_residual_mix" in codes(await ask(pipeline, query)), (lacking, groups)
    whole = await ask(pipeline, f"/assets/{id_of('other')}/months/2026-03/explanation")
    assert "no_residual_mix" not in codes(whole)
    assert "no_residual_mix" not in codes(await ask(pipeline, f"/totals?{march}&asset={id_of('other')}"))
    assert "no_residual_mix" in codes(await ask(pipeline, f"/totals?{march}&group_by=stage"))
    april = await ask(pipeline, f"/assets/{id_of('srv')}/months/2026-04/explanation")
    assert "no_residual_mix" not in codes(april)


async def test_closed_months_of_a_machine_are_restated_where_its_host_is_found_to_have_moved(
    pipeline: Pipeline,
) -> None:
    contract = {"guarantee_of_origin_share": 0.0, "residual_kg_per_kwh": 0.2}
    green = site("warsaw", country="PL", electricity={"guarantee_of_origin_share": 0.5, "residual_kg_per_kwh": 0.2})
    idle = {"annual_kwh": 0, "average_w": None, "embodied_kg": None}
    await pipeline.service.handle(
        *foundations(), site(version=2, electricity=contract), POLAND, green, host("a", declared=idle),
        machine("vm", guest("a", 4)), drawn("march", "vm"), drawn("april", "vm", **{"from": "2026-04-01", "to": "2026-05-01"}),
    )  # fmt: skip
    await pipeline.settle()
    await close(pipeline, "2026-09")
    await pipeline.service.handle(moved("a", declared=idle))
    await pipeline.settle()
    for when, location, market in (("2026-03", 50.0, 200.0 - 100.0 * AFTER), ("2026-04", 600.0, 100.0)):
        (item,) = [
            each
            for each in (await ask(pipeline, f"/periods/{when}/restatements?org={ORG}&basis=location"))["items"]
            if each["asset_id"] == str(id_of("vm"))
        ]
        path = f"/assets/{id_of('vm')}/months/{when}/explanation?restatement={item['id']}"
        explained = await ask(pipeline, path)
        assert explained["up_to_date"]
        values = {
            basis: sum(each["value"] for each in explained["figures"] if each["basis"] == basis)
            for basis in ("location", "market")
        }
        assert values == {"location": pytest.approx(location), "market": pytest.approx(market)}
        before = await ask(pipeline, f"/assets/{id_of('vm')}/months/{when}/explanation")
        assert before["up_to_date"]
