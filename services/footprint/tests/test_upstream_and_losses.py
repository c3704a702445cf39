"""Electricity in three perimeters, from the events of the catalogue to totals, explanations and reports."""

import csv
import io
import json
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from common.events import Event
from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    ORG,
    asset,
    catalogue,
    factor,
    guest,
    host,
    id_of,
    machine,
    organisation,
    payloads,
    segment,
    site,
)
from tests.support.formulas import value_of
from tests.support.reports import text_of

OF_USE = {"direct": 0.02, "upstream": 0.015, "losses": 0.004}


def part(perimeter: str, version: int = 1, value: float | None = None) -> Event:
    """The factor of a perimeter of the French grid in 2026."""
    amount = OF_USE[perimeter] if value is None else value
    return factor(
        f"electricity-fr-2026-{perimeter}", "electricity", amount, version, unit="kgCO2e/kWh", region="FR", stage="use",
        valid_from="2026-01-01", valid_to="2027-01-01", perimeter=perimeter,
    )  # fmt: skip


async def farm(pipeline: Pipeline, *perimeters: str) -> None:
    """A host with a machine on own premises, a server in another's room, both guaranteed of origin; these perimeters beside production."""
    contract = {"guarantee_of_origin_share": 1.0}
    await pipeline.service.handle(
        organisation(), site(electricity=contract), site("room", operator="hosted", electricity=contract), *catalogue(),
        *map(part, perimeters), host("a"), machine("vm", guest("a", 8)), asset("b", timeline=[segment(site_id=str(id_of("room")))]),
    )  # fmt: skip
    await pipeline.settle()


async def get(pipeline: Pipeline, path: str) -> Any:
    """A successful answer, with its numbers as printed."""
    answer = await pipeline.service.client.get(f"/v1{path}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


async def totals(pipeline: Pipeline, group: str, basis: str = "location") -> dict[Any, Decimal]:
    """The totals of January by a group, which add up to the printed total to the last digit."""
    path = f"/totals?org={ORG}&from=2026-01&to=2026-01&group_by={group}&basis={basis}"
    found = await get(pipeline, path)
    groups = {each[group]: each["value"] for each in found["groups"]}
    assert sum(groups.values()) == found["total"]
    return groups


async def test_totals_by_item_category_and_scope_hold_the_line_and_add_up_to_the_printed_total(
    pipeline: Pipeline,
) -> None:
    await farm(pipeline, *OF_USE)
    meter, device = 446.4, 297.6
    items = await totals(pipeline, "beges_item")
    assert float(items["2.1"]) == pytest.approx((meter + device) * 0.02)
    assert float(items["4.1"]) == pytest.approx((meter + device) * 0.019)
    assert float(items["4.5"]) == pytest.approx((meter - device) * 0.039)
    assert set(items) == {"2.1", "4.1", "4.2", "4.5"}
    assert (await totals(pipeline, "ghg_category"))["3.3"] == items["4.1"]
    assert (await totals(pipeline, "scope"))[2] == items["2.1"]
    stages = await totals(pipeline, "stage")
    assert stages["use"] == items["2.1"] + items["4.1"] + items["4.5"]
    market = await totals(pipeline, "beges_item", "market")
    assert market["2.1"] == 0
    assert market["4.1"] == items["4.1"]
    board = await get(pipeline, f"/dashboard?org={ORG}&month=2026-01")
    assert board["parts"]["electricity_kg"] == stages["use"]
    codes = {each["code"] for each in board["warnings"]}
    assert not codes & {"upstream_inside", "no_upstream", "no_losses", "grid_years_differ"}


async def test_without_such_factors_no_row_is_added_and_the_warnings_say_what_lacks(pipeline: Pipeline) -> None:
    await farm(pipeline)
    assert set(await totals(pipeline, "ghg_category")) == {"2", "3.1", "3.2"}
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert not await connection.fetchval("SELECT count(*) FROM figures WHERE stage = 'use' AND basis = 'both'")
        assert await connection.fetchval("SELECT bool_and(notices > 2147483647) FROM asset_months")
    board = await get(pipeline, f"/dashboard?org={ORG}&month=2026-01")
    assert {"upstream_inside", "no_losses"} <= {each["code"] for each in board["warnings"]}


@pytest.mark.parametrize("name", ["a", "b", "vm"])
async def test_an_explanation_names_the_line_and_its_text_adds_up_to_the_stored_figures(
    pipeline: Pipeline, name: str
) -> None:
    await farm(pipeline, *OF_USE)
    path = f"/assets/{id_of(name)}/months/2026-01/explanation"
    found = await get(pipeline, path)
    assert found["up_to_date"]
    stored = sorted(float(each["value"]) for each in found["figures"])
    assert {each["id"] for each in found["factors"]} >= {f"electricity-fr-2026-{each}" for each in OF_USE}
    for language, beside in (
        ("fr", "amont de l’électricité et pertes du réseau"),
        ("en", "upstream of the electricity and losses of the grid"),
    ):
        answer = await pipeline.service.client.get(
            f"/v1{path}", params={"lang": language}, headers={"Accept": "text/plain"}
        )
        results, _, computed = answer.text.partition("\n3. ")
        assert beside in results
        assert beside in computed
        lines = re.findall(r"\d\d:\d\d ?: ([^:\n]+) = (\S+) kgCO2e", computed)
        assert len(lines) >= len(stored)
        for formula, value in lines:
            assert value_of(formula) == float(value)
        assert sorted(float(each) for each in re.findall(r"\n    (?:somme|sum) = (\S+) kgCO2e", computed)) == stored
        assert "(0.015 kg + 0.004 kg)" in computed


async def test_the_events_tell_the_line_once_and_on_no_basis(pipeline: Pipeline) -> None:
    await farm(pipeline, *OF_USE)
    (january,) = [
        each
        for each in payloads(await pipeline.service.outbox())
        if (each.get("asset_id"), each.get("month")) == (str(id_of("b")), "2026-01")
    ]
    beside = [each for each in january["stages"] if each["stage"] == "use" and each["basis"] is None]
    assert sorted((each["ghg_category"], each["beges_item"]) for each in beside) == [("3.1", "4.5"), ("3.3", "4.1")]
    assert january["method_version"] == "2026.6"
    whole = sum(each["value"] for each in january["stages"] if each["stage"] == "use" and each["basis"] != "market")
    assert whole == pytest.approx(446.4 * 0.039)


async def test_a_closed_month_keeps_what_it_was_closed_with_and_the_split_is_a_restatement_by_factor(
    pipeline: Pipeline,
) -> None:
    await farm(pipeline)
    before = await totals(pipeline, "beges_item")
    assert (await pipeline.service.client.post(f"/v1/periods/2026-01/close?org={ORG}&earlier=true")).is_success
    await pipeline.service.handle(*map(part, OF_USE))
    await pipeline.settle()
    assert await totals(pipeline, "beges_item") == before
    path = f"/assets/{id_of('b')}/months/2026-01/explanation"
    closed = await get(pipeline, path)
    assert closed["up_to_date"]
    assert {each["ghg_category"] for each in closed["figures"]} == {"2", "3.1", "3.2"}
    (restated,) = closed["restated"]
    assert restated["reason"] == "factor"
    assert float(restated["value"]) == pytest.approx(446.4 * (0.039 - 0.05), abs=1e-8)


async def test_reports_print_the_line_in_both_tables_and_beside_both_views(pipeline: Pipeline) -> None:
    await farm(pipeline, *OF_USE)
    whole = await get(pipeline, f"/totals?org={ORG}&from=2026-01&to=2026-12&group_by=beges_item")
    expected = next(each["value"] for each in whole["groups"] if each["beges_item"] == "4.1")

    async def file(form: str) -> bytes:
        answer = await pipeline.service.client.get(f"/v1/reports/{ORG}/2026.{form}?lang=en")
        assert answer.status_code == 200, answer.text
        return answer.content

    rows = list(csv.DictReader(io.StringIO((await file("csv")).decode())))
    of_line = [each for each in rows if (each["ghg_category"], each["beges_item"]) == ("3.3", "4.1")]
    assert {(each["stage"], each["basis"], each["scope"]) for each in of_line} == {("use", "both", "3")}
    assert sum(Decimal(each["value"]) for each in of_line) == expected
    cells = [row for sheet in openpyxl.load_workbook(io.BytesIO(await file("xlsx"))).worksheets for row in sheet.values]
    assert ("4.1", "Purchased goods (upstream energy included)", float(expected)) in [row[:3] for row in cells]
    assert ("3.3", "Fuel- and energy-related (upstream, losses)", float(expected), 3) in [row[:4] for row in cells]
    assert any(row[0] == "Upstream and losses of the grid (in both views)" for row in cells)
    text = " ".join(text_of(await file("pdf")).split())
    assert "Fuel- and energy-related (upstream, losses)" in text
    assert "Upstream and losses of the grid (in both views)" in text
    assert "Upstream of the electricity and losses of the grid stand apart, in 3.3 (BEGES 4.1)" in text


async def test_a_new_version_of_losses_alone_moves_what_used_it(pipeline: Pipeline) -> None:
    await farm(pipeline, "losses")
    before = await totals(pipeline, "beges_item")
    assert set(before) == {"2.1", "4.1", "4.2", "4.5"}
    await pipeline.service.handle(part("losses", 2, value=0.008))
    await pipeline.settle()
    after = await totals(pipeline, "beges_item")
    assert float(after["4.1"]) == pytest.approx(2 * float(before["4.1"]))
    assert after["2.1"] == before["2.1"]
