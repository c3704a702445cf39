"""Studies: frozen as heard, refreshed with a diff, changed under If-Match, seen by their organisation alone."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from common.testing.harness import RunningService
from common.testing.waiting import eventually

from services.scenarios.tests.conftest import (
    HOSTS,
    LAPTOPS,
    LONG_LIFE,
    MACHINE,
    UNKNOWN,
    asset_event,
    factor_event,
    month_event,
    site_event,
    study,
)


async def _create(scenarios: RunningService[Any], **changes: Any) -> dict[str, Any]:
    answer = await scenarios.client.post("/v1/studies", json=study(**changes))
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def _snapshot(scenarios: RunningService[Any], study_id: str) -> dict[str, Any]:
    answer = await scenarios.client.get(f"/v1/studies/{study_id}/snapshot")
    assert answer.status_code == 200, answer.text
    snapshot: dict[str, Any] = answer.json()
    return snapshot


async def test_a_host_is_frozen_with_what_runs_on_it(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    snapshot = await _snapshot(scenarios, created["id"])
    assets = {asset["ref"]: asset for asset in snapshot["assets"]}
    loaded, bare = assets[str(HOSTS[0])], assets[str(HOSTS[1])]
    # February to October, 273 days, at the meter; 1.5 is the PUE.
    assert bare["annual_kwh"] == pytest.approx(150 * 9 / 273 * 365 / 1.5)
    assert loaded["annual_kwh"] == pytest.approx(165 * 9 / 273 * 365 / 1.5)
    assert bare["pue"] == 1.5
    # The densest month (February) charges 20 kg in 28 days; the life of the kind is 5 years.
    assert bare["embodied_kg"] == pytest.approx(20 / 28 * 5 * 365)
    assert loaded["embodied_kg"] == pytest.approx(22 / 28 * 5 * 365)
    assert bare["age_years"] == pytest.approx(1461 / 365)
    assert bare["evidence"] == {"life": "kind", "energy": "footprint of 9 months", "embodied": "footprint"}
    assert bare["site"] == "nanterre-1"


async def test_an_upgraded_server_weighs_all_that_is_in_it_and_what_is_left_of_it_is_what_its_footprint_has_left(
    scenarios: RunningService[Any],
) -> None:
    """Bought on 1 January 2022 with 1200 kg for six years (2190 days), 300 kg more on 1 July 2026, day 1642 of them.

    Of its life 395 days are left when November 2026 ends, 364 at the start of the study; it is renewed at the end of the first year, by one
    that weighs what is in it now.
    """
    acquired = {"on": "2022-01-01", "condition": "new", "price_eur": "9000.00", "age_years": None}
    left_kg = 1200 * 395 / 2190 + 300 * 395 / 548
    months = [
        month_event(HOSTS[1], date(2026, 10, 1), 150.0, 34.0, version=2, embodied_kg=1500.0, embodied_left_kg=450.0),
        month_event(HOSTS[1], date(2026, 11, 1), 150.0, 500.0, version=2, embodied_kg=1500.0, embodied_left_kg=left_kg),
    ]
    await scenarios.handle(
        asset_event(HOSTS[1], "server", 2, acquired=acquired, planned_life_years=6.0, quantity=1), *months
    )
    due = [{"lever": "renew", "on": {"kinds": ["server"]}, "when_due": True}]
    reference = {"description": "Renewed when their life ends", "actions": due}
    chosen = {"kinds": ["server"], "refs": [str(HOSTS[1])]}
    created = await _create(scenarios, reference=reference, scope=chosen)
    upgraded = await _frozen(scenarios, created["id"], HOSTS[1])
    assert upgraded["embodied_kg"] == 1500.0, "not 500 kg of a month in which something was taken out, over six years"
    assert upgraded["evidence"]["embodied"] == "footprint"
    at_start = 1200 * 364 / 2190 + 300 * 364 / 548
    assert upgraded["embodied_left_kg"] == pytest.approx(at_start, rel=1e-12)
    run = await _run(scenarios, created["id"])
    charged = [each["embodied_kg"] for each in run["reference"]["years"]]
    assert charged == pytest.approx([at_start, 1500 / 6, 1500 / 6])


async def test_a_host_has_its_machines_shares_beside_its_own_while_all_tell_them(
    scenarios: RunningService[Any],
) -> None:
    november = date(2026, 11, 1)
    own = month_event(HOSTS[0], november, 150.0, 20.0, version=2, embodied_kg=900.0, embodied_left_kg=300.0)
    await scenarios.handle(own)
    as_before = await _frozen(scenarios, (await _create(scenarios))["id"], HOSTS[0])
    assert as_before["embodied_kg"] == pytest.approx(22 / 28 * 5 * 365), "what its machine holds of it is not known"
    assert as_before["embodied_left_kg"] is None
    guest = month_event(MACHINE, november, 15.0, 2.0, version=2, embodied_kg=100.0, embodied_left_kg=34.0)
    await scenarios.handle(guest)
    loaded = await _frozen(scenarios, (await _create(scenarios))["id"], HOSTS[0])
    assert loaded["embodied_kg"] == 1000.0
    left_days = 5 * 365 - 1430
    assert loaded["embodied_left_kg"] == pytest.approx(334 * (left_days - 31) / left_days, rel=1e-12)


async def test_past_its_life_an_asset_weighs_what_is_in_it_and_nothing_is_left(scenarios: RunningService[Any]) -> None:
    past = month_event(HOSTS[1], date(2026, 11, 1), 150.0, 0.0, version=2, embodied_kg=1174.0, embodied_left_kg=0.0)
    await scenarios.handle(asset_event(HOSTS[1], "server", 2, planned_life_years=3.0), past)
    kept = await _frozen(scenarios, (await _create(scenarios))["id"], HOSTS[1])
    assert (kept["embodied_kg"], kept["embodied_left_kg"]) == (1174.0, 0.0)


async def _frozen(scenarios: RunningService[Any], study_id: str, asset_id: UUID) -> dict[str, Any]:
    """An asset as the study has it."""
    snapshot = await _snapshot(scenarios, study_id)
    return next(asset for asset in snapshot["assets"] if asset["ref"] == str(asset_id))


async def _run(scenarios: RunningService[Any], study_id: str) -> dict[str, Any]:
    """The result of a run, which a worker computes."""
    await scenarios.client.post(f"/v1/studies/{study_id}/scenarios", json=LONG_LIFE)
    run_id = (await scenarios.client.post(f"/v1/studies/{study_id}/runs", json={})).json()["id"]

    async def ended() -> dict[str, Any]:
        run: dict[str, Any] = (await scenarios.client.get(f"/v1/runs/{run_id}")).json()
        return run if run["status"] in ("done", "failed") else {}

    async with scenarios.running(workers=True):
        run: dict[str, Any] = await eventually(ended)
    assert run["status"] == "done", run["problem"]
    result: dict[str, Any] = run["result"]
    return result


async def test_a_fleet_without_a_footprint_stands_on_what_is_declared(scenarios: RunningService[Any]) -> None:
    snapshot = await _snapshot(scenarios, (await _create(scenarios))["id"])
    [laptops] = [asset for asset in snapshot["assets"] if asset["ref"] == str(LAPTOPS)]
    assert laptops["annual_kwh"] == 30
    assert laptops["embodied_kg"] == 181
    assert laptops["quantity"] == 20
    assert laptops["evidence"] == {"life": "kind", "energy": "declared", "embodied": "kind"}


async def test_the_electricity_of_a_country_that_stands_in_for_a_region_is_said(scenarios: RunningService[Any]) -> None:
    await scenarios.handle(site_event(2, region="FR-20R"))
    snapshot = await _snapshot(scenarios, (await _create(scenarios))["id"])
    [host] = [asset for asset in snapshot["assets"] if asset["ref"] == str(HOSTS[1])]
    assert host["electricity"] == "electricity-fr-2021-ademe"
    assert host["evidence"]["electricity"] == "factor of FR: none is known for FR-20R"
    corsica = factor_event("electricity-corsica", "electricity", 0.5, region="FR-20R", valid_from="2021-01-01")
    await scenarios.handle(corsica)
    snapshot = await _snapshot(scenarios, (await _create(scenarios))["id"])
    [host] = [asset for asset in snapshot["assets"] if asset["ref"] == str(HOSTS[1])]
    assert host["electricity"] == "electricity-corsica"
    assert "electricity" not in host["evidence"]


async def test_what_is_not_known_is_left_out_and_said_so(scenarios: RunningService[Any]) -> None:
    snapshot = await _snapshot(scenarios, (await _create(scenarios))["id"])
    assert snapshot["left_out"] == [{"ref": str(UNKNOWN), "kind": "server", "reason": "no energy is known"}]
    assert snapshot["left_out_by_reason"] == {"no energy is known": 1}


async def test_the_factor_in_force_is_frozen_with_its_version(scenarios: RunningService[Any]) -> None:
    snapshot = await _snapshot(scenarios, (await _create(scenarios))["id"])
    electricity = [factor for factor in snapshot["factors"] if factor["activity"] == "electricity"]
    assert [(factor["id"], factor["version"], factor["value"]) for factor in electricity] == [
        ("electricity-fr-2021-ademe", 1, 0.0569)
    ]


async def test_the_view_of_loads_tells_machines_from_their_hosts(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios, scope={"view": "load", "kinds": ["server", "virtual_machine"]})
    snapshot = await _snapshot(scenarios, created["id"])
    energy = {asset["kind"] + asset["ref"][-2:]: asset["annual_kwh"] for asset in snapshot["assets"]}
    assert energy["server0b"] == pytest.approx(energy["server0c"])
    assert energy["virtual_machine15"] == pytest.approx(15 * 9 / 273 * 365 / 1.5)


async def test_a_refresh_tells_what_came_and_changed_and_leaves_the_old_snapshot_alone(
    scenarios: RunningService[Any],
) -> None:
    created = await _create(scenarios)
    path = f"/v1/studies/{created['id']}/snapshot"
    assert (await scenarios.client.post(path)).json() == {"snapshot": 1, "added": [], "removed": [], "changed": {}}
    await scenarios.handle(
        asset_event(UNKNOWN, "server", 2, declared={"annual_kwh": 2000.0, "embodied_kg": 1000.0}),
        asset_event(HOSTS[1], "server", 2, planned_life_years=6.0),
        asset_event(LAPTOPS, "laptop", 2, deleted=True),
    )
    difference = (await scenarios.client.post(path)).json()
    assert difference["snapshot"] == 2
    assert difference["added"] == [str(UNKNOWN)]
    assert difference["removed"] == [str(LAPTOPS)]
    assert set(difference["changed"][str(HOSTS[1])]) == {"life_years", "embodied_kg", "evidence"}
    assert (await scenarios.client.get(f"/v1/studies/{created['id']}")).json()["version"] == 2


@pytest.mark.parametrize("missing", ["reference", "effect_class", "eligibility", "assumptions", "start", "years"])
async def test_what_makes_a_claim_honest_is_mandatory(scenarios: RunningService[Any], missing: str) -> None:
    document = study()
    del document[missing]
    answer = await scenarios.client.post("/v1/studies", json=document)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [missing]


async def test_a_study_of_nothing_is_refused_and_says_what_was_left_out(scenarios: RunningService[Any]) -> None:
    answer = await scenarios.client.post("/v1/studies", json=study(scope={"kinds": ["printer"]}))
    assert answer.status_code == 422
    assert "1 left out: no energy is known" in answer.json()["detail"]


async def test_an_action_on_nothing_is_refused_where_it_stands(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    broken = {
        "name": "broken",
        "actions": [LONG_LIFE["actions"][0], {"lever": "switch_off", "on": {"kinds": ["tablet"]}}],
    }
    answer = await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=broken)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "actions.1.on"


async def test_alternatives_have_names_of_their_own_and_change_under_if_match(scenarios: RunningService[Any]) -> None:
    path = f"/v1/studies/{(await _create(scenarios))['id']}/scenarios"
    added = await scenarios.client.post(path, json=LONG_LIFE)
    assert added.status_code == 201, added.text
    assert (await scenarios.client.post(path, json=LONG_LIFE)).status_code == 409
    place = f"{path}/{added.json()['id']}"
    assert (await scenarios.client.put(place, json=LONG_LIFE)).status_code == 428
    renamed = await scenarios.client.put(place, json={**LONG_LIFE, "name": "longer"}, headers={"If-Match": '"1"'})
    assert renamed.json()["version"] == 2
    assert (await scenarios.client.put(place, json=LONG_LIFE, headers={"If-Match": '"1"'})).status_code == 412
    assert (await scenarios.client.delete(place)).status_code == 204
    assert (await scenarios.client.delete(place)).status_code == 404


async def test_a_changed_start_freezes_anew_and_a_changed_name_does_not(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    path = f"/v1/studies/{created['id']}"
    renamed = await scenarios.client.put(path, json=study(name="Renamed"), headers={"If-Match": '"1"'})
    assert (renamed.status_code, renamed.json()["snapshot"]) == (200, 1)
    moved = await scenarios.client.put(path, json=study(start="2028-01-01"), headers={"If-Match": '"2"'})
    assert (moved.status_code, moved.json()["snapshot"]) == (200, 2)


async def test_a_copy_has_the_alternatives_and_the_snapshot_of_its_original(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=LONG_LIFE)
    copy = (await scenarios.client.post(f"/v1/studies/{created['id']}/duplicate", json={"name": "Again"})).json()
    assert copy["id"] != created["id"]
    assert [alternative["name"] for alternative in copy["alternatives"]] == ["long-life-support"]
    ours, theirs = [await _snapshot(scenarios, each["id"]) for each in (created, copy)]
    assert ours["assets"] == theirs["assets"]


async def test_the_same_key_creates_one_study(scenarios: RunningService[Any]) -> None:
    answers = [
        await scenarios.client.post("/v1/studies", json=study(), headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len((await scenarios.client.get("/v1/studies")).json()["items"]) == 1


async def test_another_organisation_neither_sees_nor_makes_it(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    async with scenarios.client_for(["globex"]) as client:
        assert (await client.get(f"/v1/studies/{created['id']}")).status_code == 404
        assert (await client.get("/v1/studies")).json()["items"] == []
        assert (await client.post("/v1/studies", json=study())).status_code == 403
