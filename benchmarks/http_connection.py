"""A bare HTTP/1.1 connection for measuring: as little work per call as asyncio allows, and loopback only."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class AnswerError(Exception):
    """The server answered with an error status, without a length, or not at all; a measurement cannot go on."""


class ConnectionLostError(AnswerError):
    """The server closed the connection before it answered."""


@dataclass(frozen=True, slots=True)
class Target:
    """A service on this machine; anything else is refused, so that no load ever leaves it."""

    host: str
    port: int
    token: str

    @classmethod
    def of(cls, url: str, token: str) -> Self:
        """Read host and port of `url`; raise ValueError unless it is on the loopback interface."""
        parts = urlsplit(url)
        if parts.hostname not in _LOOPBACK:
            raise ValueError(f"{url} is not on the loopback interface; the load generator stays on this machine")
        return cls(parts.hostname, parts.port or 80, token)

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the bytes of one request, which may be sent any number of times."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
        if body is None:
            return f"{head}\r\n".encode()
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Connection(asyncio.Protocol):
    """One connection that is kept open and carries one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    @classmethod
    async def open(cls, target: Target) -> Self:
        """Connect to `target`; OSError when nothing listens there."""
        _, protocol = await asyncio.get_running_loop().create_connection(cls, target.host, target.port)
        return protocol

    async def exchange(self, request: bytes) -> bytes:
        """Send `request` and return the body of the answer; raise AnswerError unless its status is 2xx."""
        if self._transport is None or self._answer is not None:
            raise AnswerError("the connection is closed or has a request under way")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None

    @property
    def is_closed(self) -> bool:
        """Whether the server has closed it, or we have."""
        return self._transport is None

    def close(self) -> None:
        """Close the connection; closing twice is harmless."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio: whoever waits for an answer learns that none will come."""
        self._transport = None
        self._fail(ConnectionLostError(f"the connection was closed before the answer ({exc})"))

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: complete the answer once its head and its stated length are here."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        at = head.find(b"content-length:")
        if at < 0:
            self._fail(AnswerError(f"an answer states no length: {head[:200]!r}"))
            return
        total = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self._received) < total:
            return
        body = bytes(self._received[end + 4 : total])
        del self._received[:total]
        if head[9:10] != b"2":
            self._fail(AnswerError(f"status {head[9:12].decode()}: {body[:300].decode(errors='replace')}"))
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(body)

    def _fail(self, why: AnswerError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(why)


class Pool:
    """Connections that calls borrow: a call waits only for a free connection, and opens one while there are few, or anew where the server
    has closed one that nobody used for a while."""

    def __init__(self, target: Target, size: int) -> None:
        self.target = target
        self._free: asyncio.LifoQueue[Connection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._free.put_nowait(None)
        self._open: list[Connection] = []

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer to one call."""
        request = self.target.request(method, path, None if body is None else json.dumps(body).encode())
        connection = await self._free.get()
        try:
            if connection is not None and not connection.is_closed:
                with suppress(
                    ConnectionLostError
                ):  # the server may close an idle one at the very moment when it is used
                    return json.loads(await connection.exchange(request))
            connection = await Connection.open(self.target)
            self._open.append(connection)
            return json.loads(await connection.exchange(request))
        finally:
            self._free.put_nowait(connection)

    def close(self) -> None:
        """Close every connection."""
        for connection in self._open:
            connection.close()
