"""Calls that wait at the same moment are done together, each answered as if it had come alone."""

import asyncio
from collections.abc import Callable, Sequence

import asyncpg
import pytest
from common.gathering import Gathering, Touched
from common.pause import Turn
from common.testing.waiting import eventually


class Work:
    """What is done together and apart, each time not before it may."""

    def __init__(self, limit: int = 10, turn: Callable[[], Turn] = Turn) -> None:
        self.together: list[list[str]] = []
        self.apart: list[str] = []
        self.may_go_together = asyncio.Event()
        self.may_go_apart = asyncio.Event()
        self.failures: dict[str, Exception] = {}
        self.gathering = Gathering(self._together, self._apart, limit, turn)

    async def _together(self, calls: Sequence[str]) -> list[str]:
        self.together.append(list(calls))
        await self.may_go_together.wait()
        for call in calls:
            if call in self.failures:
                raise self.failures[call]
        return [f"{call} done" for call in calls]

    async def _apart(self, call: str) -> str:
        self.apart.append(call)
        await self.may_go_apart.wait()
        if call in self.failures:
            raise self.failures[call]
        return f"{call} done apart"

    def start(self, call: str, *writes: str, names: Sequence[str] = ()) -> asyncio.Task[str]:
        """Begin a call that writes `writes`, itself when nothing is said."""
        touched = Touched(frozenset(writes or [call]), frozenset(names))
        return asyncio.create_task(self.gathering.do(call, touched))

    async def begun(self) -> None:
        """Return when the first group has begun."""
        await eventually(lambda: bool(self.together), what="a group has begun")


async def test_what_comes_while_a_call_is_under_way_goes_together_after_it() -> None:
    work = Work()
    first = work.start("a")
    await work.begun()
    rest = [work.start(call) for call in "bcd"]
    await asyncio.sleep(0)
    work.may_go_together.set()
    assert await asyncio.gather(first, *rest) == ["a done", "b done", "c done", "d done"]
    assert work.together == [["a"], ["b", "c", "d"]]
    assert work.gathering.is_idle


class HeldTurn(Turn):
    """A turn that is over when it may be."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.may_be_over = asyncio.Event()

    async def over(self, taken: int, stop: asyncio.Event | None = None) -> None:
        self.asked.set()
        await self.may_be_over.wait()


async def test_calls_that_come_at_a_time_wait_for_more_until_the_turn_is_over() -> None:
    turn = HeldTurn()
    work = Work(turn=lambda: turn)
    first = work.start("a")
    await work.begun()
    second = work.start("b")
    await asyncio.sleep(0)
    work.may_go_together.set()
    await turn.asked.wait()
    third = work.start("c")
    await asyncio.sleep(0)
    assert len(work.together) == 1
    turn.may_be_over.set()
    assert [await call for call in (first, second, third)] == ["a done", "b done", "c done"]
    assert work.together == [["a"], ["b", "c"]]


async def test_as_many_as_go_together_wait_for_no_more() -> None:
    turn = HeldTurn()
    work = Work(limit=2, turn=lambda: turn)
    first = work.start("a")
    await work.begun()
    rest = [work.start(call) for call in "bc"]
    await asyncio.sleep(0)
    work.may_go_together.set()
    assert await asyncio.gather(first, *rest) == ["a done", "b done", "c done"]
    assert not turn.asked.is_set()


async def test_a_call_that_comes_when_nothing_is_under_way_goes_at_once() -> None:
    work = Work()
    work.may_go_together.set()
    for call in "ab":
        assert await work.start(call) == f"{call} done"
    assert work.together == [["a"], ["b"]]


async def test_calls_that_write_the_same_keep_their_order_and_let_others_pass() -> None:
    work = Work()
    work.may_go_together.set()
    calls = [work.start("a", "x"), work.start("b", "x", "y"), work.start("c", "y"), work.start("d", "z")]
    await asyncio.gather(*calls)
    assert work.together == [["a", "d"], ["b"], ["c"]]


async def test_what_one_call_writes_no_other_of_the_same_group_names() -> None:
    work = Work()
    work.may_go_together.set()
    calls = [work.start("vm-1", names=["host"]), work.start("vm-2", names=["host"]), work.start("host")]
    await asyncio.gather(*calls)
    assert work.together == [["vm-1", "vm-2"], ["host"]]


async def test_no_more_than_the_limit_go_together() -> None:
    work = Work(limit=2)
    work.may_go_together.set()
    await asyncio.gather(*(work.start(call) for call in "abcde"))
    assert work.together == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_failure_is_the_answer_of_its_own_call_only() -> None:
    work = Work()
    work.failures["b"] = ValueError("b is wrong")
    work.may_go_together.set()
    work.may_go_apart.set()
    answers = await asyncio.gather(*(work.start(call) for call in "abc"), return_exceptions=True)
    assert answers == ["a done apart", work.failures["b"], "c done apart"]


async def test_what_waits_apart_holds_up_only_what_touches_the_same() -> None:
    work = Work()
    work.failures["a"] = asyncpg.LockNotAvailableError("somebody else has it")
    work.may_go_together.set()
    locked = work.start("a", "x")
    await eventually(lambda: bool(work.apart), what="the call goes apart")
    behind, beside = work.start("behind", "x"), work.start("beside", "y")
    assert await beside == "beside done"
    assert not locked.done()
    assert not behind.done()
    del work.failures["a"]
    work.may_go_apart.set()
    assert await locked == "a done apart"
    assert await behind == "behind done"


async def test_what_may_have_been_committed_is_not_done_again() -> None:
    work = Work()
    work.failures["a"] = asyncpg.ConnectionDoesNotExistError("gone during the commit")
    work.may_go_together.set()
    answers = await asyncio.gather(*(work.start(call) for call in "ab"), return_exceptions=True)
    assert answers == [work.failures["a"]] * 2
    assert work.apart == []


async def test_a_caller_that_has_gone_is_not_waited_for() -> None:
    work = Work()
    first = work.start("a")
    await work.begun()
    gone, kept = work.start("b"), work.start("c")
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    work.may_go_together.set()
    await asyncio.gather(first, kept)
    assert work.together == [["a"], ["c"]]
