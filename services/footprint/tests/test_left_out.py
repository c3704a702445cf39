"""Totals, sheets and the map of data quality say what was left out of them, and print no 0 for what is not known unsaid."""

from typing import Any

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_said import ask, codes
from services.footprint.tests.world import (
    ORG,
    activity,
    application,
    asset,
    claim,
    foundations,
    guest,
    host,
    id_of,
    machine,
    segment,
    site,
)

JUNE = "2026-06-01T00:00:00+02:00"
SPAN = f"org={ORG}&from=2026-06&to=2026-07"
SILENT = {"no_embodied_evidence", "no_energy_evidence"}


async def lacking(pipeline: Pipeline) -> None:
    """A server that lacks nothing, a laptop since June of which nothing is known, and an activity of July without a factor."""
    there = segment(JUNE, site_id=str(id_of("lyon")))
    days: dict[str, Any] = {"from": "2026-07-02", "to": "2026-07-03"}
    await pipeline.service.handle(
        *foundations(), site("lyon"), asset("srv"), asset("silent", kind="laptop", timeline=[there], declared=None, planned_life_years=4),
        activity("odd", activity="does.not.exist", **days),
    )  # fmt: skip
    await pipeline.settle()


@pytest.mark.parametrize("month", ["2026-05", "2026-06", "2026-07"])
async def test_totals_of_a_month_warn_of_all_that_its_dashboard_warns_of(pipeline: Pipeline, month: str) -> None:
    await lacking(pipeline)
    board = codes(await ask(pipeline, f"/dashboard?org={ORG}&month={month}"))
    assert (month > "2026-05") is (board >= SILENT)
    assert (month == "2026-07") is ("no_activity_factor" in board)
    for groups in ("month", "site,stage", "asset"):
        found = await ask(pipeline, f"/totals?org={ORG}&from={month}&to={month}&group_by={groups}")
        assert codes(found) == board, groups


@pytest.mark.parametrize(
    ("query", "said", "unsaid"),
    [
        ("", SILENT | {"no_activity_factor"}, set()),
        ("&kind=laptop", SILENT, {"no_activity_factor"}),
        ("&kind=server", set(), SILENT | {"no_activity_factor"}),
        ("&kind=organisation", {"no_activity_factor"}, SILENT),
        ("&site=lyon", SILENT, {"no_activity_factor"}),
        ("&site=nanterre", set(), SILENT | {"no_activity_factor"}),
        ("&site=nanterre&site=lyon", SILENT, {"no_activity_factor"}),
        ("&stage=manufacturing", {"no_embodied_evidence", "no_activity_factor"}, {"no_energy_evidence"}),
        ("&stage=use", {"no_energy_evidence", "no_activity_factor"}, {"no_embodied_evidence"}),
        (f"&asset={id_of('silent')}", SILENT, {"no_activity_factor"}),
        (f"&asset={id_of('srv')}", set(), SILENT | {"no_activity_factor"}),
    ],
)
async def test_totals_warn_of_what_they_are_about(
    pipeline: Pipeline, query: str, said: set[str], unsaid: set[str]
) -> None:
    await lacking(pipeline)
    for groups in ("stage", "asset"):
        found = codes(await ask(pipeline, f"/totals?{SPAN}&group_by={groups}{query}"))
        assert found >= said
        assert not found & unsaid


async def test_what_applications_use_is_warned_of_in_their_totals_and_sheets(pipeline: Pipeline) -> None:
    since = [guest("host", 4, JUNE)]
    lost = machine("lost", segment(JUNE, site_id=None))
    await pipeline.service.handle(*foundations(), host("host"), machine("vm", *since), lost)
    await pipeline.service.handle(application("erp", claim("vm", JUNE)), application("crm", claim("lost", JUNE)))
    await pipeline.settle()
    for code, warned in (("erp", False), ("crm", True)):
        assert ("host_unknown" in codes(await ask(pipeline, f"/totals?{SPAN}&application={code}"))) is warned
        sheet = await ask(pipeline, f"/applications/{code}/sheet?org={ORG}&year=2026&lang=en")
        assert ("host_unknown" in codes(sheet)) is warned
        (why,) = [each["detail"] for each in sheet["warnings"] if each["code"] == "no_figures"]
        asked = "no figure of 2026" if warned else "no figure of 2026-01, 2026-02, 2026-03, 2026-04, 2026-05"
        assert why.partition(":")[0] == asked


async def test_machines_that_an_application_uses_later_warn_in_nothing_before(pipeline: Pipeline) -> None:
    await lacking(pipeline)
    await pipeline.service.handle(application("erp", claim("silent", "2026-07-01T00:00:00+02:00")))
    await pipeline.settle()
    for month, said in (("2026-06", set()), ("2026-07", SILENT)):
        found = await ask(pipeline, f"/totals?org={ORG}&from={month}&to={month}&group_by=stage&application=erp")
        assert codes(found) & SILENT == said, month
    for year, said in ((2025, set()), (2026, SILENT)):
        assert codes(await ask(pipeline, f"/applications/erp/sheet?org={ORG}&year={year}")) & SILENT == said, year


async def test_the_sheet_of_an_asset_says_what_it_lacks(pipeline: Pipeline) -> None:
    await lacking(pipeline)
    silent = await ask(pipeline, f"/assets/{id_of('silent')}/sheet?year=2026")
    assert codes(silent) >= SILENT | {"no_figures"}
    assert not codes(await ask(pipeline, f"/assets/{id_of('srv')}/sheet?year=2026")) & {"no_figures", *SILENT}


async def test_a_map_of_data_quality_without_a_figure_has_no_total_and_says_why(pipeline: Pipeline) -> None:
    await lacking(pipeline)
    empty = await ask(pipeline, f"/data-quality?org={ORG}&from=1999-01&to=1999-02")
    assert (empty["total_kg"], codes(empty)) == (None, {"no_figures"})
    found = await ask(pipeline, f"/data-quality?{SPAN}")
    assert (found["total_kg"] > 0, found["warnings"]) == (True, [])
