"""A route for calls that are asked thousands of times a second: FastAPI's solving of dependencies costs more than such a call itself."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class DirectRoute(APIRoute):
    """Calls its endpoint with the request and nothing else; the endpoint authorises the caller by itself and answers a Response.

    Problems, limits and the OpenAPI document are those of any other route.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Called by FastAPI."""
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler
