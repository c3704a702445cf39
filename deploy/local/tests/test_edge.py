"""The edge passes requests and answers on as they are, piece by piece, and says so when a service is down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from common.testing.waiting import eventually
from local_stack.edge import edge
from local_stack.ports import LOOPBACK, free_port
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp


class Upstream:
    """A service behind the edge that tells what it received; its stream waits between pieces until it may go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.stream_closed = asyncio.Event()
        self.received: list[bytes] = []
        self.app = Starlette(
            routes=[
                Route("/v1/echo/{rest:path}", self.echo, methods=["GET", "POST", "DELETE"]),
                Route("/v1/stream", self.stream),
                Route("/v1/upload", self.upload, methods=["POST"]),
            ]
        )

    async def echo(self, request: Request) -> Response:
        body = await request.body()
        answer = {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "headers": dict(request.headers),
            "body": body.decode(),
        }
        response = JSONResponse(answer, status_code=201)
        response.raw_headers += [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        return response

    async def stream(self, request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                yield b"data: first\n\n"
                await self.go_on.wait()
                yield b"data: second\n\n"
            finally:
                self.stream_closed.set()

        return StreamingResponse(pieces(), media_type="text/event-stream")

    async def upload(self, request: Request) -> Response:
        async for piece in request.stream():
            self.received.append(piece)
        return JSONResponse({"bytes": sum(map(len, self.received))})


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """An application on a real socket; its base URL."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_level="warning"))
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
async def client(upstream: Upstream) -> AsyncIterator[httpx.AsyncClient]:
    down = f"http://{LOOPBACK}:{free_port()}"
    async with (
        serving(upstream.app) as up,
        serving(edge({"inventory": up, "billing": down})) as base_url,
        httpx.AsyncClient(base_url=base_url) as client,
    ):
        yield client


async def test_method_path_query_headers_and_body_arrive_as_sent(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/inventory/v1/echo/a%2Fb%20c?q=%C3%A9&q=2", content=b"body", headers={"if-match": '"3"', "x-own": "yes"}
    )
    heard = answer.json()

    assert answer.status_code == 201
    assert (heard["method"], heard["path"], heard["body"]) == ("POST", "/v1/echo/a%2Fb%20c", "body")
    assert heard["query"] == "q=%C3%A9&q=2"
    assert (heard["headers"]["if-match"], heard["headers"]["x-own"]) == ('"3"', "yes")
    assert heard["headers"]["x-forwarded-prefix"] == "/api/inventory"


async def test_headers_of_the_answer_come_back_all_of_them(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/inventory/v1/echo/x")

    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_events_leave_as_they_come(client: httpx.AsyncClient, upstream: Upstream) -> None:
    async with client.stream("GET", "/api/inventory/v1/stream") as answer:
        pieces = answer.aiter_raw()
        first = await anext(pieces)
        assert not upstream.go_on.is_set()
        upstream.go_on.set()
        rest = b"".join([piece async for piece in pieces])

    assert first == b"data: first\n\n"
    assert rest == b"data: second\n\n"


async def test_a_client_that_leaves_ends_the_stream_of_the_service(
    client: httpx.AsyncClient, upstream: Upstream
) -> None:
    async with client.stream("GET", "/api/inventory/v1/stream") as answer:
        await anext(answer.aiter_raw())

    async with asyncio.timeout(10):
        await upstream.stream_closed.wait()


async def test_an_upload_arrives_piece_by_piece(client: httpx.AsyncClient, upstream: Upstream) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await eventually(lambda: upstream.received == [b"first"])
        yield b"second"

    answer = await client.post("/api/inventory/v1/upload", content=pieces())

    assert answer.json() == {"bytes": 11}


async def test_a_service_that_is_down_is_a_503_problem_that_says_when_to_try_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/billing/v1/contracts")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["code"] == "unavailable"
    assert "billing" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/nothing/v1/assets", "/api/inventory/metrics", "/api/inventory/livez"])
async def test_unknown_services_and_probes_are_a_404_problem(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_index_names_every_service(client: httpx.AsyncClient) -> None:
    document = (await client.get("/")).json()
    page = await client.get("/", headers={"accept": "text/html"})

    assert set(document["services"]) == {"inventory", "billing"}
    assert "/api/inventory/v1" in page.text
