"""Every call is printed with an example: of its JSON body, and of its JSON answer; and each example keeps its own schema."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from common import json
from jsonschema import Draft202012Validator

from tests.contract.publish import openapi
from tests.contract.services import NAMES

JSON = "application/json"

WITHOUT: Mapping[str, tuple[str, ...]] = {
    "billing": ("",),
    "footprint": ("PUT /v1/organizations/{org}/settings: body",),
}
"""What is known to lack an example, by the beginnings of its names; nothing may be added to it."""


def json_parts(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each JSON body and successful JSON answer of the service's own calls, by name."""
    for path, operations in document["paths"].items():
        if not path.startswith("/v1"):
            continue
        for method, operation in operations.items():
            call = f"{method.upper()} {path}"
            if (body := operation.get("requestBody", {}).get("content", {}).get(JSON)) is not None:
                yield f"{call}: body", body
            for status, response in operation["responses"].items():
                if status.startswith("2") and JSON in response.get("content", {}):
                    yield f"{call}: {status}", response["content"][JSON]


def examples_of(part: Mapping[str, Any], document: Mapping[str, Any]) -> list[Any]:
    """The examples that are printed with a body or an answer: its own, else its schema's."""
    if "example" in part:
        return [part["example"]]
    if "examples" in part:
        return [example["value"] for example in part["examples"].values()]
    schema = part["schema"]
    while "examples" not in schema and "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: list[Any] = schema.get("examples", [])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_json_body_and_answer_has_an_example(name: str) -> None:
    document = json.loads(openapi(name))
    known = WITHOUT.get(name, ())
    lacking = [
        call
        for call, part in json_parts(document)
        if not examples_of(part, document) and not any(call.startswith(beginning) for beginning in known)
    ]
    assert lacking == []


@pytest.mark.parametrize("name", NAMES)
def test_every_example_keeps_its_schema(name: str) -> None:
    document = json.loads(openapi(name))
    broken = [
        f"{call}: {error.json_path}: {error.message}"
        for call, part in json_parts(document)
        for example in examples_of(part, document)
        for error in Draft202012Validator({**part["schema"], "components": document["components"]}).iter_errors(example)
    ]
    assert broken == []
