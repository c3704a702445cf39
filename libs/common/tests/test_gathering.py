"""Calls that wait at the same moment are done together, each answered as if it had come alone."""

import asyncio
from collections.abc import Sequence

import asyncpg
import pytest
from common.gathering import QUIET_S, Gathering, Touched
from common.pause import TURN_S
from common.testing.waiting import eventually


class Work:
    """What is done together and apart, each time not before it may."""

    def __init__(self, limit: int = 10, turn_s: float = TURN_S, quiet_s: float = QUIET_S) -> None:
        self.together: list[list[str]] = []
        self.apart: list[str] = []
        self.may_go_together = asyncio.Event()
        self.may_go_apart = asyncio.Event()
        self.failures: dict[str, Exception] = {}
        self.gathering = Gathering(self._together, self._apart, limit, turn_s, quiet_s)

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


async def test_calls_that_come_at_a_time_wait_for_more_while_more_come() -> None:
    work = Work(limit=2, turn_s=3600.0, quiet_s=3600.0)
    first = work.start("a")
    await work.begun()
    second = work.start("b")
    work.may_go_together.set()
    assert await first == "a done"
    assert work.together == [["a"]], "b waits for an hour, or for another one"
    third = work.start("c")
    assert [await second, await third] == ["b done", "c done"]
    assert work.together == [["a"], ["b", "c"]]


@pytest.mark.parametrize(("turn_s", "quiet_s"), [(0.0, 3600.0), (3600.0, 0.0)])
async def test_nobody_waits_beyond_the_turn_or_when_nobody_comes(turn_s: float, quiet_s: float) -> None:
    work = Work(turn_s=turn_s, quiet_s=quiet_s)
    first = work.start("a")
    await work.begun()
    second = work.start("b")
    await asyncio.sleep(0)
    work.may_go_together.set()
    async with asyncio.timeout(10):
        assert [await first, await second] == ["a done", "b done"]
    assert work.together == [["a"], ["b"]]


async def test_as_many_as_go_together_wait_for_no_more() -> None:
    work = Work(limit=2, turn_s=3600.0, quiet_s=3600.0)
    first = work.start("a")
    await work.begun()
    rest = [work.start(call) for call in "bc"]
    await asyncio.sleep(0)
    work.may_go_together.set()
    async with asyncio.timeout(10):
        assert [await call for call in (first, *rest)] == ["a done", "b done", "c done"]


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
