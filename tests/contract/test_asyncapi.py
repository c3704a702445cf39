"""contracts/asyncapi.yaml says what the services do: their topics, events and readers, no more and no less."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import yaml
from common.consumer import Subscription
from common.events import to_headers
from common.kafka import COMPACTED, KEPT
from common.settings import ServiceSettings

from tests.contract.publish import CONTRACTS, schemas
from tests.contract.services import NAMES, heard, owned, parts

DOCUMENT: dict[str, Any] = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text())


def _resolve(reference: str) -> Any:
    if not reference.startswith("#/"):
        return (CONTRACTS / reference).read_bytes()
    target: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        target = target[part]
    return _resolve(target["$ref"]) if isinstance(target, dict) and "$ref" in target else target


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [value for key, value in part.items() if key == "$ref"] + [
            r for v in part.values() for r in _references(v)
        ]
    return [reference for item in part for reference in _references(item)] if isinstance(part, list) else []


def _operations(action: str) -> set[tuple[str, str, str]]:
    """(service, topic, event type) of every operation of that kind; dead letters by the name of their consumer."""
    found = set()
    for operation in DOCUMENT["operations"].values():
        if operation["action"] == action:
            service = operation["tags"][0]["name"]
            channel = _resolve(operation["channel"]["$ref"])
            [message] = [_resolve(reference["$ref"]) for reference in operation["messages"]]
            topic = channel["address"].replace("{consumer}", service)
            found.add((service, topic, message["name"].replace("<consumer>", service)))
    return found


def test_every_reference_leads_somewhere() -> None:
    references = _references(DOCUMENT)
    assert references
    for reference in references:
        assert _resolve(reference)


def test_every_schema_is_the_payload_of_exactly_one_message() -> None:
    payloads = [m["payload"]["schema"]["$ref"] for m in DOCUMENT["components"]["messages"].values()]
    assert sorted(payloads) == [f"./events/{path}" for path in schemas()]


def test_services_hear_what_the_document_says() -> None:
    subscribed = {(name, topic, kind) for name in NAMES for topic, kinds in heard(name).items() for kind in kinds}
    assert _operations("receive") == subscribed


def test_services_send_what_the_document_says() -> None:
    sent = {(service, topic) for service, topic, _ in _operations("send")}
    kept = {(name, topic) for name in NAMES for topic in owned(name)}
    set_aside = {(name, f"{name}.dead-letters") for name in NAMES if parts(name).subscriptions}
    assert sent == kept | set_aside


def test_topics_are_described_as_the_code_makes_them() -> None:
    for binding, configuration in (("state", COMPACTED), ("kept", KEPT)):
        described = DOCUMENT["components"]["channelBindings"][binding]["kafka"]
        as_text = {
            key: ",".join(value) if isinstance(value, list) else str(value)
            for key, value in described["topicConfiguration"].items()
        }
        assert as_text == dict(configuration)
        assert described["partitions"] == ServiceSettings.model_fields["topic_partitions"].default


def test_the_headers_are_those_that_events_carry() -> None:
    headers = to_headers(
        event_id=UUID(int=1),
        source="/a",
        type_="a.b.v1",
        subject="c",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        traceparent="t",
    )
    described = DOCUMENT["components"]["messageTraits"]["cloudEvent"]["headers"]
    assert {name for name, _ in headers} == set(described["properties"])
    assert {name for name, _ in headers} - {"traceparent"} == set(described["required"])


def test_subscriptions_are_to_topics_and_not_to_patterns() -> None:
    for name in NAMES:
        for subscription in parts(name).subscriptions:
            assert isinstance(subscription, Subscription)
            assert "*" not in subscription.topic
