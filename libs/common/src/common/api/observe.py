"""The one middleware around every request: trace, metrics, log line, body limit. Plain ASGI, since it is on the path of each call."""

import time

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import metrics, telemetry
from common.api.problems import Problem

log = structlog.get_logger()


class Observe:
    """Wraps `app`. Bodies over `body_limit_bytes` get 413, whether their length is declared or only found out while reading."""

    def __init__(self, app: ASGIApp, body_limit_bytes: int) -> None:
        self._app = app
        self._limit = body_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        started = time.perf_counter()
        status = 500

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        traceparent = headers.get(b"traceparent")
        with telemetry.server_span(
            f"{scope['method']} {scope['path']}", traceparent.decode("latin-1") if traceparent else None
        ) as span:
            # For the answer to a crash, which is made outside of the span.
            scope[telemetry.SPAN] = span.get_span_context()
            try:
                if declared.isdigit() and int(declared) > self._limit:
                    await _too_large(self._limit).response()(scope, receive, note_status)
                else:
                    await self._app(scope, self._limited(receive), note_status)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                seconds = time.perf_counter() - started
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.response.status_code", status)
                metrics.HTTP_SECONDS.labels(scope["method"], route, status).observe(seconds)
                write = log.warning if status >= 500 else log.info if status >= 400 else log.debug
                write("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 2))

    def _limited(self, receive: Receive) -> Receive:
        read = 0

        async def count() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise HTTPException(413, _too_large(self._limit).detail)
            return message

        return count


def _too_large(limit: int) -> Problem:
    return Problem(413, "too-large", f"the body is larger than {limit} bytes; send it in parts")
