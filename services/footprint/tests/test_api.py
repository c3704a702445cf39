"""The API over HTTP: shapes, sums, errors, and who sees what."""

import json
from decimal import Decimal
from typing import Any

import pytest
from common.organisations import EVERY

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    ORG,
    asset,
    foundations,
    guest,
    host,
    id_of,
    machine,
    organisation,
    segment,
    site,
)


async def farm(pipeline: Pipeline) -> None:
    """Hosts with machines, one server off, one past its life, one in a hot room."""
    hot = site("hot", pue=[{"from": None, "to": None, "value": 1.9}])
    june = "2026-06-01T00:00:00+02:00"
    old = {"on": "2018-01-01", "condition": "new", "price_eur": "5000.00", "age_years": None}
    await pipeline.service.handle(
        *foundations(), hot, host("a"), machine("vm1", guest("a", 4)), machine("vm2", guest("a", 8)),
        asset("off", timeline=[segment(end=june), segment(june, status="off")], support={"kind": "maker", "eur_per_year": "650.00"}),
        asset("old", acquired=old), asset("warm", timeline=[segment(site_id=str(id_of("hot")))]), asset("fleet", quantity=3),
    )  # fmt: skip
    await pipeline.settle()


async def get(pipeline: Pipeline, path: str) -> dict[str, Any]:
    """A successful answer."""
    answer = await pipeline.service.client.get(path)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = json.loads(answer.content, parse_float=Decimal)
    return document


async def test_dashboard_parts_add_up_to_every_total_exactly_as_printed(pipeline: Pipeline) -> None:
    await farm(pipeline)
    board = await get(pipeline, f"/v1/dashboard?org={ORG}&month=2026-10")
    assert sum(board["parts"].values()) == board["total_kg"]
    assert board["parts"] == next(each["parts"] for each in board["months"] if each["month"] == "2026-10")
    for each in board["months"]:
        assert sum(each["parts"].values()) == each["total_kg"]
    elapsed = sum(each["total_kg"] for each in board["months"] if not each["projected"])
    forecast = sum(each["total_kg"] for each in board["months"] if each["projected"])
    assert (board["year"]["elapsed_kg"], board["year"]["forecast_kg"]) == (elapsed, forecast)
    assert board["year"]["estimate_kg"] == elapsed + forecast
    assert [each["month"] for each in board["months"] if each["projected"]] == ["2026-11", "2026-12"]
    assert board["elapsed"] is True
    assert "month_not_over" not in {each["code"] for each in board["warnings"]}


@pytest.mark.parametrize("month", ["2026-11", "2026-12"], ids=["running", "future"])
async def test_the_dashboard_of_a_month_that_is_not_over_parts_the_year_by_the_clock(
    pipeline: Pipeline, month: str
) -> None:
    await farm(pipeline)
    board = await get(pipeline, f"/v1/dashboard?org={ORG}&month={month}")
    over = await get(pipeline, f"/v1/dashboard?org={ORG}&month=2026-10")
    assert board["year"]["elapsed_kg"] == over["year"]["elapsed_kg"] > 0
    assert board["year"]["forecast_kg"] == over["year"]["forecast_kg"] > 0
    assert board["months"] == over["months"]
    periods = (await get(pipeline, f"/v1/periods?org={ORG}"))["items"]
    assert {each["month"] for each in periods if not each["elapsed"]} == {"2026-11"}
    assert board["elapsed"] is False
    assert "month_not_over" in {each["code"] for each in board["warnings"]}


async def test_dashboard_and_totals_give_the_same_figures_to_the_last_digit(pipeline: Pipeline) -> None:
    await farm(pipeline)
    board = await get(pipeline, f"/v1/dashboard?org={ORG}&month=2026-10")
    path = f"/v1/totals?org={ORG}&from=2026-01&to=2026-12&group_by="
    totals = {
        group: await get(pipeline, path + group) for group in ("month", "site", "kind", "stage", "scope", "asset")
    }
    assert {each["month"]: each["value"] for each in totals["month"]["groups"]} == {
        each["month"]: each["total_kg"] for each in board["months"]
    }
    for document in totals.values():
        assert sum(each["value"] for each in document["groups"]) == document["total"] == board["year"]["estimate_kg"]


async def test_dashboard_counts_servers_at_the_end_of_the_month_with_their_quantity(pipeline: Pipeline) -> None:
    await farm(pipeline)
    may = await get(pipeline, f"/v1/dashboard?org={ORG}&month=2026-05")
    october = await get(pipeline, f"/v1/dashboard?org={ORG}&month=2026-10")
    assert may["servers"] == {"in_service": 7, "off": 0}
    assert october["servers"] == {"in_service": 6, "off": 1}


async def test_recommendations_carry_their_evidence_kg_and_euros_where_known(pipeline: Pipeline) -> None:
    await farm(pipeline)
    board = await get(pipeline, f"/v1/dashboard?org={ORG}&month=2026-10")
    found = {each["code"]: each for each in board["recommendations"]}
    assert found["powered_off_but_racked"]["assets"] == [str(id_of("off"))]
    assert found["powered_off_but_racked"]["eur_per_year"] == "650.00"
    assert float(found["powered_off_but_racked"]["kg_per_year"]) == pytest.approx(
        12 * 1000 * (31 + 1 / 24) / 1825, abs=1e-3
    )
    assert found["past_life_keep"]["assets"] == [str(id_of("old"))]
    use = 400 * 745 / 1000 * 1.5 * 0.05 * 12
    assert float(found["past_life_keep"]["kg_per_year"]) == pytest.approx(1000 / 5 - 0.3 * use, abs=1e-3)
    assert found["past_life_keep"]["eur_per_year"] == "1000.00"
    assert found["high_pue_site"]["site"] == "hot"
    assert found["high_pue_site"]["eur_per_year"] is None
    assert "no price of electricity is known for the site" in found["high_pue_site"]["evidence"]
    for code in ("powered_off_but_racked", "past_life_keep", "high_pue_site"):
        assert "twelve times" in found[code]["evidence"][-1]
        assert "douze fois" in found[code]["evidence_fr"][-1]
    assert all(each["evidence"] for each in found.values())


async def test_renewing_says_why_no_euros_are_told(pipeline: Pipeline) -> None:
    await farm(pipeline)
    hungry = {"annual_kwh": 90_000, "average_w": None, "embodied_kg": None}
    acquired = {"on": "2018-01-01", "condition": "new", "price_eur": "5000.00", "age_years": None}
    await pipeline.service.handle(asset("hungry", acquired=acquired, declared=hungry))
    await pipeline.settle()
    board = await get(pipeline, f"/v1/dashboard?org={ORG}&month=2026-10")
    [renew] = [each for each in board["recommendations"] if each["code"] == "past_life_renew"]
    assert (renew["assets"], renew["eur_per_year"]) == ([str(id_of("hungry"))], None)
    assert any(line.startswith("no price of a new server") for line in renew["evidence"])
    assert any(line.startswith("ni le prix d’un serveur neuf") for line in renew["evidence_fr"])


async def test_the_explanation_gives_the_stored_values_back_bit_for_bit(pipeline: Pipeline) -> None:
    await farm(pipeline)
    for name in ("a", "vm1", "vm2", "off", "old", "warm", "fleet"):
        for number in (1, 3, 6, 10, 12):
            path = f"/v1/assets/{id_of(name)}/months/2026-{number:02d}"
            stored = (await pipeline.service.client.get(path)).json()
            explained = (await pipeline.service.client.get(f"{path}/explanation")).json()
            assert explained["up_to_date"]
            sums = sorted((each["stage"], each["value"]) for each in explained["trace"])
            assert sums == sorted((each["stage"], each["value"]) for each in stored["figures"])
            for each in explained["trace"]:
                total = 0.0
                for line in each["lines"]:
                    total += line["value"]
                assert total == each["value"]


async def test_an_explanation_says_when_a_change_still_waits(pipeline: Pipeline) -> None:
    await farm(pipeline)
    await pipeline.service.handle(asset("fleet", 2, quantity=4))
    path = f"/v1/assets/{id_of('fleet')}/months/2026-10/explanation"
    assert (await get(pipeline, path))["up_to_date"] is False
    await pipeline.settle()
    assert (await get(pipeline, path))["up_to_date"] is True


async def test_totals_by_asset_come_in_pages_that_neither_skip_nor_repeat(pipeline: Pipeline) -> None:
    await farm(pipeline)
    path = f"/v1/totals?org={ORG}&from=2026-01&to=2026-12&group_by=asset&limit=3"
    seen, cursor = [], ""
    while cursor is not None:
        page = await get(pipeline, path + (f"&cursor={cursor}" if cursor else ""))
        seen += [each["asset"] for each in page["groups"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == seen
    assert set(seen) == {str(id_of(name)) for name in ("a", "vm1", "vm2", "off", "old", "warm", "fleet")}


async def test_a_market_based_total_says_what_it_lacks_and_never_mixes_bases(pipeline: Pipeline) -> None:
    await farm(pipeline)
    path = f"/v1/totals?org={ORG}&from=2026-01&to=2026-12&group_by=stage&basis="
    location, market = await get(pipeline, path + "location"), await get(pipeline, path + "market")
    assert {each["stage"]: each["value"] for each in market["groups"]}["use"] == 0
    assert {each["stage"]: each["value"] for each in location["groups"]}["use"] > 0
    both = ["no_transport", "no_end_of_life", "no_maintenance_factor", "past_life", "upstream_inside", "no_losses"]
    assert [each["code"] for each in market["warnings"]] == ["no_residual_mix", *both]
    assert [each["code"] for each in location["warnings"]] == both
    used = (await get(pipeline, path + "location&stage=use"))["warnings"]
    assert [each["code"] for each in used] == ["upstream_inside", "no_losses"]
    made = (await get(pipeline, path + "location&stage=manufacturing"))["warnings"]
    assert not {"upstream_inside", "no_losses"} & {each["code"] for each in made}


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        (f"/v1/dashboard?org={ORG}&month=2026-13", 422, "month"),
        (f"/v1/dashboard?org={ORG}&month=october", 422, "month"),
        (f"/v1/dashboard?org={ORG}&month=2027-01", 422, "month"),
        (f"/v1/dashboard?org={ORG}", 422, "month"),
        ("/v1/dashboard?org=nobody&month=2026-10", 404, None),
        (f"/v1/totals?org={ORG}&from=2026-02&to=2026-01", 422, "to"),
        (f"/v1/totals?org={ORG}&from=2026&to=2026-01", 422, "from"),
        (f"/v1/totals?org={ORG}&from=2026-01&to=2026-12&group_by=colour", 422, "group_by"),
        (f"/v1/totals?org={ORG}&from=2026-01&to=2026-12&group_by=asset&cursor=nonsense", 422, "cursor"),
        (f"/v1/assets/{id_of('nothing')}/months/2026-10", 404, None),
        (f"/v1/assets/{id_of('nothing')}/months/2026-10/explanation", 404, None),
        ("/v1/assets/not-an-id/months/2026-10", 422, "asset_id"),
    ],
)
async def test_what_cannot_be_answered_is_a_problem_that_names_the_field(
    pipeline: Pipeline, path: str, status: int, field: str | None
) -> None:
    await pipeline.service.handle(*foundations())
    answer = await pipeline.service.client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if field is not None:
        assert field in {error["field"].rpartition(".")[2] for error in answer.json()["errors"]}


async def test_an_organisation_sees_its_own_rows_and_no_others(pipeline: Pipeline) -> None:
    await farm(pipeline)
    await pipeline.service.handle(organisation("globex"), asset("theirs", org="globex"))
    await pipeline.settle()
    async with pipeline.service.client_for(["globex"]) as client:
        assert (await client.get(f"/v1/dashboard?org={ORG}&month=2026-10")).status_code == 403
        assert (await client.get(f"/v1/totals?org={ORG}&from=2026-01&to=2026-10")).status_code == 403
        assert (await client.get(f"/v1/assets/{id_of('vm1')}/months/2026-10")).status_code == 404
        assert (await client.get(f"/v1/assets/{id_of('vm1')}/months/2026-10/explanation")).status_code == 404
        assert (await client.get(f"/v1/assets/{id_of('theirs')}/months/2026-10")).status_code == 200
        board = (await client.get("/v1/dashboard?org=globex&month=2026-10")).json()
    assert board["servers"] == {"in_service": 1, "off": 0}


async def test_row_level_security_holds_without_any_where_clause(pipeline: Pipeline) -> None:
    await farm(pipeline)
    await pipeline.service.client.post(f"/v1/periods/2026-06/close?org={ORG}&earlier=true")
    await pipeline.service.handle(asset("fleet", 2, quantity=5))
    await pipeline.settle()
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert await connection.fetchval("SELECT count(*) FROM restated_figures") > 0
    async with pipeline.service.database.snapshot(frozenset({"globex"})) as connection:
        for table in (
            "assets",
            "sites",
            "organisations",
            "placements",
            "asset_months",
            "figures",
            "organisation_months",
            "periods",
            "restatements",
            "restated_figures",
            "restated_application_figures",
            "application_restatements",
        ):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
        assert await connection.fetchval("SELECT count(*) FROM figures_2026_10") == 0


async def test_a_token_without_the_scope_is_refused(pipeline: Pipeline) -> None:
    async with pipeline.service.client_for("*", ["inventory:read"]) as client:
        assert (await client.get(f"/v1/dashboard?org={ORG}&month=2026-10")).status_code == 403
        assert (await client.post("/v1/estimates", json={})).status_code == 403
