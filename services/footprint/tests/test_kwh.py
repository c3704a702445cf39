"""The electricity behind sums: the kWh of asset-months, whatever they are grouped by, and none of them lost where no factor is."""

import json
from decimal import Decimal
from typing import Any

from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_totals import world
from services.footprint.tests.world import (
    ORG,
    application,
    asset,
    claim,
    electricity,
    foundations,
    guest,
    id_of,
    machine,
    segment,
    site,
)

SPAN = f"org={ORG}&from=2026-04&to=2026-07"
YEAR = f"org={ORG}&from=2026-01&to=2026-12"


async def ask(pipeline: Pipeline, path: str) -> Any:
    """An answer with its numbers as printed."""
    answer = await pipeline.service.client.get(f"/v1{path}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


async def kept(pipeline: Pipeline, query: str, *values: Any) -> list[Any]:
    """Rows of the database."""
    async with pipeline.service.database.snapshot(EVERY) as connection:
        rows: list[Any] = await connection.fetch(query, *values)
        return rows


async def test_the_kwh_of_figures_add_up_to_the_energy_of_their_asset_month(pipeline: Pipeline) -> None:
    """Of each criterion and basis, at several sites, on hosts with guests and idle parts: to the last billionth."""
    await world(pipeline)
    rows = await kept(
        pipeline,
        """
        SELECT asset_months.kwh, sum(figures.kwh) AS behind, count(*) AS pieces
        FROM asset_months
        JOIN figures USING (asset_id, month)
        WHERE stage = 'use' AND basis <> 'both' AND NOT removed
        GROUP BY asset_id, asset_months.month, asset_months.kwh, criterion, basis
        """,
    )
    assert max(row["pieces"] for row in rows) > 1
    assert [row["behind"] for row in rows] == [round(row["kwh"] * 1e9) for row in rows]
    other = await kept(
        pipeline, "SELECT count(*) AS figures FROM figures WHERE kwh <> 0 AND (stage <> 'use' OR basis = 'both')"
    )
    assert other[0]["figures"] == 0


async def test_the_months_of_a_dashboard_have_the_kwh_of_the_totals(pipeline: Pipeline) -> None:
    """Corrections of closed months included, like their kilograms."""
    await world(pipeline)
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-06")
    totals = await ask(pipeline, f"/totals?org={ORG}&from=2026-01&to=2026-12&group_by=month")
    assert {each["month"]: each["kwh"] for each in board["months"]} == {
        each["month"]: each["kwh"] for each in totals["groups"]
    }
    assert board["kwh"] == next(each["kwh"] for each in totals["groups"] if each["month"] == "2026-06")
    assert sum(each["kwh"] for each in board["months"]) == totals["kwh"]
    assert {each["kwh_without_factor"] for each in board["months"]} == {0}


async def abroad(pipeline: Pipeline) -> None:
    """A server where no electricity factor is known, which hosts a machine that an application uses, and one where there is one."""
    pipeline.now = pipeline.now.replace(month=7, day=20)
    there = str(id_of("oslo"))
    await pipeline.service.handle(
        *foundations(), site("oslo", country="NO"), asset("here"),
        asset("there", timeline=[segment(site_id=there)]),
        asset("far", timeline=[segment(site_id=there, configuration={"cpu": {"units": 1, "cores": 8}})]),
        machine("guest", guest("far", 4)),
        application("erp", claim("guest", weight=1.0)),
    )  # fmt: skip
    await pipeline.settle()


async def test_kwh_without_a_factor_stand_apart_and_are_not_lost(pipeline: Pipeline) -> None:
    await abroad(pipeline)
    drawn = await kept(
        pipeline,
        "SELECT asset_id, sum(billionths(kwh)) / 1e9 AS kwh FROM asset_months WHERE month BETWEEN $1 AND $2 GROUP BY asset_id",
        2026 * 12 + 3,
        2026 * 12 + 6,
    )
    kwh = {row["asset_id"]: row["kwh"] for row in drawn}
    far = sum(kwh[id_of(name)] for name in ("there", "far", "guest"))
    totals = await ask(pipeline, f"/totals?{SPAN}&group_by=site,stage")
    assert (totals["kwh"], totals["kwh_without_factor"]) == (kwh[id_of("here")], far)
    assert "no_electricity_factor" in {each["code"] for each in totals["warnings"]}
    assert {each["site"] for each in totals["groups"] if each["kwh"] is not None} == {"nanterre"}
    for query, expected in (
        ("site=oslo&group_by=stage", far),
        (f"asset={id_of('there')}", kwh[id_of("there")]),
        (f"asset={id_of('there')}&group_by=asset", kwh[id_of("there")]),
        ("application=erp&group_by=site", kwh[id_of("guest")]),
        (f"application=erp&asset={id_of('guest')}", kwh[id_of("guest")]),
        ("stage=manufacturing", None),
        ("site=nanterre", 0),
    ):
        assert (await ask(pipeline, f"/totals?{SPAN}&{query}"))["kwh_without_factor"] == expected, query
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-06")
    assert sum(each["kwh_without_factor"] for each in board["months"][3:7]) == far
    # What has no factor is no figure: asset-months, events and reports show none of it.
    shown = await ask(pipeline, f"/assets/{id_of('there')}/months/2026-06")
    assert {each["criterion"] for each in shown["figures"]} == {"gwp"}
    assert shown["kwh"] > 0
    report = (await pipeline.service.client.get(f"/v1/reports/{ORG}/2026.csv?lang=en")).text
    assert ",energy," not in report


async def test_a_factor_that_is_heard_later_takes_the_kwh_into_the_figures_and_out_of_closed_months(
    pipeline: Pipeline,
) -> None:
    """An open month tells them with its figures; of a closed one, which keeps what it was closed with, the open month counts them."""
    await abroad(pipeline)
    before = await ask(pipeline, f"/totals?{YEAR}&group_by=month")
    assert (await pipeline.service.client.post(f"/v1/periods/2026-05/close?org={ORG}&earlier=true")).status_code == 200
    await pipeline.service.handle(electricity("NO", 0.03))
    await pipeline.settle()
    after = await ask(pipeline, f"/totals?{YEAR}&group_by=month")
    assert after["kwh_without_factor"] == 0
    assert after["kwh"] == before["kwh"] + before["kwh_without_factor"]
    closed = {each["month"]: each["kwh"] for each in before["groups"] if each["month"] < "2026-06"}
    assert {each["month"]: each["kwh"] for each in after["groups"] if each["month"] < "2026-06"} == closed
    # June alone tells more than it drew: what it counts of closed months has left what had no factor.
    june = await ask(pipeline, f"/totals?org={ORG}&from=2026-06&to=2026-06")
    assert june["kwh_without_factor"] < 0
    # And so it is of what applications use: what was theirs of the closed months is counted in June.
    used = await ask(pipeline, f"/totals?{YEAR}&application=erp&group_by=month")
    assert (used["kwh_without_factor"], used["kwh"] > 0) == (0, True)
    counted = await ask(pipeline, f"/totals?org={ORG}&from=2026-06&to=2026-06&application=erp")
    assert june["kwh_without_factor"] <= counted["kwh_without_factor"] < 0 < counted["groups"][0]["restated"]
