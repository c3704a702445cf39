"""Whatever is sent to any route, the service answers as its document says, and never with a server error.

`CALLS_EACH=100 pytest -s services/inventory/tests/test_fuzzing.py` sends more, and prints how many of what came back.
"""

import asyncio
import os
from collections import Counter
from itertools import cycle
from typing import Any

import uvicorn
from common.testing.waiting import eventually
from hypothesis import HealthCheck, Verbosity, given, settings
from hypothesis import strategies as st
from local_stack.ports import free_port
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from services.inventory.tests.sending import Inventory, machine, send, server

CALLS_EACH = int(os.environ.get("CALLS_EACH", "2"))
"""Calls of each operation, in each of the two modes: arguments that fit the document, and arguments that do not."""

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
METHODS = ("get", "post", "put", "patch", "delete")


async def ids(inventory: Inventory) -> dict[str, list[str]]:
    """Things to call the routes with, by the name of the parameter."""
    results = await send(
        inventory.client,
        *(server(f"srv-{number}", site="nanterre-1", serial_number=f"SN-{number % 3}-AA") for number in range(6)),
        *(machine(f"vm-{number}", f"srv-{number}", allocation={"vcpu": 4}) for number in range(6)),
    )
    machines = [{"source": "cmdb", "external_id": "vm-1"}]
    created = {
        "/v1/applications": {"org": "acme", "code": "erp", "machines": machines},
        "/v1/views": {"org": "acme", "name": "all", "filter": {}},
    }
    found = {path: (await inventory.client.post(path, json=body)).json()["id"] for path, body in created.items()}
    file = ("a.csv", b"kind,source,external_id\nserver,cmdb,srv-9\n")
    job = (await inventory.client.post("/v1/imports", files={"file": file}, data={"org": "acme"})).json()
    site = (await inventory.client.get("/v1/sites")).json()["items"][0]
    trip = {"org": "acme", "source": "erp", "external_id": "1", "kind": "intervention", "on": "2026-03-10"}
    done = await inventory.client.post("/v1/activities/batch", json=[{**trip, "quantity": 3, "unit": "km"}])
    return {
        "asset_id": [result["id"] for result in results],
        "application_id": [found["/v1/applications"]],
        "view_id": [found["/v1/views"]],
        "import_id": [job["id"]],
        "activity_id": [done.json()["results"][0]["id"]],
        "site_id": [site["id"]],
        "org": ["acme", "globex"],
    }


async def test_whatever_is_sent_no_route_fails_and_every_answer_is_as_documented(inventory: Inventory) -> None:
    known = await ids(inventory)
    port = free_port()
    running = uvicorn.Server(uvicorn.Config(inventory.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(running.serve())
    await eventually(lambda: running.started, what="the server")
    try:
        told = await asyncio.to_thread(
            call_everything, f"http://127.0.0.1:{port}", inventory.client.headers["authorization"], known
        )
    finally:
        running.should_exit = True
        await serving
    print(f"{sum(told.values())} cases: {dict(sorted(told.items()))}")
    assert sum(told.values()) >= 50
    assert [status for status in told if status >= 500] == []


def call_everything(url: str, authorization: str, known: dict[str, list[str]]) -> Counter[int]:
    """Call every operation with generated arguments, and with things that are there; what came back, by status."""
    told: Counter[int] = Counter()
    found = [one.ok() for one in openapi.from_url(f"{url}/v1/openapi.json").get_all_operations() if isinstance(one, Ok)]
    found.sort(key=lambda operation: (METHODS.index(operation.method.lower()), operation.path))
    real = {name: cycle(values) for name, values in known.items()}
    for operation in found:
        described = operation.definition.raw
        if "text/event-stream" in str(described.get("responses")):
            continue  # a stream has no end to wait for; its own tests read it
        takes = "parameters" in described or "requestBody" in described
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if takes else (GenerationMode.POSITIVE,):

            @settings(
                max_examples=CALLS_EACH,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
                verbosity=Verbosity.quiet,
            )
            @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
            def call(case: Case[Any], there: bool) -> None:
                if there and case.path_parameters:
                    case.path_parameters.update(
                        {name: next(real[name]) for name in case.path_parameters if name in real}
                    )
                headers = {
                    name: value for name, value in (case.headers or {}).items() if name.lower() != "content-length"
                }
                case.headers = type(case.headers)(headers) if case.headers else case.headers
                answer = case.call(base_url=url, headers={"Authorization": authorization, "If-Match": "*"}, timeout=30)
                told[answer.status_code] += 1
                case.validate_response(answer, checks=CHECKS)

            call()
    return told
