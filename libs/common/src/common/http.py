"""How answers leave: head and body of one in one system call, where uvicorn makes two."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HELD_BYTES = 64 * 1024
"""What waits for the end of a turn at most; more leaves at once, so that a stream meets the transport's own flow control."""


class JoinedWrites(asyncio.Transport):
    """A transport that hands what is written within one turn of the event loop to `transport` in one piece, in its order.

    A system call and a packet cost more than preparing a short answer. What was written is handed on before the transport is closed.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._written: list[bytes | bytearray | memoryview] = []
        self._held = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take `data`, to leave at the end of this turn at the latest."""
        if not self._written:
            self._loop.call_soon(self._hand_on)
        self._written.append(data)
        self._held += len(data)
        if self._held > HELD_BYTES:
            self._hand_on()

    def close(self) -> None:
        """Close once everything written has left."""
        self._hand_on()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was written may be lost."""
        self._written.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows of its socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Hear nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Hear again."""
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Tell `protocol` what comes in from now on."""
        self._transport.set_protocol(protocol)

    def _hand_on(self) -> None:
        if self._written:
            written, self._written, self._held = self._written, [], 0
            self._transport.writelines(written)


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 over httptools, its writes joined."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        super().connection_made(JoinedWrites(cast(asyncio.Transport, transport), self.loop))
