"""No field of the API or of an event holds induced minus avoided emissions."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from common import json
from common.testing.contracts import Contracts
from common.testing.plugin import MakeService
from scenarios.main import SERVICE

# Names under which other tools hide the subtraction. The residual mix is no emission but a factor, in kg per kWh.
NETTED = re.compile(
    r"(^|_)(net|netted|balance|residual(?!_kg_per_kwh$)|neutrality|offset_kg|carbon_offset|compensated|after_avoided|minus_avoided)(_|$)"
)


def _names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, member in schema.get("properties", {}).items() if isinstance(schema.get("properties"), dict) else ():
            yield name
            yield from _names(member)
        for member in schema.values():
            yield from _names(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _names(member)


def _guilty(schema: Any) -> set[str]:
    return {name for name in _names(schema) if NETTED.search(name)}


@pytest.mark.parametrize("name", ["net_kg", "carbon_balance", "net", "total_minus_avoided_kg"])
def test_the_check_finds_a_netted_field(name: str) -> None:
    assert _guilty({"components": {"schemas": {"Any": {"properties": {name: {"type": "number"}}}}}}) == {name}


async def test_no_schema_of_the_api_has_a_netted_field(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    document = scenarios.app.openapi()
    assert {"avoided", "eer_kg", "eema_kg"} <= set(_names(document))
    assert _guilty(document) == set()


def test_no_event_about_emissions_has_a_netted_field(contracts: Contracts) -> None:
    """Billing is left aside: there, net is an amount before tax."""
    schemas = [path for path in contracts.schemas() if path.parents[1].name != "billing"]
    assert {"result.recorded", "asset-month.changed"} <= {path.parent.name for path in schemas}
    assert {path.parent.name: _guilty(json.loads(path.read_bytes())) for path in schemas} == {
        path.parent.name: set() for path in schemas
    }


def test_the_example_of_the_event_fits_its_schema(contracts: Contracts) -> None:
    examples = list((contracts.folder / "events" / "scenarios").glob("*/examples/*.json"))
    assert examples
    for path in examples:
        contracts.check_document(f"scenarios.{path.parents[1].name}.v1", json.loads(path.read_bytes()))
