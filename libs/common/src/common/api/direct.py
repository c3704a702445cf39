"""Routes for calls that are asked thousands of times a second: FastAPI's routing and solving of dependencies cost more than such a call."""

import inspect
from collections.abc import Iterable, Mapping, Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from common.http import HELD_BYTES


class DirectRoute(APIRoute):
    """A route at a fixed path whose endpoint takes the request and nothing else, authorises the caller itself and answers a Response.

    `DirectCalls` answers it. Problems, limits, traces, metrics and the OpenAPI document are those of any other route.
    """


class PartsResponse(Response):
    """An answer that leaves in the parts in which it was made: those of a large one are never copied into one piece. Its length is told."""

    def __init__(self, parts: Sequence[bytes], media_type: str) -> None:
        length = sum(map(len, parts))
        self._parts = [b"".join(parts)] if length <= HELD_BYTES else parts
        super().__init__(headers={"content-length": str(length)}, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for left, part in zip(range(len(self._parts) - 1, -1, -1), self._parts, strict=True):
            await send({"type": "http.response.body", "body": part, "more_body": left > 0})


class DirectCalls:
    """Answers the calls of `routes`, by method and path; passes all others on to `app`. Plain ASGI."""

    def __init__(self, app: ASGIApp, routes: Mapping[tuple[str, str], DirectRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response: Response = await route.endpoint(request)
        except Exception as error:
            response = await _told(request, error)
        await response(scope, receive, send)


def direct_routes(routers: Iterable[APIRouter], prefix: str) -> dict[tuple[str, str], DirectRoute]:
    """The direct routes of `routers`, by method and path under `prefix`."""
    return {
        (method, prefix + route.path): route
        for router in routers
        for route in router.routes
        if isinstance(route, DirectRoute)
        for method in route.methods or ()
    }


async def _told(request: Request, error: Exception) -> Response:
    """What the application's handler of that kind of error answers; raises `error` again when only the handler of every Exception would."""
    app: FastAPI = request.app
    for kind in type(error).__mro__[: type(error).__mro__.index(Exception)]:
        if kind in app.exception_handlers:
            answered = app.exception_handlers[kind](request, error)
            told: Response = await answered if inspect.isawaitable(answered) else answered
            return told
    raise error
