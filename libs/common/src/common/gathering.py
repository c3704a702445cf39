"""Calls that wait at the same moment are done together: one transaction then costs them all little more than one of them.

A call that comes while nothing is under way is done at once, alone. What comes meanwhile is done together, and since others are plainly
coming, it waits for them: until the turn is over (`common.pause`), or nobody has come for a while. So calls that come one after the other
wait for nothing, and the more there are at a time the cheaper each is.

Why each is answered as if it had come alone: calls done together write different things, and none names what another writes. Those that
write the same keep their order, one after the other. When what is done together fails, its transaction has left nothing, and each of its
calls is done apart, beside whatever follows; only the failure of the call itself is its answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from common.failures import is_undone
from common.pause import TURN_S, Turn, pause

Call = TypeVar("Call")
Answer = TypeVar("Answer")


QUIET_S: Final = 0.008
"""When nobody has come for so long, nobody is about to: callers who wait for their answers before they call again are all here."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a call writes, and what it names beside that: any hashable values that stand for rows."""

    writes: frozenset[Hashable]
    names: frozenset[Hashable] = frozenset()


@dataclass(slots=True, eq=False)
class _Piece(Generic[Call, Answer]):
    call: Call
    touched: Touched
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Gathering(Generic[Call, Answer]):
    """Does calls of one kind of caller, who may see and sign the same, through one transaction at a time.

    `together` does several in one transaction and gives their answers in order; it must give up soon where it would have to wait for
    somebody else's lock. `apart` does one, for as long as it takes. At most `limit` calls go together.
    Those that wait at the end of a transaction wait for others until `turn_s` after its beginning, while one comes every `quiet_s`.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Call]], Awaitable[Sequence[Answer]]],
        apart: Callable[[Call], Awaitable[Answer]],
        limit: int,
        turn_s: float = TURN_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        self._together = together
        self._apart = apart
        self._limit = limit
        self._turn_s = turn_s
        self._quiet_s = quiet_s
        self._came = asyncio.Event()
        self._waiting: list[_Piece[Call, Answer]] = []
        self._under_way_apart: set[_Piece[Call, Answer]] = set()
        self._draining = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return not (self._waiting or self._draining or self._under_way_apart)

    async def do(self, call: Call, touched: Touched) -> Answer:
        """The answer to `call`, once its transaction is committed. Raises what doing it alone raises."""
        piece: _Piece[Call, Answer] = _Piece(call, touched)
        self._waiting.append(piece)
        self._came.set()
        self._drain_soon()
        return await piece.answer

    def _drain_soon(self) -> None:
        if not self._draining:
            self._draining = True
            self._spawn(self._drain())

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        # In a context of its own: it is not the work of the call that happened to come first.
        task = asyncio.get_running_loop().create_task(run(), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self) -> None:
        try:
            while chosen := self._choose():
                turn = Turn(self._turn_s)
                await self._do_together(chosen)
                await self._wait_for_more(turn)
        finally:
            self._draining = False

    async def _wait_for_more(self, turn: Turn) -> None:
        while 0 < len(self._waiting) < self._limit and turn.left_s > 0:
            self._came.clear()
            await pause(min(turn.left_s, self._quiet_s), self._came)
            if not self._came.is_set():
                return

    def _choose(self) -> list[_Piece[Call, Answer]]:
        """Take from those that wait, in their order, what can go together; what it must not overtake stays behind."""
        self._waiting = [piece for piece in self._waiting if not piece.answer.done()]
        before = [piece.touched for piece in self._under_way_apart]
        written = {one for touched in before for one in touched.writes}
        named = {one for touched in before for one in touched.names}
        chosen: list[_Piece[Call, Answer]] = []
        left: list[_Piece[Call, Answer]] = []
        for piece in self._waiting:
            writes, names = piece.touched.writes, piece.touched.names
            free = written.isdisjoint(writes) and written.isdisjoint(names) and named.isdisjoint(writes)
            (chosen if free and len(chosen) < self._limit else left).append(piece)
            written |= writes
            named |= names
        self._waiting = left
        return chosen

    async def _do_together(self, chosen: Sequence[_Piece[Call, Answer]]) -> None:
        try:
            answers = await self._together([piece.call for piece in chosen])
        except Exception as error:
            if is_undone(error):
                self._under_way_apart.update(chosen)
                for piece in chosen:
                    self._spawn(self._do_apart(piece))
            else:
                for piece in _unanswered(chosen):
                    piece.answer.set_exception(error)
        except BaseException:
            _abandon(chosen)
            raise
        else:
            for piece, answer in zip(chosen, answers, strict=True):
                if not piece.answer.done():
                    piece.answer.set_result(answer)

    async def _do_apart(self, piece: _Piece[Call, Answer]) -> None:
        try:
            answer = await self._apart(piece.call)
        except Exception as error:
            for waiting in _unanswered([piece]):
                waiting.answer.set_exception(error)
        except BaseException:
            _abandon([piece])
            raise
        else:
            for waiting in _unanswered([piece]):
                waiting.answer.set_result(answer)
        self._under_way_apart.discard(piece)
        self._drain_soon()


def _unanswered(pieces: Collection[_Piece[Call, Answer]]) -> Iterator[_Piece[Call, Answer]]:
    return (piece for piece in pieces if not piece.answer.done())


def _abandon(pieces: Collection[_Piece[Call, Answer]]) -> None:
    for piece in _unanswered(pieces):
        piece.answer.cancel()
