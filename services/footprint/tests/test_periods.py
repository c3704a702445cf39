"""Closed months never change; what becomes known of them later is restated in the month that is open, with its reason."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from common.organisations import EVERY
from common.testing.plugin import MakeService
from footprint.calculators import Calculator
from footprint.main import SERVICE

from services.footprint.tests.conftest import Pipeline
from services.footprint.tests.world import (
    ORG,
    asset,
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


async def ask(pipeline: Pipeline, method: str, path: str, status: int = 200) -> Any:
    """An answer with its numbers as printed."""
    answer = await pipeline.service.client.request(method, f"/v1{path}")
    assert answer.status_code == status, answer.text
    return json.loads(answer.content, parse_float=Decimal)


async def close(pipeline: Pipeline, month: str = "2026-09", status: int = 200, **query: str) -> Any:
    """Close a month with all before it."""
    parameters = "&".join(f"{name}={value}" for name, value in ({"earlier": "true"} | query).items())
    return await ask(pipeline, "POST", f"/periods/{month}/close?org={ORG}&{parameters}", status)


async def total(pipeline: Pipeline, month: str) -> Any:
    """The total of a month as printed."""
    return (await ask(pipeline, "GET", f"/dashboard?org={ORG}&month={month}"))["total_kg"]


async def restatements(pipeline: Pipeline, month: str = "2026-09") -> list[Any]:
    """The restatements of a month."""
    items: list[Any] = (await ask(pipeline, "GET", f"/periods/{month}/restatements?org={ORG}"))["items"]
    return items


async def started(pipeline: Pipeline) -> None:
    """A server, a host with two machines; nothing closed."""
    await pipeline.service.handle(
        *foundations(), asset("srv"), host("a"), machine("vm1", guest("a", 4)), machine("vm2", guest("a", 8))
    )
    await pipeline.settle()


async def test_a_month_is_closed_once_with_who_and_when(pipeline: Pipeline) -> None:
    await started(pipeline)
    first = await close(pipeline)
    again = await close(pipeline)
    assert first == again
    assert (first["status"], first["closed_by"], first["version"]) == ("closed", "tests", 1)
    assert first["closed_at"]
    assert first["total_kg"] == await total(pipeline, "2026-09")
    listed = (await ask(pipeline, "GET", f"/periods?org={ORG}"))["items"]
    assert [each["status"] for each in listed] == ["open", "open"] + 9 * ["closed"]
    assert [each["month"] for each in listed][:2] == ["2026-11", "2026-10"]


@pytest.mark.parametrize(
    ("month", "query", "status", "code"),
    [
        ("2026-11", {}, 422, "not_elapsed"),
        ("2027-03", {}, 422, "not_elapsed"),
        ("2026-02", {"earlier": "false"}, 409, "earlier-month-open"),
        ("2025-12", {}, 422, "nothing_known"),
        ("2026-13", {}, 422, "malformed"),
    ],
)
async def test_only_elapsed_months_are_closed_and_in_their_order(
    pipeline: Pipeline, month: str, query: dict[str, str], status: int, code: str
) -> None:
    await started(pipeline)
    problem = await close(pipeline, month, status, **query)
    codes = {each["code"] for each in problem.get("errors", [])} or {problem["type"].rpartition("/")[2]}
    assert code in codes or problem["type"].endswith(code)


async def test_closing_the_first_month_and_then_the_next_needs_no_word_about_earlier_ones(pipeline: Pipeline) -> None:
    await started(pipeline)
    for month in ("2026-01", "2026-02"):
        assert (await close(pipeline, month, earlier="false"))["status"] == "closed"


async def test_nothing_is_closed_while_results_wait_to_be_computed(pipeline: Pipeline) -> None:
    await started(pipeline)
    await pipeline.service.handle(asset("srv", 2, quantity=2))
    problem = await close(pipeline, status=409)
    assert problem["type"].endswith("computation-waiting")
    await pipeline.settle()
    assert (await close(pipeline))["status"] == "closed"


async def test_closing_needs_its_own_scope_and_the_organisation(pipeline: Pipeline) -> None:
    await started(pipeline)
    path = f"/v1/periods/2026-09/close?org={ORG}"
    async with pipeline.service.client_for([ORG], ["footprint:read", "footprint:write"]) as client:
        assert (await client.post(path)).status_code == 403
    async with pipeline.service.client_for(["globex"]) as client:
        assert (await client.post(path)).status_code == 403
        assert (await client.get(f"/v1/periods?org={ORG}")).status_code == 403


async def test_a_correction_leaves_the_closed_month_alone_and_counts_in_the_open_one(pipeline: Pipeline) -> None:
    await started(pipeline)
    await close(pipeline)
    september, october = await total(pipeline, "2026-09"), await total(pipeline, "2026-10")
    stored = await ask(pipeline, "GET", f"/assets/{id_of('srv')}/months/2026-09")
    await pipeline.service.handle(asset("srv", 2, quantity=3))
    await pipeline.settle()
    assert await total(pipeline, "2026-09") == september
    now = await ask(pipeline, "GET", f"/assets/{id_of('srv')}/months/2026-09")
    assert (now["figures"], now["version"]) == (stored["figures"], stored["version"])
    board = await ask(pipeline, "GET", f"/dashboard?org={ORG}&month=2026-10")
    restated = board["restatements"]
    assert board["total_kg"] == sum(board["parts"].values())
    assert board["total_kg"] == restated["before_kg"] + restated["total_kg"]
    assert restated["total_kg"] == sum(restated["parts"].values()) == sum(each["value"] for each in restated["lines"])
    assert {each["month"] for each in restated["lines"]} == {f"2026-{number:02d}" for number in range(1, 10)}
    period = await ask(pipeline, "GET", f"/periods/2026-09?org={ORG}")
    unit = sum(each["value"] for each in stored["figures"] if each["basis"] != "market")
    assert float(period["restated_kg"]) == pytest.approx(2 * float(unit), abs=2e-9)
    assert period["known_now_kg"] == period["total_kg"] + period["restated_kg"]
    assert board["total_kg"] > october


async def test_what_is_restated_and_what_was_closed_add_up_to_a_computation_without_any_closing(
    pipeline: Pipeline, make_service: MakeService
) -> None:
    start = [*foundations(), asset("srv"), host("a"), machine("vm1", guest("a", 4)), machine("vm2", guest("a", 8))]
    steps = [
        [asset("srv", 2, quantity=3), site(version=2, allocation_rule="sold")],
        [electricity("FR", 0.07, version=2), machine("vm2", guest("a", 2), version=2)],
        [asset("srv", 3, deleted=True), asset("late")],
    ]
    await pipeline.service.handle(*start)
    await pipeline.settle()
    for month, events in zip(("2026-06", "2026-08", "2026-09"), steps, strict=True):
        await close(pipeline, month)
        await pipeline.service.handle(*events)
        await pipeline.settle()
    straight = Pipeline()
    straight.service = await make_service(SERVICE, clock=pipeline.clock)
    straight.calculator = Calculator(straight.service.database, pipeline.clock)
    await straight.service.handle(*start, *(event for events in steps for event in events))
    await straight.settle()
    for group in ("stage", "kind", "scope", "site", "asset", "month"):
        path = f"/totals?org={ORG}&from=2026-01&to=2026-12&group_by={group}"
        closed, fresh = await ask(pipeline, "GET", path), await ask(straight, "GET", path)
        assert closed["total"] == fresh["total"] == sum(each["value"] or 0 for each in closed["groups"])
        assert sum(each["restated"] for each in closed["groups"]) != 0
        if group != "month":
            assert _values(closed, group) == _values(fresh, group)


async def test_a_rule_that_changes_from_an_open_day_on_restates_nothing_that_is_closed(pipeline: Pipeline) -> None:
    await pipeline.service.handle(
        *foundations(), site(version=2, allocation_rule="sold"), host("a"), machine("vm", guest("a", 4))
    )
    await pipeline.settle()
    await close(pipeline)
    october = await total(pipeline, "2026-10")
    dated = [
        {"from": None, "to": "2026-10-01", "allocation_rule": "sold", "allocation_by": "vcpu"},
        {"from": "2026-10-01", "to": None, "allocation_rule": "capacity", "allocation_by": "vcpu"},
    ]
    await pipeline.service.handle(site(version=3, allocation_rule="capacity", allocations=dated))
    await pipeline.settle()
    assert await restatements(pipeline) == []
    whole = await total(pipeline, "2026-10")
    assert float(whole) == pytest.approx(float(october), abs=1e-8), "host and machine together"
    vm = await ask(pipeline, "GET", f"/totals?org={ORG}&from=2026-09&to=2026-10&group_by=month&kind=virtual_machine")
    before, after = (each["value"] for each in vm["groups"])
    assert after < before / 4, "4 of 32 vCPUs, where it had all of the host"
    await pipeline.service.handle(site(version=4, allocation_rule="capacity"))
    await pipeline.settle()
    assert len(await restatements(pipeline)) == 2, "a rule without a day holds on all days"


def _values(document: Any, group: str) -> dict[str, Decimal]:
    return {each[group]: each["value"] for each in document["groups"] if each["value"]}


async def test_each_restatement_names_its_reason_and_the_reasons_add_up(pipeline: Pipeline) -> None:
    await started(pipeline)
    await close(pipeline)
    await pipeline.service.handle(electricity("FR", 0.06, version=2))
    await pipeline.settle()
    (srv,) = [each for each in await restatements(pipeline) if each["asset_id"] == str(id_of("srv"))]
    assert set(srv["reasons"]) == {"factor"}
    assert float(srv["difference_kg"]) == pytest.approx(400 * 720 / 1000 * 1.5 * 0.01, abs=1e-9)
    versions = {name: {each["id"]: each["version"] for each in srv["factors"][name]} for name in ("closed", "now")}
    assert (versions["closed"]["electricity-fr-2026"], versions["now"]["electricity-fr-2026"]) == (1, 2)
    await pipeline.service.handle(electricity("FR", 0.08, version=3), asset("srv", 2, quantity=2))
    await pipeline.settle()
    both = [each for each in await restatements(pipeline) if each["asset_id"] == str(id_of("srv"))][1:]
    amounts: dict[str, Decimal] = {}
    for each in both:
        for reason, value in each["reasons"].items():
            amounts[reason] = amounts.get(reason, Decimal(0)) + value
    energy = 400 * 720 / 1000 * 1.5
    assert float(amounts["inventory"]) == pytest.approx(energy * 0.06 + 1000 * 30 / 1825, abs=1e-8)
    assert float(amounts["factor"]) == pytest.approx(2 * energy * 0.02, abs=1e-8)
    compared = await ask(pipeline, "GET", f"/periods/2026-09/comparison?org={ORG}")
    assert compared["difference_kg"] == compared["to_kg"] - compared["from_kg"]
    assert compared["difference_kg"] == sum(each["difference_kg"] for each in compared["reasons"])
    assert compared["difference_kg"] == sum(each["difference_kg"] for each in compared["stages"])
    assert str(id_of("srv")) in {each["asset_id"] for each in compared["assets"]}


async def test_a_factor_for_what_had_none_is_a_factors_reason(pipeline: Pipeline) -> None:
    await pipeline.service.handle(*foundations(), asset("srv", support={"kind": "maker", "eur_per_year": "365.00"}))
    await pipeline.settle()
    await close(pipeline)
    await pipeline.service.handle(factor("maintenance", "maintenance.it_hardware", 0.1, unit="kgCO2e/EUR"))
    await pipeline.settle()
    (found,) = await restatements(pipeline)
    assert found["reasons"] == {"factor": Decimal("3.0")}


async def test_two_dates_of_a_closed_month_are_compared(pipeline: Pipeline) -> None:
    await started(pipeline)
    await close(pipeline)
    for version in (2, 3):
        await pipeline.service.handle(asset("srv", version, quantity=version))
        await pipeline.settle()
    first, second = [each["recorded_at"] for each in await restatements(pipeline)]
    whole = await ask(pipeline, "GET", f"/periods/2026-09/comparison?org={ORG}")
    early = await ask(pipeline, "GET", f"/periods/2026-09/comparison?org={ORG}&from=closed&to={first}")
    late = await ask(pipeline, "GET", f"/periods/2026-09/comparison?org={ORG}&from={first}&to={second}")
    assert early["difference_kg"] + late["difference_kg"] == whole["difference_kg"]
    assert early["to_kg"] == late["from_kg"]
    assert early["difference_kg"] > 0 < late["difference_kg"]
    for query in ("from=2020-01-01T00:00:00Z", "from=yesterday", f"from={second}&to={first}"):
        await ask(pipeline, "GET", f"/periods/2026-09/comparison?org={ORG}&{query}", 422)
    await ask(pipeline, "GET", f"/periods/2026-10/comparison?org={ORG}", 422)


async def test_an_asset_heard_after_the_closing_is_restated_and_one_deleted_takes_its_restatement_back(
    pipeline: Pipeline,
) -> None:
    await started(pipeline)
    await close(pipeline)
    before = await total(pipeline, "2026-10")
    await pipeline.service.handle(asset("late"))
    await pipeline.settle()
    assert await total(pipeline, "2026-10") > before
    await pipeline.service.handle(asset("late", 2, deleted=True), asset("srv", 2, deleted=True))
    await pipeline.settle()
    found = [each for each in await restatements(pipeline) if each["asset_id"] == str(id_of("late"))]
    assert [each["gone"] for each in found] == [False, True]
    assert sum(each["difference_kg"] for each in found) == 0
    (gone,) = [each for each in await restatements(pipeline) if each["asset_id"] == str(id_of("srv"))]
    assert gone["gone"]
    assert set(gone["reasons"]) == {"inventory"}


async def test_what_a_month_has_counted_stays_counted_there_when_it_is_closed_too(pipeline: Pipeline) -> None:
    await started(pipeline)
    await close(pipeline)
    await pipeline.service.handle(asset("srv", 2, quantity=2))
    await pipeline.settle()
    october = await total(pipeline, "2026-10")
    await close(pipeline, "2026-10")
    await pipeline.service.handle(asset("srv", 3, quantity=1))
    await pipeline.settle()
    assert await total(pipeline, "2026-10") == october
    assert {each["counted_in"] for each in await restatements(pipeline)} == {"2026-10", "2026-11"}
    assert (await ask(pipeline, "GET", f"/periods/2026-09?org={ORG}"))["restated_kg"] == 0


async def test_a_closed_month_is_told_and_told_again_when_it_is_restated(pipeline: Pipeline) -> None:
    await started(pipeline)
    await pipeline.service.take_outbox()
    await close(pipeline, "2026-02")
    told = {each["month"]: each for each in payloads(await pipeline.service.take_outbox())}
    assert set(told) == {"2026-01", "2026-02"}
    assert {each["status"] for each in told.values()} == {"closed"}
    await pipeline.service.handle(asset("srv", 2, quantity=2))
    await pipeline.settle()
    events = [each for each in await pipeline.service.outbox() if each.topic == "footprint.periods"]
    assert {each["version"] for each in payloads(events)} == {2}
    assert all(each["restatements"] for each in payloads(events))
    async with pipeline.service.database.snapshot(EVERY) as snapshot:
        again = [event async for event in pipeline.service.parts.republishers["footprint.periods"](snapshot)]
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("DELETE FROM outbox")
        unit.publish(*again)
    assert {each["month"]: each for each in payloads(await pipeline.service.outbox())} == {
        each["month"]: each for each in payloads(events)
    }


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE figures SET value = 0 WHERE month = 2026 * 12 + 8",
        "DELETE FROM figures WHERE month = 2026 * 12 + 8",
        "UPDATE figures_2026_09 SET value = 0",
        "DELETE FROM asset_months WHERE month = 2026 * 12 + 8",
        "UPDATE asset_months SET quantity = 2 WHERE month = 2026 * 12 + 8",
        "UPDATE organisation_months SET billionths = 0 WHERE month = 2026 * 12 + 8",
        "INSERT INTO figures SELECT * FROM figures WHERE month = 2026 * 12 + 8",
        "DELETE FROM periods",
        "DELETE FROM restatements",
        "UPDATE restated_figures SET billionths = 0",
        "UPDATE restated_application_figures SET billionths = 0",
    ],
)
async def test_the_database_itself_refuses_to_change_a_closed_month(pipeline: Pipeline, statement: str) -> None:
    await started(pipeline)
    await close(pipeline)
    with pytest.raises(asyncpg.CheckViolationError):
        async with pipeline.service.database.transaction(EVERY) as unit:
            await unit.connection.execute(statement)
    async with pipeline.service.database.transaction(EVERY) as unit:
        await unit.connection.execute("UPDATE figures SET value = value WHERE month = 2026 * 12 + 9")


async def test_months_closed_while_calculators_work_hold_all_or_nothing_of_each_change(pipeline: Pipeline) -> None:
    await started(pipeline)
    calculators = [Calculator(pipeline.service.database, pipeline.clock) for _ in range(2)]

    async def close_when_possible() -> None:
        path = f"/v1/periods/2026-09/close?org={ORG}&earlier=true"
        while (await pipeline.service.client.post(path)).status_code == 409:
            continue

    async def change() -> None:
        for version in range(2, 8):
            await pipeline.service.handle(asset("srv", version, quantity=version), host("a", version=version))
            await asyncio.gather(*(each.step() for each in calculators))

    await asyncio.gather(change(), close_when_possible())
    await pipeline.settle()
    period = await ask(pipeline, "GET", f"/periods/2026-09?org={ORG}")
    async with pipeline.service.database.snapshot(EVERY) as connection:
        closed = await connection.fetchval(
            "SELECT sum(billionths(value)) FROM figures WHERE month = 2026 * 12 + 8 AND basis <> 'market'"
        )
        assert await connection.fetchval("SELECT count(*) FROM failed_marks") == 0
    assert period["total_kg"] == Decimal(int(closed)) / 10**9
    srv = await ask(pipeline, "GET", f"/assets/{id_of('vm1')}/months/2026-09")
    assert srv["pending"] is False


async def test_another_organisation_may_go_on_writing_its_own_months(pipeline: Pipeline) -> None:
    await started(pipeline)
    await pipeline.service.handle(
        organisation("globex"), asset("theirs", org="globex", timeline=[segment(site_id=None)])
    )
    await pipeline.settle()
    await close(pipeline)
    await pipeline.service.handle(asset("theirs", 2, org="globex", quantity=2, timeline=[segment(site_id=None)]))
    await pipeline.settle()
    assert (await ask(pipeline, "GET", f"/assets/{id_of('theirs')}/months/2026-09"))["quantity"] == 2


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_closed_month_is_explained_with_the_factors_it_was_closed_with(
    pipeline: Pipeline, language: str
) -> None:
    await started(pipeline)
    await close(pipeline)
    await pipeline.service.handle(electricity("FR", 0.09, version=2))
    await pipeline.settle()
    path = f"/assets/{id_of('srv')}/months/2026-09"
    explained = await ask(pipeline, "GET", f"{path}/explanation")
    assert explained["up_to_date"] is True
    assert explained["closed"]["by"] == "tests"
    assert [each["reason"] for each in explained["restated"]] == ["factor"]
    assert {rung["evidence"] for rung in explained["evidence_ladder"]["energy"] if rung["chosen"]} == {"declared"}
    answer = await pipeline.service.client.get(f"/v1{path}/explanation?lang={language}")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    values = {repr(float(each["value"])) for each in explained["trace"]}
    assert all(value in answer.text for value in values)
    assert "electricity-fr-2026 v1" in answer.text
    assert ("Mois clos" if language == "fr" else "Month closed") in answer.text
    assert ("oct. 2026 · facteur : " if language == "fr" else "Oct 2026 · factor: ") in answer.text
    plain = await pipeline.service.client.get(f"/v1{path}/explanation", headers={"Accept": "text/plain"})
    assert plain.text.startswith("Empreinte carbone")
    accepted = {"Accept": "text/plain", "Accept-Language": "en-GB, fr;q=0.5"}
    english = await pipeline.service.client.get(f"/v1{path}/explanation", headers=accepted)
    assert english.text.startswith("Carbon footprint explained")


async def test_months_before_the_first_one_closed_are_closed_with_it_and_what_comes_later_is_restated(
    pipeline: Pipeline,
) -> None:
    await started(pipeline)
    await close(pipeline, "2026-06")
    before = await ask(pipeline, "GET", f"/periods/2024-02?org={ORG}")
    assert (before["status"], before["closed_by"], before["version"]) == ("closed", "tests", None)
    older = asset("old", timeline=[segment("2024-01-01T00:00:00+01:00")])
    await pipeline.service.handle(older)
    await pipeline.settle()
    period = await ask(pipeline, "GET", f"/periods/2024-02?org={ORG}")
    assert (period["status"], period["version"], period["total_kg"]) == ("closed", 1, 0)
    assert period["restated_kg"] > 0
    assert {each["counted_in"] for each in period["restatements"]} == {"2026-07"}
    assert await close(pipeline, "2024-02") == period
    listed = (await ask(pipeline, "GET", f"/periods?org={ORG}&limit=100"))["items"]
    assert listed[-1]["month"] == "2024-01"
    assert [each["status"] for each in listed] == 5 * ["open"] + 30 * ["closed"]
    compared = await ask(pipeline, "GET", f"/periods/2024-02/comparison?org={ORG}&from=closed&to=now")
    assert (compared["from_kg"], compared["to_kg"]) == (0, period["restated_kg"])
    month = await ask(pipeline, "GET", f"/assets/{id_of('old')}/months/2024-02")
    assert (month["figures"], month["closed"]["by"]) == ([], "tests")
    assert sum(each["value"] for each in month["restated"]) == period["restated_kg"]
    explained = await ask(pipeline, "GET", f"/assets/{id_of('old')}/months/2024-02/explanation")
    assert (explained["up_to_date"], explained["trace"]) == (True, [])
    await ask(pipeline, "GET", f"/assets/{id_of('old')}/months/2023-12", status=404)
    text = await pipeline.service.client.get(f"/v1/assets/{id_of('old')}/months/2024-02/explanation?lang=fr")
    assert text.status_code == 200, text.text
    number = (await restatements(pipeline, "2024-02"))[0]["id"]
    known = await ask(pipeline, "GET", f"/assets/{id_of('old')}/months/2024-02/explanation?restatement={number}")
    assert known["up_to_date"] is True


async def test_closing_what_was_never_open_says_that_it_is_closed(pipeline: Pipeline) -> None:
    await started(pipeline)
    await close(pipeline, "2026-06")
    assert (await close(pipeline, "2020-05"))["status"] == "closed"
