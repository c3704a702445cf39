"""Totals by asset: whoever has figures for the question has a line, nobody else; and what is not there is absent, never 0."""

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_api import farm
from services.footprint.tests.test_insights import SPAN, ask
from services.footprint.tests.world import ORG, activity, application, claim, factor, foundations, id_of, organisation


async def with_activities(pipeline: Pipeline) -> None:
    """A farm, a journey to one of its sites and one for the organisation, and an application on a machine."""
    await farm(pipeline)
    car = factor("car", "transport.car", 0.2, unit="kgCO2e/km")
    at_site = activity("visit", site_id=str(id_of("hot")))
    await pipeline.service.handle(car, at_site, activity("journey", quantity=1000.0), application("erp", claim("vm1")))
    await pipeline.settle()


async def test_activities_of_sites_and_of_the_organisation_have_their_lines(pipeline: Pipeline) -> None:
    await with_activities(pipeline)
    query = "/totals?org=acme&from=2026-04&to=2026-04"
    kinds = {each["kind"]: each["value"] for each in (await ask(pipeline, f"{query}&group_by=kind"))["groups"]}
    by_asset = await ask(pipeline, f"{query}&group_by=asset&limit=1000")
    assert by_asset["total"] == by_asset["whole"]["total"] == sum(kinds.values())
    lines = {each["asset"]: each["value"] for each in by_asset["groups"]}
    assert (lines[str(id_of("hot"))], min(kinds["site"], kinds["organisation"])) == (kinds["site"], 20)
    alone = await ask(pipeline, f"{query}&asset={id_of('hot')}")
    assert alone["total"] == kinds["site"]


@pytest.mark.parametrize(
    "filtered", ["kind=virtual_machine", "site=hot", "stage=use", "scope=2", "kind=site", "application=erp"]
)
async def test_pages_go_over_what_has_figures_for_the_filter_and_add_up_to_the_whole(
    pipeline: Pipeline, filtered: str
) -> None:
    await with_activities(pipeline)
    expected = (await ask(pipeline, f"/totals?{SPAN}&group_by=month&{filtered}"))["total"]
    seen, totals, cursor = [], [], ""
    while cursor is not None:
        path = f"/totals?{SPAN}&group_by=asset&limit=2&{filtered}" + (f"&cursor={cursor}" if cursor else "")
        page = await ask(pipeline, path)
        assert page["total_of"] == "page"
        assert page["total"] == sum(each["value"] for each in page["groups"])
        assert page["whole"]["total"] == expected
        seen += [each["asset"] for each in page["groups"]]
        totals.append(page["total"])
        cursor = page["next_cursor"]
    assert sum(totals) == expected
    assert seen == sorted(set(seen))
    assert 0 < len(seen) < 9


async def test_a_page_holds_no_more_months_of_assets_than_are_read_in_time(pipeline: Pipeline) -> None:
    await with_activities(pipeline)
    span = "org=acme&from=1990-01&to=2026-12"
    expected = (await ask(pipeline, f"/totals?{span}"))["total"]
    for groups, most in (("asset", 2_400 // 444), ("asset,month", 700 // 444)):
        sizes, totals, cursor = [], [], ""
        while cursor is not None:
            path = f"/totals?{span}&group_by={groups}&limit=1000" + (f"&cursor={cursor}" if cursor else "")
            page = await ask(pipeline, path)
            sizes.append(len({each["asset"] for each in page["groups"]}))
            totals.append(page["total"])
            cursor = page["next_cursor"]
        assert set(sizes[:-1]) == {most}, groups
        assert 0 < sizes[-1] <= most
        assert sum(totals) == expected


@pytest.mark.parametrize("groups", ["month", "asset", "application"])
async def test_what_has_no_figure_is_absent_with_a_warning_that_says_why(pipeline: Pipeline, groups: str) -> None:
    await farm(pipeline)
    water = await ask(pipeline, f"/totals?{SPAN}&criterion=water&group_by={groups}")
    assert (water["groups"], water["total"]) == ([], None)
    (warning,) = water["warnings"]
    assert warning["code"] == "no_figures"
    assert "water" in warning["detail"]
    before = await ask(pipeline, f"/totals?org={ORG}&from=2001-01&to=2001-12&lang=en&group_by={groups}")
    assert before["total"] is None
    assert "2001-01 to 2001-12" in before["warnings"][0]["detail"]


async def test_an_asset_that_is_not_known_is_refused_like_a_site(pipeline: Pipeline) -> None:
    await farm(pipeline)
    refused = await ask(pipeline, f"/totals?{SPAN}&asset={id_of('nobody')}", 422)
    assert refused["errors"][0]["field"] == "asset"


async def test_ratios_of_an_empty_organisation_are_absent_not_nought(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), organisation("void"))
    ratios = await ask(pipeline, "/ratios?org=void&from=2026-01&to=2026-10&employees=10&functional_units=5")
    assert ratios["total_kg"] is None
    assert ratios["employees"]["kg_per_employee"] is None
    assert ratios["virtual_machines"]["kg"] is None
    assert ratios["sci"] is None
    assert [each["code"] for each in ratios["warnings"]] == ["no_figures"]


async def test_what_is_listed_by_asset_has_a_sheet_homes_of_activities_too(pipeline: Pipeline) -> None:
    await with_activities(pipeline)
    year = await ask(pipeline, "/totals?org=acme&from=2026-01&to=2026-12&group_by=asset&limit=1000")
    named = {}
    for each in year["groups"]:
        sheet = await ask(pipeline, f"/assets/{each['asset']}/sheet?year=2026")
        assert sheet["year"]["estimate_kg"] == each["value"]
        assert await ask(pipeline, sheet["evidence"][0]["explanation"].removeprefix("/v1"))
        named[sheet["kind"]] = (sheet["external_id"], sheet["quantity"], sheet["org"])
    assert named["site"] == ("hot", 1, ORG)
    assert named["organisation"] == (ORG, 1, ORG)
    await ask(pipeline, f"/assets/{id_of('nobody')}/sheet?year=2026", 404)


async def test_other_criteria_are_location_based_and_refused_on_the_market_basis(pipeline: Pipeline) -> None:
    await farm(pipeline)
    refused = await ask(pipeline, f"/totals?{SPAN}&criterion=adpe&basis=market", 422)
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [("basis", "location_only")]
    assert "adpe is location-based" in refused["errors"][0]["detail"]
    located = await ask(pipeline, f"/totals?{SPAN}&criterion=adpe")
    assert "no_residual_mix" not in {each["code"] for each in located["warnings"]}
