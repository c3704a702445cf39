"""Yearly reports say what dashboard and totals say, to the printed digit, in every format and language."""

import csv
import io
import json
import operator
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pypdf
import pytest
from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_api import farm
from services.footprint.tests.world import ORG, asset, electricity, factor, foundations, metered, organisation, segment
from tests.support.reports import exact_in, rounded_in, text_of


async def told(pipeline: Pipeline) -> None:
    """A farm with its history: months closed, and corrected since."""
    await farm(pipeline)
    await pipeline.service.handle(
        factor("maintenance", "maintenance.it_hardware", 0.4, unit="kgCO2e/EUR", note="assumption")
    )
    await pipeline.settle()
    await pipeline.service.client.post(f"/v1/periods/2026-06/close?org={ORG}&earlier=true")
    await pipeline.service.handle(asset("fleet", 2, quantity=5), electricity("FR", 0.06, version=2))
    await pipeline.settle()


async def ask(pipeline: Pipeline, path: str) -> Any:
    """An answer with its numbers as printed."""
    answer = await pipeline.service.client.get(f"/v1{path}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


async def file(pipeline: Pipeline, form: str, language: str = "fr") -> bytes:
    """A report as a file."""
    answer = await pipeline.service.client.get(f"/v1/reports/{ORG}/2026.{form}?lang={language}")
    assert answer.status_code == 200, answer.text
    assert f'filename="footprint-{ORG}-2026-{language}.{form}"' in answer.headers["content-disposition"]
    return answer.content


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_dashboard_totals_csv_and_pdf_print_the_same_figures_to_the_last_digit(
    pipeline: Pipeline, language: str
) -> None:
    await told(pipeline)
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    path = f"/totals?org={ORG}&from=2026-01&to=2026-12&group_by="
    months = {each["month"]: each["value"] for each in (await ask(pipeline, path + "month"))["groups"]}
    stages = {each["stage"]: each["value"] for each in (await ask(pipeline, path + "stage"))["groups"]}
    scopes = {each["scope"]: each["value"] for each in (await ask(pipeline, path + "scope"))["groups"]}

    rows = list(csv.DictReader(io.StringIO((await file(pipeline, "csv", "en")).decode())))
    shown = [row for row in rows if row["criterion"] == "gwp" and row["basis"] in ("both", "location")]
    by_month = {month: sum(Decimal(row["value"]) for row in shown if row["month"] == month) for month in months}
    assert by_month == months == {each["month"]: each["total_kg"] for each in board["months"]}
    assert sum(by_month.values()) == board["year"]["estimate_kg"]

    printed = exact_in(text_of(await file(pipeline, "pdf", language)), language)
    expected = [
        amount for each in board["months"] for amount in (*each["parts"].values(), each["total_kg"], each["kwh"])
    ]
    assert printed[: len(expected)] == expected
    assert board["year"]["estimate_kg"] in printed
    assert set(stages.values()) | set(scopes.values()) <= set(printed)


@pytest.mark.parametrize(
    ("language", "operator", "rule"),
    [("fr", "l’organisation", "capacité (invendu à part)"), ("en", "own", "capacity (unsold apart)")],
)
async def test_the_pages_name_the_organisation_and_say_its_sites_in_their_language(
    pipeline: Pipeline, language: str, operator: str, rule: str
) -> None:
    await told(pipeline)
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(await file(pipeline, "pdf", language))).pages]
    assert "Acme" in pages[0]
    assert ORG not in pages[0]
    stated = " ".join(" ".join(pages).split())
    assert operator in stated
    assert rule in stated


async def test_a_name_that_was_not_kept_is_heard_when_the_same_version_is_told_again(pipeline: Pipeline) -> None:
    await pipeline.service.handle(organisation(name=""), organisation())
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert await connection.fetchval("SELECT name FROM organisations WHERE org_id = $1", ORG) == "Acme"


async def test_the_workbook_holds_the_same_months_and_every_line(pipeline: Pipeline) -> None:
    await told(pipeline)
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    book = openpyxl.load_workbook(io.BytesIO(await file(pipeline, "xlsx", "en")))
    months = list(book.worksheets[0].iter_rows(min_row=2, max_row=13, values_only=True))
    assert [row[6] for row in months] == [float(each["total_kg"]) for each in board["months"]]
    assert [row[5] for row in months] == [float(each["restated_kg"]) for each in board["months"]]
    assert [row[1] for row in months] == 6 * ["closed"] + 4 * ["open"] + 2 * ["projected"]
    lines = list(csv.reader(io.StringIO((await file(pipeline, "csv", "en")).decode())))
    assert book.worksheets[-1].max_row == len(lines)
    french = openpyxl.load_workbook(io.BytesIO(await file(pipeline, "xlsx", "fr")))
    heads = [cell.value for sheet in french.worksheets for cell in sheet[1]]
    assert not {"unit", "url", "version", "value"} & set(heads)


async def test_lines_and_months_of_a_report_have_intervals_and_the_months_their_kwh(pipeline: Pipeline) -> None:
    await told(pipeline)
    key = operator.itemgetter("site", "kind", "stage", "share", "ghg_category", "beges_item")
    path = f"/totals?org={ORG}&from=2026-10&to=2026-10&group_by=site,kind,stage,share,ghg_category,beges_item"
    totals = {key(each): each for each in (await ask(pipeline, path))["groups"]}
    rows = list(csv.DictReader(io.StringIO((await file(pipeline, "csv", "en")).decode())))
    shown = [row for row in rows if row["criterion"] == "gwp" and row["basis"] in ("both", "location")]
    october = [row for row in shown if row["month"] == "2026-10" and not row["corrects"]]
    assert len(october) == len(totals) > 2
    for row in october:
        told_ = totals[key(row)]
        assert [float(row["low"]), float(row["high"])] == pytest.approx([float(told_["low"]), float(told_["high"])])
        assert int(row["quality"]) == told_["quality"]
    assert {row["low"] for row in rows if row["corrects"]} == {""}
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    book = openpyxl.load_workbook(io.BytesIO(await file(pipeline, "xlsx", "en")))
    months: list[Any] = list(book.worksheets[0].iter_rows(min_row=2, max_row=14, values_only=True))
    for cells, each in zip(months[:12], board["months"], strict=True):
        assert cells[7:10] == pytest.approx([float(value) for value in each["interval"].values()])
    assert months[9][10] == pytest.approx(float(board["kwh"]))
    assert [cells[10] for cells in months[:12]] == [float(each["kwh"]) for each in board["months"]]
    electric = [row for row in rows if row["kwh"] and row["basis"] == "location" and row["month"] == "2026-10"]
    assert {row["stage"] for row in electric} == {"use"}
    assert sum(Decimal(row["kwh"]) for row in electric if row["criterion"] == "gwp") == Decimal(str(board["kwh"]))
    assert months[12][10] == pytest.approx(sum(cells[10] for cells in months[:12]))


async def test_restatements_and_assumptions_and_factor_versions_stand_in_the_report(pipeline: Pipeline) -> None:
    await told(pipeline)
    pages = pypdf.PdfReader(io.BytesIO(await file(pipeline, "pdf", "en")))
    text = "\n".join(page.extract_text() for page in pages.pages)
    for expected in (
        "Restatements",
        "inventory",
        "factor",
        "electricity-fr-2026",
        "Annex B",
        "remaining",
        "GHG Protocol",
        "BEGES",
        "assumption",
    ):
        assert expected in text, expected
    french = pypdf.PdfReader(io.BytesIO(await file(pipeline, "pdf", "fr")))
    said = "\n".join(page.extract_text() for page in french.pages)
    assert "Retraitements" in said
    assert "kgCO2e/unité" in said
    assert "kgCO2e/unit" in text


async def test_french_lines_are_said_in_french_and_keep_comma_and_point(pipeline: Pipeline) -> None:
    await told(pipeline)
    codes = list(csv.DictReader(io.StringIO((await file(pipeline, "csv", "en")).decode())))
    rows = list(csv.DictReader(io.StringIO((await file(pipeline, "csv", "fr")).decode())))
    assert [row["valeur"] for row in rows] == [row["value"] for row in codes]
    assert {row["état"] for row in rows} == {"clos", "ouvert", "projeté"}
    for french, english in (("type", "kind"), ("étape", "stage"), ("critère", "criterion"), ("base", "basis")):
        assert not {row[french] for row in rows} & {row[english] for row in codes}
    book = openpyxl.load_workbook(io.BytesIO(await file(pipeline, "xlsx", "fr")))
    assert [cell.value for cell in book.worksheets[-1][1]] == list(rows[0])
    assert {row[1] for row in book.worksheets[-1].iter_rows(min_row=2, values_only=True)} == {
        "clos",
        "ouvert",
        "projeté",
    }


async def test_a_french_spreadsheet_gets_semicolons_decimal_commas_and_a_mark_when_asked(pipeline: Pipeline) -> None:
    await told(pipeline)
    answer = await pipeline.service.client.get(f"/v1/reports/{ORG}/2026.csv?lang=fr&dialect=excel")
    assert answer.content.startswith(b"\xef\xbb\xbfmois;")
    excel = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    plain = list(csv.DictReader(io.StringIO((await file(pipeline, "csv")).decode())))
    assert [row["valeur"].replace(",", ".") for row in excel] == [row["valeur"] for row in plain]
    assert any("," in row["valeur"] for row in excel)


async def test_cells_of_the_customer_are_no_formulas(pipeline: Pipeline) -> None:
    await told(pipeline)
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("""UPDATE sites SET document = document || '{"code": "=1+1"}'""")
    assert b",'=1+1," in await file(pipeline, "csv")
    book = openpyxl.load_workbook(io.BytesIO(await file(pipeline, "xlsx")))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/reports/{ORG}/2027.pdf", 422),
        (f"/v1/reports/{ORG}/1980.csv", 422),
        (f"/v1/reports/{ORG}/2026.docx", 422),
        (f"/v1/reports/{ORG}/2026.pdf?lang=de", 422),
        ("/v1/reports/nobody/2026.csv", 404),
    ],
)
async def test_a_report_that_cannot_be_made_is_a_problem(pipeline: Pipeline, path: str, status: int) -> None:
    await farm(pipeline)
    assert (await pipeline.service.client.get(path)).status_code == status


async def test_a_year_without_anything_is_a_report_all_the_same(pipeline: Pipeline) -> None:
    await farm(pipeline)
    for form in ("csv", "xlsx", "pdf"):
        answer = await pipeline.service.client.get(f"/v1/reports/{ORG}/2025.{form}")
        assert answer.status_code == 200, answer.text


async def test_another_organisation_gets_no_report(pipeline: Pipeline) -> None:
    await farm(pipeline)
    async with pipeline.service.client_for(["globex"]) as client:
        assert (await client.get(f"/v1/reports/{ORG}/2026.csv")).status_code == 403


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_every_printed_row_and_total_of_the_pages_adds_up(pipeline: Pipeline, language: str) -> None:
    await told(pipeline)
    text = text_of(await file(pipeline, "pdf", language))
    states = {"fr": "clos|ouvert|projeté", "en": "closed|open|projected"}[language]
    rows = [
        rounded_in(each[1], language) for each in re.finditer(rf"(?m)\b(?:{states})((?: +-?[\d\u202f.,]+){{5}})$", text)
    ]
    assert len(rows) == 12
    for row in rows:
        assert sum(row[:3]) == row[4]
    columns = [sum(column) for column in zip(*rows, strict=True)]
    assert columns in [rounded_in(each, language) for each in re.findall(r"(?m)^Total(.*)$", text)]
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    assert abs(columns[4] - board["year"]["estimate_kg"]) <= Decimal("0.05")


@pytest.mark.parametrize(
    ("language", "season", "estimate", "card"),
    [
        (
            "fr",
            "Saisons (projection)",
            "Estimation, saisons comprises",
            "Total de l’année",
        ),
        ("en", "Seasons (projection)", "Estimate, seasons included", "Total of the year"),
    ],
)
async def test_the_total_of_the_months_and_its_seasons_make_the_total_of_the_year(
    pipeline: Pipeline, language: str, season: str, estimate: str, card: str
) -> None:
    cold = metered("srv", 9.6, winter=20.0)
    server = asset("srv", timeline=[segment("2025-01-01T00:00:00+01:00")])
    await pipeline.service.handle(*foundations(), electricity("FR", 0.05, 2025), server, *cold)
    await pipeline.settle()
    text = text_of(await file(pipeline, "pdf", language))
    [total, moved, whole] = [
        next(rounded_in(each, language) for each in re.findall(rf"(?m)^{name}( -?\d.*)$", text))
        for name in ("Total", re.escape(season), re.escape(estimate))
    ]
    assert moved[0] == moved[-1] > 0
    assert whole == [total[0], total[1] + moved[0], total[2], total[4] + moved[-1]]
    assert whole[-1] in rounded_in(text[text.index(card) :][:200], language)
    book = openpyxl.load_workbook(io.BytesIO(await file(pipeline, "xlsx", language)))
    rows = {row[0]: row for row in book.worksheets[0].iter_rows(min_row=14, max_row=16, values_only=True)}
    board = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-10")
    assert rows[season][6] == float(board["year"]["seasonal"]["adjustment_kg"])
    assert rows[estimate][6] == float(board["year"]["estimate_kg"])
    regulatory = [row for row in book.worksheets[1].iter_rows(values_only=True) if row[0] == estimate]
    assert [row[2] for row in regulatory] == [float(board["year"]["estimate_kg"])] * 2
    assert text.count({"fr": "Sans les saisons", "en": "Without the seasons"}[language]) == 2


@pytest.mark.parametrize(("language", "said"), [("fr", "Aucun chiffre pour {}"), ("en", "No figure of {}")])
async def test_a_year_or_month_without_a_figure_prints_none_and_says_why(
    pipeline: Pipeline, language: str, said: str
) -> None:
    since_march = segment("2026-03-01T00:00:00+01:00")
    await pipeline.service.handle(*foundations(), asset("srv", timeline=[since_march]))
    await pipeline.settle()
    for year, asked in (
        ("2020", "2020"),
        ("2026", {"fr": "janv. 2026, févr. 2026", "en": "Jan 2026, Feb 2026"}[language]),
    ):
        path = f"/v1/reports/{ORG}/{year}"
        pdf = await pipeline.service.client.get(f"{path}.pdf?lang={language}")
        text = " ".join(text_of(pdf.content).split())
        assert said.format(asked) in text
        assert ("0,000000000" in text or "0.000000000" in text) is (year == "2026")
        book = openpyxl.load_workbook(
            io.BytesIO((await pipeline.service.client.get(f"{path}.xlsx?lang={language}")).content)
        )
        rows = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
        lacking = [row for row in rows[:12] if row[2] is None and row[6] is None]
        assert len(lacking) == (12 if year == "2020" else 2)
        assert (rows[12][6] is None) is (year == "2020")
        assert any(str(row[0]).startswith(said.format(asked)) for row in rows)
