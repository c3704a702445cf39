"""A comparison as a file: CSV, or a workbook with the catalogue's chart (emissions and avoided emissions by year)."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.series import SeriesLabel
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.domain.tables import AVOIDED_TOTAL, EMISSIONS, HEADERS, Cell, Language, rows_by_scenario

TITLES: Mapping[Language, str] = {"fr": "Années", "en": "Years"}
MONEY_COLUMNS = (7, 8)


def as_csv(result: Mapping[str, Any], language: Language) -> bytes:
    """UTF-8 with comma and header; numbers in full precision with a point. Text cannot be taken for a formula."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADERS[language])
    for _, rows in rows_by_scenario(result, language):
        writer.writerows([[_harmless(row[0]), *row[1:]] for row in rows])
    return text.getvalue().encode()


def as_workbook(result: Mapping[str, Any], language: Language) -> bytes:
    """A workbook of one sheet: the table, and beside it one chart for each alternative."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = TITLES[language]
    sheet.append(HEADERS[language])
    for name, rows in rows_by_scenario(result, language):
        first = sheet.max_row + 1
        for row in rows:
            sheet.append([_harmless(row[0]), *(_number(column, cell) for column, cell in enumerate(row) if column)])
        if rows[0][AVOIDED_TOTAL] is not None:
            _draw(sheet, name, first, sheet.max_row)
    stored = BytesIO()
    book.save(stored)
    return stored.getvalue()


def _draw(sheet: Worksheet, name: str, first: int, last: int) -> None:
    """Emissions of the alternative with what it avoids stacked on them, as on the catalogue's slides; below zero where it is negative."""
    chart = BarChart()
    chart.type = "col"
    chart.grouping = "stacked"
    chart.overlap = 100
    chart.title = name
    chart.y_axis.title = "kgCO2e"
    for column in (EMISSIONS, AVOIDED_TOTAL):
        data = Reference(sheet, min_col=column + 1, min_row=first, max_row=last)
        chart.add_data(data, titles_from_data=False)
        chart.series[-1].tx = _title(sheet, column)
    chart.set_categories(Reference(sheet, min_col=2, min_row=first, max_row=last))
    sheet.add_chart(chart, f"N{first}")


def _title(sheet: Worksheet, column: int) -> SeriesLabel:
    return SeriesLabel(strRef=StrRef(f"'{sheet.title}'!{sheet.cell(1, column + 1).coordinate}"))


def _harmless(text: Cell) -> Cell:
    """Text that a spreadsheet would run as a formula, with an apostrophe before it."""
    return f"'{text}" if isinstance(text, str) and text[:1] in "=+-@\t\r" else text


def _number(column: int, cell: Cell) -> Cell | Decimal:
    return Decimal(cell) if column in MONEY_COLUMNS and isinstance(cell, str) else cell
