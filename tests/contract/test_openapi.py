"""The OpenAPI documents: written out, up to date, and kept by the services when they are called with whatever comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import schemathesis
import uvicorn
from common.testing.harness import RunningService
from common.testing.plugin import MakeService
from common.testing.waiting import eventually
from hypothesis import HealthCheck, assume, given, settings
from local_stack.ports import free_port
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.contract.publish import OPENAPI, openapi
from tests.contract.services import NAMES, service

CALLS_EACH = 5
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
STREAM = "text/event-stream"
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.mark.parametrize("name", NAMES)
def test_the_document_that_is_written_out_is_the_one_that_is_served(name: str) -> None:
    assert (OPENAPI / f"{name}.json").read_bytes() == openapi(name), "run `make contracts`"


@pytest.mark.parametrize("name", NAMES)
async def test_no_call_is_answered_by_a_server_error_or_against_the_document(
    make_service: MakeService, name: str
) -> None:
    running = await make_service(service(name))
    async with _served(running) as url:
        called = await asyncio.to_thread(_call_everything, url, running.client.headers["authorization"])
    assert called > 3


@asynccontextmanager
async def _served(running: RunningService[Any]) -> AsyncIterator[str]:
    """The service's application on a port of its own."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(running.app, port=port, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, what="the server")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


def _call_everything(url: str, authorization: str) -> int:
    """Call every operation with generated arguments, valid and invalid; the number of operations. Raises on the first broken promise."""
    schema = schemathesis.openapi.from_url(f"{url}/v1/openapi.json")
    called = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        described = operation.definition.raw
        if STREAM in str(described.get("responses")):
            continue  # a stream has no end to wait for; its own tests read it
        takes_arguments = "parameters" in described or "requestBody" in described
        for mode in MODES if takes_arguments else MODES[:1]:

            @settings(
                max_examples=CALLS_EACH,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def call(case: Case[Any]) -> None:
                # A malformed content-length is answered by the HTTP server itself, before the application.
                assume(all(name.lower() != "content-length" for name in case.headers or {}))
                case.call_and_validate(
                    base_url=url, headers={"Authorization": authorization}, checks=CHECKS, timeout=30
                )

            call()
        called += 1
    return called
