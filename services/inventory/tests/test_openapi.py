"""The OpenAPI document says of every call what goes in and what comes out, with examples that hold."""

from typing import Any

from jsonschema import Draft202012Validator

from services.inventory.tests.sending import Inventory

METHODS = ("get", "post", "patch", "put", "delete")


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        if path.startswith("/v1/")
        for method, operation in methods.items()
        if method in METHODS
    ]


def examples_of(content: dict[str, Any]) -> list[Any]:
    schema = content.get("schema", {})
    named = [example["value"] for example in content.get("examples", {}).values()]
    return [*named, *([content["example"]] if "example" in content else []), *schema.get("examples", [])]


async def test_every_call_shows_what_it_takes_and_what_it_answers(inventory: Inventory) -> None:
    for name, operation in operations(inventory.app.openapi()):
        assert operation.get("description"), name
        status = next(status for status in operation["responses"] if status.startswith("2"))
        contents = operation["responses"][status].get("content", {}).values()
        assert status == "204" or any("example" in content for content in contents), name
        taken = operation.get("requestBody", {}).get("content", {})
        if taken and "multipart/form-data" not in taken:
            assert examples_of(taken["application/json"]), name


async def test_every_example_fits_the_schema_beside_it(inventory: Inventory) -> None:
    document = inventory.app.openapi()
    checked = 0
    for name, operation in operations(document):
        contents = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (one for holder in contents for one in holder.get("content", {}).values()):
            schema = {**content.get("schema", {}), "components": document["components"]}
            for example in examples_of(content):
                errors = [error.message for error in Draft202012Validator(schema).iter_errors(example)]
                assert errors == [], name
                checked += 1
    assert checked >= 20
