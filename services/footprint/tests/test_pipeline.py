"""From what is heard to what is stored and published, on real Postgres."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from common.database import connect
from common.organisations import EVERY
from common.testing.databases import Databases
from footprint.calculators import first_version
from footprint.calendar_watch import Calendar
from footprint.store import heard, work

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    NOW,
    ORG,
    asset,
    at_once,
    electricity,
    factor,
    foundations,
    guest,
    host,
    id_of,
    machine,
    organisation,
    payloads,
    segment,
    site,
)


async def month(pipeline: Pipeline, name: str, text: str = "2026-01") -> dict[str, Any]:
    """The stored result of an asset and month over HTTP."""
    answer = await pipeline.service.client.get(f"/v1/assets/{id_of(name)}/months/{text}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def figure(document: dict[str, Any], stage: str, basis: str | None = None) -> float:
    """The only figure of a stage and basis."""
    (found,) = [each["value"] for each in document["figures"] if each["stage"] == stage and each["basis"] == basis]
    return float(found)


async def test_a_server_heard_has_its_figures_for_every_month_of_the_year(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    january = await month(pipeline, "srv")
    assert figure(january, "manufacturing") == pytest.approx(1000 * 31 / 1825, rel=1e-12)
    assert figure(january, "use", "location") == pytest.approx(400 * 744 / 1000 * 1.5 * 0.05, rel=1e-12)
    assert january["evidence"] == {"embodied": "kind", "energy": "declared", "electricity": "region"}
    assert [each["id"] for each in january["factors"]] == ["electricity-fr-2026", "embodied-server"]
    december = await month(pipeline, "srv", "2026-12")
    assert december["projected"]


async def test_only_elapsed_and_current_months_are_published(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    events = await pipeline.service.outbox()
    assert [event["month"] for event in payloads(events)] == [f"2026-{number:02d}" for number in range(1, 12)]
    assert {event.key for event in events} == {f"{id_of('srv')}/2026-{number:02d}" for number in range(1, 12)}


async def test_a_result_that_comes_out_the_same_is_neither_rewritten_nor_published_again(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await pipeline.service.take_outbox()
    before = await month(pipeline, "srv")
    await pipeline.service.handle(asset("srv", version=2, tags={"team": "erp"}))
    await pipeline.settle()
    assert await pipeline.service.outbox() == []
    assert (await month(pipeline, "srv"))["version"] == before["version"]


async def test_a_change_from_june_on_leaves_the_months_before_alone(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await pipeline.service.take_outbox()
    june = "2026-06-01T00:00:00+02:00"
    await pipeline.service.handle(asset("srv", 2, [segment(end=june), segment(june, status="off")]))
    await pipeline.settle()
    changed = payloads(await pipeline.service.outbox())
    assert [each["month"] for each in changed] == [f"2026-{number:02d}" for number in range(6, 12)]
    assert {each["version"] for each in changed} == {first_version(NOW) + 1}
    assert figure(await month(pipeline, "srv", "2026-07"), "use", "location") == 0.0


async def test_an_older_version_heard_late_changes_nothing(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv", 3, quantity=2))
    await pipeline.settle()
    before = await month(pipeline, "srv")
    await pipeline.service.handle(asset("srv", 2, quantity=7), asset("srv", 3, quantity=2))
    await pipeline.settle()
    assert await month(pipeline, "srv") == before


async def test_moving_a_machine_recomputes_both_hosts_and_all_machines_on_them(pipeline: Pipeline) -> None:
    shared = {"allocation_rule": "sold"}
    await pipeline.service.handle(
        *foundations(), site(version=2, **shared), host("a"), host("b"), machine("on-a", guest("a", 4)), machine("on-b", guest("b", 4)),
        machine("mover", guest("a", 4)),
    )  # fmt: skip
    await pipeline.settle()
    assert (await month(pipeline, "on-a"))["kwh"] == pytest.approx((await month(pipeline, "on-b"))["kwh"] / 2)
    await pipeline.service.handle(machine("mover", guest("b", 4), version=2))
    await pipeline.settle()
    assert (await month(pipeline, "on-b"))["kwh"] == pytest.approx((await month(pipeline, "on-a"))["kwh"] / 2)
    assert (await month(pipeline, "mover"))["host_id"] == str(id_of("b"))


async def test_machines_heard_before_their_host_get_their_share_when_it_comes(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), machine("vm", guest("later", 4)))
    await pipeline.settle()
    waiting = await month(pipeline, "vm")
    assert waiting["figures"] == []
    assert [each["code"] for each in waiting["warnings"]] == ["host_unknown"]
    await pipeline.service.handle(host("later"))
    await pipeline.settle()
    assert (await month(pipeline, "vm"))["kwh"] > 0


async def test_a_mark_of_a_host_that_never_comes_does_not_wait_for_ever(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), machine("vm", guest("never", 4)))
    await pipeline.settle()
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert await work.waiting(connection) == 0


async def test_a_site_heard_late_gives_its_assets_their_electricity(pipeline: Pipeline) -> None:
    organisations, _, *factors = foundations()
    await pipeline.service.handle(organisations, *factors, asset("srv"))
    await pipeline.settle()
    assert "no_site" in {each["code"] for each in (await month(pipeline, "srv"))["warnings"]}
    await pipeline.service.handle(site())
    await pipeline.settle()
    assert figure(await month(pipeline, "srv"), "use", "location") > 0


async def test_a_new_factor_recomputes_what_used_it_or_lacked_it_and_nothing_else(pipeline: Pipeline) -> None:
    abroad = site("berlin", country="DE")
    there = [segment(site_id=str(id_of("berlin")))]
    await pipeline.service.handle(*foundations(), abroad, asset("srv"), asset("away", timeline=there))
    await pipeline.settle()
    await pipeline.service.take_outbox()
    await pipeline.service.handle(electricity("DE", 0.35))
    await pipeline.settle()
    assert {event["asset_id"] for event in payloads(await pipeline.service.take_outbox())} == {str(id_of("away"))}
    await pipeline.service.handle(electricity("FR", 0.06, version=2))
    await pipeline.settle()
    assert {event["asset_id"] for event in payloads(await pipeline.service.outbox())} == {str(id_of("srv"))}
    assert ("electricity-fr-2026", 2) in {
        (each["id"], each["version"]) for each in (await month(pipeline, "srv"))["factors"]
    }


async def test_a_withdrawn_factor_is_used_no_more_and_leaves_the_stage_out(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await pipeline.service.handle(electricity("FR", 0.05, status="withdrawn"))
    await pipeline.settle()
    january = await month(pipeline, "srv")
    assert {each["stage"] for each in january["figures"]} == {"manufacturing"}
    assert january["kwh"] is not None


async def test_a_deleted_asset_loses_its_figures_and_says_so(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"), asset("stays"))
    await pipeline.settle()
    await pipeline.service.take_outbox()
    await pipeline.service.handle(asset("srv", 2, deleted=True))
    await pipeline.settle()
    events = payloads(await pipeline.service.outbox())
    assert {(each["deleted"], len(each["stages"]), each["version"]) for each in events} == {
        (True, 0, first_version(NOW) + 1)
    }
    answer = await pipeline.service.client.get(f"/v1/assets/{id_of('srv')}/months/2026-01")
    assert answer.status_code == 404
    totals = (await pipeline.service.client.get(f"/v1/totals?org={ORG}&from=2026-01&to=2026-01&group_by=asset")).json()
    assert str(id_of("srv")) not in {each["asset"] for each in totals["groups"]}, (
        "of what has no figure nothing is told, and not 0"
    )


async def test_a_mark_set_while_an_asset_is_computed_is_not_lost(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    database = pipeline.service.database
    async with database.transaction(EVERY) as unit:
        await work.widen_changes(unit.connection)
    async with database.transaction(EVERY) as unit:
        taken = await work.take(unit.connection, 100)
        assert taken is not None
        async with database.snapshot(EVERY) as snapshot:
            seen = await work.marks_seen(snapshot, taken.assets)
        await pipeline.service.handle(asset("srv", 2, quantity=5))
        await work.clear_marks(unit.connection, seen.marks)
    async with database.snapshot(EVERY) as snapshot:
        assert await work.waiting(snapshot) == 1


async def test_a_factor_has_assets_computed_again_in_the_order_in_which_they_were_first(pipeline: Pipeline) -> None:
    names = sorted((f"srv{number}" for number in range(6)), key=id_of)
    await pipeline.service.handle(*foundations())
    for name in reversed(names):
        await pipeline.service.handle(asset(name))
        await pipeline.settle()
    await pipeline.service.handle(factor("embodied-server", "embodied.server", 1200.0, 2, stage="manufacturing"))
    async with pipeline.service.database.transaction(EVERY) as unit:
        await work.widen_changes(unit.connection)
        rows = await unit.connection.fetch("SELECT asset_id FROM marks ORDER BY id")
    assert [row["asset_id"] for row in rows] == [id_of(name) for name in reversed(names)]


async def test_two_calculators_never_hold_the_same_asset(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), host("a"), machine("vm", guest("a", 4)), asset("other"))
    database = pipeline.service.database
    async with database.transaction(EVERY) as unit:
        await work.widen_changes(unit.connection)
    async with database.transaction(EVERY) as first, database.transaction(EVERY) as second:
        mine = await work.take(first.connection, 1)
        theirs = await work.take(second.connection, 100)
        assert mine is not None
        assert theirs is not None
        assert not set(mine.assets) & set(theirs.assets)


async def test_a_machine_is_taken_with_its_host_and_all_on_it_so_that_none_is_computed_twice(
    pipeline: Pipeline,
) -> None:
    farms = {name: {id_of(name), id_of(f"{name}1"), id_of(f"{name}2")} for name in "abc"}
    machines = [machine(f"{name}{number}", guest(name, 4)) for name in farms for number in (1, 2)]
    await pipeline.service.handle(*foundations(), *machines, *(host(name) for name in farms))
    database = pipeline.service.database
    async with database.transaction(EVERY) as unit:
        await unit.connection.execute("DELETE FROM changes")
    for _ in farms:
        async with database.transaction(EVERY) as unit:
            taken = await work.take(unit.connection, 1)
            assert taken is not None
            assert set(taken.assets) in farms.values()
            await work.settle(
                unit.connection, taken.assets, (await work.marks_seen(unit.connection, taken.assets)).marks
            )
    async with database.transaction(EVERY) as unit:
        assert await work.take(unit.connection, 100) is None


async def test_live_changes_go_before_bulk_ones(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), *at_once(asset(f"bulk-{number}") for number in range(60)))
    await pipeline.service.handle(asset("live"))
    async with pipeline.service.database.transaction(EVERY) as unit:
        taken = await work.take(unit.connection, 100)
    assert taken is not None
    assert taken.assets == (id_of("live"),)


async def test_marks_of_unknown_hosts_are_dropped_and_each_mark_is_looked_at_once(
    pipeline: Pipeline, databases: Databases
) -> None:
    names = [f"srv{number}" for number in range(60)]
    await pipeline.service.handle(*foundations(), *at_once(asset(name) for name in names))
    await pipeline.settle()
    service = pipeline.service
    owner = await connect(
        databases.owner_url("footprint", urlsplit(service.settings.database_url).path[1:]), "footprint"
    )
    await owner.execute(
        "VACUUM (TRUNCATE false) marks"
    )  # as autovacuum leaves it where someone reads: pages, and no row in them
    await owner.close()
    async with service.database.transaction(EVERY) as unit:
        await heard.mark_assets(unit, dict.fromkeys(map(id_of, (*names, "unknown")), 0), heard.BULK)
    async with service.database.transaction(EVERY) as other, service.database.transaction(EVERY) as unit:
        await other.connection.execute("SELECT FROM calculations FOR UPDATE")
        assert await work.take(unit.connection, 100) is None
        looks = await unit.connection.fetchval(
            "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE relid = 'calculations'::regclass"
        )
        assert looks < 10 * len(names)
        left = await unit.connection.fetch("SELECT asset_id FROM marks")
        assert {row["asset_id"] for row in left} == {id_of(name) for name in names}


async def test_bulk_work_waits_for_a_pause_in_an_import_and_a_live_change_does_not(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), *at_once(asset(f"bulk-{number}") for number in range(60)))
    database = pipeline.service.database
    async with database.transaction(EVERY) as unit:
        assert await work.take(unit.connection, 100, pause_s=3600.0) is None
    await pipeline.service.handle(asset("live"))
    async with database.transaction(EVERY) as unit:
        taken = await work.take(unit.connection, 100, pause_s=3600.0)
        assert taken is not None
        assert taken.assets == (id_of("live"),)
    async with database.transaction(EVERY) as unit:
        await unit.connection.execute("UPDATE marks SET marked_at = marked_at - interval '4 s'")
        waited = await work.take(unit.connection, 1000, pause_s=3600.0)
        assert waited is not None


async def test_when_a_month_begins_it_is_published_without_being_computed_anew(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    calendar = Calendar(pipeline.service.database, pipeline.clock)
    await calendar.look()
    await pipeline.settle()
    await pipeline.service.take_outbox()
    assert await calendar.look() == []
    pipeline.now = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert await calendar.look() == [ORG]
    await pipeline.settle()
    assert [(event["month"], event["version"]) for event in payloads(await pipeline.service.outbox())] == [
        ("2026-12", first_version(NOW))
    ]


async def test_an_organisation_seen_first_in_the_month_in_which_it_was_computed_is_not_computed_again(
    pipeline: Pipeline,
) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    assert await Calendar(pipeline.service.database, pipeline.clock).look() == [ORG]
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert not await work.is_waiting(connection)


async def test_one_seen_first_as_a_month_begins_is_for_a_computation_may_have_read_the_clock_before(
    pipeline: Pipeline,
) -> None:
    pipeline.now = datetime(2026, 11, 30, 23, 10, tzinfo=UTC)
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    await Calendar(pipeline.service.database, pipeline.clock).look()
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert await work.is_waiting(connection)


async def test_when_a_year_begins_its_twelve_months_are_projected(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv"))
    await pipeline.settle()
    calendar = Calendar(pipeline.service.database, pipeline.clock)
    pipeline.now = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    await calendar.look()
    await pipeline.settle()
    assert (await month(pipeline, "srv", "2027-01"))["projected"] is False
    assert (await month(pipeline, "srv", "2027-12"))["projected"] is True


async def test_support_without_a_sourced_factor_is_left_out_with_a_reason_and_counted_with_one(
    pipeline: Pipeline,
) -> None:
    supported = asset("srv", support={"kind": "maker", "eur_per_year": "365.00"})
    await pipeline.service.handle(*foundations(), supported)
    await pipeline.settle()
    without = await month(pipeline, "srv")
    assert "no_maintenance_factor" in {each["code"] for each in without["warnings"]}
    await pipeline.service.handle(factor("maintenance", "maintenance.it_hardware", 0.1, unit="kgCO2e/EUR"))
    await pipeline.settle()
    assert figure(await month(pipeline, "srv"), "maintenance_and_sale") == pytest.approx(3.1)


async def test_the_market_based_figure_stands_beside_the_location_based_one(pipeline: Pipeline) -> None:
    green = site(version=2, electricity={"guarantee_of_origin_share": 1.0})
    await pipeline.service.handle(*foundations(), green, asset("srv"))
    await pipeline.settle()
    january = await month(pipeline, "srv")
    assert figure(january, "use", "market") == 0.0
    assert figure(january, "use", "location") > 0


async def test_a_refurbished_asset_follows_the_convention_of_its_organisation(pipeline: Pipeline) -> None:
    used = {"on": "2026-01-01", "condition": "refurbished", "price_eur": None, "age_years": 3.0}
    await pipeline.service.handle(*foundations(), asset("srv", acquired=used))
    await pipeline.settle()
    remaining = figure(await month(pipeline, "srv"), "manufacturing")
    assert remaining == pytest.approx(1000 * (2 / 5) * 31 / 730)
    await pipeline.service.handle(organisation(version=2, refurbished_convention="cut_off"))
    await pipeline.settle()
    assert figure(await month(pipeline, "srv"), "manufacturing") == 0.0


async def test_what_was_published_can_be_published_again_from_the_tables(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), host("a"), machine("vm", guest("a", 4)), asset("gone"))
    await pipeline.settle()
    await pipeline.service.handle(asset("gone", 2, deleted=True))
    await pipeline.settle()
    last = {event.key: event.data for event in await pipeline.service.outbox()}
    async with pipeline.service.database.snapshot(EVERY) as snapshot:
        republisher = pipeline.service.parts.republishers["footprint.asset-months"]
        again = {event.key: event async for event in republisher(snapshot)}
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("DELETE FROM outbox")
        unit.publish(*again.values())
    assert {event.key: event.data for event in await pipeline.service.outbox()} == last


async def test_a_poison_event_is_set_aside_and_the_others_count(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("bad", quantity=-1), asset("srv"))
    await pipeline.settle()
    assert (await month(pipeline, "srv"))["kwh"] == pytest.approx(446.4)
    async with pipeline.service.database.snapshot(EVERY) as connection:
        assert await connection.fetchval("SELECT count(*) FROM dead_letters WHERE state = 'dead'") == 1


def test_the_clock_of_the_tests_stands_in_november() -> None:
    assert NOW.month == 11
