"""Every call of the OpenAPI document, made as the document prints it, works on a fresh service and answers what the document prints."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.organisations import EVERY
from common.testing.harness import RunningService
from factors.api.examples import answer
from factors.catalogue import reader
from factors.loading import load
from factors.settings import FactorsSettings
from httpx import Response

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

Factors = RunningService[FactorsSettings]

OWN_FILE = (
    "id,activity,name_fr,name_en,value,unit,published_year,source_name,source_link,source_licence,source_year\n"
    'laptop-repair,service.repair,Réparation,Repair,0.21,kgCO2e/EUR,2025,Example,"Example, table 1",CC BY 4.0,2025\n'
)
SERIES = (
    "from,to,carbon_intensity\n"
    "2024-01-01T00:00:00+01:00,2024-01-01T01:00:00+01:00,20\n"
    "2024-01-01T01:00:00+01:00,2024-01-01T02:00:00+01:00,30\n"
)
FILES = {
    "POST /imports": (OWN_FILE, {}),
    "POST /intensities": (SERIES, {"source_name": "Grid operator", "source_link": "Grid operator, 2024"}),
}

CALLS = (
    "GET /factors",
    "GET /factors/facets",
    "GET /resolve",
    "POST /resolve",
    "POST /estimates",
    "POST /co2e",
    "GET /equivalents",
    "POST /uncertainty",
    "POST /factors",
    "POST /factors/{factor_id}/discard",
    "POST /factors",
    "POST /factors/{factor_id}/submit",
    "POST /factors/{factor_id}/publish",
    "GET /factors/{factor_id}",
    "POST /overrides",
    "GET /overrides",
    "GET /overrides/{org}/{override_id}",
    "POST /overrides/{org}/{override_id}/end",
    "POST /releases",
    "GET /releases",
    "GET /releases/{name}",
    "GET /releases/compare",
    "POST /releases/compare",
    "POST /factors/{factor_id}/withdraw",
    "POST /imports",
    "POST /intensities",
    "GET /electricity/hourly",
)
"""In an order in which each finds what it needs; drafting comes again, since a discarded draft cannot be published."""

VOLATILE = (
    "author",
    "published_by",
    "recorded_at",
    "created_at",
    "next_cursor",
    "size",
    "count",
    "version",
    "before_version",
    "factor_version",
)


async def call(service: Factors, document: Mapping[str, Any], name: str) -> Response:
    """Make one call with the examples of its parameters and body."""
    method, _, path = name.partition(" ")
    operation = document["paths"][f"/v1{path}"][method.lower()]
    given: dict[str, dict[str, Any]] = {"query": {}, "path": {}}
    for parameter in operation.get("parameters", []):
        printed = parameter.get("example") or next(iter(parameter["schema"].get("examples", [])), None)
        assert printed is not None or not parameter["required"], f"{name}: no example of {parameter['name']}"
        if printed is not None:
            given[parameter["in"]][parameter["name"]] = printed
    sent: dict[str, Any] = {}
    if name in FILES:
        text, form = FILES[name]
        sent = {"files": {"file": ("file.csv", text)}, "data": form}
    elif "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        while "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        sent = {"json": schema["examples"][0]}
    return await service.client.request(method, f"/v1{path.format(**given['path'])}", params=given["query"], **sent)


def agrees(printed: Any, answered: Any) -> bool:
    """Whether an answer is the printed one: lists may be shortened in print, what differs at every call is not compared."""
    if isinstance(printed, dict) and isinstance(answered, dict):
        same = printed.keys() == answered.keys()
        return same and all(name in VOLATILE or agrees(printed[name], answered[name]) for name in printed)
    if isinstance(printed, list) and isinstance(answered, list):
        shown = zip(printed, answered, strict=False)
        return len(printed) <= len(answered) and all(agrees(one, other) for one, other in shown)
    return bool(printed == answered)


async def test_every_call_works_as_printed_and_answers_what_is_printed(empty: Factors) -> None:
    async with empty.database.transaction(EVERY) as unit:
        await load(unit, reader.entries(), reader.release_name(), NOW)
    document = (await empty.client.get("/v1/openapi.json")).json()
    operations = {
        f"{method.upper()} {path.removeprefix('/v1')}"
        for path, methods in document["paths"].items()
        if path.startswith("/v1")
        for method in methods
    }
    assert operations == set(CALLS)
    for name in CALLS:
        answered = await call(empty, document, name)
        assert answered.is_success, (name, answered.text)
        printed = answer(name)[200]["content"]["application/json"]["example"]
        assert agrees(printed, answered.json()), (name, answered.text)
