"""Whether an event schema may take the place of the one published before it.

Topics are compacted and services roll out one by one, so old documents meet new readers and new documents old readers. What a
published schema says of a value therefore never changes; it may only say more: a new optional property where others are allowed, and
words for people. A list of values that is marked `"x-extensible": true` may grow, since its readers were told to expect that. Anything
else is a new event type, `v2.json` beside `v1.json`.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

FOR_PEOPLE = {"title", "description", "examples", "example", "$comment", "$id", "$schema", "$defs", "deprecated"}
EXTENSIBLE = "x-extensible"
ALTERNATIVES = ("oneOf", "anyOf", "allOf")
COMPARED_APART = {"properties", "required", "enum", "items", "additionalProperties", EXTENSIBLE, *ALTERNATIVES}


def breaks(published: Schema, proposed: Schema) -> list[str]:
    """What in `proposed` somebody who relies on `published` could stumble over, one sentence each; empty when nothing."""
    return list(_compare(_Node(published, published), _Node(proposed, proposed), "$"))


class _Node:
    """A part of a schema, with the whole that its references point into."""

    def __init__(self, schema: Any, whole: Schema) -> None:
        seen = set()
        while isinstance(schema, dict) and "$ref" in schema:
            reference = schema["$ref"]
            if reference in seen or not reference.startswith("#/"):
                break
            seen.add(reference)
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            target: Any = whole
            for part in reference.removeprefix("#/").split("/"):
                target = target[part]
            schema = {**target, **beside}
        self.schema: Any = schema
        self.whole = whole

    def child(self, schema: Any) -> "_Node":
        return _Node(schema, self.whole)


def _compare(old: _Node, new: _Node, path: str) -> Iterator[str]:
    if not isinstance(old.schema, dict) or not isinstance(new.schema, dict):
        if old.schema != new.schema:
            yield f"{path}: changed from {old.schema!r} to {new.schema!r}"
        return
    yield from _keywords(old.schema, new.schema, path)
    yield from _properties(old, new, path)
    yield from _values(old.schema, new.schema, path)
    for keyword in ("items", "additionalProperties"):
        yield from _parts(old, new, keyword, path)
    for keyword in ALTERNATIVES:
        yield from _alternatives(old, new, keyword, path)


def _keywords(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """Type, format, bounds, pattern: every keyword that judges a value by itself stays as it is."""
    for keyword in sorted((old.keys() | new.keys()) - FOR_PEOPLE - COMPARED_APART):
        before, after = old.get(keyword), new.get(keyword)
        if keyword == "type" and isinstance(before, list) and isinstance(after, list):
            before, after = sorted(before), sorted(after)
        if before != after:
            yield f"{path}: {keyword} changed from {before!r} to {after!r}"


def _properties(old: _Node, new: _Node, path: str) -> Iterator[str]:
    before, after = old.schema.get("properties", {}), new.schema.get("properties", {})
    was_required, is_required = set(old.schema.get("required", ())), set(new.schema.get("required", ()))
    for name in sorted(before.keys() - after.keys()):
        yield f"{path}.{name}: removed"
    for name in sorted(is_required - was_required):
        yield f"{path}.{name}: required now, and documents published before lack it"
    for name in sorted(was_required - is_required):
        yield f"{path}.{name}: no longer required, and readers rely on it"
    if old.schema.get("additionalProperties", True) is not True:
        for name in sorted(after.keys() - before.keys()):
            yield f"{path}.{name}: added where only certain properties are allowed"
    for name in sorted(before.keys() & after.keys()):
        yield from _compare(old.child(before[name]), new.child(after[name]), f"{path}.{name}")


def _values(old: Schema, new: Schema, path: str) -> Iterator[str]:
    if old.get(EXTENSIBLE, False) != new.get(EXTENSIBLE, False):
        yield f"{path}: {EXTENSIBLE} changed; readers were told otherwise"
    if ("enum" in old) != ("enum" in new):
        yield f"{path}: enum {'removed' if 'enum' in old else 'added'}"
        return
    before, after = old.get("enum", []), new.get("enum", [])
    for value in before:
        if value not in after:
            yield f"{path}: value {value!r} removed, and documents published before hold it"
    for value in after:
        if value not in before and not old.get(EXTENSIBLE, False):
            yield f"{path}: value {value!r} added, and readers do not expect it"


def _parts(old: _Node, new: _Node, keyword: str, path: str) -> Iterator[str]:
    if (keyword in old.schema) != (keyword in new.schema):
        yield f"{path}: {keyword} {'removed' if keyword in old.schema else 'added'}"
    elif keyword in old.schema:
        yield from _compare(old.child(old.schema[keyword]), new.child(new.schema[keyword]), f"{path}[{keyword}]")


def _alternatives(old: _Node, new: _Node, keyword: str, path: str) -> Iterator[str]:
    before, after = old.schema.get(keyword, []), new.schema.get(keyword, [])
    if len(before) != len(after):
        yield f"{path}: {keyword} had {len(before)} alternatives and has {len(after)}"
        return
    for number, (was, now) in enumerate(zip(before, after, strict=True)):
        yield from _compare(old.child(was), new.child(now), f"{path}<{keyword} {number}>")
