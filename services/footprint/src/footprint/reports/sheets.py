"""The report as CSV and as a workbook: every line of the roll-up, exact, and in the workbook the tables and the chart beside them."""

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from typing import Any, Final, Literal

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from footprint.api.numbers import written
from footprint.domain.dashboard import NAMES, Parts, parts_by_month
from footprint.domain.months import format_month, months_of_year
from footprint.domain.scopes import BOTH
from footprint.domain.sums import exact
from footprint.reports.content import Line, Report, grouped, total
from footprint.reports.words import (
    BEGES,
    GHG,
    KINDS,
    STAGES,
    code_text,
    month_name,
    said,
    unit_text,
    unknown_months,
    word,
)
from footprint.trace_words import Language
from footprint.wording import conventions, notice_text

UNITS: Final = {"gwp": "kgCO2e", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}

COLUMNS: Final = {
    "en": ("month", "state", "corrects", "site", "kind", "stage", "criterion", "basis", "share", "scope",
           "ghg_category", "beges_item", "value", "unit", "low", "high", "quality", "kwh"),
    "fr": ("mois", "état", "corrige", "site", "type", "étape", "critère", "base", "part", "scope", "catégorie GHG",
           "poste BEGES", "valeur", "unité", "bas", "haut", "qualité", "kWh"),
}  # fmt: skip

Dialect = Literal["plain", "excel"]


def as_csv(report: Report, language: Language, dialect: Dialect = "plain") -> bytes:
    """UTF-8 with comma and header, numbers with a point and all their digits; for `excel` as a French spreadsheet opens it: a byte-order
    mark, semicolons, a decimal comma. A line of basis `location` or `market` stands in that view alone: never add the two. Bounds (95 %)
    are in the unit of the value, empty where there are none; they do not add up. Text cannot be taken for a formula."""
    text = StringIO()
    writer = csv.writer(text, delimiter=";" if dialect == "excel" else ",")
    writer.writerow(COLUMNS[language])
    for row in _rows(report, language):
        writer.writerow([_digits(each, dialect) if isinstance(each, (_Amount, float)) else each for each in row])
    return text.getvalue().encode("utf-8-sig" if dialect == "excel" else "utf-8")


def _digits(number: "_Amount | float", dialect: Dialect) -> str:
    digits = written(exact(number)) if isinstance(number, _Amount) else repr(number)
    return digits.replace(".", ",") if dialect == "excel" else digits


class _Amount(int):
    """Billionths, to be written as an exact number."""


def _rows(report: Report, language: Language) -> list[list[Any]]:
    """The lines: the API's own codes in English, words in French."""
    said_of = code_text if language == "fr" else _code
    closed = {each.month for each in report.closings}
    return [
        [
            format_month(each.month),
            said_of(
                "state", "closed" if each.month in closed else "open" if report.elapsed(each.month) else "projected"
            ),
            "" if each.restates is None else format_month(each.restates),
            _harmless(each.site or ""),
            said_of("kind", each.kind),
            said_of("stage", each.stage),
            said_of("criterion", each.criterion),
            said_of("basis", each.basis),
            said_of("share", each.share),
            each.scope,
            each.ghg_category,
            each.beges_item,
            _Amount(each.billionths),
            UNITS.get(each.criterion, ""),
            *("" if bound is None else bound for bound in (each.low, each.high, each.quality)),
            "" if each.kwh is None else _Amount(each.kwh),
        ]
        for each in report.lines
    ]


def _code(_column: str, code: str) -> str:
    return code


def _harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_workbook(report: Report, language: Language) -> bytes:
    """A workbook: the months with their chart, the reporting tables, restatements, factors, assumptions, and all lines."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = word("by_month", language)
    _months(sheet, report, language)
    _reporting(book.create_sheet("BEGES · GHG"), report, language)
    _restatements(book.create_sheet(word("restatements", language)), report, language)
    _factors(book.create_sheet(word("factor", language) + "s"), report, language)
    _assumptions(book.create_sheet({"fr": "Hypothèses", "en": "Assumptions"}[language]), report, language)
    lines = book.create_sheet({"fr": "Lignes", "en": "Lines"}[language])
    _head(lines, COLUMNS[language])
    for row in _rows(report, language):
        lines.append([float(exact(each)) if isinstance(each, _Amount) else each for each in row])
    lines.auto_filter.ref = lines.dimensions
    for each in book.worksheets:
        _fit(each)
    stored = BytesIO()
    book.save(stored)
    return stored.getvalue()


def _head(sheet: Worksheet, names: Sequence[str]) -> None:
    sheet.append(list(names))
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0B5D4E")
    if sheet.max_row == 1:
        sheet.freeze_panes = "A2"


def _sum(sheet: Worksheet) -> None:
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)


def _fit(sheet: Worksheet) -> None:
    """Columns as wide as what they hold, within reason; amounts shown to a tenth of a kg."""
    for number, column in enumerate(sheet.iter_cols(max_row=min(sheet.max_row, 400)), start=1):
        width = 8
        for cell in column:
            if isinstance(cell.value, float):
                cell.number_format = "#,##0.0"
                width = max(width, 14)
            elif cell.value is not None:
                width = max(width, min(60, len(str(cell.value)) + 2))
        sheet.column_dimensions[get_column_letter(number)].width = width


def _kg(amount: int) -> float:
    return float(exact(amount))


def _months(sheet: Worksheet, report: Report, language: Language) -> None:
    by_month = parts_by_month((each.month, each.stage, each.billionths) for each in report.climate())
    restated = grouped((each for each in report.climate() if each.restates is not None), lambda each: each.month)
    closed = {each.month for each in report.closings}
    names = [word(name, language) for name in NAMES]
    told = ("restated", "sum", "low", "high", "class")
    _head(
        sheet,
        [word("month", language), word("state", language), *names, *(word(name, language) for name in told), "kWh"],
    )
    bounds = {each["month"]: each["interval"] for each in report.dashboard["months"]} if report.dashboard else {}
    sums = [0, 0, 0]
    for month in months_of_year(report.year):
        parts = by_month.get(month, Parts())
        sums = [one + other for one, other in zip(sums, parts.billionths, strict=True)]
        state = "state_closed" if month in closed else "state_open" if report.elapsed(month) else "state_projected"
        amounts = (*parts.billionths, restated.get(month, 0), parts.total)
        sheet.append(
            [
                month_name(month, language),
                word(state, language),
                *(_kg(each) if month in report.known else None for each in amounts),
                *bounds.get(format_month(month), dict.fromkeys(("low_kg", "high_kg", "quality"))).values(),
                None if (kwh := report.kwh(month)) is None else _kg(kwh),
            ]
        )
    whole = [_kg(each) if report.known else None for each in (*sums, sum(restated.values()), sum(sums))]
    energy = None if report.kwh_of_year is None else _kg(report.kwh_of_year)
    sheet.append([word("sum", language), "", *whole, None, None, None, energy])
    _sum(sheet)
    if report.kwh_without_factor:
        sheet.append([word("kwh_without_factor", language), *[None] * 9, _kg(report.kwh_without_factor)])
    if report.season is not None:
        sheet.append([word("seasonal", language), "", None, _kg(report.season), None, None, _kg(report.season)])
        used = sums[1] + report.season
        sheet.append([word("estimate", language), "", *map(_kg, (sums[0], used, sums[2])), None, _kg(report.estimate)])
        _sum(sheet)
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
    chart.title, chart.y_axis.title = f"{report.name} {report.year}", "kgCO2e"
    chart.add_data(Reference(sheet, min_col=3, max_col=5, min_row=1, max_row=13), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=13))
    for series, colour in zip(chart.series, ("0B5D4E", "E3A93C", "7D93B2"), strict=True):
        series.graphicalProperties.solidFill = colour
    chart.height, chart.width = 9, 22
    chart.x_axis.delete = chart.y_axis.delete = False
    sheet.add_chart(chart, "A19")
    unknown = unknown_months(report, language)
    if unknown is not None:
        sheet.append([unknown])


def _reporting(sheet: Worksheet, report: Report, language: Language) -> None:
    lines = report.climate()
    amount = f"{word('sum', language)} kgCO2e"
    _head(sheet, [_table_head("BEGES", "item", language), word("label", language), amount])
    for item, sum_ in sorted(grouped(lines, lambda each: each.beges_item).items()):
        sheet.append([item, said(BEGES, item, language), _kg(sum_)])
    _whole(sheet, report, language)
    _head(sheet, [_table_head("GHG", "category", language), word("label", language), amount, word("scope", language)])
    for (scope, category), sum_ in sorted(grouped(lines, lambda each: (each.scope, each.ghg_category)).items()):
        sheet.append([category, said(GHG, category, language), _kg(sum_), scope])
    _whole(sheet, report, language)
    for title, table, key in (("by_kind", KINDS, _kind), ("by_site", {}, _site), ("label", STAGES, _stage)):
        _head(sheet, [word(title, language), "", amount])
        for name, sum_ in sorted(grouped(lines, key).items()):
            sheet.append([_harmless(said(table, name, language)), "", _kg(sum_)])
        sheet.append([])
    for name, basis in (("location", "location"), ("market", "market"), ("beside", BOTH)):
        used = report.electricity(basis)
        if used or basis != BOTH:
            moved = total(each for each in used if each.restates is not None)
            told = word("restated", language), _kg(moved)
            sheet.append([word(name, language), word("electricity_kg", language), _kg(total(used)), *told])


def _table_head(table: str, name: str, language: Language) -> str:
    named = word(name, language)
    return f"{named} {table}" if language == "fr" else f"{table} {named.lower()}"


def _whole(sheet: Worksheet, report: Report, language: Language) -> None:
    """The total of a table, and what the seasons make of it where there is a year before."""
    sheet.append([word("sum", language), "", _kg(report.total) if report.known else None])
    _sum(sheet)
    if report.season is not None:
        sheet.append([word("seasonal", language), "", _kg(report.season)])
        sheet.append([word("estimate", language), "", _kg(report.estimate)])
        _sum(sheet)
    sheet.append([])


def _kind(line: Line) -> str:
    return line.kind


def _site(line: Line) -> str:
    return line.site or "–"


def _stage(line: Line) -> str:
    return line.stage


def _restatements(sheet: Worksheet, report: Report, language: Language) -> None:
    names = [word(name, language) for name in ("counted_in", "corrects")]
    views = [f"{word(name, language)} kgCO2e" for name in ("difference_location", "difference_market")]
    _head(sheet, [*names, "", word("reason", language), *views])
    for each in report.restated:
        sheet.append(
            [
                format_month(each.counted_in),
                format_month(each.month),
                said(STAGES, each.stage, language),
                word(f"reason_{each.reason}", language),
                _kg(each.location),
                _kg(each.market),
            ]
        )


def _factors(sheet: Worksheet, report: Report, language: Language) -> None:
    names = [word(name, language) for name in ("factor", "version", "value", "source", "asset_months")]
    unit, link = ("unité", "lien") if language == "fr" else ("unit", "link")
    _head(sheet, ["id", *names[:3], unit, names[3], link, word("assumption", language), names[4]])
    for each in report.factors:
        sheet.append(
            [
                each.id,
                _harmless(each.name.get(language) or each.id),
                each.version,
                each.value,
                unit_text(each.unit, language, each.value),
                _harmless(" · ".join(str(part) for part in (each.source, each.year, each.licence) if part)),
                _harmless(each.link or ""),
                "x" if each.assumption else "",
                each.asset_months,
            ]
        )
    for row in sheet.iter_rows(min_row=2, min_col=4, max_col=4):
        for cell in row:
            cell.number_format = "General"


def _assumptions(sheet: Worksheet, report: Report, language: Language) -> None:
    _head(sheet, [word("annex_assumptions", language)])
    for text in conventions(report.convention, language):
        sheet.append([text])
    sheet.append([])
    _head(sheet, [word("warnings", language), word("asset_months", language)])
    for code, count in report.warnings:
        sheet.append([notice_text(code, language), count])
    sheet.append([])
    for each in report.methods:
        first, last = month_name(each["first"], language), month_name(each["last"], language)
        sheet.append([word("method_used", language, version=each["method_version"], first=first, last=last)])
    for closing in report.closings:
        day = f"{closing.at:%d/%m/%Y}"
        sheet.append(
            [
                word(
                    "closed_line",
                    language,
                    month=month_name(closing.month, language),
                    day=day,
                    by=closing.by,
                    version=closing.method_version,
                )
            ]
        )
