"""Comparisons as files: every year with its sign, money exact, nothing that a spreadsheet would run."""

import csv
import re
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from common.testing.harness import RunningService
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from scenarios.worker import RunWorker

from services.scenarios.tests.conftest import LONG_LIFE, NOW, study

NASTY = {**LONG_LIFE, "name": "=1+1"}


async def _run(scenarios: RunningService[Any], path: str = "runs") -> dict[str, Any]:
    created = (await scenarios.client.post("/v1/studies", json=study(electricity={"gwp": 5.0}))).json()
    for alternative in (LONG_LIFE, NASTY):
        await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=alternative)
    run_id = (await scenarios.client.post(f"/v1/studies/{created['id']}/{path}", json={})).json()["id"]
    await RunWorker(scenarios.database, scenarios.settings.database_url, lambda: NOW).take_one()
    run: dict[str, Any] = (await scenarios.client.get(f"/v1/runs/{run_id}")).json()
    return run


def _sheet(content: bytes) -> Worksheet:
    sheet = load_workbook(BytesIO(content)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def _drawn(content: bytes) -> list[list[str]]:
    """The cells that each chart of a workbook draws."""
    with ZipFile(BytesIO(content)) as archive:
        charts = sorted(name for name in archive.namelist() if name.startswith("xl/charts/chart"))
        return [re.findall(r"<(?:c:)?val>.*?<(?:c:)?f>(.*?)</", archive.read(name).decode()) for name in charts]


async def test_the_table_holds_every_scenario_and_year_in_full_precision(scenarios: RunningService[Any]) -> None:
    run = await _run(scenarios)
    answer = await scenarios.client.get(f"/v1/runs/{run['id']}/years.csv?lang=en")
    assert answer.status_code == 200, answer.text
    rows = list(csv.DictReader(StringIO(answer.text)))
    assert [(row["scenario"], row["year"]) for row in rows[:4]] == [
        ("reference", "0"),
        ("reference", "1"),
        ("reference", "2"),
        ("long-life-support", "0"),
    ]
    told = run["result"]["alternatives"][0]
    assert float(rows[3]["avoided emissions kgCO2e"]) == told["avoided"]["years"][0]["total_kg"] < 0
    assert float(rows[3]["emissions kgCO2e"]) == told["years"][0]["total_kg"]
    assert rows[0]["avoided emissions kgCO2e"] == ""
    assert rows[0]["CAPEX €"] == "18000.00"


async def test_a_name_is_never_a_formula(scenarios: RunningService[Any]) -> None:
    run = await _run(scenarios)
    answer = await scenarios.client.get(f"/v1/runs/{run['id']}/years.csv")
    assert "\n'=1+1,0," in answer.text.replace("\r", "")
    sheet = _sheet((await scenarios.client.get(f"/v1/runs/{run['id']}/years.xlsx")).content)
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


async def test_the_workbook_draws_emissions_and_avoided_of_each_alternative(scenarios: RunningService[Any]) -> None:
    run = await _run(scenarios)
    answer = await scenarios.client.get(f"/v1/runs/{run['id']}/years.xlsx")
    sheet = _sheet(answer.content)
    assert sheet.title == "Années"
    assert sheet.max_row == 1 + 3 * 3
    assert sheet["A2"].value == "référence"
    told = run["result"]["alternatives"][0]["avoided"]["years"][0]["total_kg"]
    assert sheet["L5"].value == pytest.approx(told, rel=1e-14), "a workbook keeps 16 digits"
    assert _drawn(answer.content) == [
        ["'Années'!$F$5:$F$7", "'Années'!$L$5:$L$7"],
        ["'Années'!$F$8:$F$10", "'Années'!$L$8:$L$10"],
    ]


async def test_what_is_not_a_finished_comparison_has_no_table(scenarios: RunningService[Any]) -> None:
    run = await _run(scenarios, "uncertainty")
    refused = await scenarios.client.get(f"/v1/runs/{run['id']}/years.csv")
    assert refused.status_code == 409
    assert "monte_carlo" in refused.json()["detail"]
    assert (await scenarios.client.get(f"/v1/runs/{run['id']}/years.odt")).status_code == 422


async def test_another_organisation_exports_nothing(scenarios: RunningService[Any]) -> None:
    run = await _run(scenarios)
    async with scenarios.client_for(["globex"]) as client:
        assert (await client.get(f"/v1/runs/{run['id']}/years.csv")).status_code == 404
