"""What closed months and restatements were computed from is kept: computed again, it gives the stored figures back, bit for bit."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from common.organisations import EVERY
from footprint.domain.activities import organisation_home
from footprint.store import moments

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_periods import ask, close, restatements
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
    organisation,
    override,
    release,
    site,
)
from tests.support.formulas import value_of

CAR = factor("transport-car", "transport.car", 0.2, unit="kgCO2e/km")
IN_JUNE: dict[str, Any] = {"from": "2026-06-02", "to": "2026-06-03"}
SHARED: dict[str, Any] = {"operators": [], "allocation_by": "measured", "allocation_rule": "sold"}
ASSETS = ("srv", "a", "vm1", "vm2", "old", "org")


def known_as(name: str) -> Any:
    """The id of an asset, or of the home of the organisation's activities."""
    return organisation_home(ORG) if name == "org" else id_of(name)


async def explained(pipeline: Pipeline, name: str, month: str = "2026-06", query: str = "") -> Any:
    """An explanation; each of its formulas was read and gives its line, and the lines of a figure add up to it, to the last bit."""
    answer = await pipeline.service.client.get(f"/v1/assets/{known_as(name)}/months/{month}/explanation{query}")
    assert answer.status_code == 200, answer.text
    document = answer.json()
    for each in document["trace"]:
        total = 0.0
        for line in each["lines"]:
            assert value_of(line["formula"]) == line["value"], line
            total += line["value"]
        assert total == each["value"]
    return document


def values(document: Any, part: str) -> list[tuple[Any, ...]]:
    """Figures, or the sums of a trace, with the bits of their values."""
    site_id = "site" if part == "figures" else "site_id"
    return sorted(
        (
            each["stage"],
            each["criterion"],
            each["basis"] if each["basis"] != "both" else None,
            each["share"],
            each[site_id],
            each["value"].hex(),
        )
        for each in document[part]
    )  # fmt: skip


def same(document: Any) -> None:
    """The trace gives the stored figures, bit for bit, and the explanation says so."""
    assert document["up_to_date"] is True
    assert values(document, "trace") == values(document, "figures")


async def closed_world(pipeline: Pipeline) -> dict[str, Any]:
    """June closed with something of everything in it; the explanations of then."""
    await pipeline.service.handle(
        *foundations(),
        site(version=2, **SHARED),
        CAR,
        asset("srv"),
        host("a"),
        machine("vm1", guest("a", 4)),
        machine("vm2", guest("a", 8)),
        asset("old", acquired={"on": "2026-01-01", "condition": "refurbished", "price_eur": None, "age_years": 2.0}),
        measured("srv", kwh=7.3),
        measured("vm1", kwh=1.1),
        measured("vm2", kwh=2.3),
        activity("trip", **IN_JUNE),
        application("shop", claim("vm1")),
        release("2026-r1", *foundations()[2:], CAR),
    )
    await pipeline.settle()
    await close(pipeline, "2026-06")
    before = {name: await explained(pipeline, name) for name in ASSETS}
    for each in before.values():
        same(each)
        assert each["figures"]
    return before


async def corrections(pipeline: Pipeline) -> list[Any]:
    """All restatements of June."""
    document = await ask(pipeline, "GET", f"/periods/2026-06/restatements?org={ORG}&limit=1000")
    assert document["next_cursor"] is None
    items: list[Any] = document["items"]
    return items


BOUGHT_EARLIER: dict[str, Any] = {
    "planned_life_years": 8,
    "acquired": {"on": "2022-05-01", "condition": "new", "price_eur": None, "age_years": None},
}

CORRECTIONS: dict[str, Sequence[Any]] = {
    "a machine": [machine("vm1", guest("a", 2), version=2)],
    "measurements withdrawn": [measured("vm2", version=2, deleted=True)],
    "an activity": [activity("trip", 2, quantity=333.0, **IN_JUNE)],
    "a machine that leaves": [machine("vm2", version=2, deleted=True)],
    "its host": [host("a", 64, version=2, declared={"annual_kwh": 9000, "average_w": None, "embodied_kg": 700.0})],
    "a PUE": [site(version=3, pue=[{"from": None, "to": None, "value": 1.21}], **SHARED)],
    "a rule": [site(version=4, allocation_rule="capacity")],
    "measurements": [measured("srv", version=2, kwh=3.1), measured("vm1", version=2, kwh=4.2)],
    "a factor": [electricity("FR", 0.0613, version=2)],
    "a factor withdrawn": [factor("transport-car", "transport.car", 0.2, unit="kgCO2e/km", status="withdrawn")],
    "a factor for what had none": [factor("energy-server", "embodied.server", 800.0, stage="end_of_life")],
    "an own factor": [override("embodied-server", "embodied.server", 777.0, stage="manufacturing")],
    "a life": [asset("srv", 2, planned_life_years=8)],
    "an acquisition": [asset("srv", 3, **BOUGHT_EARLIER)],
    "a convention": [organisation(version=2, refurbished_convention="cut_off")],
    "a time zone": [organisation(version=3, time_zone="America/New_York")],
    "an application": [application("shop", claim("vm1", weight=0.5), version=2)],
    "a server that is gone": [asset("srv", 4, deleted=True)],
}  # fmt: skip


async def test_whatever_is_corrected_after_the_closing_the_explanation_gives_the_closed_figures_bit_for_bit(
    pipeline: Pipeline,
) -> None:
    before = await closed_world(pipeline)
    moved = set()
    for what, events in CORRECTIONS.items():
        await pipeline.service.handle(*events)
        known = await corrections(pipeline)
        await pipeline.settle()
        if len(await corrections(pipeline)) > len(known):
            moved.add(what)
        for name in ASSETS:
            now = await explained(pipeline, name)
            same(now)
            for part in ("figures", "trace", "evidence_chosen", "closed"):
                assert now[part] == before[name][part], (what, name, part)
            for one in (now, before[name]):
                one["named"] = [(each["id"], each["version"], each["value"]) for each in one["factors"]]
            assert now["named"] == before[name]["named"], (what, name)
    assert moved >= CORRECTIONS.keys() - {"an application", "a life"}
    for each in await corrections(pipeline):
        (name,) = (name for name in ASSETS if str(known_as(name)) == each["asset_id"])
        document = await explained(pipeline, name, query=f"?restatement={each['id']}")
        same(document)
        assert document["restatement"]["gone"] == each["gone"]
        assert not (each["gone"] and document["figures"])


async def test_a_restatement_is_explained_with_its_own_inputs_and_its_lines_add_up_to_the_difference(
    pipeline: Pipeline,
) -> None:
    before = await closed_world(pipeline)
    await pipeline.service.handle(site(version=3, pue=[{"from": None, "to": None, "value": 1.21}], **SHARED))
    await pipeline.settle()
    await pipeline.service.handle(measured("srv", version=2, kwh=3.1), electricity("FR", 0.0613, version=2))
    await pipeline.settle()
    first, second = [each for each in await restatements(pipeline, "2026-06") if each["asset_id"] == str(id_of("srv"))]
    documents = [await explained(pipeline, "srv", query=f"?restatement={each['id']}") for each in (first, second)]
    for earlier, document, item in zip((before["srv"], documents[0]), documents, (first, second), strict=True):
        same(document)
        assert document["restatement"]["id"] == item["id"]
        assert sum(each["value"] for each in document["restated"]) == pytest.approx(float(item["difference_kg"]))
        was, now = ({each["stage"]: 0.0 for each in document["figures"]} for _ in range(2))
        for sums, figures in ((was, earlier["figures"]), (now, document["figures"])):
            for each in figures:
                sums[each["stage"]] += each["value"]
        for stage in was:
            moved = sum(each["value"] for each in document["restatement"]["moved"] if each["stage"] == stage)
            assert moved == pytest.approx(now[stage] - was[stage], abs=1e-8)
    formulas = ["".join(line["formula"] for each in one["trace"] for line in each["lines"]) for one in documents]
    assert ("1.21 PUE" in formulas[0], "0.05 kg" in formulas[0], "0.0613 kg" in formulas[0]) == (True, True, False)
    assert ("1.21 PUE" in formulas[1], "0.0613 kg" in formulas[1]) == (True, True)
    path = f"/v1/assets/{id_of('srv')}/months/2026-06/explanation?restatement={second['id']}"
    french = (await pipeline.service.client.get(f"{path}&lang=fr")).text
    assert f"Retraitement n° {second['id']}, enregistré le" in french
    assert "compté en juil. 2026" in french
    await ask(pipeline, "GET", f"/assets/{id_of('a')}/months/2026-06/explanation?restatement={second['id']}", 404)
    async with pipeline.service.client_for(["globex"]) as client:
        assert (await client.get(path)).status_code == 404


async def test_a_month_of_a_pinned_release_is_explained_with_it_after_the_pin_is_moved(pipeline: Pipeline) -> None:
    await pipeline.service.handle(
        *foundations(), asset("srv"), release("2026-r1", *foundations()[3:], electricity("FR", 0.041, version=7))
    )
    pinned = {"factor_release": "2026-r1"}
    answer = await pipeline.service.client.put(f"/v1/organizations/{ORG}/settings", json=pinned)
    assert answer.status_code == 200, answer.text
    await pipeline.settle()
    await close(pipeline, "2026-06")
    before = await explained(pipeline, "srv")
    answer = await pipeline.service.client.put(f"/v1/organizations/{ORG}/settings", json={"factor_release": None})
    assert answer.status_code == 200, answer.text
    await pipeline.settle()
    after = await explained(pipeline, "srv")
    same(after)
    assert after["trace"] == before["trace"]
    assert await restatements(pipeline, "2026-06")


async def test_each_of_two_closings_is_explained_from_what_was_known_at_it(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await close(pipeline, "2026-05")
    await pipeline.service.handle(asset("srv", 2, planned_life_years=9, quantity=2))
    await pipeline.settle()
    await close(pipeline, "2026-07")
    await pipeline.service.handle(asset("srv", 3, quantity=5, declared=None))
    await pipeline.settle()
    quantities = {}
    for month in ("2026-05", "2026-07", "2026-08"):
        document = await explained(pipeline, "srv", month)
        same(document)
        quantities[month] = {each["quantity"] for each in document["evidence_chosen"]}
    assert quantities == {"2026-05": {1.0}, "2026-07": {2.0}, "2026-08": {5.0}}


async def test_a_host_of_the_provider_is_evidence_of_its_customers_months(pipeline: Pipeline) -> None:
    theirs: dict[str, Any] = {"org": "globex"}
    await pipeline.service.handle(
        *foundations(), organisation("globex"), site(**theirs), host("a", **theirs), machine("vm1", guest("a", 4))
    )
    await pipeline.settle()
    await pipeline.service.handle(host("a", 64, version=2, **theirs))
    problem = await close(pipeline, "2026-06", status=409)
    assert problem["type"].endswith("computation-waiting")
    await pipeline.settle()
    await close(pipeline, "2026-06")
    before = await explained(pipeline, "vm1")
    same(before)
    await pipeline.service.handle(host("a", 16, version=3, **theirs), site(version=2, country="DE", **theirs))
    await pipeline.settle()
    after = await explained(pipeline, "vm1")
    same(after)
    assert after["trace"] == before["trace"]


async def test_what_is_replaced_is_kept_apart_by_organisation_and_forgotten_only_where_nothing_rests_on_it(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await pipeline.service.handle(asset("srv", 2, quantity=2))
    await pipeline.settle()
    await close(pipeline, "2026-06")
    await pipeline.service.handle(asset("srv", 3, quantity=3))
    await pipeline.settle()
    await pipeline.service.handle(asset("srv", 4, quantity=3, tags={"team": "other"}))
    await pipeline.settle()
    database = pipeline.service.database
    query = "SELECT (document ->> 'quantity')::float FROM replaced_assets ORDER BY replaced_at"
    async with database.snapshot(frozenset({"globex"})) as connection:
        assert await connection.fetch(query) == []
    for statement in ("DELETE FROM replaced_assets", "UPDATE replaced_assets SET document = '{}'"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with database.transaction(EVERY) as unit:
                await unit.connection.execute(statement)
    async with database.transaction(EVERY) as unit:
        assert await moments.forget_what_nothing_rests_on(unit.connection) == 0
    async with database.transaction(EVERY) as unit:
        await moments.forget_what_nothing_rests_on(unit.connection, kept_h=0)
        kept = [row[0] for row in await unit.connection.fetch(query)]
    assert kept == [2.0, 3.0]
    same(await explained(pipeline, "srv"))


@pytest.mark.parametrize(
    ("written", "replaced", "is_evidence"),
    [(90, 99, False), (99, 100, True), (110, 130, True), (120, 130, False), (300, 400, False), (110, 250, True)],
)
async def test_what_was_in_force_at_any_closing_is_evidence(
    pipeline: Pipeline, written: int, replaced: int, is_evidence: bool
) -> None:
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute(
            """
            INSERT INTO periods (org_id, month, version, closed_at, closed_by, method_version, moment)
            SELECT 'acme', number, 1, now(), 'tests', '1', moment::pg_snapshot
            FROM unnest(ARRAY['100:105:100', '100:120:100', NULL, '100:110:100', '200:210:200']) WITH ORDINALITY AS made (moment, number)
            """
        )
        found = await unit.connection.fetchval(
            "SELECT is_evidence($1::text::xid8, $2::text::xid8)", str(written), str(replaced)
        )
    assert found is is_evidence


def test_only_a_snapshot_is_read_as_a_moment() -> None:
    assert moments.rows_of("assets", None) == "assets"
    assert moments.rows_of("assets", "10:20:12,15") == "assets_at('10:20:12,15') AS assets"
    for text in ("", "10:20", "10:20:') --", "now"):
        with pytest.raises(ValueError, match="is no snapshot"):
            moments.rows_of("assets", text)


@pytest.mark.parametrize("table", moments.KEPT)
async def test_the_rows_of_then_have_every_column_of_their_table(pipeline: Pipeline, table: str) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    async with pipeline.service.database.snapshot(EVERY) as connection:
        moment = await connection.fetchval("SELECT pg_current_snapshot()::text")
        now = await connection.fetch(f"SELECT * FROM {table}")
        assert sorted(map(str, await connection.fetch(f"SELECT * FROM {moments.rows_of(table, moment)}"))) == sorted(
            map(str, now)
        )
