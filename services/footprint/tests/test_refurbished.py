"""Refurbished kit through the API: case C07 with an organisation's own factor for the refurbishing, and what is said without one."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import ORG, asset, factor, foundations, id_of, organisation, override, segment
from tests.support.formulas import value_of

CASES = json.loads((Path(__file__).parent / "cases" / "method.json").read_text())["cases"]
GIVEN, EXPECTED = next((each["inputs"], each["expected"]) for each in CASES if each["id"] == "C07")

TOTALS = {
    "remaining": EXPECTED["total_kgco2e"],
    "cut_off": EXPECTED["cut_off_total_kgco2e"],
    "shared_life": EXPECTED["shared_over_whole_life_total_kgco2e"],
}
LIFE = factor("life-laptop", "life.laptop", 4.0, criterion="parameter", unit="year")
KINDS = [factor("embodied-laptop", "embodied.laptop", float(GIVEN["embodied_new_kgco2e"]), stage="manufacturing"), LIFE]


def laptop(**acquired: Any) -> Any:
    """The laptop of C07, four times 365 days in use from 2022 on."""
    return asset(
        "laptop",
        kind="laptop",
        declared=None,
        planned_life_years=GIVEN["life_years"],
        acquired={"on": "2022-01-01", "condition": "refurbished", "price_eur": None} | acquired,
        timeline=[
            segment("2022-01-01T00:00:00+01:00", "2025-12-31T00:00:00+01:00"),
            segment("2025-12-31T00:00:00+01:00", None, status="retired"),
        ],
    )


async def ask(pipeline: Pipeline, path: str, **query: Any) -> Any:
    """An answer of the API."""
    answer = await pipeline.service.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer if query.pop("plain", None) else answer.json()


@pytest.mark.parametrize("convention", list(TOTALS))
async def test_c07_end_to_end_with_an_own_factor_for_the_refurbishing(pipeline: Pipeline, convention: str) -> None:
    own = override("refurbishing", "refurbishing.laptop", float(GIVEN["refurb_overhead_kgco2e"]))
    used = laptop(age_years=float(GIVEN["age_at_acquisition"]))
    kept = organisation(version=2, refurbished_convention=convention)
    await pipeline.service.handle(*foundations(), *KINDS, own, kept, used)
    await pipeline.settle()
    answer = await ask(
        pipeline, "/v1/totals", **{"org": ORG, "from": "2022-01", "to": "2025-12", "stage": "manufacturing"}
    )
    assert answer["total"] == pytest.approx(TOTALS[convention], rel=1e-6)
    assert answer["refurbished_convention"] == convention
    board = await ask(pipeline, "/v1/dashboard", org=ORG, month="2025-06")
    assert board["refurbished_convention"] == convention


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_text_names_the_convention_and_shows_how_the_remaining_kg_come_about(
    pipeline: Pipeline, language: str
) -> None:
    await pipeline.service.handle(*foundations(), *KINDS, laptop(age_years=3.0))
    await pipeline.settle()
    path = f"/v1/assets/{id_of('laptop')}/months/2022-01/explanation"
    told = await pipeline.service.client.get(path, headers={"Accept-Language": language})
    explained = told.json()
    assert explained["evidence_chosen"][0]["life"]["refurbished_convention"] == "remaining"
    said = {"fr": "reconditionné, convention « remaining » : ", "en": "refurbished (remaining): "}[language]
    line = next(each for each in explained["evidence_chosen"][0]["embodied"] if each.startswith(said))
    formula, value = line.partition(": ")[2].split(" = ")
    assert (
        value_of(formula) == float(value.removesuffix(" kg")) == explained["evidence_chosen"][0]["life"]["carried_kg"]
    )
    assert "refurbished" in {each["code"] for each in explained["warnings"]}
    answer = await pipeline.service.client.get(path, params={"lang": language}, headers={"Accept": "text/plain"})
    assert ("convention « remaining »" if language == "fr" else "convention `remaining`") in answer.text
    assert "181.0 kg × 730.0 d ÷ 1825.0 d = 72.4 kg" in answer.text
    assert "refurbishing." in answer.text
    assert "31/12/2023" in answer.text or "01/01/2024" in answer.text
    assert "31/12/2025" not in answer.text.split("\n3. ")[0]


async def test_an_age_that_is_missing_is_said_on_the_dashboard_and_in_the_text(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), *KINDS, laptop(age_years=None))
    await pipeline.settle()
    board = await ask(pipeline, "/v1/dashboard", org=ORG, month="2025-06")
    assert "age_missing" in {each["code"] for each in board["warnings"]}
    answer = await pipeline.service.client.get(
        f"/v1/assets/{id_of('laptop')}/months/2025-06/explanation",
        params={"lang": "fr"},
        headers={"Accept": "text/plain"},
    )
    assert "reconditionné, d’âge non indiqué" in answer.text
    assert "compté comme neuf" in answer.text


async def test_a_longer_life_of_refurbished_kit_restates_no_closed_month_and_spreads_what_is_left(
    pipeline: Pipeline,
) -> None:
    def kept(years: int, version: int) -> Any:
        acquired = {"on": "2026-01-01", "condition": "refurbished", "price_eur": None, "age_years": 2.0}
        return asset("laptop", version, kind="laptop", declared=None, planned_life_years=years, acquired=acquired)

    await pipeline.service.handle(*foundations(), *KINDS, kept(4, 1))
    await pipeline.settle()
    january = {"org": ORG, "from": "2026-01", "to": "2026-01", "stage": "manufacturing"}
    july = january | {"from": "2026-07", "to": "2026-07"}
    new = float(GIVEN["embodied_new_kgco2e"])
    assert (await ask(pipeline, "/v1/totals", **january))["total"] == pytest.approx(new / 2 * 31 / 730)
    closing = await pipeline.service.client.post("/v1/periods/2026-06/close", params={"org": ORG, "earlier": "true"})
    assert closing.status_code == 200, closing.text
    await pipeline.service.handle(kept(6, 2))
    await pipeline.settle()
    for number in range(1, 7):
        assert (await ask(pipeline, f"/v1/periods/2026-{number:02d}/restatements", org=ORG))["items"] == []
    assert (await ask(pipeline, "/v1/totals", **january))["total"] == pytest.approx(new / 2 * 31 / 730)
    charged = 181 - 1 / 24
    left = new / 2 * (1 - charged / 730)
    assert (await ask(pipeline, "/v1/totals", **july))["total"] == pytest.approx(left * 31 / (1460 - charged))
    for month in ("2026-03", "2026-07"):
        path = f"/v1/assets/{id_of('laptop')}/months/{month}/explanation"
        assert (await ask(pipeline, path))["up_to_date"]
