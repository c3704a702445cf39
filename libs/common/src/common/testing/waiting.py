"""Waiting for a condition, never for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

Outcome = TypeVar("Outcome")

STEP_S = 0.02


@overload
async def eventually(
    condition: Callable[[], Awaitable[Outcome]], *, timeout_s: float = ..., what: str = ...
) -> Outcome: ...


@overload
async def eventually(condition: Callable[[], Outcome], *, timeout_s: float = ..., what: str = ...) -> Outcome: ...


async def eventually(condition: Callable[[], Any], *, timeout_s: float = 30.0, what: str = "the condition") -> Any:
    """Ask `condition` (plain or async) until its answer is truthy and return it. Raises `AssertionError` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        outcome = condition()
        if inspect.isawaitable(outcome):
            outcome = await outcome
        if outcome:
            return outcome
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {timeout_s} s; last answer {outcome!r}")
        await asyncio.sleep(STEP_S)
