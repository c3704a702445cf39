"""Measurements, activities, applications, own factors and releases: heard, computed, kept in step, on real Postgres."""

import re
from typing import Any

import pytest
from common.organisations import EVERY
from footprint.domain.activities import organisation_home
from footprint.store import catalogues

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_pipeline import figure, month
from services.footprint.tests.world import (
    ORG,
    activity,
    application,
    asset,
    claim,
    electricity,
    factor,
    foundations,
    guest,
    host,
    id_of,
    machine,
    measured,
    override,
    payloads,
    release,
    segment,
    site,
)
from tests.support.formulas import value_of

CAR = factor("transport-car", "transport.car", 0.2, unit="kgCO2e/km")
PARTS = [
    *(factor(f"component-{name}", f"component.{name.replace('-', '_')}", value)
      for name, value in (("cpu-die-per-mm2", 0.02), ("cpu-base", 9.0), ("ram-per-cm2", 2.2), ("ram-base", 5.0),
                          ("motherboard", 66.0), ("case-rack", 150.0), ("assembly", 7.0))),
    factor("component-ram-density", "component.ram_density", 1.0, criterion="parameter", unit="GB/cm2"),
]  # fmt: skip
"""The coefficients of the parts of servers, rounded."""


async def rows(pipeline: Pipeline, query: str, *arguments: Any) -> list[Any]:
    """What a query of the service's tables gives."""
    async with pipeline.service.database.snapshot(EVERY) as connection:
        found: list[Any] = await connection.fetch(query, *arguments)
        return found


async def test_measurements_change_their_months_and_no_earlier_one(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await pipeline.service.take_outbox()
    await pipeline.service.handle(measured("srv", kwh=5.0))
    await pipeline.settle()
    june = await month(pipeline, "srv", "2026-06")
    assert june["kwh"] == pytest.approx((28 * 5.0 + 0.4 * (720 - 28 * 23)) * 1.5)
    assert june["evidence"]["energy"] == "declared"
    assert "measurement_gaps" in {each["code"] for each in june["warnings"]}
    assert {each["month"] for each in payloads(await pipeline.service.outbox())} == {"2026-06"}


async def test_measurements_heard_before_their_asset_are_there_when_it_comes_and_an_older_version_changes_nothing(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), measured("srv", version=3, kwh=5.0))
    await pipeline.settle()
    await pipeline.service.handle(asset("srv"))
    await pipeline.settle()
    before = await month(pipeline, "srv", "2026-06")
    assert before["kwh"] == pytest.approx((28 * 5.0 + 0.4 * (720 - 28 * 23)) * 1.5)
    await pipeline.service.handle(measured("srv", version=2, kwh=50.0))
    await pipeline.settle()
    assert await month(pipeline, "srv", "2026-06") == before


async def test_measurements_of_a_machine_move_all_on_its_host_where_energy_shares_it(pipeline: Pipeline) -> None:
    by_energy = site(version=2, allocation_by="measured", allocation_rule="sold")
    await pipeline.service.handle(
        *foundations(), by_energy, host("a"), machine("one", guest("a", 4)), machine("two", guest("a", 4))
    )
    await pipeline.settle()
    await pipeline.service.handle(measured("one", kwh=1.0), measured("two", kwh=3.0))
    await pipeline.settle()
    one, two = await month(pipeline, "one", "2026-06"), await month(pipeline, "two", "2026-06")
    covered = 28 * 23 * 0.4 * 1.5
    rest = (720 - 28 * 23) * 0.4 * 1.5 / 2
    assert one["kwh"] == pytest.approx(covered / 4 + rest)
    assert two["kwh"] == pytest.approx(covered * 3 / 4 + rest)
    await pipeline.service.handle(measured("one", version=2, kwh=3.0))
    await pipeline.settle()
    assert (await month(pipeline, "two", "2026-06"))["kwh"] == pytest.approx(covered / 2 + rest)


async def test_activities_of_a_site_and_of_an_organisation_are_stored_published_explained_and_rolled_up(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(
        *foundations(), CAR, asset("srv"), activity("of-site", site_id=str(id_of("nanterre"))), activity("of-org")
    )
    await pipeline.settle()
    homes = {"site": id_of("nanterre"), "organisation": organisation_home(ORG)}
    published = {event["asset_id"]: event for event in payloads(await pipeline.service.outbox())}
    for kind, home in homes.items():
        event = published[str(home)]
        assert (event["kind"], event["month"], len(event["stages"])) == (kind, "2026-04", 1)
        answer = await pipeline.service.client.get(f"/v1/assets/{home}/months/2026-04/explanation")
        document = answer.json()
        assert document["up_to_date"]
        assert document["trace"][0]["value"] == document["figures"][0]["value"] == pytest.approx(20.0)
    totals = (await pipeline.service.client.get(f"/v1/totals?org={ORG}&from=2026-04&to=2026-04&group_by=kind")).json()
    by_kind = {each["kind"]: each["value"] for each in totals["groups"]}
    assert (by_kind["site"], by_kind["organisation"]) == (20.0, 20.0)


async def test_a_move_leaves_earlier_activities_where_they_took_place_whenever_it_is_heard(pipeline: Pipeline) -> None:
    used: dict[str, Any] = {
        "kind": "other", "activity": "electricity", "quantity": 1000.0, "unit": "kWh", "from": "2026-03-01", "to": "2026-04-01",
    }  # fmt: skip
    july = "2026-07-01T00:00:00+02:00"
    moved = [segment(end=july), segment(july, site_id=str(id_of("berlin")))]
    elsewhere = [site("berlin", country="DE"), electricity("DE", 0.3421)]
    await pipeline.service.handle(
        *foundations(), *elsewhere, asset("early"), activity("used", asset_id=str(id_of("early")), **used)
    )
    await pipeline.settle()
    before = await month(pipeline, "early", "2026-03")
    await pipeline.service.handle(
        asset("early", version=2, timeline=moved),
        activity("used-too", asset_id=str(id_of("late")), **used),
        asset("late", version=2, timeline=moved),
    )
    await pipeline.settle()
    after, late = await month(pipeline, "early", "2026-03"), await month(pipeline, "late", "2026-03")
    assert after == before
    assert late["figures"] == before["figures"]
    assert figure(before, "use", "location") == pytest.approx((743 * 0.4 * 1.5 + 1000) * 0.05)
    for name in ("early", "late"):
        answer = await pipeline.service.client.get(f"/v1/assets/{id_of(name)}/months/2026-03/explanation")
        assert answer.json()["up_to_date"]


async def test_a_site_handed_over_leaves_the_scopes_of_earlier_activities(pipeline: Pipeline) -> None:
    there: dict[str, Any] = {
        "kind": "other",
        "site_id": str(id_of("nanterre")),
        "from": "2026-03-10",
        "to": "2026-03-11",
    }
    power = activity("power", activity="electricity", quantity=100.0, unit="kWh", **there)
    leak = activity(
        "leak", **(there | {"kind": "refrigerant_leak", "activity": "gas.x", "quantity": 1.0, "unit": "kg"})
    )
    await pipeline.service.handle(*foundations(), factor("gas-x", "gas.x", 1530.0, unit="kgCO2e/kg"), power, leak)
    await pipeline.settle()
    query = {"org": ORG, "from": "2026-03", "to": "2026-03", "kind": "site", "group_by": "stage,scope,ghg_category"}
    before = (await pipeline.service.client.get("/v1/totals", params=query)).json()
    assert {each["scope"]: each["value"] for each in before["groups"]} == {1: 1530.0, 2: 5.0}
    handed = [
        {"operator": "own", "from": None, "to": "2026-08-01"},
        {"operator": "hosted", "from": "2026-08-01", "to": None},
    ]
    await pipeline.service.handle(site(version=2, operator="hosted", operators=handed))
    await pipeline.settle()
    assert (await pipeline.service.client.get("/v1/totals", params=query)).json()["groups"] == before["groups"]


async def test_an_upgrade_after_a_closing_restates_nothing(pipeline: Pipeline) -> None:
    def made(modules: int) -> dict[str, Any]:
        return {"cpu": {"units": 1, "die_mm2": 500.0}, "ram": [{"units": modules, "gib": 32.0}]}

    turn = "2026-10-01T00:00:00+02:00"
    await pipeline.service.handle(*foundations(), *PARTS, asset("srv", timeline=[segment(configuration=made(4))]))
    await pipeline.settle()
    before = await month(pipeline, "srv", "2026-03")
    per_day = (500 * 0.02 + 9 + 4 * (32 * 2.2 + 5) + 66 + 150 + 7) / 1825
    assert figure(before, "manufacturing") == pytest.approx(per_day * 743 / 24)
    client = pipeline.service.client
    closing = await client.post("/v1/periods/2026-09/close", params={"org": ORG, "earlier": "true"})
    assert closing.status_code == 200, closing.text
    upgraded = [segment(end=turn, configuration=made(4)), segment(turn, configuration=made(24))]
    await pipeline.service.handle(asset("srv", version=2, timeline=upgraded))
    await pipeline.settle()
    assert (await month(pipeline, "srv", "2026-03"))["figures"] == before["figures"]
    assert not (await client.get(f"/v1/periods/2026-03/restatements?org={ORG}")).json()["items"]
    left = 1825 - (1004 - 1 / 24)
    added = 20 * (32 * 2.2 + 5) * 745 / 24 / left
    october = await month(pipeline, "srv", "2026-10")
    assert figure(october, "manufacturing") == pytest.approx(per_day * 745 / 24 + added)
    for number in ("03", "10"):
        path = f"/v1/assets/{id_of('srv')}/months/2026-{number}/explanation"
        explained = (await client.get(path, headers={"Accept-Language": "en"})).json()
        assert explained["up_to_date"]
        said = [
            line for line in explained["evidence_chosen"][0]["embodied"] if line.startswith("upgrade of 2026-10-01")
        ]
        assert len(said) == (number == "10")


@pytest.mark.parametrize(("language", "came"), [("fr", "évolution du 2026-10-01"), ("en", "upgrade of 2026-10-01")])
async def test_the_text_of_an_upgrade_adds_up_to_what_is_stored(pipeline: Pipeline, language: str, came: str) -> None:
    configured = {"cpu": {"units": 1, "die_mm2": 500.0}, "ram": [{"units": 4, "gib": 32.0}]}
    turn = "2026-10-01T00:00:00+02:00"
    later = configured | {"cpu": {"units": 2, "die_mm2": 500.0}, "ram": [{"units": 3, "gib": 32.0}]}
    timeline = [segment(end=turn, configuration=configured), segment(turn, configuration=later)]
    await pipeline.service.handle(*foundations(), *PARTS, asset("srv", timeline=timeline))
    await pipeline.settle()
    october = await month(pipeline, "srv", "2026-10")
    path = f"/v1/assets/{id_of('srv')}/months/2026-10/explanation"
    answer = await pipeline.service.client.get(path, params={"lang": language}, headers={"Accept": "text/plain"})
    assert came in answer.text
    assert ("retrait du 2026-10-01" if language == "fr" else "removal on 2026-10-01") in answer.text
    lines = re.findall(r":00 ?: (\S.* ÷ \S+ [ds]) = (\S+) kgCO2e", answer.text)
    assert len(lines) == 4, "what it came with, a CPU more, and a module that left: no more of it, and what was left"
    assert all(value_of(formula) == float(value) for formula, value in lines)
    assert "1 × (500.0 mm² × 0.02 + 9.0) = 19.0 kg)" in answer.text, "of one CPU, as the formula of the line takes it"
    spread, *extras = (float(value) for _, value in lines)
    beside = 0.0
    for value in extras:
        beside += value
    assert spread + beside == figure(october, "manufacturing")


async def test_an_activity_that_moves_to_an_asset_leaves_its_site_and_one_that_is_deleted_leaves_for_good(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), CAR, asset("srv"), activity("trip", site_id=str(id_of("nanterre"))))
    await pipeline.settle()
    await pipeline.service.handle(activity("trip", version=2, asset_id=str(id_of("srv"))))
    await pipeline.settle()
    assert figure(await month(pipeline, "srv", "2026-04"), "maintenance_and_sale") == pytest.approx(20.0)
    gone = await pipeline.service.client.get(f"/v1/assets/{id_of('nanterre')}/months/2026-04")
    assert gone.status_code == 404
    await pipeline.service.handle(activity("trip", version=3, asset_id=str(id_of("srv")), deleted=True))
    await pipeline.settle()
    stages = {each["stage"] for each in (await month(pipeline, "srv", "2026-04"))["figures"]}
    assert "maintenance_and_sale" not in stages


async def test_a_factor_heard_late_gives_an_activity_its_figure(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), activity("trip"))
    await pipeline.settle()
    home = organisation_home(ORG)
    answer = (await pipeline.service.client.get(f"/v1/assets/{home}/months/2026-04")).json()
    assert [each["code"] for each in answer["warnings"]] == ["no_activity_factor"]
    await pipeline.service.handle(CAR)
    await pipeline.settle()
    answer = (await pipeline.service.client.get(f"/v1/assets/{home}/months/2026-04")).json()
    assert [each["value"] for each in answer["figures"]] == [pytest.approx(20.0)]


APPLICATIONS_OF_A_MONTH = """
    SELECT application_id, sum(billionths) AS billionths
    FROM applications_by_month
    WHERE org_id = $1 AND month = $2 AND criterion = 'gwp' AND basis IN ('both', 'location') AND figures > 0
    GROUP BY application_id
"""


async def used(pipeline: Pipeline) -> dict[Any, int]:
    """Billionths that each application uses in June 2026."""
    found = await rows(pipeline, APPLICATIONS_OF_A_MONTH, ORG, 2026 * 12 + 5)
    return {row["application_id"]: int(row["billionths"]) for row in found}


async def test_applications_share_machines_out_to_the_billionth_and_follow_their_weights(pipeline: Pipeline) -> None:
    await pipeline.service.handle(
        *foundations(), host("a"), machine("vm", guest("a", 4)), machine("vm2", guest("a", 3))
    )
    await pipeline.service.handle(
        application("erp", claim("vm", weight=2.0)), application("crm", claim("vm"), claim("vm2"))
    )
    await pipeline.settle()
    figures = [each for name in ("vm", "vm2") for each in (await month(pipeline, name, "2026-06"))["figures"]]
    machines = sum(round(each["value"] * 1e9) for each in figures if each["basis"] != "market")
    first = await used(pipeline)
    assert sum(first.values()) == machines
    await pipeline.service.take_outbox()
    await pipeline.service.handle(application("erp", claim("vm", weight=1.0), version=2))
    await pipeline.settle()
    assert (await used(pipeline))[id_of("erp")] < first[id_of("erp")]
    assert sum((await used(pipeline)).values()) == machines
    assert await pipeline.service.outbox() == []
    await pipeline.service.handle(
        application("crm", version=2, deleted=True), machine("vm", guest("a", 4), version=2, deleted=True)
    )
    await pipeline.settle()
    assert await used(pipeline) == {}


async def test_an_override_is_used_named_and_given_up_when_it_ends(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"), override("ours", "embodied.server", 500.0))
    await pipeline.settle()
    january = await month(pipeline, "srv")
    assert figure(january, "manufacturing") == pytest.approx(500 * 31 / 1825)
    assert f"{ORG}/ours" in {each["id"] for each in january["factors"]}
    ended = override("ours", "embodied.server", 500.0, 2, status="withdrawn")
    await pipeline.service.handle(ended)
    await pipeline.settle()
    assert figure(await month(pipeline, "srv"), "manufacturing") == pytest.approx(1000 * 31 / 1825)


async def test_an_organisation_pinned_to_a_release_keeps_its_factors_whatever_is_published(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    frozen = [event for event in foundations() if event.type == "factors.factor.changed.v1"]
    await pipeline.service.handle(release("2026.1", *frozen[:2], part=1, parts=2))
    path = f"/v1/organizations/{ORG}/settings"
    early = await pipeline.service.client.put(path, json={"factor_release": "2026.1"})
    assert early.status_code == 422, early.text
    await pipeline.service.handle(release("2026.1", *frozen[2:], part=2, parts=2))
    answer = await pipeline.service.client.put(path, json={"factor_release": "2026.1"})
    assert answer.status_code == 200, answer.text
    await pipeline.service.handle(electricity("FR", 0.5, version=2))
    await pipeline.settle()
    assert figure(await month(pipeline, "srv"), "use", "location") == pytest.approx(400 * 744 / 1000 * 1.5 * 0.05)
    answer = await pipeline.service.client.put(path, json={"factor_release": None})
    assert answer.json()["factor_release"] is None
    await pipeline.settle()
    assert figure(await month(pipeline, "srv"), "use", "location") == pytest.approx(400 * 744 / 1000 * 1.5 * 0.5)
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert await catalogues.complete_releases(connection) == ["2026.1"]


async def test_contracts_and_operators_hold_from_their_day(pipeline: Pipeline) -> None:
    dated = site(
        version=2,
        electricity={
            "guarantee_of_origin_share": 1.0,
            "residual_kg_per_kwh": None,
            "contracts": [
                {"from": None, "to": "2026-06-16", "guarantee_of_origin_share": 0.5, "residual_kg_per_kwh": 0.4},
                {"from": "2026-06-16", "to": None, "guarantee_of_origin_share": 1.0, "residual_kg_per_kwh": None},
            ],
        },
        operators=[
            {"from": None, "to": "2026-07-01", "operator": "own"},
            {"from": "2026-07-01", "to": None, "operator": "hosted"},
        ],
    )
    await pipeline.service.handle(*foundations(), dated, asset("srv"))
    await pipeline.settle()
    june = await month(pipeline, "srv", "2026-06")
    assert figure(june, "use", "market") == pytest.approx(15 * 24 * 0.4 * 1.5 * 0.5 * 0.4)
    july = await month(pipeline, "srv", "2026-07")
    scopes = {each["scope"]: each["value"] for each in july["figures"] if each["basis"] == "location"}
    assert scopes == {2: pytest.approx(744 * 0.4 * 0.05), 3: pytest.approx(744 * 0.4 * 0.5 * 0.05)}


async def test_the_roll_up_of_uncertainty_is_that_of_the_figures(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), host("a"), machine("vm", guest("a", 4)), asset("srv", declared=None))
    await pipeline.service.handle(measured("srv", kwh=3.0))
    await pipeline.settle()
    await pipeline.service.handle(asset("srv", 2, quantity=3))
    await pipeline.settle()
    amounts = "sum({0}factor_weighted{1}) AS f, sum({0}source_weighted{1}) AS s, sum({0}source_squares{1}) AS q"
    kept = await rows(pipeline, f"SELECT {amounts.format('', '')} FROM organisation_months")
    computed = await rows(
        pipeline,
        """
        SELECT
            sum(billionths(value * factor_ln_gsd2)) AS f,
            sum(CASE WHEN source = '' THEN 0 ELSE billionths(value * source_ln_gsd2) END) AS s,
            sum(CASE WHEN source = '' THEN square_billionths(value * source_ln_gsd2) ELSE 0 END) AS q
        FROM figures
        """,
    )
    assert kept == computed
    assert kept[0]["f"] > 0


async def test_settings_are_for_those_who_may_see_the_organisation_and_know_its_present_state(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), release("2026.1", *foundations()[2:]))
    path = f"/v1/organizations/{ORG}/settings"
    async with pipeline.service.client_for(["globex"]) as client:
        assert (await client.get(path)).status_code == 403
        assert (await client.put(path, json={"factor_release": None})).status_code == 403
    client = pipeline.service.client
    before = await client.get(path)
    assert (before.json()["releases"], before.headers["etag"]) == (["2026.1"], '"0"')
    unknown = await client.put(path, json={"factor_release": "1999.1"})
    assert unknown.json()["errors"][0]["field"] == "factor_release"
    pinned = await client.put(path, json={"factor_release": "2026.1"}, headers={"If-Match": before.headers["etag"]})
    assert (pinned.status_code, pinned.headers["etag"]) == (200, '"1"')
    late = await client.put(path, json={"factor_release": None}, headers={"If-Match": before.headers["etag"]})
    assert late.status_code == 412
    assert (await client.get("/v1/organizations/never/settings")).status_code == 404


async def test_a_life_extended_after_months_were_closed_restates_none_of_them(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv", planned_life_years=3))
    await pipeline.settle()
    before = figure(await month(pipeline, "srv", "2026-03"), "manufacturing")
    closed = await pipeline.service.client.post(f"/v1/periods/2026-06/close?org={ORG}&earlier=true")
    assert closed.status_code == 200, closed.text
    await pipeline.service.handle(asset("srv", 2, planned_life_years=7))
    await pipeline.settle()
    assert figure(await month(pipeline, "srv", "2026-03"), "manufacturing") == before
    assert await rows(pipeline, "SELECT * FROM restatements") == []
    charged = 366 + 365 + 181 - 1 / 24  # real time: the clocks are an hour ahead in July
    left = 1000.0 * (1 - charged / 1095)
    july = await month(pipeline, "srv", "2026-07")
    assert figure(july, "manufacturing") == pytest.approx(left * 31 / (7 * 365 - charged))
    explained = await pipeline.service.client.get(f"/v1/assets/{id_of('srv')}/months/2026-07/explanation")
    assert explained.json()["up_to_date"]
