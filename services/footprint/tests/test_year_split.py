"""A year is what elapsed, corrections of closed months that are counted later, and the forecast of what runs: no correction is forecast."""

import re
from decimal import Decimal
from typing import Any

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_periods import ask, close
from services.footprint.tests.test_reports import file
from services.footprint.tests.world import (
    ORG,
    application,
    asset,
    claim,
    electricity,
    foundations,
    id_of,
    metered,
    segment,
)
from tests.support.reports import rounded_in, text_of

SPLIT = ("elapsed_kg", "restated_kg", "forecast_kg")


async def board_of(pipeline: Pipeline, month: str = "2026-10") -> Any:
    """The dashboard of a month."""
    return await ask(pipeline, "GET", f"/dashboard?org={ORG}&month={month}")


async def halved(pipeline: Pipeline) -> Any:
    """Two servers, closed to October; then one is known to have drawn half of its power all year. The dashboard from before."""
    await pipeline.service.handle(*foundations(), asset("a"), asset("b"), application("erp", claim("b")))
    await pipeline.settle()
    await close(pipeline, "2026-10")
    before = await board_of(pipeline)
    await pipeline.service.handle(asset("b", 2, declared={"annual_kwh": 1752, "average_w": None, "embodied_kg": None}))
    await pipeline.settle()
    return before


def adds_up(year: dict[str, Any], months: list[dict[str, Any]]) -> None:
    """The three make the estimate, with the seasons and without, and are those of the months."""
    ahead = [each for each in months if each["projected"]]
    assert year["elapsed_kg"] == sum(each["total_kg"] for each in months if not each["projected"])
    assert year["restated_kg"] == sum(each["restated_kg"] for each in ahead)
    plain = year["state_based"]
    assert plain["forecast_kg"] == sum(each["total_kg"] - each["restated_kg"] for each in ahead)
    for each in (year, plain):
        assert each["estimate_kg"] == year["elapsed_kg"] + year["restated_kg"] + each["forecast_kg"]


async def test_a_forecast_is_of_what_runs_and_corrections_of_closed_months_stand_beside_it(pipeline: Pipeline) -> None:
    before = await halved(pipeline)
    board = await board_of(pipeline)
    adds_up(board["year"], board["months"])
    assert before["year"]["restated_kg"] == 0
    assert board["year"]["elapsed_kg"] == before["year"]["elapsed_kg"]
    use = sum(each["parts"]["electricity_kg"] for each in before["months"] if each["projected"])
    assert float(before["year"]["forecast_kg"] - board["year"]["forecast_kg"]) == pytest.approx(float(use) / 4)
    assert board["year"]["restated_kg"] < 0 < board["year"]["forecast_kg"]
    earlier = await board_of(pipeline, "2026-06")
    adds_up(earlier["year"], earlier["months"])
    assert (earlier["year"]["restated_kg"], earlier["year"]["estimate_kg"]) == (
        board["year"]["restated_kg"],
        board["year"]["estimate_kg"],
    )


async def test_sheets_split_the_year_as_the_dashboard_does_and_add_up_to_it(pipeline: Pipeline) -> None:
    await halved(pipeline)
    totals = await ask(pipeline, "GET", f"/totals?org={ORG}&from=2026-01&to=2026-12&group_by=asset")
    sheets = [await ask(pipeline, "GET", f"/assets/{each['asset']}/sheet?year=2026") for each in totals["groups"]]
    erp = await ask(pipeline, "GET", f"/applications/erp/sheet?org={ORG}&year=2026")
    for sheet in (*sheets, erp):
        adds_up(sheet["year"], sheet["months"])
    board = (await board_of(pipeline))["year"]
    for name in SPLIT:
        assert sum(sheet["year"][name] for sheet in sheets) == board[name]
    assert erp["year"]["restated_kg"] == board["restated_kg"] < 0 < erp["year"]["forecast_kg"]


async def test_a_forecast_in_its_seasons_holds_no_corrections_either(pipeline: Pipeline) -> None:
    server = asset("srv", timeline=[segment("2025-01-01T00:00:00+01:00")])
    cold = metered("srv", 9.6, winter=20.0)
    await pipeline.service.handle(*foundations(), electricity("FR", 0.05, 2025), server, *cold)
    await pipeline.settle()
    await close(pipeline, "2026-10")
    await pipeline.service.handle(electricity("FR", 0.04, version=2))
    await pipeline.settle()
    board = await board_of(pipeline)
    sheet = await ask(pipeline, "GET", f"/assets/{id_of('srv')}/sheet?year=2026")
    for year, months in ((board["year"], board["months"]), (sheet["year"], sheet["months"])):
        assert (year["forecast_basis"], year["restated_kg"] < 0) == ("seasonal", True)
        adds_up(year, months)
        ahead = year["seasonal"]["months"]
        assert year["forecast_kg"] == sum(each["total_kg"] - each["restated_kg"] for each in ahead) > 0
        assert sum(each["restated_kg"] for each in ahead) == year["restated_kg"]


@pytest.mark.parametrize(
    ("language", "elapsed", "forecast", "restated"),
    [("fr", "Mois écoulés", "Projection", "Retraitements"), ("en", "Elapsed months", "Projection", "Restatements")],
)
async def test_a_report_prints_corrections_beside_its_projection(
    pipeline: Pipeline, language: str, elapsed: str, forecast: str, restated: str
) -> None:
    await halved(pipeline)
    year = (await board_of(pipeline))["year"]
    text = " ".join(text_of(await file(pipeline, "pdf", language)).split())
    card = re.search(rf"{elapsed} .*?{forecast} .*?{restated} .*?kg", text)
    assert card is not None
    printed = rounded_in(card.group(0), language)
    assert [round(each) for each in printed] == [
        round(year[name]) for name in ("elapsed_kg", "forecast_kg", "restated_kg")
    ]
    assert abs(sum(printed) - year["estimate_kg"]) <= Decimal("0.05")
