"""Corrections of closed months that only contracts of electricity tell apart: said on the market basis, wherever restatements are."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_periods import ask, close
from services.footprint.tests.test_reports import file
from services.footprint.tests.world import ORG, asset, foundations, id_of, site
from tests.support.reports import text_of


async def corrected(pipeline: Pipeline) -> None:
    """A server closed without guarantees of origin; then half of its electricity is known to have had them in March."""
    bare: dict[str, Any] = {"guarantee_of_origin_share": 0.0, "residual_kg_per_kwh": 0.2}
    half = bare | {"guarantee_of_origin_share": 0.5}
    await pipeline.service.handle(*foundations(), site(version=2, electricity=bare), asset("srv"))
    await pipeline.settle()
    await close(pipeline, "2026-09")
    contracts = [
        {"from": None, "to": "2026-03-01", **bare},
        {"from": "2026-03-01", "to": "2026-04-01", **half},
        {"from": "2026-04-01", "to": None, **bare},
    ]
    await pipeline.service.handle(site(version=3, electricity={**bare, "contracts": contracts}))
    await pipeline.settle()


MOVED = Decimal("-44.58")
"""743 h × 400 W × PUE 1.5 × half of 0.2 kg: March loses an hour."""


@pytest.mark.parametrize(("basis", "moved"), [("location", Decimal(0)), ("market", MOVED)])
async def test_periods_comparisons_and_restatements_answer_on_either_basis_and_name_the_other(
    pipeline: Pipeline, basis: str, moved: Decimal
) -> None:
    await corrected(pipeline)
    other = {"location": "market", "market": "location"}[basis]
    beside = {"basis": other, "difference_kg": MOVED - moved}
    query = f"org={ORG}&basis={basis}"
    period = await ask(pipeline, "GET", f"/periods/2026-03?{query}")
    assert (period["basis"], period["restated_kg"]) == (basis, moved)
    assert period["other_basis"] == {"basis": other, "restated_kg": MOVED - moved}
    assert period["known_now_kg"] == period["total_kg"] + moved
    assert sum(each["value"] for each in period["restatements"]) == moved
    assert period == next(
        each for each in (await ask(pipeline, "GET", f"/periods?{query}"))["items"] if each["month"] == "2026-03"
    )
    totals = await ask(pipeline, "GET", f"/totals?{query}&from=2026-03&to=2026-03&group_by=month")
    assert period["total_kg"] == totals["total"]
    compared = await ask(pipeline, "GET", f"/periods/2026-03/comparison?{query}")
    assert (compared["basis"], compared["other_basis"], compared["difference_kg"]) == (basis, beside, moved)
    assert compared["to_kg"] - compared["from_kg"] == moved
    assert sum(each["difference_kg"] for each in compared["reasons"]) == moved
    assert {each["stage"]: each["difference_kg"] for each in compared["stages"]}["use"] == moved
    assert [each["asset_id"] for each in compared["assets"]] == [str(id_of("srv"))][: bool(moved)]
    (item,) = (await ask(pipeline, "GET", f"/periods/2026-03/restatements?{query}"))["items"]
    assert (item["basis"], item["other_basis"], item["difference_kg"]) == (basis, beside, moved)
    assert item["reasons"] == ({"inventory": moved} if moved else {})


async def test_an_asset_month_and_the_dashboard_say_what_was_restated_on_the_market_basis(pipeline: Pipeline) -> None:
    await corrected(pipeline)
    path = f"/assets/{id_of('srv')}/months/2026-03"
    stored = await ask(pipeline, "GET", path)
    assert (stored["restated"], [each["value"] for each in stored["restated_market"]]) == ([], [MOVED])
    board = (await ask(pipeline, "GET", f"/dashboard?org={ORG}&month=2026-10"))["restatements"]
    assert (board["total_kg"], board["lines"]) == (0, [])
    assert board["market"]["lines"] == [{"month": "2026-03", "reason": "inventory", "value": MOVED}]
    assert board["market"]["total_kg"] == sum(board["market"]["parts"].values()) == MOVED
    for language, heading in (("fr", "depuis la clôture, vue marché"), ("en", "since the closing, market-based")):
        answer = await pipeline.service.client.get(f"/v1{path}/explanation?lang={language}")
        assert heading in answer.text
    (item,) = (await ask(pipeline, "GET", f"/periods/2026-03/restatements?org={ORG}"))["items"]
    explained = await ask(pipeline, "GET", f"{path}/explanation?restatement={item['id']}")
    assert (explained["restated"], [each["value"] for each in explained["restated_market"]]) == ([], [MOVED])


@pytest.mark.parametrize(
    ("language", "none", "amount"),
    [
        ("fr", "Aucun mois de cette année ne compte de correction", "-44,6"),
        ("en", "No month of this year counts a correction", "-44.6"),
    ],
)
async def test_reports_tell_restatements_of_the_market_basis_in_every_format(
    pipeline: Pipeline, language: str, none: str, amount: str
) -> None:
    await corrected(pipeline)
    said = " ".join(text_of(await file(pipeline, "pdf", language)).split())
    assert none not in said
    printed = re.escape(amount)
    assert re.search(rf"(?:oct\.|Oct) 2026 (?:mars|Mar) 2026 (?:inventaire|inventory) [-−]?0[.,]0 {printed}", said), (
        said
    )
    assert re.search(rf"(?:Marché \(contrats\)|Market-based \(contracts\)) [\d\s.,]+ {printed}", said), said
    book = openpyxl.load_workbook(io.BytesIO(await file(pipeline, "xlsx", language)))
    rows = list(book.worksheets[2].iter_rows(min_row=2, values_only=True))
    assert [(row[0], row[1], row[4], row[5]) for row in rows] == [("2026-10", "2026-03", 0, float(MOVED))]
    market = {"fr": "Marché (contrats)", "en": "Market-based (contracts)"}[language]
    (electricity,) = [row for row in book.worksheets[1].iter_rows(values_only=True) if row[0] == market]
    assert electricity[4] == float(MOVED)
    lines = list(csv.DictReader(io.StringIO((await file(pipeline, "csv", "en")).decode())))
    corrections = [(line["basis"], Decimal(line["value"])) for line in lines if line["corrects"]]
    assert [each for each in corrections if each[1]] == [("market", MOVED)]
