"""Dated values: half-open intervals that never overlap, replaced in part by a correction."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from math import inf
from typing import Generic, NamedTuple, TypeVar

Moment = TypeVar("Moment", date, datetime)
Value = TypeVar("Value")


class Dated(NamedTuple, Generic[Moment, Value]):
    """A value over `[start, end)`; None is open at that side."""

    start: Moment | None
    end: Moment | None
    value: Value


def ordered(pieces: Iterable[Dated[Moment, Value]]) -> tuple[Dated[Moment, Value], ...]:
    """The pieces from first to last."""
    return tuple(sorted(pieces, key=_begins))


def overlaps(pieces: Sequence[Dated[Moment, Value]]) -> bool:
    """Whether two pieces of an ordered sequence hold at one moment."""
    return any(
        earlier.end is None or later.start is None or later.start < earlier.end for earlier, later in pairwise(pieces)
    )


def spliced(
    pieces: Iterable[Dated[Moment, Value]], start: Moment | None, end: Moment | None, value: Value | None
) -> tuple[Dated[Moment, Value], ...]:
    """The pieces with `value` over `[start, end)`, or with nothing there when it is None; outside all stays as it was.

    Neighbours with equal values become one.
    """
    kept: list[Dated[Moment, Value]] = []
    for piece in pieces:
        if start is not None and _starts_before(piece, start):
            kept.append(Dated(piece.start, _earlier(piece.end, start), piece.value))
        if end is not None and (piece.end is None or piece.end > end):
            kept.append(Dated(_later(piece.start, end), piece.end, piece.value))
    if value is not None:
        kept.append(Dated(start, end, value))
    return _merged(ordered(kept))


def value_at(pieces: Iterable[Dated[Moment, Value]], moment: Moment) -> Value | None:
    """The value that holds at a moment, if any does."""
    for piece in pieces:
        if (piece.start is None or piece.start <= moment) and (piece.end is None or moment < piece.end):
            return piece.value
    return None


def _begins(piece: Dated[Moment, Value]) -> float:
    if piece.start is None:
        return -inf
    return piece.start.timestamp() if isinstance(piece.start, datetime) else float(piece.start.toordinal())


def _starts_before(piece: Dated[Moment, Value], moment: Moment) -> bool:
    return piece.start is None or piece.start < moment


def _earlier(one: Moment | None, other: Moment) -> Moment:
    return other if one is None or other < one else one


def _later(one: Moment | None, other: Moment) -> Moment:
    return other if one is None or other > one else one


def _merged(pieces: Sequence[Dated[Moment, Value]]) -> tuple[Dated[Moment, Value], ...]:
    merged: list[Dated[Moment, Value]] = []
    for piece in pieces:
        if merged and merged[-1].end is not None and merged[-1].end == piece.start and merged[-1].value == piece.value:
            merged[-1] = Dated(merged[-1].start, piece.end, piece.value)
        else:
            merged.append(piece)
    return tuple(merged)
