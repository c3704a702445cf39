"""How answers leave: in as few pieces as they may, whole, in order, and under flow control."""

import asyncio
from collections.abc import Iterable

import pytest
from common.api.direct import PartsResponse
from common.http import HELD_BYTES, JoinedWrites
from starlette.types import Message


class Recording(asyncio.Transport):
    """The edge of the world: notes each piece that is handed to the network."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.pieces.append(b"".join(list_of_data))

    def close(self) -> None:
        self.pieces.append(b"closed")

    def abort(self) -> None:
        self.pieces.append(b"aborted")


def joined() -> tuple[JoinedWrites, Recording]:
    network = Recording()
    return JoinedWrites(network, asyncio.get_running_loop()), network


async def test_what_is_written_in_one_turn_leaves_in_one_piece_and_in_order() -> None:
    transport, network = joined()
    for part in (b"head ", b"and ", b"body"):
        transport.write(part)
    assert network.pieces == []
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)
    assert network.pieces == [b"head and body", b"next"]


async def test_more_than_may_be_held_leaves_at_once() -> None:
    transport, network = joined()
    transport.write(b"head")
    transport.write(b"x" * HELD_BYTES)
    assert network.pieces == [b"head" + b"x" * HELD_BYTES]
    await asyncio.sleep(0)
    assert len(network.pieces) == 1


async def test_closing_lets_what_was_written_leave_first_and_aborting_does_not() -> None:
    transport, network = joined()
    transport.write(b"last words")
    transport.close()
    assert network.pieces == [b"last words", b"closed"]

    transport, network = joined()
    transport.write(b"last words")
    transport.abort()
    await asyncio.sleep(0)
    assert network.pieces == [b"aborted"]


@pytest.mark.parametrize(
    ("parts", "bodies"),
    [([b"[", b"1", b"]"], [b"[1]"]), ([b",", b"x" * HELD_BYTES, b","], [b",", b"x" * HELD_BYTES, b","]), ([], [b""])],
)
async def test_a_large_answer_leaves_in_its_parts_and_a_small_one_in_one_piece(
    parts: list[bytes], bodies: list[bytes]
) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await PartsResponse(parts, "application/json")({"type": "http"}, receive, send)
    head, *rest = sent
    assert dict(head["headers"])[b"content-length"] == b"%d" % sum(map(len, parts))
    assert [each["body"] for each in rest] == bodies
    assert [each["more_body"] for each in rest] == [True] * (len(bodies) - 1) + [False]
