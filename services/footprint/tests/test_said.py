"""Answers say what they lack and which fallbacks they took, and refuse what they do not know."""

import re
from typing import Any

import pytest

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    ORG,
    application,
    asset,
    claim,
    electricity,
    foundations,
    guest,
    host,
    id_of,
    machine,
    override,
    segment,
    site,
)


async def ask(pipeline: Pipeline, path: str, status: int = 200) -> Any:
    """An answer."""
    answer = await pipeline.service.client.get(f"/v1{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def codes(document: Any) -> set[str]:
    """The codes of its warnings."""
    return {each["code"] for each in document["warnings"]}


async def test_market_based_totals_by_asset_and_explanations_say_what_they_lack_and_totals_name_fallbacks(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(
        *foundations(), site("warsaw", country="PL"), electricity("PL", 0.6, year=2024),
        asset("srv"), asset("far", timeline=[segment(site_id=str(id_of("warsaw")))]),
    )  # fmt: skip
    await pipeline.settle()
    span = f"org={ORG}&from=2026-05&to=2026-06"
    far = f"asset={id_of('far')}"
    assert "no_residual_mix" in codes(await ask(pipeline, f"/totals?{span}&group_by=asset&basis=market&{far}"))
    assert "no_residual_mix" in codes(await ask(pipeline, f"/totals?{span}&group_by=stage&basis=market&{far}"))
    assert "no_residual_mix" not in codes(await ask(pipeline, f"/totals?{span}&group_by=asset&{far}"))
    explained = await ask(pipeline, f"/assets/{id_of('far')}/months/2026-05/explanation")
    assert "no_residual_mix" in codes(explained)
    for query in ("group_by=month", "group_by=asset", f"group_by=stage&{far}"):
        assert "earlier_year_factor" in codes(await ask(pipeline, f"/totals?{span}&{query}")), query
    near = f"/totals?{span}&group_by=asset&asset={id_of('srv')}"
    assert "earlier_year_factor" not in codes(await ask(pipeline, near))


@pytest.mark.parametrize(
    ("language", "validity"),
    [("fr", "(valable du 15/03/2026 au 14/06/2026)"), ("en", "(valid from 15/03/2026 to 14/06/2026)")],
)
async def test_an_own_factor_that_has_ended_within_the_year_is_said_wherever_it_is_used_on(
    pipeline: Pipeline, language: str, validity: str
) -> None:
    own = override(
        "grid", "electricity", 0.5, unit="kgCO2e/kWh", region="FR", stage="use", perimeter="production",
        valid_from="2026-03-15", valid_to="2026-06-15",
    )  # fmt: skip
    others = [each for each in foundations() if each.key != "electricity-fr-2026"]
    await pipeline.service.handle(*others, electricity("FR", 0.0442, year=2024), own, asset("srv"))
    await pipeline.settle()
    for month, ended in (("2026-06", False), ("2026-07", True), ("2026-12", True)):
        explained = await ask(pipeline, f"/assets/{id_of('srv')}/months/{month}/explanation")
        assert ("earlier_year_factor" in codes(explained)) == ended, month
        assert explained["evidence"]["electricity"] == ("earlier_year" if ended else "region")
        total = await ask(pipeline, f"/totals?org={ORG}&from={month}&to={month}")
        assert ("earlier_year_factor" in codes(total)) == ended, month
    path = f"/v1/assets/{id_of('srv')}/months/2026-07/explanation"
    text = await pipeline.service.client.get(path, params={"lang": language}, headers={"Accept": "text/plain"})
    assert f"0.5 kgCO2e/kWh {validity}" in text.text or f"0.5 kgCO2e par kWh {validity}" in text.text, text.text


async def test_unknown_places_and_organisations_are_refused_by_name(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    span = f"org={ORG}&from=2026-05&to=2026-06"
    for region in ("XX", "fr"):
        problem = await ask(pipeline, f"/equivalents?{span}&region={region}", 422)
        assert problem["errors"][0]["field"] == "region"
        assert region in problem["errors"][0]["detail"]
    assert (await ask(pipeline, f"/equivalents?{span}&region=FR"))["region"] == "FR"
    await ask(pipeline, "/changes?org=nope", 404)


async def test_estimates_take_no_empty_country_and_say_which_energy_they_take(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations())
    items = [
        {"ref": "a", "kind": "server", "country": ""},
        {"ref": "b", "kind": "server", "country": "FR", "energy": {"average_w": 10.0, "annual_kwh": 876.0}},
        {"ref": "c", "kind": "server", "country": "FR", "energy": {"annual_kwh": 876.0}},
    ]
    period = {"from": "2026-01-01", "to": "2026-12-31"}
    answer = await pipeline.service.client.post("/v1/estimates", json={"period": period, "items": items})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [(each["index"], each["field"]) for each in found["errors"]] == [(0, "country")]
    both, one = found["items"]
    assert codes(both) == codes(one) | {"declared_twice"}
    assert both["energy_kwh"] == one["energy_kwh"]


async def test_an_organisation_or_month_without_a_figure_says_why_and_a_known_one_does_not(pipeline: Pipeline) -> None:
    span = f"org={ORG}&from=2026-05&to=2026-06"
    await pipeline.service.handle(*foundations())
    await pipeline.settle()
    empty = await ask(pipeline, f"/equivalents?{span}")
    assert (empty["total_kg"], empty["equivalents"], codes(empty)) == (None, [], {"no_figures"})
    [why] = (await ask(pipeline, f"/dashboard?org={ORG}&month=2026-05&lang=en"))["warnings"]
    assert (why["code"], why["detail"].partition(":")[0]) == ("no_figures", "no figure of 2026")
    since_june = segment("2026-06-01T00:00:00+02:00")
    await pipeline.service.handle(asset("srv", timeline=[since_june]))
    await pipeline.settle()
    found = await ask(pipeline, f"/equivalents?{span}")
    assert (found["total_kg"] > 0, codes(found)) == (True, set())
    before = await ask(pipeline, f"/dashboard?org={ORG}&month=2026-05&lang=en")
    assert [each["detail"].partition(":")[0] for each in before["warnings"]] == ["no figure of 2026-05"]
    assert before["interval"] == {"low_kg": None, "high_kg": None, "quality": None}
    assert "no_figures" not in codes(await ask(pipeline, f"/dashboard?org={ORG}&month=2026-06"))


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [("", None, "fr"), ("", "de, en;q=0.5", "en"), ("&lang=fr", "en", "fr"), ("&lang=en", "fr", "en")],
)
async def test_warnings_and_boundaries_are_in_the_language_asked_for_else_accepted_else_french(
    pipeline: Pipeline, query: str, accepted: str | None, language: str
) -> None:
    erp = host("h"), machine("vm", guest("h", 4)), application("erp", claim("vm"))
    await pipeline.service.handle(*foundations(), asset("srv"), *erp)
    await pipeline.settle()
    headers = {} if accepted is None else {"Accept-Language": accepted}

    async def answered(path: str) -> Any:
        answer = await pipeline.service.client.get(
            f"/v1{path}{query}", headers=headers | {"Accept": "application/json"}
        )
        assert answer.status_code == 200, answer.text
        return answer

    async def told(path: str) -> Any:
        return (await answered(path)).json()

    year = f"org={ORG}&from=2026-01&to=2026-12"
    early = f"org={ORG}&from=2001-01&to=2001-12"
    board = await told(f"/dashboard?org={ORG}&month=2026-12")
    ratios = await told(f"/ratios?{year}&functional_units=10")
    month = await told(f"/assets/{id_of('srv')}/months/2026-10?")
    explained = await told(f"/assets/{id_of('srv')}/months/2026-10/explanation?")
    documents = [
        board,
        month,
        explained,
        await told(f"/totals?{year}&criterion=water"),
        await told(f"/totals?{year}&group_by=stage"),
        await told(f"/assets/{id_of('srv')}/sheet?year=2026"),
        await told(f"/applications/erp/sheet?org={ORG}&year=2026"),
        *[await told(f"/{each}?{early}") for each in ("ratios", "equivalents", "data-quality", "totals")],
    ]
    assert all(each["warnings"] for each in documents)
    said = [
        *(each["detail"] for document in documents for each in document["warnings"]),
        *(ratios[name]["boundary"] for name in ("virtual_machines", "employees", "sci")),
    ]
    assert {"month_not_over", "no_transport"} <= codes(board)
    words = {"fr": ("est", "le", "la", "les", "de", "ni"), "en": ("is", "the", "are", "of", "no")}
    for sentence in said:
        known = {name for name, few in words.items() if set(re.findall(r"\w+", sentence.lower())) & set(few)}
        assert known == {language}, sentence
    [evidence] = explained["evidence_chosen"]
    assert evidence["embodied"][0].startswith({"fr": "fabrication (défaut", "en": "embodied (kind)"}[language])
    report = await answered(f"/reports/{ORG}/2026.csv?")
    assert f"-{language}.csv" in report.headers["Content-Disposition"]
    assert report.text.startswith({"fr": "mois,", "en": "month,"}[language])


async def test_an_explanation_is_json_where_json_is_asked_for_and_text_where_a_language_or_text_is(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    path = f"/v1/assets/{id_of('srv')}/months/2026-10/explanation"
    for query, accepted, media in (
        ("", "*/*", "application/json"), ("?lang=fr", "*/*", "text/plain"), ("", "text/plain", "text/plain"),
        ("?lang=en", "application/json", "application/json"),
    ):  # fmt: skip
        answer = await pipeline.service.client.get(f"{path}{query}", headers={"Accept": accepted})
        assert answer.headers["Content-Type"].partition(";")[0] == media, (query, accepted)


async def test_an_estimate_refuses_a_header_of_languages_beyond_all_measure_as_the_other_calls_do(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations())
    headers = {"Accept-Language": "fr," * 400}
    body = {"period": {"from": "2026-01-01", "to": "2026-12-31"}, "items": []}
    estimates = await pipeline.service.client.post("/v1/estimates", json=body, headers=headers)
    board = await pipeline.service.client.get(f"/v1/dashboard?org={ORG}&month=2026-10", headers=headers)
    for answer in (estimates, board):
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == ["accept-language"]
