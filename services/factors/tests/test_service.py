"""The service on a real Postgres: the catalogue loads once, versions live their life, and nothing published changes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from common.organisations import EVERY
from common.service import Runtime
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually
from factors import events
from factors.api.requests import DraftIn
from factors.catalogue import reader
from factors.catalogue.reader import Entry
from factors.domain.catalogue import Catalogue
from factors.domain.records import FactorVersion, Status
from factors.loading import AUTHOR, Loaded, load
from factors.main import SERVICE, republish_factors
from factors.settings import FactorsSettings
from httpx import Response

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

Factors = RunningService[FactorsSettings]

FRENCH = [entry for entry in reader.entries() if entry.id.startswith("electricity-fr-")]


async def load_entries(service: Factors, entries: tuple[Entry, ...], release: str = "test") -> Loaded:
    async with service.database.transaction(EVERY) as unit:
        return await load(unit, entries, release, NOW)


async def resolve(service: Factors, **question: str) -> Response:
    asked = {"activity": "electricity", "region": "FR", "date": "2025-06-01"} | question
    return await service.client.get("/v1/resolve", params=asked)


async def published(service: Factors, draft: dict[str, Any], **changes: Any) -> Response:
    drafted = await service.client.post("/v1/factors", json=draft | changes)
    assert drafted.status_code == 201, drafted.text
    return await service.client.post(f"/v1/factors/{drafted.json()['id']}/publish")


async def test_loading_the_catalogue_publishes_each_value_once(empty: Factors) -> None:
    first = await load_entries(empty, reader.entries())
    told = await empty.take_outbox()
    changed = [event.key for event in told if event.type == events.CHANGED]
    assert sorted(first.published) == sorted(changed) == sorted(entry.id for entry in reader.entries())
    assert {event.type for event in told} == {events.CHANGED, events.RELEASE_FROZEN}

    again = await load_entries(empty, reader.entries())
    assert again == Loaded((), ())
    assert await empty.outbox() == []


async def test_a_changed_file_publishes_a_new_version_with_the_release_as_its_reason(
    french: Factors,
) -> None:
    entry = next(entry for entry in reader.entries() if entry.id == "electricity-fr-2021-ademe")
    changed = Entry(entry.id, replace(entry.content, value=0.06))
    assert (await load_entries(french, (changed,), "2027.01")).published == (entry.id,)

    history = (await french.client.get(f"/v1/factors/{entry.id}")).json()
    assert [(version["version"], version["status"]) for version in history["versions"]] == [
        (2, "published"),
        (1, "superseded"),
    ]
    assert history["versions"][0]["reason"] == "catalogue release 2027.01"
    assert history["versions"][0]["changes"] == [{"field": "value", "before": 0.0569, "after": 0.06}]
    [event] = [event for event in await french.outbox() if event.type == events.CHANGED]
    assert isinstance(event.data, dict)
    assert (event.data["version"], event.data["value"], event.data["status"]) == (2, 0.06, "published")


async def test_the_files_never_undo_what_a_person_decided(french: Factors, draft: dict[str, Any]) -> None:
    entry = next(entry for entry in reader.entries() if entry.id == "electricity-fr-2024-ember")
    await french.client.post(f"/v1/factors/{entry.id}/withdraw", json={"reason": "wrong perimeter"})
    await published(french, draft)
    changed = Entry(entry.id, replace(entry.content, value=0.06))
    rival = Entry("electricity-fr-2025-rival", replace(entry.content, **question_of(draft)))

    assert await load_entries(french, (changed, rival)) == Loaded((), (entry.id, rival.id))
    assert (await french.client.get(f"/v1/factors/{entry.id}")).json()["status"] == "withdrawn"


def question_of(draft: dict[str, Any]) -> dict[str, Any]:
    content = DraftIn.model_validate(draft).content(reader.gases())
    return {"perimeter": content.perimeter, "valid_from": content.valid_from, "valid_to": content.valid_to}


async def test_a_draft_is_invisible_until_published_and_then_resolves_and_is_told(
    empty: Factors, draft: dict[str, Any]
) -> None:
    drafted = await empty.client.post("/v1/factors", json=draft)
    assert (drafted.status_code, drafted.json()["status"], drafted.headers["etag"]) == (201, "draft", '"1"')
    assert (await resolve(empty)).status_code == 404
    assert await empty.outbox() == []

    answer = await empty.client.post(f"/v1/factors/{draft['id']}/publish")
    assert (answer.status_code, answer.json()["status"], answer.json()["published_by"]) == (200, "published", "tests")
    resolved = (await resolve(empty)).json()
    assert (resolved["factor"]["id"], resolved["factor"]["version"], resolved["factor"]["value"]) == (
        draft["id"],
        1,
        0.05,
    )
    [event] = await empty.outbox()
    assert (event.topic, event.key) == ("factors.factors", draft["id"])


async def test_the_next_version_supersedes_the_one_before(empty: Factors, draft: dict[str, Any]) -> None:
    await published(empty, draft)
    second = await published(empty, draft, value=0.051, reason="erratum")
    assert (second.json()["version"], second.json()["value"]) == (2, 0.051)
    assert (await resolve(empty)).json()["factor"]["version"] == 2
    history = (await empty.client.get(f"/v1/factors/{draft['id']}")).json()
    assert [version["status"] for version in history["versions"]] == ["published", "superseded"]
    assert [event.data["version"] for event in await empty.outbox() if event.data] == [1, 2]  # type: ignore[index]


async def test_a_withdrawn_factor_resolves_no_more_and_is_told_with_a_higher_version(
    empty: Factors, draft: dict[str, Any]
) -> None:
    await published(empty, draft)
    withdrawn = await empty.client.post(
        f"/v1/factors/{draft['id']}/withdraw", json={"reason": "retracted by its source"}
    )
    assert (withdrawn.status_code, withdrawn.json()["status"], withdrawn.json()["version"]) == (200, "withdrawn", 2)
    assert (await resolve(empty)).status_code == 404
    last = (await empty.outbox())[-1].data
    assert isinstance(last, dict)
    assert (last["status"], last["version"], last["reason"]) == ("withdrawn", 2, "retracted by its source")
    again = await empty.client.post(f"/v1/factors/{draft['id']}/withdraw", json={"reason": "again"})
    assert again.status_code == 409


async def test_two_factors_never_answer_the_same_question(empty: Factors, draft: dict[str, Any]) -> None:
    await published(empty, draft)
    rival = {"id": "electricity-fr-2025-rival", "valid_from": "2025-07-01", "valid_to": "2026-07-01"}
    refused = await published(empty, draft, **rival)
    assert refused.status_code == 409
    assert draft["id"] in refused.json()["detail"]

    other_perimeter = await published(empty, draft, id="electricity-fr-2025-production", perimeter="production")
    assert other_perimeter.status_code == 200


async def test_of_rivals_published_at_once_one_is_published_and_the_others_are_told_why(
    empty: Factors, draft: dict[str, Any]
) -> None:
    for number in range(4):
        await empty.client.post("/v1/factors", json=draft | {"id": f"rival-{number}"})
    answers = await asyncio.gather(*(empty.client.post(f"/v1/factors/rival-{number}/publish") for number in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    refused = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert refused == {"/problems/question-answered"}


async def test_overlap_is_refused_by_the_database_itself(french: Factors) -> None:
    async def insert_a_twin() -> None:
        async with french.database.transaction(EVERY) as unit:
            await unit.connection.execute("INSERT INTO factors VALUES ('twin-of-a-factor', 1)")
            await unit.connection.execute(
                """
                CREATE TEMPORARY TABLE twin ON COMMIT DROP AS
                SELECT * FROM factor_versions WHERE factor_id = 'electricity-fr-2024-ember'
                """
            )
            await unit.connection.execute("UPDATE twin SET factor_id = 'twin-of-a-factor'")
            await unit.connection.execute("INSERT INTO factor_versions SELECT * FROM twin")

    with pytest.raises(asyncpg.ExclusionViolationError):
        await insert_a_twin()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE factor_versions SET value = 0.01 WHERE factor_id = 'electricity-fr-2021-ademe'",
        "UPDATE factor_versions SET source_name = 'me' WHERE factor_id = 'electricity-fr-2021-ademe'",
        "UPDATE factor_versions SET status = 'draft' WHERE factor_id = 'electricity-fr-2021-ademe'",
        "UPDATE factor_versions SET status = 'superseded', value = 0 WHERE factor_id = 'electricity-fr-2021-ademe'",
        "UPDATE factor_versions SET version = 9 WHERE factor_id = 'electricity-fr-2021-ademe'",
        "DELETE FROM factor_versions WHERE factor_id = 'electricity-fr-2021-ademe'",
        "DELETE FROM factors WHERE id = 'electricity-fr-2021-ademe'",
        "TRUNCATE factor_versions",
        "ALTER TABLE factor_versions DISABLE TRIGGER keep_factor_versions",
        "DROP TRIGGER keep_factor_versions ON factor_versions",
        "SET session_replication_role = replica",
    ],
)
async def test_the_service_s_own_role_cannot_change_what_is_published(french: Factors, statement: str) -> None:
    async def change() -> None:
        async with french.database.transaction(EVERY) as unit:
            await unit.connection.execute(statement)

    with pytest.raises(asyncpg.PostgresError) as refusal:
        await change()
    assert isinstance(
        refusal.value,
        (asyncpg.RestrictViolationError, asyncpg.ForeignKeyViolationError, asyncpg.InsufficientPrivilegeError),
    )
    assert (await french.client.get("/v1/factors/electricity-fr-2021-ademe")).json()["value"] == 0.0569


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "", 405),
        ("PATCH", "", 405),
        ("DELETE", "", 405),
        ("POST", "/publish", 409),
        ("POST", "/submit", 409),
        ("POST", "/discard", 409),
    ],
)
async def test_no_call_changes_a_published_version(french: Factors, method: str, path: str, status: int) -> None:
    address = "/v1/factors/electricity-fr-2021-ademe"
    before = (await french.client.get(address)).json()
    answer = await french.client.request(method, f"{address}{path}", json={"value": 0.01})
    assert answer.status_code == status
    assert (await french.client.get(address)).json() == before


async def test_a_new_version_leaves_the_published_one_as_it_was(french: Factors, draft: dict[str, Any]) -> None:
    address = "/v1/factors/electricity-fr-2021-ademe"
    [first] = (await french.client.get(address)).json()["versions"]
    changes = {"id": first["id"], "valid_from": "2021-01-01", "valid_to": "2022-01-01", "published_year": 2021}
    await published(french, draft, **changes, value=0.01)
    *_, kept = (await french.client.get(address)).json()["versions"]
    assert kept == first | {"status": "superseded"}


async def test_an_old_event_told_again_changes_no_copy(french: Factors, draft: dict[str, Any]) -> None:
    assert french.parts.subscriptions == (), "the catalogue hears nobody: no event can change it"
    await published(french, draft)
    await published(french, draft, value=0.06)
    first, second = [event.data for event in await french.outbox() if event.key == draft["id"]]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert (first["version"], first["value"], second["version"], second["value"]) == (1, 0.05, 2, 0.06)
    kept = Catalogue([heard(second), heard(first)])
    found = kept.find(draft["id"])
    assert found is not None
    assert (found.version, found.content.value) == (2, 0.06)


def heard(document: dict[str, Any]) -> FactorVersion:
    """A version as a reader of the event has it, as far as it matters here."""
    entry = next(entry for entry in reader.entries() if entry.id == "electricity-fr-2024-ember")
    content = replace(entry.content, value=document["value"])
    status = Status(document["status"])
    return FactorVersion(document["id"], document["version"], status, content, "tests", document["reason"], NOW)


async def test_republishing_tells_the_present_version_of_each_factor(french: Factors, draft: dict[str, Any]) -> None:
    await published(french, draft)
    await french.client.post(f"/v1/factors/{draft['id']}/withdraw", json={"reason": "mistake"})
    await published(french, draft, value=0.06)
    async with french.database.snapshot(EVERY) as connection:
        told = [event async for event in republish_factors(connection)]
    assert len(told) == len(FRENCH) + 1
    [own] = [event.data for event in told if event.key == draft["id"]]
    assert isinstance(own, dict)
    assert (own["version"], own["status"]) == (3, "published")


async def test_another_process_is_notified_of_what_is_published_here(
    make_service: MakeService, draft: dict[str, Any]
) -> None:
    empty = await make_service(SERVICE, live_poll_s=3600, catalogue_at_start=False)
    other = RunningService(
        empty.service, empty.settings, empty.database, Runtime(empty.settings, empty.database), empty.issuer
    )
    async with other.client, other.running(workers=True):
        assert (await resolve(other)).status_code == 404
        await published(empty, draft)

        async def heard() -> bool:
            return (await resolve(other)).status_code == 200

        await eventually(heard, what="the other process resolving the new factor")


async def test_workers_load_the_catalogue_at_start(make_service: MakeService) -> None:
    service = await make_service(SERVICE)
    async with service.running(workers=True):

        async def answers() -> bool:
            return (await resolve(service, date="2021-06-01")).status_code == 200

        await eventually(answers, what="the catalogue being published")
    page = (
        await service.client.get(
            "/v1/factors", params={"activity": "electricity", "region": "FR", "year": 2021, "criterion": "gwp"}
        )
    ).json()
    assert [item["id"] for item in page["items"]] == ["electricity-fr-2021-ademe", "electricity-fr-2021-ember"]
    assert {item["author"] for item in page["items"]} == {AUTHOR}


async def test_with_four_eyes_another_person_publishes_after_review(
    make_service: MakeService, draft: dict[str, Any]
) -> None:
    service = await make_service(SERVICE, four_eyes=True)
    path = f"/v1/factors/{draft['id']}"
    async with service.client_for(client="author") as author, service.client_for(client="reviewer") as reviewer:
        await author.post("/v1/factors", json=draft)
        assert (await reviewer.post(f"{path}/publish")).json()["type"] == "/problems/review-needed"
        assert (await author.post(f"{path}/submit")).json()["status"] == "review"
        assert (await author.post(f"{path}/submit")).status_code == 409
        assert (await author.post(f"{path}/publish")).json()["type"] == "/problems/review-needed"
        published_one = (await reviewer.post(f"{path}/publish")).json()
    assert (published_one["status"], published_one["author"], published_one["published_by"]) == (
        "published",
        "author",
        "reviewer",
    )


async def test_a_discarded_draft_stays_in_the_history_and_leaves_what_is_published(
    empty: Factors, draft: dict[str, Any]
) -> None:
    await published(empty, draft)
    await empty.client.post("/v1/factors", json=draft | {"value": 0.9})
    discarded = await empty.client.post(f"/v1/factors/{draft['id']}/discard")
    assert discarded.json()["status"] == "discarded"
    assert (await empty.client.post(f"/v1/factors/{draft['id']}/publish")).json()["type"] == "/problems/no-draft"
    third = await published(empty, draft, value=0.07)
    assert third.json()["version"] == 3
    history = (await empty.client.get(f"/v1/factors/{draft['id']}")).json()
    assert [version["status"] for version in history["versions"]] == ["published", "discarded", "superseded"]
    assert (await resolve(empty)).json()["factor"]["value"] == 0.07


async def test_a_draft_that_something_came_after_is_not_published(empty: Factors, draft: dict[str, Any]) -> None:
    await published(empty, draft)
    await empty.client.post("/v1/factors", json=draft | {"value": 0.9})
    await empty.client.post(f"/v1/factors/{draft['id']}/withdraw", json={"reason": "retracted"})
    refused = await empty.client.post(f"/v1/factors/{draft['id']}/publish")
    assert refused.json()["type"] == "/problems/draft-outdated"
