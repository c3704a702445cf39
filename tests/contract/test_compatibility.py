"""The check that refuses incompatible changes of a published event schema, tried with mutations of the real ones."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from common import json

from tests.contract.compatibility import EXTENSIBLE, Schema, breaks
from tests.contract.publish import EVENTS, objections, schemas

SCHEMAS = {str(path): json.loads((EVENTS / path).read_bytes()) for path in schemas()}

Mutation = Callable[[Schema, str], None]


def _objects(schema: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of everything within `schema` that has properties."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield path
        for key, value in schema.items():
            yield from _objects(value, (*path, key))
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from _objects(value, (*path, number))


def _at(schema: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        schema = schema[part]
    return schema


def _each_property(document: Schema) -> Iterator[tuple[Schema, Schema, str]]:
    """For every property: a fresh copy of the document, the object within the copy that has it, and its name."""
    for path in _objects(document):
        for name in _at(document, path)["properties"]:
            changed = copy.deepcopy(document)
            yield changed, _at(changed, path), name


def _remove(owner: Schema, name: str) -> None:
    del owner["properties"][name]
    owner["required"] = [other for other in owner.get("required", []) if other != name]


def _flip_required(owner: Schema, name: str) -> None:
    owner["required"] = sorted(set(owner.get("required", [])) ^ {name})


def _change_type(owner: Schema, name: str) -> None:
    owner["properties"][name] = {**owner["properties"][name], "type": "x-another"}


def _add_bound(owner: Schema, name: str) -> None:
    owner["properties"][name] = {**owner["properties"][name], "maximum": 7}


def _rename(owner: Schema, name: str) -> None:
    owner["properties"][f"{name}_renamed"] = owner["properties"].pop(name)


@pytest.mark.parametrize("mutation", [_remove, _flip_required, _change_type, _add_bound, _rename])
@pytest.mark.parametrize("name", SCHEMAS)
def test_every_breaking_change_of_every_property_is_refused(name: str, mutation: Mutation) -> None:
    tried = 0
    for changed, owner, property_name in _each_property(SCHEMAS[name]):
        mutation(owner, property_name)
        assert breaks(SCHEMAS[name], changed), f"{property_name} passed"
        tried += 1
    assert tried > 0


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_list_of_values_may_not_shrink_and_grows_only_where_its_readers_expect_that(name: str) -> None:
    for changed, owner, property_name in _each_property(SCHEMAS[name]):
        rule = owner["properties"][property_name]
        values = rule.get("enum")
        if values is not None:
            removed = values.pop()
            assert breaks(SCHEMAS[name], changed), f"{property_name} lost {removed!r}"
            values.extend([removed, "x-new"])
            grows = rule.get(EXTENSIBLE, False)
            assert bool(breaks(SCHEMAS[name], changed)) is not grows, f"{property_name} gained a value"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_new_optional_property_is_welcome_wherever_others_are_allowed(name: str) -> None:
    for path in _objects(SCHEMAS[name]):
        changed = copy.deepcopy(SCHEMAS[name])
        owner = _at(changed, path)
        owner["properties"]["said_from_now_on"] = {"type": "string"}
        assert bool(breaks(SCHEMAS[name], changed)) is (owner.get("additionalProperties", True) is not True)


@pytest.mark.parametrize("name", SCHEMAS)
def test_words_for_people_and_order_may_change(name: str) -> None:
    changed = copy.deepcopy(SCHEMAS[name])
    changed["description"] = "better words"
    for path in _objects(changed):
        owner = _at(changed, path)
        owner["properties"] = dict(reversed(owner["properties"].items()))
        owner["required"] = list(reversed(owner.get("required", [])))
        owner["title"] = "better words"
    assert breaks(SCHEMAS[name], changed) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_a_reference_points_to_is_compared_and_not_its_name(name: str) -> None:
    def inlined(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return inlined(_at(SCHEMAS[name], tuple(part["$ref"].removeprefix("#/").split("/"))))
            return {key: inlined(value) for key, value in part.items() if key != "$defs"}
        return [inlined(item) for item in part] if isinstance(part, list) else part

    assert breaks(SCHEMAS[name], inlined(SCHEMAS[name])) == []


def test_a_list_that_readers_were_told_to_expect_more_of_may_grow_but_not_shrink() -> None:
    published = {"properties": {"kind": {"enum": ["a", "b"], "x-extensible": True}}}
    assert breaks(published, {"properties": {"kind": {"enum": ["a", "b", "c"], "x-extensible": True}}}) == []
    assert breaks(published, {"properties": {"kind": {"enum": ["a"], "x-extensible": True}}})
    assert breaks(published, {"properties": {"kind": {"enum": ["a", "b"]}}})


def test_an_alternative_may_neither_come_nor_go() -> None:
    published = {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"a": {"type": "string"}}}]}
    assert breaks(published, copy.deepcopy(published)) == []
    assert breaks(published, {"oneOf": [published["oneOf"][1]]})
    assert breaks(
        published, {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"a": {"type": "integer"}}}]}
    )


def test_nothing_in_the_working_tree_breaks_what_is_published() -> None:
    assert list(objections()) == []
