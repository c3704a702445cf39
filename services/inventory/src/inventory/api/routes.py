"""What the routers share: who may call, and errors under our own codes."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from common.api.auth import Caller, requires
from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import Response

from inventory.domain.defects import defect_of
from inventory.domain.revision import Author
from inventory.service.problems import unprocessable

Reader = Annotated[Caller, Depends(requires("inventory:read"))]
authorise_writer = requires("inventory:write")
Writer = Annotated[Caller, Depends(authorise_writer)]


def author(caller: Caller) -> Author:
    """The caller as the author of what it changes."""
    return Author(caller.client)


_PLACES = ("body", "query", "path", "header")


class OwnCodes(APIRoute):
    """A route whose validation errors carry the codes of `inventory.domain.defects`, the same as in a batch or a file."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route, its validation errors translated."""
        handle = super().get_route_handler()

        async def translated(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as failure:
                errors = failure.errors()
                if any(error["type"] == "json_invalid" for error in errors):
                    raise
                raise unprocessable([defect_of(error, _path(error["loc"])) for error in errors]) from None

        return translated


def _path(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """The path to show: within the body, or the name of a parameter, whichever of its values it is."""
    if len(location) < 2 or location[0] not in _PLACES:
        return location
    return location[1:] if location[0] == "body" else location[1:2]
