"""Plans: adopted, moved on with their rules, held against footprints with their sign, shown to a committee."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from common.testing.contracts import Contracts
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from scenarios.main import SERVICE
from scenarios.republish import republish_plans
from scenarios.store import plans

from services.scenarios.tests.conftest import HOSTS, MACHINE, NOW, SITE, asset_event, month_event, organisation, study

JULY = datetime(2027, 7, 15, 12, tzinfo=UTC)
RENEWED = UUID(int=51)
OFF = {"name": "off", "actions": [{"lever": "switch_off", "on": [str(HOSTS[1])], "leaves": True}]}
RENEW_HOST: dict[str, Any] = {"lever": "renew", "on": [str(HOSTS[0])], "with": {"annual_kwh_ratio": 0.5}}
RENEW = {"name": "renew", "actions": [RENEW_HOST]}
REFERENCE = {"description": "All stays as it is", "actions": []}


@pytest.fixture
async def later(make_service: MakeService) -> RunningService[Any]:
    """The service in July of the study's first year, having heard the organisation."""
    running = await make_service(SERVICE, clock=lambda: JULY)
    await running.handle(*organisation())
    return running


async def _adopted(
    scenarios: RunningService[Any], alternative: dict[str, Any], **changes: Any
) -> tuple[dict[str, Any], str]:
    created = (await scenarios.client.post("/v1/studies", json=study(reference=REFERENCE, **changes))).json()
    added = await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=alternative)
    assert added.status_code == 201, added.text
    answer = await scenarios.client.post(f"/v1/studies/{created['id']}/plan", json={"alternative": added.json()["id"]})
    assert answer.status_code == 201, answer.text
    return answer.json(), answer.headers["ETag"]


async def _change(
    scenarios: RunningService[Any], plan: dict[str, Any], number: int = 1, **change: Any
) -> tuple[int, dict[str, Any]]:
    current = (await scenarios.client.get(f"/v1/plans/{plan['id']}")).headers["ETag"]
    answer = await scenarios.client.patch(
        f"/v1/plans/{plan['id']}/actions/{number}", json=change, headers={"If-Match": current}
    )
    return answer.status_code, answer.json()


async def _done(scenarios: RunningService[Any], plan: dict[str, Any], **change: Any) -> None:
    assert (await _change(scenarios, plan, status="decided", owner="ops"))[0] == 200
    status, answer = await _change(scenarios, plan, status="done", **change)
    assert status == 200, answer


async def _progress(scenarios: RunningService[Any], plan: dict[str, Any]) -> dict[str, Any]:
    progress: dict[str, Any] = (await scenarios.client.get(f"/v1/plans/{plan['id']}/progress")).json()
    return progress


def _months(asset: UUID, kg: float, *months: int, **fields: Any) -> list[Any]:
    """Footprints of 2027: `kg` of making, and the 5 kg of use that every month of the tests has."""
    return [month_event(asset, date(2027, month, 1), 0.0, kg - 5.0, **fields) for month in months]


async def test_an_adopted_alternative_is_a_list_of_proposals_with_what_each_is_expected_to_avoid(
    scenarios: RunningService[Any], contracts: Contracts
) -> None:
    plan, tag = await _adopted(scenarios, {"name": "both", "actions": [*OFF["actions"], *RENEW["actions"]]})
    assert tag == '"1"'
    assert [(each["label"], each["status"], each["due_on"]) for each in plan["actions"]] == [
        ("switch_off", "proposed", "2027-01-01"),
        ("renew", "proposed", "2027-01-01"),
    ]
    off, renew = plan["actions"]
    assert off["assets"] == [str(HOSTS[1])]
    assert off["expected_avoided_kg"] > 0
    assert plan["expected_avoided_kg"] == pytest.approx(off["expected_avoided_kg"] + renew["expected_avoided_kg"])
    [event] = [each for each in await scenarios.outbox() if each.topic == "scenarios.plans"]
    contracts.check_document("scenarios.plan.changed.v1", event.data)


async def test_what_is_expected_is_what_the_comparison_avoids(scenarios: RunningService[Any]) -> None:
    plan, _ = await _adopted(scenarios, OFF)
    estimate = (await scenarios.client.get(f"/v1/studies/{plan['study_id']}/snapshot")).json()
    host = next(asset for asset in estimate["assets"] if asset["ref"] == str(HOSTS[1]))
    made = host["embodied_kg"] / host["life_years"] * min(3, host["life_years"] - host["age_years"])
    used = host["annual_kwh"] * host["pue"] * 0.0569 * 3
    assert plan["expected_avoided_kg"] == pytest.approx(made + used, rel=1e-9)


@pytest.mark.parametrize(
    ("path", "change", "field", "code"),
    [
        ([], {"status": "done"}, "status", "transition"),
        ([], {"status": "decided"}, "owner", "required"),
        ([], {"status": "dropped"}, "note", "required"),
        ([], {"done_on": "2027-01-01"}, "done_on", "not_done"),
        (["decided"], {"status": "proposed"}, "status", "transition"),
        (["decided"], {"status": "done", "done_on": "2028-01-01"}, "done_on", "in_the_future"),
        (["decided"], {"due_on": "2031-01-01"}, "due_on", "after_horizon"),
        (["decided", "done"], {"status": "dropped", "note": "no"}, "status", "transition"),
        (["decided", "done"], {"owner": "another"}, "owner", "settled"),
        (["dropped"], {"status": "decided"}, "status", "transition"),
    ],
)
async def test_a_change_that_breaks_a_rule_is_refused_with_field_and_rule_and_changes_nothing(
    scenarios: RunningService[Any], path: list[str], change: dict[str, Any], field: str, code: str
) -> None:
    plan, _ = await _adopted(scenarios, OFF)
    for status in path:
        assert (
            await _change(scenarios, plan, status=status, owner="ops", note="so be it")
            if status != "done"
            else await _change(scenarios, plan, status=status)
        )[0] == 200
    before = (await scenarios.client.get(f"/v1/plans/{plan['id']}")).json()
    status_code, answer = await _change(scenarios, plan, **change)
    assert status_code == 422
    assert [(error["field"], error["code"]) for error in answer["errors"]] == [(field, code)]
    assert (await scenarios.client.get(f"/v1/plans/{plan['id']}")).json() == before


async def test_every_change_is_in_the_history_with_who_when_and_what(scenarios: RunningService[Any]) -> None:
    plan, _ = await _adopted(scenarios, OFF)
    await _done(scenarios, plan, done_on="2026-11-20", note="racks cleared")
    history = (await scenarios.client.get(f"/v1/plans/{plan['id']}/history")).json()["items"]
    assert [entry["version"] for entry in history] == [1, 2, 3]
    assert history[1]["changes"] == {"status": ["proposed", "decided"], "owner": [None, "ops"]}
    assert history[2]["changes"] == {"status": ["decided", "done"], "done_on": [None, "2026-11-20"]}
    assert history[2]["note"] == "racks cleared"
    assert {entry["by"] for entry in history} == {"tests"}
    assert history[0]["at"] == NOW.isoformat().replace("+00:00", "Z")


async def test_a_change_names_the_version_it_was_made_for(scenarios: RunningService[Any]) -> None:
    plan, tag = await _adopted(scenarios, OFF)
    path = f"/v1/plans/{plan['id']}/actions/1"
    assert (await scenarios.client.patch(path, json={"owner": "ops"})).status_code == 428
    assert (await scenarios.client.patch(path, json={"owner": "ops"}, headers={"If-Match": tag})).status_code == 200
    assert (await scenarios.client.patch(path, json={"owner": "me"}, headers={"If-Match": tag})).status_code == 412


async def test_an_action_put_off_is_expected_to_avoid_less_and_one_dropped_nothing(
    scenarios: RunningService[Any],
) -> None:
    plan, _ = await _adopted(scenarios, {"name": "both", "actions": [*OFF["actions"], *RENEW["actions"]]})
    whole = plan["expected_avoided_kg"]
    _, later = await _change(scenarios, plan, due_on="2028-01-01")
    assert later["actions"][0]["expected_avoided_kg"] < plan["actions"][0]["expected_avoided_kg"]
    _, dropped = await _change(scenarios, plan, status="dropped", note="the racks are full")
    assert dropped["actions"][0]["expected_avoided_kg"] == pytest.approx(0, abs=1e-9)
    assert dropped["expected_avoided_kg"] == pytest.approx(plan["actions"][1]["expected_avoided_kg"])
    assert dropped["expected_avoided_kg"] < whole


async def test_what_was_done_later_than_due_is_kept_with_its_day_and_moves_nothing_that_is_expected(
    later: RunningService[Any],
) -> None:
    """Long Life Support is due before the reference's renewal of January; in March the renewed kit would be too young for it."""
    renewal = {"description": "renewed", "actions": [{"lever": "renew", "on": {"kinds": ["server"]}}]}
    confirmed = ["software_supported", "spare_parts"]
    created = (await later.client.post("/v1/studies", json=study(reference=renewal, confirmed=confirmed))).json()
    alternative = {"name": "keep", "offers": [{"offer": "long-life-support"}]}
    added = (await later.client.post(f"/v1/studies/{created['id']}/scenarios", json=alternative)).json()
    plan = (await later.client.post(f"/v1/studies/{created['id']}/plan", json={"alternative": added["id"]})).json()
    status, answer = await _change(later, plan, due_on="2027-03-01")
    assert status == 422
    assert [(error["field"], error["code"]) for error in answer["errors"]] == [("due_on", "prerequisite")]
    await _done(later, plan, done_on="2027-03-01")
    done = (await later.client.get(f"/v1/plans/{plan['id']}")).json()
    assert done["actions"][0]["done_on"] == "2027-03-01"
    assert done["expected_avoided_kg"] == plan["expected_avoided_kg"] > 0


async def test_a_plan_of_offers_all_dropped_is_the_reference(scenarios: RunningService[Any]) -> None:
    renewal = {"description": "renewed", "actions": [{"lever": "renew", "on": {"kinds": ["server"]}, "year": 1}]}
    created = (
        await scenarios.client.post("/v1/studies", json=study(reference=renewal, confirmed=["eligible_use"]))
    ).json()
    alternative = {
        "name": "it",
        "offers": [{"offer": "carbonops-for-infrastructure"}, {"offer": "application-eco-optimisation"}],
    }
    added = (await scenarios.client.post(f"/v1/studies/{created['id']}/scenarios", json=alternative)).json()
    plan = (await scenarios.client.post(f"/v1/studies/{created['id']}/plan", json={"alternative": added["id"]})).json()
    assert plan["expected_avoided_kg"] > 0
    for number in (1, 2):
        _, plan = await _change(scenarios, plan, number, status="dropped", note="too dear")
    assert plan["expected_avoided_kg"] == pytest.approx(0, abs=1e-9)


async def test_a_study_has_one_active_plan_until_it_is_closed(scenarios: RunningService[Any]) -> None:
    plan, tag = await _adopted(scenarios, OFF)
    alternatives = (await scenarios.client.get(f"/v1/studies/{plan['study_id']}")).json()["alternatives"]
    adoption = {"alternative": alternatives[0]["id"]}
    again = await scenarios.client.post(f"/v1/studies/{plan['study_id']}/plan", json=adoption)
    assert again.status_code == 409
    assert "active plan" in again.json()["detail"]
    closed = await scenarios.client.post(
        f"/v1/plans/{plan['id']}/close", json={"reason": "another way"}, headers={"If-Match": tag}
    )
    assert (closed.json()["status"], closed.json()["closed_reason"]) == ("closed", "another way")
    assert (await _change(scenarios, plan, owner="ops"))[0] == 409
    assert (await scenarios.client.post(f"/v1/studies/{plan['study_id']}/plan", json=adoption)).status_code == 201


async def test_what_was_saved_is_the_reference_less_the_footprints_of_host_and_machines(
    later: RunningService[Any],
) -> None:
    """The host's reference holds what its machine used when it was frozen, so the machine's footprint counts with it."""
    plan, _ = await _adopted(later, RENEW)
    await later.handle(*_months(HOSTS[0], 12.0, 1, 2, 3, 4, 5, 6), *_months(MACHINE, 6.0, 1, 2, 3, 4, 5, 6))
    progress = await _progress(later, plan)
    assert [month["month"] for month in progress["plan"]["months"]] == [f"2027-{month:02}" for month in range(1, 7)]
    for month in progress["plan"]["months"]:
        assert month["footprint_kg"] == pytest.approx(18.0)
        assert month["realised_avoided_kg"] == pytest.approx(month["reference_kg"] - 18.0)
        assert month["expected_avoided_kg"] == pytest.approx(month["expected_eer_kg"] + month["expected_eema_kg"])
    assert progress["plan"]["known_months"] == 6
    # A month of the study is brought to the days of the calendar month.
    january, february = progress["plan"]["months"][:2]
    assert february["reference_kg"] == pytest.approx(january["reference_kg"] * 28 / 31)


async def test_kit_that_emits_more_than_the_reference_shows_a_negative_saving(later: RunningService[Any]) -> None:
    plan, _ = await _adopted(later, RENEW)
    await later.handle(*_months(HOSTS[0], 500.0, 1, 2, 3, 4, 5, 6), *_months(MACHINE, 6.0, 1, 2, 3, 4, 5, 6))
    progress = await _progress(later, plan)
    assert all(month["realised_avoided_kg"] < -400 for month in progress["plan"]["months"])
    assert progress["plan"]["realised_avoided_kg"] < -2400
    page = (await later.client.get(f"/v1/plans/{plan['id']}/committee?month=2027-06")).json()
    assert page["result"][0]["month_realised_kg"] == progress["plan"]["months"][-1]["realised_avoided_kg"] < 0


async def test_a_month_without_a_footprint_is_not_taken_for_a_saving(later: RunningService[Any]) -> None:
    plan, _ = await _adopted(later, RENEW)
    await later.handle(*_months(HOSTS[0], 12.0, 1, 2, 4))
    progress = (await _progress(later, plan))["plan"]
    assert [month["realised_avoided_kg"] is None for month in progress["months"]] == [
        False,
        False,
        True,
        False,
        True,
        True,
    ]
    assert progress["months"][2]["reason"] == f"no footprint was heard of {HOSTS[0]}"
    assert progress["known_months"] == 3
    assert progress["expected_in_known_months_kg"] == pytest.approx(
        sum(progress["months"][index]["expected_avoided_kg"] for index in (0, 1, 3))
    )


def _retired(asset: UUID) -> Any:
    """In service until March 2027, retired then."""
    place = {"site_id": str(SITE)}
    return asset_event(
        asset,
        "server",
        version=2,
        timeline=[
            {"from": "2023-01-01T00:00:00Z", "to": "2027-03-01T00:00:00Z", "status": "in_service", **place},
            {"from": "2027-03-01T00:00:00Z", "to": None, "status": "retired", **place},
        ],
    )


async def test_renewed_kit_counts_with_what_came_in_its_place_and_until_that_is_said_nothing_is_claimed(
    later: RunningService[Any],
) -> None:
    plan, _ = await _adopted(later, RENEW)
    await later.handle(
        _retired(HOSTS[0]),
        asset_event(RENEWED, "server"),
        *_months(HOSTS[0], 12.0, 1, 2),
        *_months(RENEWED, 9.0, 3, 4, 5, 6),
    )
    unsaid = (await _progress(later, plan))["plan"]["months"]
    assert [month["realised_avoided_kg"] is None for month in unsaid] == [False, False, True, True, True, True]
    assert unsaid[2]["reason"] == f"nobody has said what came in the place of {HOSTS[0]} (replaced_by)"
    await _done(later, plan, done_on="2027-03-01", replaced_by=[str(RENEWED)])
    said = (await _progress(later, plan))["plan"]["months"]
    assert [month["footprint_kg"] for month in said] == pytest.approx([12.0, 12.0, 9.0, 9.0, 9.0, 9.0])


async def test_what_came_in_the_place_of_kit_is_named_by_id_and_counts_only_once_it_is_heard_of(
    later: RunningService[Any],
) -> None:
    plan, _ = await _adopted(later, RENEW)
    status, answer = await _change(later, plan, replaced_by=["the new one"])
    assert (status, answer["errors"][0]["field"]) == (422, "replaced_by.0")
    await later.handle(_retired(HOSTS[0]), *_months(HOSTS[0], 12.0, 1, 2))
    await _done(later, plan, done_on="2027-03-01", replaced_by=[str(UUID(int=99))])
    months = (await _progress(later, plan))["plan"]["months"]
    assert months[1]["realised_avoided_kg"] is not None
    assert {month["reason"] for month in months[2:]} == {f"no footprint was heard of {UUID(int=99)}"}


async def test_what_is_switched_off_for_good_saves_all_that_it_would_have_emitted(later: RunningService[Any]) -> None:
    plan, _ = await _adopted(later, OFF)
    await later.handle(_retired(HOSTS[1]), *_months(HOSTS[1], 12.0, 1, 2))
    months = (await _progress(later, plan))["plan"]["months"]
    assert months[2]["footprint_kg"] == 0
    assert months[2]["realised_avoided_kg"] == months[2]["reference_kg"] > 0


async def test_actions_on_the_same_assets_are_counted_once_in_the_plan(later: RunningService[Any]) -> None:
    twice = {"lever": "right_size", "share": 0.2, "on": [str(HOSTS[1])]}
    plan, _ = await _adopted(later, {"name": "twice", "actions": [twice, twice]})
    await later.handle(*_months(HOSTS[1], 12.0, 1, 2, 3, 4, 5, 6))
    progress = await _progress(later, plan)
    first, second = progress["actions"]
    assert first["realised_avoided_kg"] == second["realised_avoided_kg"]
    assert progress["plan"]["realised_avoided_kg"] == pytest.approx(first["realised_avoided_kg"])


async def test_the_committee_sees_what_was_decided_done_saved_and_comes_next(later: RunningService[Any]) -> None:
    again = {**RENEW_HOST, "year": 1}
    three = {"name": "three", "actions": [*OFF["actions"], *RENEW["actions"], again]}
    plan, _ = await _adopted(later, three)
    await later.handle(*_months(HOSTS[0], 12.0, 1, 2, 3, 4, 5, 6), *_months(HOSTS[1], 12.0, 1, 2, 3, 4, 5, 6))
    await _done(later, plan, done_on="2027-06-10")
    assert (await _change(later, plan, 2, status="decided", owner="it", due_on="2027-06-20"))[0] == 200
    june = (await later.client.get(f"/v1/plans/{plan['id']}/committee?month=2027-06")).json()
    july = (await later.client.get(f"/v1/plans/{plan['id']}/committee?month=2027-07")).json()
    assert [each["number"] for each in june["implement"]] == [1]
    assert [each["number"] for each in june["propose"]] == [3]
    assert [(each["number"], each["overdue"]) for each in june["next"]] == [(2, True)]
    assert [each["number"] for each in july["decided"]] == [1, 2]
    assert [each["number"] for each in june["result"]] == [None, 1, 2, 3]
    assert june["result"][1]["month_realised_kg"] is not None
    assert july["result"][0]["reason"] == "the month is not within the study, or not over"
    assert june["analyse"]["footprint_kg"] == pytest.approx(24.0)


async def test_the_page_of_a_month_adds_up_to_its_own_end_and_not_to_today(later: RunningService[Any]) -> None:
    plan, _ = await _adopted(later, RENEW)
    await later.handle(*_months(HOSTS[0], 12.0, 1, 2, 3, 4, 5, 6), *_months(MACHINE, 6.0, 1, 2, 3, 4, 5, 6))
    months = (await _progress(later, plan))["plan"]["months"]
    march = (await later.client.get(f"/v1/plans/{plan['id']}/committee?month=2027-03")).json()["result"][0]
    for name, summed in (("so_far_realised_kg", "realised_avoided_kg"), ("so_far_expected_kg", "expected_avoided_kg")):
        assert march[name] == pytest.approx(sum(month[summed] for month in months[:3]))


async def test_a_plan_can_be_published_anew_as_it_is(scenarios: RunningService[Any]) -> None:
    plan, _ = await _adopted(scenarios, OFF)
    await _change(scenarios, plan, status="decided", owner="ops")
    told = [each for each in await scenarios.outbox() if each.topic == "scenarios.plans"]
    async with scenarios.database.transaction("*") as unit:
        [again] = [event async for event in republish_plans(unit.connection)]
        assert (await plans.find_plan(unit.connection, UUID(plan["id"]))) is not None
    assert again.key == plan["id"]
    assert [each.data["version"] for each in told] == [1, 2]  # type: ignore[index]
    assert again.data["version"] == 2  # type: ignore[index]


async def test_another_organisation_sees_neither_plan_nor_history_and_changes_nothing(
    scenarios: RunningService[Any],
) -> None:
    plan, tag = await _adopted(scenarios, OFF)
    async with scenarios.client_for(orgs=["other"]) as stranger:
        for path in ("", "/history", "/progress", "/committee?month=2027-01"):
            assert (await stranger.get(f"/v1/plans/{plan['id']}{path}")).status_code == 404
        assert (await stranger.get("/v1/plans")).json()["items"] == []
        changed = await stranger.patch(
            f"/v1/plans/{plan['id']}/actions/1", json={"owner": "me"}, headers={"If-Match": tag}
        )
        assert changed.status_code == 404
        closed = await stranger.post(f"/v1/plans/{plan['id']}/close", json={"reason": "x"}, headers={"If-Match": tag})
        assert closed.status_code == 404
