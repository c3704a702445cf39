"""Runs: computed by a worker, followed while they are, told as an event, frozen when they were asked for."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from common.database import connect
from common.organisations import EVERY
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually
from scenarios.domain.snapshot import Snapshot
from scenarios.main import SERVICE
from scenarios.republish import republish_results
from scenarios.service.studies import RUNS_CHANNEL
from scenarios.store import runs
from scenarios.worker import RunWorker

from services.scenarios.tests.conftest import LONG_LIFE, NOW, organisation, study


async def _study(scenarios: RunningService[Any], **changes: Any) -> str:
    created = (await scenarios.client.post("/v1/studies", json=study(**changes))).json()
    await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=LONG_LIFE)
    study_id: str = created["id"]
    return study_id


async def _request(scenarios: RunningService[Any], study_id: str, **options: Any) -> str:
    answer = await scenarios.client.post(f"/v1/studies/{study_id}/runs", json=options)
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "queued"
    run_id: str = answer.json()["id"]
    return run_id


async def _read(scenarios: RunningService[Any], run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = (await scenarios.client.get(f"/v1/runs/{run_id}")).json()
    return run


async def _finished(scenarios: RunningService[Any], run_id: str) -> dict[str, Any]:
    async def ended() -> dict[str, Any]:
        run = await _read(scenarios, run_id)
        return run if run["status"] in ("done", "failed") else {}

    finished: dict[str, Any] = await eventually(ended)
    return finished


def _worker(scenarios: RunningService[Any], later: timedelta = timedelta(0)) -> RunWorker:
    return RunWorker(scenarios.database, scenarios.settings.database_url, lambda: NOW + later)


async def test_a_run_is_computed_and_told_as_an_event(scenarios: RunningService[Any]) -> None:
    study_id = await _study(scenarios)
    run_id = await _request(scenarios, study_id)
    async with scenarios.running(workers=True):
        run = await _finished(scenarios, run_id)
    assert run["status"] == "done", run["problem"]
    assert run["progress"] == 1
    [alternative] = run["result"]["alternatives"]
    assert alternative["avoided"]["eema_kg"] == pytest.approx(alternative["avoided"]["total_kg"])
    assert run["result"]["reference"]["years"][0]["capex_eur"] == "18000.00"
    assert alternative["years"][0]["opex_eur"] == "700.00"
    [event] = [event for event in await scenarios.outbox() if event.topic == "scenarios.results"]
    document: Any = event.data
    assert document["id"] == run_id
    assert document["alternatives"][0]["avoided"] == alternative["avoided"]


async def test_a_run_computes_what_was_asked_for_though_the_study_changes(scenarios: RunningService[Any]) -> None:
    study_id = await _study(scenarios)
    run_id = await _request(scenarios, study_id)
    changed = await scenarios.client.put(f"/v1/studies/{study_id}", json=study(years=7), headers={"If-Match": '"2"'})
    assert changed.status_code == 200
    assert await _worker(scenarios).take_one()
    assert len((await _read(scenarios, run_id))["result"]["reference"]["years"]) == 3


async def test_the_same_study_on_a_coal_grid_is_negative_in_the_result_and_the_event(
    scenarios: RunningService[Any],
) -> None:
    study_id = await _study(scenarios, electricity={"gwp": 5.0})
    run_id = await _request(scenarios, study_id, monthly=True)
    await _worker(scenarios).take_one()
    [alternative] = (await _read(scenarios, run_id))["result"]["alternatives"]
    assert alternative["avoided"]["total_kg"] < 0
    assert alternative["cir"] < 0
    assert alternative["eur_per_tonne"] is None
    [event] = [event for event in await scenarios.outbox() if event.topic == "scenarios.results"]
    document: Any = event.data
    assert document["alternatives"][0]["avoided"]["total_kg"] == alternative["avoided"]["total_kg"]
    assert "months" not in document["alternatives"][0]


async def test_a_target_line_is_held_against_each_scenario_with_and_without_growth(
    scenarios: RunningService[Any],
) -> None:
    target = {"pathway": "sbti_1_5c", "base_year": 2022, "base_kg": 1000.0}
    study_id = await _study(scenarios, target=target, growth_per_year=0.1)
    run_id = await _request(scenarios, study_id)
    await _worker(scenarios).take_one()
    standing = (await _read(scenarios, run_id))["result"]["target"]
    reference, alternative = standing["scenarios"]
    assert reference["target_kg"] == pytest.approx([790, 748, 706])
    assert (reference["scenario"], alternative["scenario"]) == ("reference", "long-life-support")
    assert reference["with_growth_kg"][0] == reference["without_growth_kg"][0]
    assert reference["with_growth_kg"][2] > reference["without_growth_kg"][2]
    assert reference["gap_with_growth_kg"][2] == pytest.approx(reference["with_growth_kg"][2] - 706)


async def test_a_grid_that_gets_cleaner_emits_less_each_year(scenarios: RunningService[Any]) -> None:
    run_id = await _request(scenarios, await _study(scenarios, grid_decline_per_year=0.5))
    await _worker(scenarios).take_one()
    use = [year["use_kg"] for year in (await _read(scenarios, run_id))["result"]["reference"]["years"]]
    assert use == pytest.approx([use[0], use[0] / 2, use[0] / 4])


async def test_a_run_whose_worker_died_is_taken_over_and_finished_once(scenarios: RunningService[Any]) -> None:
    run_id = await _request(scenarios, await _study(scenarios))
    dead = uuid4()
    async with scenarios.database.transaction(EVERY) as unit:
        claimed = await runs.claim_run(unit.connection, dead, NOW)
    assert claimed is not None
    assert not await _worker(scenarios).take_one(), "its lease has not passed"
    assert await _worker(scenarios, timedelta(minutes=2)).take_one()
    assert (await _read(scenarios, run_id))["status"] == "done"
    async with scenarios.database.transaction(EVERY) as unit:
        assert not await runs.finish_run(unit.connection, claimed.id, dead, {}, None, NOW)
    assert len([event for event in await scenarios.outbox() if event.topic == "scenarios.results"]) == 1


async def test_a_run_that_cannot_be_computed_fails_and_the_worker_lives(
    scenarios: RunningService[Any],
) -> None:
    study_id = await _study(scenarios)
    run_id = await _request(scenarios, study_id)
    async with scenarios.database.transaction(EVERY) as unit:
        empty = Snapshot(assets=[], left_out=[], factors=[]).model_dump(mode="json")
        await unit.connection.execute("UPDATE snapshots SET content = $1", empty)
    assert await _worker(scenarios).take_one()
    failed = await _read(scenarios, run_id)
    assert failed["status"] == "failed"
    assert "the action is on no asset" in failed["problem"]


async def test_progress_can_be_followed_to_the_end(scenarios: RunningService[Any]) -> None:
    run_id = await _request(scenarios, await _study(scenarios))
    async with scenarios.running(workers=True):
        answer = await scenarios.client.get(f"/v1/runs/{run_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("event: progress") >= 1
    assert '"status":"done"' in answer.text


async def test_republishing_tells_each_result_as_it_was_told(scenarios: RunningService[Any]) -> None:
    await _request(scenarios, await _study(scenarios))
    await _worker(scenarios).take_one()
    [told] = [event for event in await scenarios.take_outbox() if event.topic == "scenarios.results"]
    async with scenarios.database.transaction(EVERY) as unit:
        unit.publish(*[event async for event in republish_results(unit.connection)])
    [again] = [event for event in await scenarios.outbox() if event.topic == "scenarios.results"]
    assert (again.key, again.data) == (told.key, told.data)


async def test_two_databases_compute_the_same_result_to_the_last_bit(make_service: MakeService) -> None:
    results = []
    for events in (organisation(), list(reversed(organisation()))):
        running = await make_service(SERVICE, clock=lambda: NOW)
        await running.handle(*events)
        run_id = await _request(running, await _study(running, discount_rate="0.04"))
        await _worker(running).take_one()
        results.append((await _read(running, run_id))["result"])
    assert results[0] == results[1]


async def test_another_organisation_sees_no_run(scenarios: RunningService[Any]) -> None:
    study_id = await _study(scenarios)
    run_id = await _request(scenarios, study_id)
    async with scenarios.client_for(["globex"]) as client:
        assert (await client.get(f"/v1/runs/{run_id}")).status_code == 404
        assert (await client.get(f"/v1/runs/{run_id}/events")).status_code == 404
        assert (await client.get(f"/v1/studies/{study_id}/runs")).status_code == 404
        assert (await client.post(f"/v1/studies/{study_id}/runs", json={})).status_code == 404


async def test_an_uncertain_run_is_told_too_and_the_same_seed_finds_the_same(scenarios: RunningService[Any]) -> None:
    study_id = await _study(scenarios)
    results = []
    for _ in range(2):
        answer = await scenarios.client.post(f"/v1/studies/{study_id}/uncertainty", json={"draws": 200, "seed": 5})
        assert answer.status_code == 202, answer.text
        await _worker(scenarios).take_one()
        results.append((await _read(scenarios, answer.json()["id"]))["result"])
    assert results[0] == results[1]
    assert results[0]["uncertain"][0]["name"] == "long-life-support"
    events = [event for event in await scenarios.outbox() if event.topic == "scenarios.results"]
    documents: list[Any] = [event.data for event in events]
    assert [document["kind"] for document in documents] == ["monte_carlo", "monte_carlo"]
    assert documents[0]["uncertain"] == results[0]["uncertain"]


async def test_an_optimum_is_computed_told_and_can_be_added_to_the_study(scenarios: RunningService[Any]) -> None:
    study_id = await _study(scenarios, confirmed=["software_supported", "spare_parts", "eligible_use"])
    options = {"budget_eur": "100000.00", "start_years": [0]}
    answer = await scenarios.client.post(f"/v1/studies/{study_id}/optimum", json=options)
    assert answer.status_code == 202, answer.text
    await _worker(scenarios).take_one()
    run = await _read(scenarios, answer.json()["id"])
    assert run["status"] == "done", run["problem"]
    optimum, alternative = run["result"]["optimum"], run["result"]["alternative"]
    assert optimum["status"] == "optimal"
    assert optimum["solver_s"] > 0
    [event] = [event for event in await scenarios.outbox() if event.topic == "scenarios.results"]
    document: Any = event.data
    assert document["optimum"]["actions"] == optimum["actions"]
    added = await scenarios.client.post(f"/v1/studies/{study_id}/scenarios", json=alternative)
    assert added.status_code == 201, added.text
    run_id = await _request(scenarios, study_id)
    await _worker(scenarios).take_one()
    alternatives = (await _read(scenarios, run_id))["result"]["alternatives"]
    assert alternatives[1]["avoided"]["total_kg"] == pytest.approx(optimum["avoided_kg"], rel=1e-9)


async def test_an_optimum_without_budget_or_target_is_refused(scenarios: RunningService[Any]) -> None:
    answer = await scenarios.client.post(f"/v1/studies/{await _study(scenarios)}/optimum", json={})
    assert answer.status_code == 422
    assert "give a budget" in answer.json()["errors"][0]["detail"]


async def test_a_worker_that_finds_no_run_wakes_nobody(scenarios: RunningService[Any]) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    channel = scenarios.database.channel(RUNS_CHANNEL)
    listener = await connect(scenarios.settings.database_url, scenarios.service.name)
    await listener.add_listener(channel, lambda *notification: heard.put_nowait(notification[-1]))

    assert not await _worker(scenarios).take_one()

    await listener.execute(f"NOTIFY {channel}, 'the first'")
    assert await heard.get() == "the first"
    await listener.close()
