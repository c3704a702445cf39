"""What every API of the platform does in the same way."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from common.api.cursors import decode, encode
from common.api.problems import Problem
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import AwareDatetime
from sample import SAMPLE

THING = {"id": "t-1", "org": "acme", "name": "first"}


async def post(client: httpx.AsyncClient, body: Mapping[str, object], **headers: str) -> httpx.Response:
    return await client.post("/v1/things", json=body, headers=headers)


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{code}"
    assert document["status"] == status
    return document


async def test_a_created_thing_is_stored_and_its_event_waits_in_the_outbox(sample: RunningService) -> None:
    answer = await post(sample.client, THING)

    assert answer.status_code == 201
    (event,) = await sample.outbox()
    assert (event.topic, event.type, event.key) == ("sample.things", "sample.thing.changed.v1", "t-1")
    assert event.data == {**THING, "version": 1}


async def test_a_failed_use_case_leaves_neither_row_nor_event(sample: RunningService) -> None:
    await post(sample.client, THING)
    again = await post(sample.client, THING)

    problem_of(again, 500, "internal-error")
    assert len(await sample.outbox()) == 1


async def test_an_invalid_field_is_named_with_its_value_and_rule(sample: RunningService) -> None:
    document = problem_of(await post(sample.client, {**THING, "id": "Not An Id"}), 422, "invalid")

    (error,) = document["errors"]
    assert error["field"] == "id"
    assert error["code"] == "string_pattern_mismatch"
    assert "Not An Id" in error["detail"]


async def test_a_query_parameter_that_a_call_does_not_have_is_refused_and_named(sample: RunningService) -> None:
    answer = await sample.client.get("/v1/things", params={"limit": 2, "orgs": "acme"})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("orgs", "unknown_parameter")
    assert "acme" in error["detail"]
    assert "known are cursor, limit" in error["detail"]
    assert (await sample.client.get("/v1/things", params={"limit": 2})).status_code == 200
    assert (await sample.client.post("/v1/things?dry_run=true", json={"name": "one"})).status_code == 422


async def test_a_text_that_cannot_be_stored_is_refused_and_not_a_crash(sample: RunningService) -> None:
    problem_of(await post(sample.client, {**THING, "name": "a\0b"}), 422, "unstorable-text")


async def test_malformed_json_is_a_400(sample: RunningService) -> None:
    answer = await sample.client.post("/v1/things", content=b'{"id": NaN', headers={"content-type": "application/json"})
    problem_of(answer, 400, "malformed-json")


async def test_an_unknown_path_is_a_problem_too(sample: RunningService) -> None:
    problem_of(await sample.client.get("/v1/nothing"), 404, "not-found")


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (None, "bearer token"),
        ("not-a-token", "not valid"),
        ({"audience": "another"}, "Audience"),
        ({"lifetime": timedelta(hours=-1)}, "expired"),
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, "Signature"),
    ],
)
async def test_a_call_without_a_valid_token_is_refused(sample: RunningService, token: Any, says: str) -> None:
    if isinstance(token, dict):
        token = sample.issuer.token(**token)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sample.app), base_url="http://service") as stranger:
        document = problem_of(await stranger.get("/v1/things", headers=headers), 401, "unauthorized")
    assert says in str(document["detail"])


async def test_a_token_without_the_scope_is_refused(sample: RunningService) -> None:
    async with sample.client_for(scopes=["inventory:read"]) as reader:
        problem_of(await post(reader, THING), 403, "forbidden")


async def test_a_token_sees_and_writes_only_its_organisations(sample: RunningService) -> None:
    await post(sample.client, THING)
    async with sample.client_for(["other"]) as stranger:
        assert (await stranger.get("/v1/things")).json()["items"] == []
        problem_of(await post(stranger, {**THING, "id": "t-2"}), 403, "forbidden")
        change = await stranger.patch("/v1/things/t-1", json={"name": "taken"}, headers={"If-Match": '"1"'})
        problem_of(change, 404, "not-found")


async def test_row_level_security_hides_rows_from_a_query_that_forgot_to_ask(sample: RunningService) -> None:
    await post(sample.client, THING)
    async with sample.database.snapshot(frozenset({"other"})) as connection:
        assert await connection.fetch("SELECT * FROM things") == []
    async with sample.database.snapshot(frozenset()) as connection:
        assert await connection.fetch("SELECT * FROM things") == []
    async with sample.database.snapshot(frozenset({"acme", "other"})) as connection:
        assert len(await connection.fetch("SELECT * FROM things")) == 1


async def test_the_same_key_and_request_is_answered_twice_and_done_once(sample: RunningService) -> None:
    first = await post(sample.client, THING, **{"Idempotency-Key": "k"})
    second = await post(sample.client, THING, **{"Idempotency-Key": "k"})

    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["etag"] == first.headers["etag"]
    assert len(await sample.outbox()) == 1


async def test_the_same_key_with_another_request_is_refused(sample: RunningService) -> None:
    await post(sample.client, THING, **{"Idempotency-Key": "k"})
    answer = await post(sample.client, {**THING, "name": "changed"}, **{"Idempotency-Key": "k"})
    problem_of(answer, 422, "idempotency-key-reused")


async def test_the_same_key_of_another_client_is_another_key(sample: RunningService) -> None:
    await post(sample.client, THING, **{"Idempotency-Key": "k"})
    async with sample.client_for(client="another") as other:
        assert (await post(other, {**THING, "id": "t-2"}, **{"Idempotency-Key": "k"})).status_code == 201


async def test_of_many_concurrent_requests_with_one_key_one_creates(sample: RunningService) -> None:
    answers = await asyncio.gather(*(post(sample.client, THING, **{"Idempotency-Key": "k"}) for _ in range(20)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert any(answer.status_code == 201 for answer in answers)
    assert len(await sample.outbox()) == 1


async def test_a_key_whose_use_case_failed_can_be_used_again(sample: RunningService) -> None:
    await post(sample.client, THING)
    problem_of(await post(sample.client, THING, **{"Idempotency-Key": "k"}), 500, "internal-error")
    assert (await post(sample.client, {**THING, "id": "t-2"}, **{"Idempotency-Key": "k"})).status_code == 201


async def test_an_update_must_name_the_version_it_changes(sample: RunningService) -> None:
    await post(sample.client, THING)

    problem_of(await sample.client.patch("/v1/things/t-1", json={"name": "b"}), 428, "precondition-required")
    stale = await sample.client.patch("/v1/things/t-1", json={"name": "b"}, headers={"If-Match": '"7"'})
    problem_of(stale, 412, "precondition-failed")
    fresh = await sample.client.patch("/v1/things/t-1", json={"name": "b"}, headers={"If-Match": '"1"'})
    assert fresh.json()["version"] == 2


async def test_pages_hold_every_row_once(sample: RunningService) -> None:
    for number in range(5):
        await post(sample.client, {**THING, "id": f"t-{number}"})
    seen: list[str] = []
    cursor = None
    while True:
        page = (
            await sample.client.get("/v1/things", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"t-{number}" for number in range(5)]


@pytest.mark.parametrize("cursor", ["", "x", "W10", encode("a", "b"), encode(7)])
async def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        decode(cursor, int, str)
    assert refused.value.status == 422


async def test_an_instant_in_a_cursor_is_one_of_the_calendar_in_every_zone() -> None:
    made_at = datetime(2026, 11, 1, tzinfo=UTC)
    assert decode(encode(made_at, "x"), AwareDatetime, str) == (made_at, "x")
    for beyond in ("9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"):
        with pytest.raises(Problem) as refused:
            decode(encode(beyond), AwareDatetime)
        assert refused.value.status == 422


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit_is_a_413(make_service: MakeService, declared: bool) -> None:
    service = await make_service(SAMPLE, body_limit_bytes=2000)
    body = b'{"id": "t-1", "org": "acme", "name": "' + b"x" * 3000 + b'"}'

    async def chunks() -> AsyncIterator[bytes]:
        yield body[:1500]
        yield body[1500:]

    headers = {"content-type": "application/json"}
    answer = await service.client.post("/v1/things", content=body if declared else chunks(), headers=headers)
    problem_of(answer, 413, "too-large")


async def test_a_client_over_its_rate_is_told_when_to_come_back(make_service: MakeService) -> None:
    service = await make_service(SAMPLE, rate_limit="3/hour")
    statuses = [(await service.client.get("/v1/things")).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = await service.client.get("/v1/things")
    assert int(refused.headers["retry-after"]) >= 1
    async with service.client_for(client="another") as other:
        assert (await other.get("/v1/things")).status_code == 200


async def test_writes_are_refused_while_the_outbox_is_full_and_reads_are_not(make_service: MakeService) -> None:
    service = await make_service(SAMPLE, outbox_limit=2)
    for number in range(3):
        await post(service.client, {**THING, "id": f"t-{number}"})
        async with service.database.snapshot("*") as connection:
            await service.database.gate.measure(connection)
    answer = await post(service.client, {**THING, "id": "t-9"})
    problem_of(answer, 503, "unavailable")
    assert "retry-after" in answer.headers
    assert len((await service.client.get("/v1/things")).json()["items"]) == 2


async def test_health_says_live_and_ready_without_a_token(sample: RunningService) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(sample.app), base_url="http://service") as probe:
        assert (await probe.get("/livez")).json() == {"status": "live"}
        assert (await probe.get("/readyz")).json() == {"status": "ready"}
        assert "http_request_seconds_count" in (await probe.get("/metrics")).text


async def test_a_crash_is_a_problem_that_tells_nothing_of_the_inside(sample: RunningService) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    document = problem_of(await sample.client.post("/v1/crash", headers=headers), 500, "internal-error")
    assert "on purpose" not in str(document)
    assert document["trace_id"] == trace_id


@pytest.mark.parametrize(
    ("fail", "status", "code"),
    [
        ("problem", 404, "not-found"),
        ("validation", 422, "invalid"),
        ("passing", 503, "unavailable"),
        ("crash", 500, "internal-error"),
    ],
)
async def test_errors_of_a_direct_route_are_the_problems_of_any_other(
    sample: RunningService, fail: str, status: int, code: str
) -> None:
    problem_of(await sample.client.post("/v1/direct", params={"fail": fail}), status, code)


async def test_a_direct_route_has_the_limits_the_metrics_and_the_refusals_of_any_other(
    make_service: MakeService,
) -> None:
    service = await make_service(SAMPLE, body_limit_bytes=2000)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * 1500
        yield b"x" * 1500

    problem_of(await service.client.post("/v1/direct", content=chunks()), 413, "too-large")
    problem_of(await service.client.get("/v1/direct"), 405, "method-not-allowed")
    async with service.client_for(scopes=["inventory:write"]) as stranger:
        problem_of(await stranger.post("/v1/direct"), 403, "forbidden")
    assert (await service.client.post("/v1/direct", content=b"[1]")).json() == [1]
    metrics = (await service.client.get("/metrics")).text
    assert 'http_request_seconds_count{method="POST",route="/direct",status="200"}' in metrics
    assert "/v1/direct" in (await service.client.get("/v1/openapi.json")).json()["paths"]


async def test_the_openapi_document_describes_problems_and_tokens(sample: RunningService) -> None:
    document = (await sample.client.get("/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert "application/problem+json" in document["paths"]["/v1/things"]["post"]["responses"]["422"]["content"]
    assert document["paths"]["/v1/things"]["post"]["security"] == [{"bearer": []}]
