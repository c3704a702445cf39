"""No field of the API, of an event, of the database or of a file holds induced minus avoided emissions."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from common import json
from common.database import connect
from common.testing.contracts import Contracts
from common.testing.plugin import MakeService
from openpyxl import load_workbook
from scenarios.domain.tables import HEADERS
from scenarios.exports import as_workbook
from scenarios.main import SERVICE
from scenarios.report import WORDS

CHECKOUT = Path(__file__).parents[3]

# Names under which other tools hide the subtraction.
NETTED = re.compile(
    r"(^|[_ ])(net|netted|nette?s?|balance|bilan|solde|residual|résiduel(le)?s?|neutrality|neutralité|offset_kg|carbon_offset|compensated|"
    r"compensé(e)?s?|after_avoided|minus_avoided|après_évitées)([_ ]|$)",
    re.IGNORECASE,
)
OF_ELECTRICITY = {"residual_kg_per_kwh"}
"""The residual mix of a market: an emission factor."""
COLUMN = re.compile(
    r"^\s+(?:ADD COLUMN )?([a-z_]+)\s+(?:uuid|text|integer|bigint|double|numeric|jsonb|date|timestamptz|boolean|bytea)"
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
    return {name for name in _names(schema) if NETTED.search(name)} - OF_ELECTRICITY


@pytest.mark.parametrize("name", ["net_kg", "carbon_balance", "net", "total_minus_avoided_kg", "Bilan net"])
def test_the_check_finds_a_netted_field(name: str) -> None:
    assert _guilty({"components": {"schemas": {"Any": {"properties": {name: {"type": "number"}}}}}}) == {name}


async def test_no_schema_of_the_api_has_a_netted_field(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    document = scenarios.app.openapi()
    assert {"avoided", "eer_kg", "eema_kg", "realised_avoided_kg"} <= set(_names(document))
    assert _guilty(document) == set()


@pytest.mark.parametrize("service", ["inventory", "factors", "footprint", "scenarios"])
def test_no_published_api_about_emissions_has_a_netted_field(service: str) -> None:
    """Billing is left aside: there, net is an amount before tax."""
    document = json.loads((CHECKOUT / "contracts" / "openapi" / f"{service}.json").read_bytes())
    assert len(set(_names(document))) > 20
    assert _guilty(document) == set()


def test_no_event_about_emissions_has_a_netted_field(contracts: Contracts) -> None:
    """Billing is left aside: there, net is an amount before tax."""
    schemas = [path for path in contracts.schemas() if path.parents[1].name != "billing"]
    assert {"result.recorded", "plan.changed", "asset-month.changed"} <= {path.parent.name for path in schemas}
    assert {path.parent.name: _guilty(json.loads(path.read_bytes())) for path in schemas} == {
        path.parent.name: set() for path in schemas
    }


async def test_no_column_of_the_database_is_netted(make_service: MakeService) -> None:
    scenarios = await make_service(SERVICE)
    connection = await connect(scenarios.settings.database_url, scenarios.service.name)
    try:
        rows = await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
    finally:
        await connection.close()
    columns = {row["column_name"] for row in rows}
    assert {"gwp_kg", "expected", "result"} <= columns
    assert {column for column in columns if NETTED.search(column)} == set()


@pytest.mark.parametrize("service", ["inventory", "factors", "footprint"])
def test_no_column_of_another_service_about_emissions_is_netted(service: str) -> None:
    columns = {
        found.group(1)
        for migration in (CHECKOUT / "services" / service / "migrations").glob("*.sql")
        for line in migration.read_text(encoding="utf-8").splitlines()
        if (found := COLUMN.match(line)) is not None
    }
    assert len(columns) > 5
    assert {column for column in columns if NETTED.search(column)} - OF_ELECTRICITY == set()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_header_of_a_table_and_no_words_of_the_report_are_netted(language: Any) -> None:
    year = dict.fromkeys(("embodied_kg", "use_kg", "maintenance_and_sale_kg", "total_kg", "kwh"), 0.0)
    result = {"reference": {"years": [year | {"year": 0, "capex_eur": "0", "opex_eur": "0"}]}, "alternatives": []}
    sheet = load_workbook(BytesIO(as_workbook(result, language))).active
    assert sheet is not None
    shown = {str(cell.value) for cell in next(iter(sheet.iter_rows()))} | set(HEADERS[language])
    shown |= set(WORDS[language].values())
    assert len(shown) > 20
    assert {text for text in shown if NETTED.search(text)} == set()


def test_the_examples_of_the_events_fit_their_schemas(contracts: Contracts) -> None:
    examples = list((contracts.folder / "events" / "scenarios").glob("*/examples/*.json"))
    assert len(examples) >= 2
    for path in examples:
        contracts.check_document(f"scenarios.{path.parents[1].name}.v1", json.loads(path.read_bytes()))
