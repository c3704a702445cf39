"""The FastAPI application of a service, with what every API of the platform has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from common import failures
from common.api import problems
from common.api.auth import Authenticator
from common.api.direct import DirectCalls, direct_routes
from common.api.health import health_router
from common.api.observe import Observe
from common.api.queries import refuse_unknown_parameters
from common.database import Database
from common.settings import ServiceSettings

log = structlog.get_logger()

_PROBLEM = {"model": None, "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def create_app(
    *,
    name: str,
    title: str,
    description: str,
    settings: ServiceSettings,
    database: Database,
    routers: Sequence[APIRouter],
    liveness: Mapping[str, Callable[[], str | None]],
) -> FastAPI:
    """The application: `routers` under `/v1`, health beside them, every error a problem document.

    Behind the edge `/api/<name>/v1/…` is `/v1/…` here.
    """
    app = FastAPI(
        title=title,
        description=description,
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url="/v1/docs",
        redoc_url=None,
        # `Observe` makes one span and one metric a call; FastAPI's own on top of them cost half a call's time again.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.authenticator = Authenticator(settings)
    problems.install(app)
    for passing in (*failures.TRANSIENT, asyncpg.InterfaceError):
        app.add_exception_handler(passing, _not_now)
    for router in routers:
        app.include_router(
            router, prefix="/v1", responses=_responses(), dependencies=[Depends(refuse_unknown_parameters)]
        )
    app.include_router(health_router(database, liveness))
    app.add_middleware(DirectCalls, routes=direct_routes(routers, "/v1"))
    app.add_middleware(Observe, body_limit_bytes=settings.body_limit_bytes)
    _document(app, name, routers)
    return app


def _not_now(request: Request, error: Exception) -> Response:
    """What passes by itself, a database that is restarted say, is a 503: the same call may succeed in a moment."""
    if isinstance(error, problems.Problem):
        return error.response()
    if not failures.is_transient(error):
        return problems.unexpected(request, error)
    log.warning("request.not_now", path=request.url.path, error=repr(error))
    return problems.Unavailable(
        f"not now ({type(error).__name__}): repeat the call, with its Idempotency-Key"
    ).response()


def _responses() -> dict[int | str, dict[str, Any]]:
    described = {
        400: "the request is malformed",
        401: "no valid token",
        403: "the token does not allow it",
        422: "a field breaks a rule",
        429: "over the rate limit",
        503: "not now; see Retry-After",
    }
    return {status: {"description": text, "content": _PROBLEM["content"]} for status, text in described.items()}


def _document(app: FastAPI, name: str, routers: Sequence[APIRouter]) -> None:
    """Add to the generated OpenAPI what FastAPI cannot know: the problem schema, the bearer token, the address at the edge.

    Examples of answers are put in again, since FastAPI leaves out their nulls.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            components = document.setdefault("components", {})
            components.setdefault("schemas", {})["Problem"] = problems.PROBLEM_SCHEMA
            components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
            for path, operations in document["paths"].items():
                if path.startswith("/v1"):
                    for operation in operations.values():
                        operation["security"] = [{"bearer": []}]
            for operation, status, media_type, example in _examples(document, routers):
                operation["responses"][status]["content"][media_type]["example"] = example
            document["servers"] = [{"url": f"/api/{name}", "description": "behind the edge"}]
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _examples(document: dict[str, Any], routers: Sequence[APIRouter]) -> Iterator[tuple[dict[str, Any], str, str, Any]]:
    """The example of each answer as the routes state it, with the operation, the status and the media type that it is of."""
    for router in routers:
        for route in router.routes:
            if not isinstance(route, APIRoute) or not route.include_in_schema:
                continue
            for status, response in route.responses.items():
                for media_type, content in response.get("content", {}).items():
                    for method in route.methods or ():
                        if "example" in content:
                            operation = document["paths"][f"/v1{route.path_format}"][method.lower()]
                            yield operation, str(status), media_type, content["example"]
