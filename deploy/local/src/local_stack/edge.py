"""The edge of the local stack: one address for all services, `/api/<service>/v1/…`, and an index at `/`.

Streams both ways and buffers nothing, so uploads of any size and server-sent events pass as they come. In Kubernetes an
Ingress has this role, with docker compose Caddy.
"""

import html
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

import httpx
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local_stack.ports import LOOPBACK

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
OPEN_PATH = "v1/"
# RFC 9110 section 7.6.1: they concern one connection only.
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection"
    b" te trailer transfer-encoding upgrade".split()
)
TIMEOUT = httpx.Timeout(None, connect=2.0, pool=10.0)
LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100)


def edge(services: Mapping[str, str]) -> Starlette:
    """The edge in front of services given by name and base URL."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with httpx.AsyncClient(timeout=TIMEOUT, limits=LIMITS, trust_env=False) as client:
            app.state.client = client
            yield

    async def index(request: Request) -> Response:
        entries = {name: {"api": f"/api/{name}/v1", "openapi": f"/api/{name}/v1/openapi.json"} for name in services}
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_page(entries))
        return JSONResponse({"title": "Constellation", "services": entries})

    async def forward(request: Request) -> Response:
        name, path = request.path_params["service"], request.path_params["path"]
        if name not in services:
            return problem(404, "not-found", f"There is no service {name!r}; there are {', '.join(services)}.")
        if not path.startswith(OPEN_PATH):
            return problem(404, "not-found", f"Nothing is served here; the API is under /api/{name}/v1/.")
        return await relay(request, request.app.state.client, name, services[name])

    routes = [
        Route("/", index),
        Route("/livez", lambda request: JSONResponse({"status": "ok"})),
        Route("/api/{service}/{path:path}", forward, methods=METHODS),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def relay(request: Request, client: httpx.AsyncClient, service: str, base_url: str) -> Response:
    """Send the request to its service and stream the answer back; 503 when it is down, 502 when it breaks off."""
    raw_path: bytes = request.scope["raw_path"].removeprefix(f"/api/{service}".encode())
    query: bytes = request.scope["query_string"]
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    outgoing = client.build_request(
        request.method,
        httpx.URL(base_url, raw_path=raw_path + b"?" + query if query else raw_path),
        headers=_forwarded_headers(request, service),
        content=request.stream() if has_body else None,
    )
    try:
        answer = await client.send(outgoing, stream=True)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        return problem(503, "unavailable", f"The service {service} does not answer now; try again shortly.")
    except httpx.RequestError as error:
        return problem(502, "bad-gateway", f"The service {service} broke off: {type(error).__name__}.")
    response = StreamingResponse(_body(answer), status_code=answer.status_code)
    response.raw_headers = [(name.lower(), value) for name, value in answer.headers.raw if _passes(name)]
    return response


def problem(status: int, code: str, detail: str) -> Response:
    """An RFC 9457 answer of the edge itself."""
    document = {
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    headers = {"retry-after": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return Response(json.dumps(document), status, headers, media_type="application/problem+json")


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _forwarded_headers(request: Request, service: str) -> list[tuple[bytes, bytes]]:
    headers = [(name, value) for name, value in request.headers.raw if _passes(name) and name != b"host"]
    client = request.client.host if request.client else "unknown"
    headers += [
        (b"x-forwarded-for", client.encode()),
        (b"x-forwarded-proto", request.url.scheme.encode()),
        (b"x-forwarded-host", request.headers.get("host", "").encode()),
        (b"x-forwarded-prefix", f"/api/{service}".encode()),
    ]
    return headers


def _passes(name: bytes) -> bool:
    return name.lower() not in HOP_BY_HOP


def _page(entries: Mapping[str, Mapping[str, str]]) -> str:
    items = "".join(
        f'<li><b>{html.escape(name)}</b> <a href="{entry["openapi"]}">{entry["api"]}</a></li>'
        for name, entry in entries.items()
    )
    return f"<!doctype html><meta charset=utf-8><title>Constellation</title><h1>Constellation</h1><ul>{items}</ul>"


def main(port: int, services: list[str]) -> None:
    """Serve the edge on 127.0.0.1:PORT in front of SERVICES, each given as name=url, until told to end."""
    upstreams = dict(service.split("=", 1) for service in services)
    app = edge(upstreams)
    uvicorn.run(app, host=LOOPBACK, port=port, access_log=False, log_level="warning", timeout_graceful_shutdown=3)


if __name__ == "__main__":
    typer.run(main)
