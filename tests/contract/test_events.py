"""Event schemas, their examples, and the readers of those who hear them."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from common import json
from common.events import Event, ReceivedEvent
from common.testing.contracts import Contracts
from common.testing.harness import received
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from tests.contract.publish import CONTRACTS, EVENTS, PUBLISHED, schemas
from tests.contract.services import FROM_PARTNERS, NAMES, READERS, heard, owned

CHECK = Contracts(CONTRACTS)
EXAMPLES = sorted(EVENTS.glob("*/*/examples/*.json"))


def _type_of(example: Any) -> str:
    owner, event = example.parts[-4], example.parts[-3]
    return f"{owner}.{event}.v1"


def _schema(event_type: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(CHECK.schema_path(event_type).read_bytes())
    return document


def _event(event_type: str, document: Any) -> ReceivedEvent:
    return received(Event("any", event_type, "key", "subject", document))


@pytest.mark.parametrize("path", schemas(), ids=str)
def test_every_schema_is_sound_and_says_what_it_is(path: Any) -> None:
    document = json.loads((EVENTS / path).read_bytes())
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["title"]
    assert document["description"]


@pytest.mark.parametrize("path", schemas(), ids=str)
def test_every_schema_is_published_as_it_stands(path: Any) -> None:
    assert (PUBLISHED / path).read_bytes() == (EVENTS / path).read_bytes(), "run `make contracts`"


@pytest.mark.parametrize("path", schemas(), ids=str)
def test_every_schema_has_an_example(path: Any) -> None:
    assert list((EVENTS / path).parent.glob("examples/*.json"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_every_example_is_valid(example: Any) -> None:
    owner_type = "common" if example.parts[-4] == "common" else None
    event_type = "footprint.dead-letter.recorded.v1" if owner_type else _type_of(example)
    CHECK.check_document(event_type, json.loads(example.read_bytes()))


def test_every_type_that_is_heard_has_a_reader_here_and_a_schema_of_its_owner() -> None:
    assert {(name, kind) for name in NAMES for kinds in heard(name).values() for kind in kinds} == set(READERS)
    for _, event_type in READERS:
        assert CHECK.schema_path(event_type).is_file()


def test_every_topic_that_is_heard_is_kept_by_its_owner_and_can_be_republished() -> None:
    for name in NAMES:
        for topic in heard(name).keys() - FROM_PARTNERS:
            assert topic in owned(topic.split(".")[0]), f"{name} hears {topic}"


def test_who_hears_whom_is_as_designed() -> None:
    assert {name: {topic.split(".")[0] for topic in heard(name).keys() - FROM_PARTNERS} for name in NAMES} == {
        "inventory": set(),
        "factors": set(),
        "footprint": {"inventory", "factors"},
        "scenarios": {"inventory", "factors", "footprint"},
        "billing": {"inventory", "footprint"},
    }


HEARD = [
    pytest.param(model, event_type, example, id=f"{name}-{event_type}-{example.stem}")
    for (name, event_type), model in READERS.items()
    for example in EXAMPLES
    if _type_of(example) == event_type
]


@pytest.mark.parametrize(("model", "event_type", "example"), HEARD)
def test_each_reader_reads_every_example(model: type[BaseModel], event_type: str, example: Any) -> None:
    _event(event_type, json.loads(example.read_bytes())).parse(model)


@pytest.mark.parametrize(("model", "event_type", "example"), HEARD)
def test_each_reader_reads_whatever_the_contract_allows(model: type[BaseModel], event_type: str, example: Any) -> None:
    document = json.loads(example.read_bytes())
    tried = 0
    for variant in _variants(document, _schema(event_type)):
        CHECK.check_document(event_type, variant)
        _event(event_type, variant).parse(model)
        tried += 1
    assert tried > 0


@pytest.mark.parametrize(("name", "event_type"), READERS)
def test_a_reader_asks_for_nothing_that_the_contract_does_not_promise(name: str, event_type: str) -> None:
    schema = _schema(event_type)
    for field_name, field in READERS[name, event_type].model_fields.items():
        sent_as = field.alias or field_name
        assert sent_as in schema["properties"], f"{name} reads {sent_as}, which {event_type} does not have"
        assert not field.is_required() or sent_as in schema["required"], f"{name} relies on {sent_as}"


def _variants(document: Any, schema: dict[str, Any]) -> Iterator[Any]:
    """Documents next to `document` that the schema allows as well: an unknown field more, an optional one less, a null where
    null may stand, and each value of each enumeration."""
    for path, part, owner_schema in _objects(document, schema, schema):
        if owner_schema.get("additionalProperties", True) is True:
            yield _with(document, path, {**part, "said_from_now_on": {"by": "the owner"}})
        properties = owner_schema.get("properties", {})
        for key in part:
            if key in properties and key not in owner_schema.get("required", []):
                yield _with(document, path, {k: v for k, v in part.items() if k != key})
            for value in _alternatives(properties.get(key, {}), schema):
                yield _with(document, path, {**part, key: value})


def _objects(part: Any, schema: Any, whole: dict[str, Any], path: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Every object within a document, where it is, and the schema that judges it."""
    schema = _resolved(schema, whole, part)
    if isinstance(part, dict):
        yield path, part, schema
        for key, value in part.items():
            yield from _objects(value, schema.get("properties", {}).get(key, {}), whole, (*path, key))
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _objects(value, schema.get("items", {}), whole, (*path, number))


def _resolved(schema: Any, whole: dict[str, Any], part: Any) -> dict[str, Any]:
    while "$ref" in schema:
        target: Any = whole
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        schema = target
    for alternative in [*schema.get("oneOf", []), *schema.get("anyOf", [])]:
        resolved = _resolved(alternative, whole, part)
        if isinstance(part, dict) and resolved.get("type") == "object":
            return resolved
    resolved_schema: dict[str, Any] = schema
    return resolved_schema


def _alternatives(schema: dict[str, Any], whole: dict[str, Any]) -> list[Any]:
    """Other values that a property's schema names outright."""
    schema = _resolved(schema, whole, None)
    named = list(schema.get("enum", []))
    nullable = "null" in schema.get("type", []) if isinstance(schema.get("type"), list) else False
    one_may_be_null = any(
        option.get("type") == "null" for option in [*schema.get("oneOf", []), *schema.get("anyOf", [])]
    )
    return [*named, None] if nullable or one_may_be_null else named


def _with(document: Any, path: tuple[Any, ...], part: Any) -> Any:
    if not path:
        return part
    changed = copy.deepcopy(document)
    owner = changed
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] = part
    return changed
