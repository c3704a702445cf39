"""Dashboard, totals and the yearly report of the example organisation print the same figures, to the last digit, in every format."""

import csv
import io
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from examples.platform import Platform
from tests.e2e.running import MONTH, Running
from tests.support.reports import exact_in, text_of

YEAR = int(MONTH[:4])
REPORT = f"/footprint/v1/reports/acme/{YEAR}"


@pytest.fixture(scope="module")
def acme(running: Running, demonstration: str) -> Iterable[Platform]:
    """The example organisation's own look at it."""
    with running.platform(["acme"]) as platform:
        yield platform


@pytest.fixture(scope="module")
def board(acme: Platform) -> dict[str, Any]:
    """Its dashboard, with the numbers as printed."""
    return dict(printed(acme, "/footprint/v1/dashboard", org="acme", month=MONTH))


def printed(acme: Platform, path: str, **query: str) -> Any:
    """An answer whose numbers keep their digits."""
    return json.loads(acme.text(path, **query), parse_float=Decimal)


def totals(acme: Platform, group: str) -> dict[Any, Decimal]:
    """The year's totals by one group."""
    found = printed(
        acme, "/footprint/v1/totals", org="acme", group_by=group, **{"from": f"{YEAR}-01", "to": f"{YEAR}-12"}
    )
    assert found["total"] == sum(each["value"] for each in found["groups"])
    return {each[group]: each["value"] for each in found["groups"]}


def test_the_months_of_dashboard_totals_csv_workbook_and_pages_are_the_same(
    acme: Platform, board: dict[str, Any]
) -> None:
    months = {each["month"]: each["total_kg"] for each in board["months"]}
    assert len(months) == 12
    assert all(each["total_kg"] == sum(each["parts"].values()) for each in board["months"])
    assert totals(acme, "month") == months

    rows = csv.DictReader(io.StringIO(acme.text(f"{REPORT}.csv", lang="en")))
    shown = [row for row in rows if row["criterion"] == "gwp" and row["basis"] in ("both", "location")]
    assert {month: sum(Decimal(row["value"]) for row in shown if row["month"] == month) for month in months} == months

    book = openpyxl.load_workbook(io.BytesIO(acme.file(f"{REPORT}.xlsx", lang="en")))
    names, *cells = book.worksheets[0].iter_rows(min_row=1, max_row=13, values_only=True)
    assert [row[names.index("Total")] for row in cells] == [float(each) for each in months.values()]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pages_print_each_part_stage_and_scope_as_dashboard_and_totals_do(
    acme: Platform, board: dict[str, Any], language: str
) -> None:
    text = text_of(acme.file(f"{REPORT}.pdf", lang=language))
    assert "Acme Mutuelle" in text
    figures = exact_in(text, language)
    expected = [
        amount for each in board["months"] for amount in (*each["parts"].values(), each["total_kg"], each["kwh"])
    ]
    assert figures[: len(expected)] == expected
    assert board["year"]["estimate_kg"] in figures
    assert {*totals(acme, "stage").values(), *totals(acme, "scope").values()} <= set(figures)


def test_the_year_is_the_sum_of_its_sites_and_kinds(acme: Platform, board: dict[str, Any]) -> None:
    for group in ("site", "kind", "beges_item", "ghg_category", "application"):
        assert sum(totals(acme, group).values()) == board["year"]["state_based"]["estimate_kg"], group
