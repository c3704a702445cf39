"""The HTTP interface: what is answered, what is refused and how."""

from typing import Any

import pytest
from common.api.cursors import encode
from common.testing.harness import RunningService
from factors.catalogue import reader
from factors.settings import FactorsSettings

Factors = RunningService[FactorsSettings]


async def test_listing_goes_through_every_factor_once(shared: Factors) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = (await shared.client.get("/v1/factors", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == len(reader.entries())


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("electricite allemagne 2024", "electricity-de-2024-ember"),
        ("Germany electricty 2024", "electricity-de-2024-ember"),
        ("telephone mobile fabrication", "embodied-smartphone-negaoctet"),
        ("hfc-134a AR5", "gas-hfc-134a-ar5"),
        ("fluide frigorigène r-410a ar6", "refrigerant-r-410a-ar6"),
    ],
)
async def test_search_tolerates_accents_case_and_a_wrong_letter(shared: Factors, words: str, first: str) -> None:
    page = (await shared.client.get("/v1/factors", params={"q": words, "limit": "5"})).json()
    assert first in [item["id"] for item in page["items"]]


async def test_search_pages_neither_skip_nor_repeat(shared: Factors) -> None:
    whole = (await shared.client.get("/v1/factors", params={"q": "serveur", "limit": "1000"})).json()
    assert whole["next_cursor"] is None
    ids: list[str] = []
    cursor: str | None = None
    while cursor is not None or not ids:
        params = {"q": "serveur", "limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await shared.client.get("/v1/factors", params=params)).json()
        ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert ids == [item["id"] for item in whole["items"]]


@pytest.mark.parametrize(
    "params",
    [
        {"cursor": "nonsense"},
        {"cursor": encode(1e300, "a", 1)},
        {"cursor": encode(-1e300, "a", 1), "q": "fr"},
        {"cursor": encode(1.0, "a", 2**31)},
        {"limit": "0"},
        {"limit": "1001"},
        {"status": "gone"},
        {"colour": "red"},
    ],
)
async def test_listing_refuses_what_it_does_not_know(shared: Factors, params: dict[str, str]) -> None:
    assert (await shared.client.get("/v1/factors", params=params)).status_code == 422


async def test_unknown_factor_is_not_found(shared: Factors) -> None:
    for call in (shared.client.get("/v1/factors/nothing"), shared.client.post("/v1/factors/nothing/publish")):
        assert (await call).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": -0.1}, "value"),
        ({"value": 0}, "value"),
        ({"value": 1e308}, "value"),
        ({"value": True}, "value"),
        ({"value": "0.05"}, "value"),
        ({"activity": "Electricity of France"}, "activity"),
        ({"criterion": "GWP 100"}, "criterion"),
        ({"stage": "\u202e"}, "stage"),
        ({"name": {"fr": "Électricité", "en": "  "}}, "name.en"),
        ({"biogenic_co2": 1e308}, "biogenic_co2"),
        ({"valid_from": None, "valid_to": "0001-01-01"}, "valid_to"),
        ({"valid_from": 1735689600}, "valid_from"),
        ({"unit": "kgCO2e/banana"}, "unit"),
        ({"unit": "kWh/kgCO2e"}, "unit"),
        ({"unit": "kgCO2e"}, "unit"),
        ({"unit": "gCO2e/kWh"}, "unit"),
        ({"unit": "kgCO2e/km"}, "unit"),
        ({"region": "France"}, "region"),
        ({"region": "FR-972"}, "region"),
        ({"region": None}, "region"),
        ({"perimeter": None}, "perimeter"),
        ({"valid_to": "2025-01-01"}, "valid_to"),
        ({"valid_from": "1985-01-01"}, "valid_from"),
        ({"source": {"name": "Example", "link": " ", "licence": "CC BY 4.0", "year": 2026}}, "source.link"),
        ({"source": None}, "source"),
        ({"ratings": {"technical": 6}}, "ratings.technical"),
        ({"colour": "green"}, "colour"),
    ],
)
async def test_a_draft_that_breaks_a_rule_is_refused_naming_the_field(
    shared: Factors, draft: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    refusal = await shared.client.post("/v1/factors", json=draft | change)
    assert refusal.status_code == 422
    assert field in [error["field"] for error in refusal.json()["errors"]]


async def test_sending_a_draft_twice_under_one_key_drafts_once(empty: Factors, draft: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "draft-1"}
    answers = [await empty.client.post("/v1/factors", json=draft, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (await empty.client.post("/v1/factors", json=draft)).status_code == 409


async def test_organisations_read_factors_and_only_staff_change_them(shared: Factors, draft: dict[str, Any]) -> None:
    async with shared.client_for(["acme"]) as customer:
        question = {"activity": "electricity", "region": "FR", "date": "2021-06-01"}
        assert (await customer.get("/v1/resolve", params=question)).status_code == 200
        assert (await customer.post("/v1/factors", json=draft)).status_code == 403
        assert (await customer.post(f"/v1/factors/{draft['id']}/publish")).status_code == 403
        withdrawal = await customer.post("/v1/factors/electricity-fr-2021-ademe/withdraw", json={"reason": "no"})
        assert withdrawal.status_code == 403
    async with shared.client_for("*", ["factors:read"]) as reader_only:
        assert (await reader_only.post("/v1/factors", json=draft)).status_code == 403


async def test_a_value_whose_licence_forbids_display_is_masked_and_still_used(
    empty: Factors, draft: dict[str, Any]
) -> None:
    source = draft["source"] | {"displayable": False}
    await empty.client.post("/v1/factors", json=draft | {"source": source})
    await empty.client.post(f"/v1/factors/{draft['id']}/publish")
    question = {"activity": "electricity", "region": "FR", "date": "2025-06-01"}
    answer = await empty.client.get("/v1/resolve", params=question)
    assert (answer.json()["factor"]["value"], answer.json()["factor"]["masked"]) == (None, True)
    assert "0.05" not in answer.text.replace("electricity-fr-2025", "")
    items = [question | {"quantity": 10, "unit": "kWh"}]
    assert (await empty.client.post("/v1/estimates", json={"items": items})).json()["items"][0]["gwp"] == 0.5


async def test_facets_count_what_the_same_filters_list(shared: Factors) -> None:
    filters = {"activity": "electricity", "year": "2024", "criterion": "gwp"}
    counted = (await shared.client.get("/v1/factors/facets", params=filters)).json()
    listed = (await shared.client.get("/v1/factors", params=filters | {"limit": "1000"})).json()["items"]
    assert counted["activity"] == [{"value": "electricity", "count": len(listed)}]
    assert counted["year"] == [{"value": "2024", "count": len(listed)}]
    assert len(counted["region"]) == 50
    words = {"q": "electricite allemagne"}
    found = (await shared.client.get("/v1/factors/facets", params=words)).json()
    german = (await shared.client.get("/v1/factors", params=words | {"region": "DE"})).json()["items"]
    assert {"value": "DE", "count": len(german)} in found["region"]
    assert german


async def test_drafts_are_seen_by_those_who_keep_the_catalogue_only(empty: Factors, draft: dict[str, Any]) -> None:
    await empty.client.post("/v1/factors", json=draft)
    path = f"/v1/factors/{draft['id']}"
    async with empty.client_for(["acme"]) as customer:
        assert (await customer.get("/v1/factors", params={"status": "draft"})).status_code == 403
        assert (await customer.get("/v1/factors/facets", params={"status": "review"})).status_code == 403
        assert (await customer.get(path)).status_code == 404
        await empty.client.post(f"{path}/publish")
        await empty.client.post("/v1/factors", json=draft | {"value": 0.07})
        assert [version["version"] for version in (await customer.get(path)).json()["versions"]] == [1]
    assert [version["version"] for version in (await empty.client.get(path)).json()["versions"]] == [2, 1]
    [listed] = (await empty.client.get("/v1/factors", params={"status": "draft"})).json()["items"]
    assert listed["value"] == 0.07


async def test_metrics_tell_what_is_in_memory_and_what_came_of_questions(shared: Factors) -> None:
    question = {"activity": "electricity", "region": "FR", "date": "2021-06-01"}
    await shared.client.get("/v1/resolve", params=question)
    await shared.client.get("/v1/resolve", params=question | {"region": "ZZ"})
    told = (await shared.client.get("/metrics")).text
    assert 'factors_questions_total{outcome="public"}' in told
    assert 'factors_questions_total{outcome="unknown-region"}' in told
    assert "factors_published " in told
    assert "factors_revision " in told
