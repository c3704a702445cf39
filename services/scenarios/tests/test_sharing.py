"""Studies kept in versions, pinned to releases, given what is not known, and shown to others: to read, and nothing else."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from common.events import Event
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from scenarios.domain.fleet import Horizon
from scenarios.domain.snapshot import Snapshot
from scenarios.domain.study import StudyDefinition
from scenarios.main import SERVICE
from scenarios.worker import RunWorker

from services.scenarios.tests.conftest import (
    HOSTS,
    LONG_LIFE,
    NOW,
    UNKNOWN,
    asset_event,
    factor_event,
    month_event,
    organisation,
    study,
)

RELEASED = {
    "id": "electricity-fr-2021-ademe",
    "version": 7,
    "status": "published",
    "activity": "electricity",
    "criterion": "gwp",
    "value": 0.2,
    "region": "FR",
    "valid_from": "2021-01-01",
    "valid_to": None,
    "perimeter": "production",
}


def _part(number: int, *factors: dict[str, Any], parts: int = 2) -> Event:
    data = {
        "name": "2026-H2",
        "note": "",
        "author": "catalogue",
        "created_at": "2026-11-01T00:00:00Z",
        "version": 1,
        "part": number,
        "parts": parts,
        "factors": list(factors),
    }
    return Event(
        "factors.releases", "factors.release.frozen.v1", f"2026-H2/{number}", f"release/2026-H2/{number}", data
    )


def _life(kind: str, value: float) -> dict[str, Any]:
    return RELEASED | {
        "id": f"life-{kind}",
        "activity": f"life.{kind}",
        "criterion": "parameter",
        "value": value,
        "region": None,
        "perimeter": None,
    }


CONSUMED = RELEASED | {
    "id": "electricity-fr-2022-consumption",
    "perimeter": "consumption",
    "value": 9.0,
    "valid_from": "2022-01-01",
}


async def _create(scenarios: RunningService[Any], **changes: Any) -> dict[str, Any]:
    answer = await scenarios.client.post("/v1/studies", json=study(**changes))
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def _snapshot(scenarios: RunningService[Any], study_id: str) -> dict[str, Any]:
    snapshot: dict[str, Any] = (await scenarios.client.get(f"/v1/studies/{study_id}/snapshot")).json()
    return snapshot


async def test_what_was_created_can_be_sent_again_as_it_was_answered(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    assert created["definition"]["reference"]["actions"][0]["with"]["annual_kwh_ratio"] == 0.7
    again = await scenarios.client.put(
        f"/v1/studies/{created['id']}", json=created["definition"], headers={"If-Match": '"1"'}
    )
    assert again.status_code == 200
    assert again.json()["definition"] == created["definition"]
    added = (await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=LONG_LIFE)).json()
    assert added["actions"][0]["with"]["opex_eur_per_year"] == "350.00"


async def test_every_change_of_a_study_is_a_version_that_can_be_read_and_restored(
    scenarios: RunningService[Any],
) -> None:
    created = await _create(scenarios)
    path = f"/v1/studies/{created['id']}"
    alternative = (await scenarios.client.post(f"{path}/scenarios", json=LONG_LIFE)).json()
    assert (await scenarios.client.get(path)).headers["ETag"] == '"2"'
    await scenarios.client.put(path, json=study(years=7), headers={"If-Match": '"2"'})
    await scenarios.client.delete(f"{path}/scenarios/{alternative['id']}")
    versions = (await scenarios.client.get(f"{path}/versions")).json()["items"]
    assert [(version["number"], version["change"], version["recorded_by"]) for version in versions] == [
        (4, "alternative 'long-life-support' taken out", "tests"),
        (3, "definition replaced", "tests"),
        (2, "alternative 'long-life-support' added", "tests"),
        (1, "created", "tests"),
    ]
    second = (await scenarios.client.get(f"{path}/versions/2")).json()
    assert second["definition"]["years"] == 3
    assert [each["name"] for each in second["alternatives"]] == ["long-life-support"]
    restored = await scenarios.client.put(path, json=second["definition"], headers={"If-Match": '"4"'})
    assert restored.json()["definition"]["years"] == 3
    assert (await scenarios.client.get(f"{path}/versions/9")).status_code == 404


async def test_a_copy_says_what_it_was_copied_from(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    copy = (await scenarios.client.post(f"/v1/studies/{created['id']}/duplicate", json={"name": "Plan B"})).json()
    versions = (await scenarios.client.get(f"/v1/studies/{copy['id']}/versions")).json()["items"]
    assert [version["change"] for version in versions] == ["copied from 'Servers 2027', version 1"]


async def test_a_copy_asked_for_twice_with_one_key_is_made_once(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    path, key = f"/v1/studies/{created['id']}/duplicate", {"Idempotency-Key": "a-key-of-a-copy"}
    first, second = [await scenarios.client.post(path, json={"name": "Plan B"}, headers=key) for _ in range(2)]
    assert first.json() == second.json()
    assert len((await scenarios.client.get("/v1/studies")).json()["items"]) == 2


async def test_a_study_pinned_to_a_release_takes_its_factors_and_names_it(scenarios: RunningService[Any]) -> None:
    await scenarios.handle(_part(1, RELEASED, CONSUMED), _part(2, _life("server", 8.0)))
    assert [each["name"] for each in (await scenarios.client.get("/v1/releases")).json()["items"]] == ["2026-H2"]
    created = await _create(scenarios, release="2026-H2")
    snapshot = await _snapshot(scenarios, created["id"])
    assert {(factor["id"], factor["version"], factor["value"]) for factor in snapshot["factors"]} == {
        ("electricity-fr-2021-ademe", 7, 0.2),
        ("life-server", 7, 8.0),
    }
    await scenarios.handle(factor_event("electricity-fr-2021-ademe", "electricity", 0.5, region="FR", version=9))
    refreshed = (await scenarios.client.post(f"/v1/studies/{created['id']}/snapshot")).json()
    assert refreshed["changed"] == {}


async def test_a_release_of_which_a_part_is_missing_cannot_be_pinned_to(scenarios: RunningService[Any]) -> None:
    await scenarios.handle(_part(1, RELEASED))
    assert (await scenarios.client.get("/v1/releases")).json()["items"] == []
    answer = await scenarios.client.post("/v1/studies", json=study(release="2026-H2"))
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("release", "unknown_release")]


async def test_a_part_heard_twice_is_kept_once(scenarios: RunningService[Any]) -> None:
    await scenarios.handle(_part(1, RELEASED, parts=1), _part(1, RELEASED | {"value": 0.9}, parts=1))
    await scenarios.handle(_part(1, RELEASED | {"value": 0.9}, parts=1))
    snapshot = await _snapshot(scenarios, (await _create(scenarios, release="2026-H2", given=[GIVEN_LIFE]))["id"])
    assert {factor["value"] for factor in snapshot["factors"]} in ({0.2}, {0.9})
    assert len(snapshot["factors"]) == 1


GIVEN_LIFE = {"kinds": ["server"], "life_years": 6, "source": "the customer's accounts"}


async def test_electricity_of_another_perimeter_is_never_taken(scenarios: RunningService[Any]) -> None:
    await scenarios.handle(
        factor_event(
            "fr-consumption", "electricity", 9.0, region="FR", valid_from="2026-01-01", perimeter="consumption"
        )
    )
    snapshot = await _snapshot(scenarios, (await _create(scenarios))["id"])
    assert {asset["electricity"] for asset in snapshot["assets"]} == {"electricity-fr-2021-ademe"}


def _of_france(perimeter: str, value: float, year: int = 2026) -> Event:
    """A part of a kWh of the French grid, of one year."""
    return factor_event(
        f"fr-{perimeter}", "electricity", value, region="FR", valid_from=f"{year}-01-01", valid_to=f"{year + 1}-01-01", perimeter=perimeter,
    )  # fmt: skip


async def _kg_per_kwh(scenarios: RunningService[Any], created: dict[str, Any]) -> set[float]:
    """What a kWh of each of its assets weighs in the first year."""
    snapshot = Snapshot.model_validate(await _snapshot(scenarios, created["id"]))
    by_step = StudyDefinition.model_validate(study()).kg_per_kwh(snapshot, Horizon(3, 1))
    return set(by_step[0].tolist())


async def test_a_kwh_weighs_all_that_a_footprint_counts_of_it_and_each_part_once(
    scenarios: RunningService[Any],
) -> None:
    """Of the life cycle 0.0569; with losses beside it 0.0569 + 0.004; once direct emissions are known 0.02 + 0.015 + 0.004, upstream
    no longer inside; losses that are too old do not count."""
    before = await _create(scenarios)
    await scenarios.handle(_of_france("upstream", 0.015), _of_france("losses", 0.004))
    with_losses = await _create(scenarios)
    (asset, *_) = (await _snapshot(scenarios, with_losses["id"]))["assets"]
    assert (asset["electricity"], asset["beside"]) == ("electricity-fr-2021-ademe", ["fr-losses"])
    await scenarios.handle(_of_france("direct", 0.02))
    split = await _create(scenarios)
    snapshot = await _snapshot(scenarios, split["id"])
    assert {(each["electricity"], *each["beside"]) for each in snapshot["assets"]} == {
        ("fr-direct", "fr-upstream", "fr-losses")
    }
    assert {each["id"]: each["perimeter"] for each in snapshot["factors"] if each["activity"] == "electricity"} == {
        f"fr-{name}": name for name in ("direct", "upstream", "losses")
    }
    assert await _kg_per_kwh(scenarios, before) == {0.0569}
    assert await _kg_per_kwh(scenarios, with_losses) == {0.0569 + 0.004}
    assert await _kg_per_kwh(scenarios, split) == {0.02 + 0.015 + 0.004}


async def test_losses_of_a_grid_of_long_ago_are_not_counted(scenarios: RunningService[Any]) -> None:
    await scenarios.handle(_of_france("losses", 0.004, year=2020))
    snapshot = await _snapshot(scenarios, (await _create(scenarios))["id"])
    assert {tuple(each["beside"]) for each in snapshot["assets"]} == {()}


async def test_an_asset_of_which_the_study_says_what_is_not_known_is_in_it_with_the_source(
    scenarios: RunningService[Any],
) -> None:
    """Of the third server neither energy nor making is known."""
    without = await _snapshot(scenarios, (await _create(scenarios))["id"])
    assert [each["ref"] for each in without["left_out"] if each["kind"] == "server"] == [str(UNKNOWN)]
    given = {"kinds": ["server"], "annual_kwh": 2000, "embodied_kg": 1300, "source": "data sheet"}
    snapshot = await _snapshot(scenarios, (await _create(scenarios, given=[given]))["id"])
    [asset] = [each for each in snapshot["assets"] if each["ref"] == str(UNKNOWN)]
    assert (asset["annual_kwh"], asset["embodied_kg"]) == (2000, 1300)
    assert asset["evidence"]["energy"] == asset["evidence"]["embodied"] == "study: data sheet"
    [host] = [each for each in snapshot["assets"] if each["ref"] == str(HOSTS[1])]
    assert host["evidence"]["energy"].startswith("footprint"), "what is known comes first"


async def test_what_happened_after_the_start_does_not_tell_the_starting_point(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE, clock=lambda: NOW)
    months = [
        month_event(HOSTS[0], date(2026, month, 1), 150.0 if month < 7 else 900.0, 20.0) for month in range(1, 12)
    ]
    await scenarios.handle(*organisation()[:3], factor_event("life-server", "life.server", 5, criterion="parameter"))
    await scenarios.handle(asset_event(HOSTS[0], "server"), *months)
    snapshot = await _snapshot(scenarios, (await _create(scenarios, start="2026-07-01"))["id"])
    [host] = snapshot["assets"]
    assert host["annual_kwh"] == pytest.approx(150.0 * 4 / (28 + 31 + 30 + 31) * 365 / 1.5)


READ_ONLY = ("", "/snapshot", "/offers", "/runs", "/versions", "/versions/1", "/shares")


async def test_a_study_that_is_shared_can_be_read_whole_and_not_changed(scenarios: RunningService[Any]) -> None:
    created = await _create(scenarios)
    path = f"/v1/studies/{created['id']}"
    alternative = (await scenarios.client.post(f"{path}/scenarios", json=LONG_LIFE)).json()
    run = (await scenarios.client.post(f"{path}/runs", json={})).json()
    await RunWorker(scenarios.database, scenarios.settings.database_url, lambda: NOW).take_one()
    plan = (await scenarios.client.post(f"{path}/plan", json={"alternative": alternative["id"]})).json()
    async with scenarios.client_for(orgs=["partner"]) as partner:
        for end in READ_ONLY:
            assert (await partner.get(path + end)).status_code == 404, end
        assert (await scenarios.client.put(f"{path}/shares/partner")).status_code == 204
        for end in READ_ONLY:
            assert (await partner.get(path + end)).status_code == 200, end
        assert [each["id"] for each in (await partner.get("/v1/studies")).json()["items"]] == [created["id"]]
        assert (await partner.get(f"/v1/runs/{run['id']}")).json()["status"] == "done"
        assert (await partner.get(f"/v1/runs/{run['id']}/years.csv")).status_code == 200
        for end in ("", "/history", "/progress", "/committee?month=2027-01"):
            assert (await partner.get(f"/v1/plans/{plan['id']}{end}")).status_code == 200, end
        tag = {"If-Match": "*"}
        for answer in (
            await partner.put(path, json=study(), headers=tag),
            await partner.post(f"{path}/scenarios", json=LONG_LIFE | {"name": "mine"}),
            await partner.put(f"{path}/scenarios/{alternative['id']}", json=LONG_LIFE, headers=tag),
            await partner.delete(f"{path}/scenarios/{alternative['id']}"),
            await partner.post(f"{path}/duplicate", json={"name": "mine"}),
            await partner.post(f"{path}/snapshot"),
            await partner.post(f"{path}/runs", json={}),
            await partner.post(f"{path}/uncertainty", json={}),
            await partner.post(f"{path}/optimum", json={"budget_eur": "1"}),
            await partner.post(f"{path}/plan", json={"alternative": alternative["id"]}),
            await partner.put(f"{path}/shares/third"),
            await partner.delete(f"{path}/shares/partner"),
            await partner.patch(f"/v1/plans/{plan['id']}/actions/1", json={"owner": "me"}, headers=tag),
            await partner.post(f"/v1/plans/{plan['id']}/close", json={"reason": "mine"}, headers=tag),
        ):
            assert answer.status_code == 403, (answer.request.method, answer.request.url.path, answer.text)
        assert (await scenarios.client.delete(f"{path}/shares/partner")).status_code == 204
        assert (await partner.get(path)).status_code == 404
    kept = (await scenarios.client.get(path)).json()
    assert [each["name"] for each in kept["alternatives"]] == ["long-life-support"]


async def test_every_route_to_a_study_or_run_is_closed_to_another_organisation(scenarios: RunningService[Any]) -> None:
    """Each path of the API that holds an id, with every method that it has."""
    created = await _create(scenarios)
    path = f"/v1/studies/{created['id']}"
    alternative = (await scenarios.client.post(f"{path}/scenarios", json=LONG_LIFE)).json()
    run = (await scenarios.client.post(f"{path}/runs", json={})).json()
    await RunWorker(scenarios.database, scenarios.settings.database_url, lambda: NOW).take_one()
    plan = (await scenarios.client.post(f"{path}/plan", json={"alternative": alternative["id"]})).json()
    filled = {
        "{study_id}": created["id"],
        "{alternative_id}": alternative["id"],
        "{run_id}": run["id"],
        "{plan_id}": plan["id"],
        "{number}": "1",
        "{extension}": "csv",
        "{org}": "other",
    }
    bodies: dict[str, Any] = {
        "/duplicate": {"name": "mine"},
        "/uncertainty": {},
        "/optimum": {"budget_eur": "1"},
        "/runs": {},
        "/scenarios": LONG_LIFE,
        "/plan": {"alternative": str(UUID(int=1))},
        "/close": {"reason": "mine"},
    }
    tried = 0
    async with scenarios.client_for(orgs=["other"]) as stranger:
        for route, operations in scenarios.app.openapi()["paths"].items():
            if not any(name in route for name in ("{study_id}", "{run_id}", "{plan_id}")):
                continue
            address = route
            for name, value in filled.items():
                address = address.replace(name, value)
            for method in operations:
                body: Any = next((body for end, body in bodies.items() if route.endswith(end)), {})
                if method == "put" and "shares" not in route:
                    body = LONG_LIFE if "scenarios" in route else study()
                query = "?month=2027-01" if route.endswith("committee") else ""
                sent: Any = {} if method in ("get", "delete") or "shares" in route else {"json": body}
                answer = await stranger.request(method, address + query, headers={"If-Match": "*"}, **sent)
                assert answer.status_code == 404, (method, route, answer.status_code, answer.text)
                tried += 1
    assert tried >= 25
