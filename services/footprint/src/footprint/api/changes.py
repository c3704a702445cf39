"""`GET /changes`: results as they change, as server-sent events."""

from typing import Annotated

from common.api.problems import FieldError, Unprocessable
from common.api.sse import event_stream
from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from footprint.api import examples
from footprint.api.answers import Reader
from footprint.changes import ChangeFeed
from footprint.store.changes import Position


def changes_router(feed: ChangeFeed) -> APIRouter:
    """The route of the stream."""
    router = APIRouter(tags=["results"])

    @router.get(
        "/changes",
        responses=examples.CHANGES,
        response_class=StreamingResponse,
        summary="Results as they change, as a stream of events",
    )
    async def get_changes(
        caller: Reader,
        org: Annotated[
            list[str] | None, Query(description="organisations; all of the token when none is named", max_length=100)
        ] = None,
        last_event_id: Annotated[
            str | None, Header(max_length=100, description="the id of the last event seen: the stream goes on after it")
        ] = None,
        after: Annotated[
            str | None, Query(max_length=100, description="the same, for clients that cannot set headers")
        ] = None,
    ) -> StreamingResponse:
        """`ready` first, then `figures` (asset-months computed anew) and `period` (months closed or restated).

        A client that was away for less than a day goes on where it was, without a gap; otherwise the first event is `reset`: read anew.
        What is no id of an event is refused (422).
        """
        for each in org or []:
            caller.require_organisation(each)
        last = _position("Last-Event-ID", last_event_id) or _position("after", after)
        await feed.check(caller.organisations, org or [])
        return event_stream(feed.follow(caller.organisations, org, last))

    return router


def _position(name: str, text: str | None) -> str | None:
    """Where a client was; None where it does not say. Raises `Unprocessable` for what is no id of an event."""
    if text and Position.read(text) is None:
        rule = f"{name} {text!r} is not the id of an event of this stream: three whole numbers with hyphens between"
        raise Unprocessable(rule, [FieldError(name, "malformed", rule)])
    return text or None
