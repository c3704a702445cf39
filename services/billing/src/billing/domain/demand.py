"""What was asked of a meter over a stretch of time, as the price models need it: how much in all, and how much above a line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from billing.domain.events import Interval


class Demand(Protocol):
    """Step-seconds of one meter over a window."""

    def total(self) -> Fraction:
        """∫ allocation dt over every resource together."""
        ...

    def above(self, steps: Fraction) -> Fraction:
        """∫ max(0, allocation − steps) dt, the allocation being that of every resource together."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """The allocation of all resources together, as steps of a function: `(seconds, steps)` pieces, in any order."""

    pieces: tuple[tuple[int, int], ...]

    def total(self) -> Fraction:
        """See `Demand`."""
        return Fraction(sum(seconds * steps for seconds, steps in self.pieces))

    def above(self, steps: Fraction) -> Fraction:
        """See `Demand`."""
        return sum((seconds * (held - steps) for seconds, held in self.pieces if held > steps), Fraction(0))


@dataclass(frozen=True, slots=True)
class Extrapolated:
    """`seen` of the window itself, and the mean of what has `elapsed` so far held for another `remaining_s` seconds."""

    seen: Demand
    elapsed: Demand
    elapsed_s: int
    remaining_s: int

    def total(self) -> Fraction:
        """See `Demand`."""
        return self.seen.total() + self.elapsed.total() * self.remaining_s / self.elapsed_s

    def above(self, steps: Fraction) -> Fraction:
        """See `Demand`."""
        return self.seen.above(steps) + self.elapsed.above(steps) * self.remaining_s / self.elapsed_s


def profile(intervals: Iterable[Interval], meter_index: int) -> Profile:
    """The profile of one meter over closed `intervals`, which may overlap and come in any order."""
    changes: dict[int, int] = {}
    for interval in intervals:
        amount = interval.amounts[meter_index]
        if amount and interval.end is not None:
            changes[interval.start] = changes.get(interval.start, 0) + amount
            changes[interval.end] = changes.get(interval.end, 0) - amount
    return Profile(_pieces(sorted(changes.items())))


def _pieces(changes: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    held, since, seconds_at = 0, 0, dict[int, int]()
    for at, change in changes:
        if held:
            seconds_at[held] = seconds_at.get(held, 0) + at - since
        held += change
        since = at
    return tuple((seconds, steps) for steps, seconds in sorted(seconds_at.items()))
