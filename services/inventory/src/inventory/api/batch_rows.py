"""The body of a batch: a JSON array or NDJSON, read so that a bad row is that row's own error."""

from collections.abc import Sequence
from typing import Any

import pydantic_core
from common.api.problems import FieldError, Problem, Unprocessable
from fastapi import Request
from pydantic import BaseModel

from inventory.domain.defects import Defect
from inventory.domain.record import AssetRecord
from inventory.service.rows import Malformed

NDJSON = "application/x-ndjson"

SERVER_EXAMPLE = {
    "source": "cmdb",
    "external_id": "SN-88F2",
    "org": "acme",
    "kind": "server",
    "site": "nanterre-1",
    "status": "in_service",
    "quantity": 1,
    "model": {"maker": "Dell", "name": "PowerEdge R740"},
    "acquired": {"on": "2021-03-15", "condition": "new", "price_eur": "9800.00"},
    "planned_life_years": 6,
    "configuration": {
        "cpu": {"units": 2, "cores": 24, "die_mm2": 400, "tdp_w": 150, "model": "Xeon Gold 6248R"},
        "ram": [{"units": 12, "gib": 32}],
        "disks": [{"units": 2, "type": "ssd", "gib": 960}],
        "psu": {"units": 2, "kg": 2.5},
        "case": "rack",
    },
    "declared": {"annual_kwh": 2400},
    "support": {"kind": "third_party", "eur_per_year": "650.00"},
}
MACHINE_EXAMPLE = {
    "source": "vcenter-nanterre",
    "external_id": "vm-1042",
    "org": "acme",
    "kind": "virtual_machine",
    "name": "erp-db-2",
    "host": {"source": "cmdb", "external_id": "SN-88F2"},
    "status": "in_service",
    "effective_from": "2026-03-01T00:00:00+01:00",
    "allocation": {"vcpu": 8, "ram_gib": 32, "disk_gib": 200},
    "plan": "cloud-like",
}


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` with its references replaced by what they refer to, so that it can stand anywhere in a document."""
    definitions = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolved(definitions[node["$ref"].rsplit("/", 1)[-1]])
            return {name: resolved(value) for name, value in node.items()}
        return [resolved(item) for item in node] if isinstance(node, list) else node

    inlined: dict[str, Any] = resolved(schema)
    return inlined


def batch_request(row: type[BaseModel], example: Sequence[Any]) -> dict[str, Any]:
    """The request of a batch of such rows, for the OpenAPI document."""
    items = _inline(row.model_json_schema())
    as_array = {"schema": {"type": "array", "items": items}, "example": list(example)}
    content = {"application/json": as_array, NDJSON: {"schema": {"type": "string"}}}
    return {"requestBody": {"required": True, "content": content}}


BATCH_REQUEST = batch_request(AssetRecord, [SERVER_EXAMPLE, MACHINE_EXAMPLE])


async def read_rows(request: Request, limit_rows: int) -> list[Any]:
    """The rows of the body, each a decoded JSON value or `Malformed`.

    Raises Problem 400 when an array is not JSON, 413 above `limit_rows`, 415 on another content type, Unprocessable when
    the body is not an array.
    """
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    body = await request.body()
    if media_type == NDJSON:
        rows = [_read_line(line) for line in body.splitlines() if line.strip()]
    elif media_type == "application/json":
        rows = _read_array(body)
    else:
        raise Problem(415, "unsupported-media-type", f"send application/json or {NDJSON}, not {media_type}")
    if len(rows) > limit_rows:
        raise Problem(413, "too-large", f"{len(rows)} rows; a batch has at most {limit_rows}, or use POST /imports")
    return rows


def _read_array(body: bytes) -> list[Any]:
    try:
        rows = pydantic_core.from_json(body)
    except ValueError as failure:
        raise Problem(400, "malformed-json", f"the body is not JSON: {failure}") from failure
    if not isinstance(rows, list):
        rule = "must be a JSON array, or NDJSON"
        raise Unprocessable(f"the body {rule}", [FieldError("body", "wrong_type", rule)])
    return rows


def _read_line(line: bytes) -> Any:
    try:
        return pydantic_core.from_json(line)
    except ValueError as failure:
        return Malformed(Defect("", "malformed_json", f"the line is not JSON: {failure}"))
