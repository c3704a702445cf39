"""Corrections of closed months reach applications: closed and corrected is what it would be had nothing been closed, by application too."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from common.events import Event
from common.organisations import EVERY
from common.testing.plugin import MakeService
from footprint.calculators import Calculator
from footprint.filtering import Filters
from footprint.main import SERVICE
from footprint.store.totals import Question
from footprint.totals import Totals

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.test_periods import ask, close
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
    segment,
    site,
)

YEAR = f"org={ORG}&from=2026-01&to=2026-12"
CLOSINGS = ("2026-04", "2026-06", "2026-09")


def start() -> list[Event]:
    """A server and a host with two machines, which two applications use, wholly and in part."""
    return [
        *foundations(),
        asset("srv"),
        host("a"),
        machine("vm1", guest("a", 4)),
        machine("vm2", guest("a", 8)),
        application("erp", claim("vm1"), claim("vm2", weight=3.0)),
        application("web", claim("vm2"), claim("srv", start="2026-03-10T09:00:00+01:00")),
    ]


def corrections(chance: random.Random) -> Iterator[Event]:
    """Corrections of a past that is closed by then: of things, electricity, and of who uses what since when."""
    versions: dict[str, int] = {}

    def next_of(name: str) -> int:
        versions[name] = versions.get(name, 1) + 1
        return versions[name]

    def claims() -> list[dict[str, Any]]:
        found = []
        for name in chance.sample(["vm1", "vm2", "srv"], chance.randint(0, 3)):
            first = chance.randint(1, 9)
            end = None if chance.random() < 0.6 else f"2026-{first + 1:02d}-17T00:00:00+02:00"
            found.append(claim(name, f"2026-{first:02d}-05T00:00:00+02:00", end, chance.choice([1.0, 1.0, 2.0, 0.7])))
        return found

    def event(kind: str) -> Event:
        if kind == "server":
            return asset("srv", next_of("srv"), quantity=chance.randint(1, 4), deleted=chance.random() < 0.2)
        if kind == "host":
            declared = {"annual_kwh": chance.randint(1000, 9000), "average_w": None, "embodied_kg": None}
            return host("a", version=next_of("a"), declared=declared)
        if kind == "machine":
            return machine("vm1", guest("a", chance.randint(1, 16)), version=next_of("vm1"))
        if kind == "grid":
            return electricity("FR", chance.uniform(0.01, 0.9), version=next_of("grid"))
        if kind == "rule":
            return site(version=next_of("site"), allocation_rule=chance.choice(["sold", "capacity"]))
        return application(kind, *claims(), version=next_of(kind), deleted=chance.random() < 0.1)

    kinds = ["server", "host", "machine", "grid", "rule", "erp", "web", "erp", "web"]
    while True:
        yield event(chance.choice(kinds))


def told(document: Any, *groups: str) -> dict[tuple[Any, ...], tuple[Decimal, Decimal | None]]:
    """Values and kWh by group, without those that are nothing."""
    found = {
        tuple(each[name] for name in groups): (each["value"], each["kwh"] or Decimal(0)) for each in document["groups"]
    }
    return {key: amounts for key, amounts in found.items() if any(amounts)}


def over_months(document: Any) -> dict[str, tuple[Decimal, Decimal]]:
    """Values and kWh by application, all months together."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for each in document["groups"]:
        value, kwh = sums.get(each["application"], (Decimal(0), Decimal(0)))
        sums[each["application"]] = value + each["value"], kwh + (each["kwh"] or 0)
    return {name: amounts for name, amounts in sums.items() if any(amounts)}


@pytest.mark.parametrize("seed", range(4))
async def test_closed_and_corrected_is_what_had_never_been_closed_by_application(
    pipeline: Pipeline, make_service: MakeService, seed: int
) -> None:
    """Whatever is corrected, however often and after which closing; to the last billionth, and in another order of what was heard."""
    chance = random.Random(seed)
    events = corrections(chance)
    steps = [[next(events) for _ in range(chance.randint(1, 4))] for _ in CLOSINGS]
    await pipeline.service.handle(*start())
    await pipeline.settle()
    for month, step in zip(CLOSINGS, steps, strict=True):
        await close(pipeline, month)
        for event in step:
            await pipeline.service.handle(event)
            await pipeline.settle()
    straight = Pipeline()
    straight.service = await make_service(SERVICE, clock=pipeline.clock)
    straight.calculator = Calculator(straight.service.database, pipeline.clock)
    heard = [*start(), *(event for step in steps for event in step)]
    chance.shuffle(heard)
    await straight.service.handle(*heard)
    await straight.settle()
    for query in ("", "&basis=market", "&application=erp"):
        for groups in ("application", "application,stage", "application,asset", "application,share,scope"):
            path = f"/totals?{YEAR}&group_by={groups}{query}"
            closed, fresh = await ask(pipeline, "GET", path), await ask(straight, "GET", path)
            names = groups.split(",")
            assert told(closed, *names) == told(fresh, *names), path
            assert (closed["kwh_without_factor"] or 0) == (fresh["kwh_without_factor"] or 0)
            assert sum(each["value"] for each in closed["groups"]) == (closed["total"] or 0)
        path = f"/totals?{YEAR}&group_by=month,application{query}"
        closed, fresh = await ask(pipeline, "GET", path), await ask(straight, "GET", path)
        assert over_months(closed) == over_months(fresh)
    for code in ("erp", "web"):
        path = f"/applications/{code}/sheet?org={ORG}&year=2026"
        closed, fresh = await ask(pipeline, "GET", path), await ask(straight, "GET", path)
        assert sum(each["total_kg"] for each in closed["months"]) == sum(each["total_kg"] for each in fresh["months"])


async def corrected(pipeline: Pipeline) -> None:
    """The power of a host whose machines are used to the last share, corrected after the closing of six months."""
    uses = application("erp", claim("vm1")), application("web", claim("vm2"))
    await pipeline.service.handle(
        *foundations(), host("a"), machine("vm1", guest("a", 4)), machine("vm2", guest("a", 8))
    )
    await pipeline.service.handle(*uses)
    await pipeline.settle()
    await close(pipeline, "2026-06")


async def test_what_is_restated_of_a_machine_is_restated_of_those_who_use_it(pipeline: Pipeline) -> None:
    await corrected(pipeline)
    declared = {"annual_kwh": 7008, "average_w": None, "embodied_kg": None}
    await pipeline.service.handle(host("a", version=2, declared=declared))
    await pipeline.settle()
    path = f"/totals?org={ORG}&from=2026-07&to=2026-07&group_by=application,kind"
    groups = {(each["application"], each["kind"]): each for each in (await ask(pipeline, "GET", path))["groups"]}
    assert set(groups) == {("erp", "virtual_machine"), ("web", "virtual_machine"), (None, "server")}
    used = {code: groups[code, "virtual_machine"]["restated"] for code in ("erp", "web")}
    assert used["web"] == 2 * used["erp"] > 0
    for code, expected in used.items():
        sheet = await ask(pipeline, "GET", f"/applications/{code}/sheet?org={ORG}&year=2026")
        assert [each["restated_kg"] for each in sheet["months"]] == [0] * 6 + [expected] + [0] * 5
        alone = await ask(
            pipeline, "GET", f"/totals?org={ORG}&from=2026-07&to=2026-07&group_by=stage&application={code}"
        )
        assert sum(each["restated"] for each in alone["groups"]) == expected


async def test_corrected_shares_of_closed_months_move_kg_between_applications_and_none_is_lost(
    pipeline: Pipeline,
) -> None:
    await corrected(pipeline)
    path = f"/totals?org={ORG}&from=2026-07&to=2026-07&group_by=application"
    before = await ask(pipeline, "GET", path)
    shared = application("web", claim("vm2"), claim("vm1", "2026-03-01T00:00:00+01:00", weight=3.0), version=2)
    await pipeline.service.handle(shared)
    await pipeline.settle()
    after = await ask(pipeline, "GET", path)
    restated = {each["application"]: each["restated"] for each in after["groups"]}
    assert restated["erp"] == -restated["web"] < 0 == restated[None]
    assert (after["total"], sum(each["value"] for each in after["groups"])) == (before["total"], before["total"])
    items = (await ask(pipeline, "GET", f"/periods/2026-03/restatements?org={ORG}"))["items"]
    (item,) = items
    assert (item["asset_id"], item["difference_kg"], item["reasons"], item["heard"]) == (
        str(id_of("vm1")), 0, {}, ["inventory"],
    )  # fmt: skip
    moved = {each["application"]: each["difference_kg"] for each in item["applications"]}
    assert moved["erp"] == -moved["web"] < 0
    months = [
        (await ask(pipeline, "GET", f"/periods/2026-{number:02d}/restatements?org={ORG}"))["items"]
        for number in range(1, 7)
    ]
    assert [len(each) for each in months] == [0, 0, 1, 1, 1, 1]
    assert restated["web"] == sum(
        part["difference_kg"] for found in months for each in found for part in each["applications"] if part["application"] == "web"
    )  # fmt: skip
    await pipeline.settle()
    await pipeline.service.handle(application("web", claim("vm2"), version=3))
    await pipeline.settle()
    undone = await ask(pipeline, "GET", path)
    assert [each["restated"] for each in undone["groups"]] == [0, 0, 0]


async def test_an_application_of_a_closed_year_alone_has_its_restatement_on_a_page_of_its_own(
    pipeline: Pipeline,
) -> None:
    since, until = "2025-11-01T00:00:00+01:00", "2026-01-01T00:00:00+01:00"
    configured = segment(since, configuration={"cpu": {"units": 2, "cores": 16}})
    await pipeline.service.handle(
        *foundations(),
        electricity("FR", 0.05, 2025),
        asset("a", timeline=[configured]),
        machine("vm1", guest("a", 4, since)),
        application("old", claim("vm1", since, until)),
        application("web", claim("vm1", until)),
    )
    await pipeline.settle()
    await close(pipeline, "2026-06")
    declared = {"annual_kwh": 7008, "average_w": None, "embodied_kg": None}
    await pipeline.service.handle(asset("a", 2, [configured], declared=declared))
    await pipeline.settle()
    july = 2026 * 12 + 6
    for groups in (("application",), ("application", "month"), ("application", "stage")):
        question = Question(ORG, july, july, groups=groups)
        whole, _ = await Totals(pipeline.service.database).answer(EVERY, question, Filters(), "en")
        pages: list[Any] = []
        after: UUID | None = None
        while not pages or after is not None:
            page, after = await Totals(pipeline.service.database, 1).answer(EVERY, question, Filters(), "en", after)
            pages += page["groups"]
        assert {each["application"] for each in pages} == {"old", "web", None}
        assert told({"groups": pages}, *groups) == told(whole, *groups)
        assert sum(each["value"] for each in pages if each["application"] == "old") > 0
    sheet = await ask(pipeline, "GET", f"/applications/old/sheet?org={ORG}&year=2026")
    assert [each["total_kg"] == each["restated_kg"] for each in sheet["months"]] == [True] * 12
    (used,) = (await ask(pipeline, "GET", f"/totals?org={ORG}&from=2026-07&to=2026-07&group_by=asset&application=old"))[
        "groups"
    ]
    assert (used["asset"], used["value"]) == (str(id_of("vm1")), sheet["months"][6]["total_kg"])


async def test_what_applications_are_restated_by_only_grows_and_is_seen_by_nobody_else(pipeline: Pipeline) -> None:
    await corrected(pipeline)
    await pipeline.service.handle(application("web", version=2))
    await pipeline.settle()
    tables = ("restated_application_figures", "application_restatements")
    async with pipeline.service.database.snapshot(frozenset({"globex"})) as connection:
        assert [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables] == [0, 0]
    async with pipeline.service.database.snapshot(EVERY) as connection:
        kept, counted = [await connection.fetchval(f"SELECT sum(billionths) FROM {table}") for table in tables]
        wrong = await connection.fetchval("SELECT count(*) FROM application_restatements WHERE month <> 2026 * 12 + 6")
    assert kept == counted < 0 == wrong
