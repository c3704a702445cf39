"""Server-sent events: progress and changes as they happen, resumable by `Last-Event-ID`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from starlette.responses import StreamingResponse

from common import json

KEEP_ALIVE_S = 15.0


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event of a stream. `id` is what a client sends back as `Last-Event-ID` to go on after it."""

    event: str
    data: Any
    id: str | None = None

    def encode(self) -> bytes:
        """The event in the wire format of the HTML standard, section 9.2."""
        lines = [f"event: {self.event}"]
        if self.id is not None:
            lines.append(f"id: {self.id}")
        lines.append(f"data: {json.dumps_text(self.data)}")
        return ("\n".join(lines) + "\n\n").encode()


def event_stream(source: AsyncIterator[ServerSentEvent]) -> StreamingResponse:
    """Stream `source`; a comment every 15 s keeps idle connections open through proxies."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_kept_alive(source), media_type="text/event-stream", headers=headers)


async def _kept_alive(source: AsyncIterator[ServerSentEvent]) -> AsyncIterator[bytes]:
    pending = asyncio.ensure_future(anext(source, None))
    try:
        while True:
            done, _ = await asyncio.wait({pending}, timeout=KEEP_ALIVE_S)
            if not done:
                yield b": keep-alive\n\n"
                continue
            event = pending.result()
            if event is None:
                return
            yield event.encode()
            pending = asyncio.ensure_future(anext(source, None))
    finally:
        pending.cancel()
