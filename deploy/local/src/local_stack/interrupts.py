"""Ctrl-C, `kill` and a closed terminal, handled so that nothing is left half-done."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class InterruptedByUserError(Exception):
    """The person at the terminal, or the system, asked this command to end."""


@contextmanager
def raising() -> Iterator[None]:
    """Within, each of the signals raises InterruptedByUserError."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise InterruptedByUserError(signal.Signals(number).name)

    with _handled(interrupt):
        yield


@contextmanager
def deferred() -> Iterator[None]:
    """Within, the signals wait; the first one that came is delivered at the end."""
    received: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        received.append(number)

    with _handled(remember):
        yield
    if received:
        signal.raise_signal(received[0])


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    previous = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in previous.items():
            signal.signal(number, old)
