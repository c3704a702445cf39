"""The dated history of an asset: merged half-open segments, without gap or overlap by construction.

A timeline begins where the asset is first known and never ends: its last segment is open. Every operation returns a new
timeline; the constructor refuses one that is not sorted, gapless and merged, so no other can exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

from inventory.domain.configuration import Allocation, Configuration
from inventory.domain.vocabulary import Status


class Unset(Enum):
    """Says that a change leaves an attribute as it is known; distinct from None, which clears it."""

    UNSET = "unset"


UNSET: Literal[Unset.UNSET] = Unset.UNSET


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is dated about an asset, at one moment."""

    status: Status = Status.IN_SERVICE
    site_id: UUID | None = None
    host_id: UUID | None = None
    plan: str | None = None
    configuration: Configuration | None = None
    allocation: Allocation | None = None


ATTRIBUTES = ("status", "site_id", "host_id", "plan", "configuration", "allocation")
"""The dated attributes, by name."""


@dataclass(frozen=True, slots=True)
class Change:
    """New values for some dated attributes."""

    status: Status | Unset = UNSET
    site_id: UUID | Unset | None = UNSET
    host_id: UUID | Unset | None = UNSET
    plan: str | Unset | None = UNSET
    configuration: Configuration | Unset | None = UNSET
    allocation: Allocation | Unset | None = UNSET

    def given(self) -> dict[str, Any]:
        """The attributes that the change names, with their new values."""
        return {name: value for name in ATTRIBUTES if (value := getattr(self, name)) is not UNSET}


@dataclass(frozen=True, slots=True)
class Segment:
    """One state over `[start, end)`; `end` None is open."""

    start: datetime
    end: datetime | None
    state: State

    def covers(self, moment: datetime) -> bool:
        """Whether `moment` lies in `[start, end)`."""
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The segments of an asset, first to last."""

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        """Refuse what is not a timeline."""
        if not self.segments or self.segments[-1].end is not None:
            raise ValueError("a timeline has at least one segment and its last one is open")
        for earlier, later in pairwise(self.segments):
            if earlier.end != later.start or earlier.start >= later.start:
                raise ValueError(f"gap or overlap between {earlier.start} and {later.start}")
            if earlier.state == later.state:
                raise ValueError(f"equal neighbours at {later.start}")

    @property
    def start(self) -> datetime:
        """Since when the asset is known."""
        return self.segments[0].start

    def at(self, moment: datetime) -> State | None:
        """The state at a moment, None before the asset is known."""
        for segment in self.segments:
            if segment.covers(moment):
                return segment.state
        return None


def begin(start: datetime, change: Change) -> Timeline:
    """The timeline of an asset first known at `start`; what `change` leaves out has the defaults of `State`."""
    return Timeline((Segment(start, None, State(**change.given())),))


def record(timeline: Timeline, change: Change, start: datetime, until: datetime | None = None) -> Timeline:
    """Record that `change` holds from `start`, in the past or in the future.

    Each attribute holds until the next moment at which that very attribute is known to change, or until `until` when
    one is given (a bounded correction, after which what was known resumes). So facts may arrive in any order, and a
    fact that arrives twice changes nothing.

    A `start` before the asset's first segment makes the asset known since then: attributes that the change does not
    name have, until the first segment, the values of that segment.

    Raises ValueError when `until` is not after `start`.
    """
    if until is not None and until <= start:
        raise ValueError("until must be after start")
    given = change.given()
    if until is None and _holds(timeline, given, start):
        return timeline
    pieces = _split(_reaching_back(timeline.segments, start), [start] if until is None else [start, until])
    first = next(index for index, piece in enumerate(pieces) if piece.start == start)
    states = [piece.state for piece in pieces]
    for name, value in given.items():
        for index in range(first, len(pieces)):
            if _ends(name, pieces, index, first, timeline.start, until):
                break
            states[index] = replace(states[index], **{name: value})
    return merged([_in_state(piece, state) for piece, state in zip(pieces, states, strict=True)])


def retire(timeline: Timeline, moment: datetime) -> Timeline:
    """Retire the asset for good at `moment`: whatever was recorded for later is dropped.

    Raises ValueError when the asset is not known at `moment`.
    """
    if moment < timeline.start:
        raise ValueError("an asset cannot be retired before it is known")
    pieces = _split(timeline.segments, [moment])
    kept = [piece for piece in pieces if piece.start < moment]
    retired = next(piece.state for piece in pieces if piece.start == moment)
    return merged([*kept, Segment(moment, None, replace(retired, status=Status.RETIRED))])


def difference(before: Timeline | None, after: Timeline | None) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """The segments that `after` no longer has, and those that it has anew."""
    old = before.segments if before else ()
    new = after.segments if after else ()
    return tuple(piece for piece in old if piece not in new), tuple(piece for piece in new if piece not in old)


def _holds(timeline: Timeline, given: Mapping[str, Any], moment: datetime) -> bool:
    """Whether the attributes have these values at `moment` already; then nothing is new, whatever comes later."""
    state = timeline.at(moment)
    return state is not None and all(getattr(state, name) == value for name, value in given.items())


def _reaching_back(segments: Sequence[Segment], start: datetime) -> list[Segment]:
    """The segments, preceded by one from `start` in the first one's state when `start` is before it."""
    first = segments[0]
    if start >= first.start:
        return list(segments)
    return [Segment(start, first.start, first.state), *segments]


def _split(segments: Sequence[Segment], moments: Sequence[datetime]) -> list[Segment]:
    """The segments, cut at each of the moments that lies within one."""
    pieces = list(segments)
    for moment in moments:
        for index, piece in enumerate(pieces):
            if piece.start < moment and piece.covers(moment):
                pieces[index : index + 1] = [replace(piece, end=moment), replace(piece, start=moment)]
                break
    return pieces


def _ends(
    name: str, pieces: Sequence[Segment], index: int, first: int, known_since: datetime, until: datetime | None
) -> bool:
    """Whether a value recorded from piece `first` no longer holds in piece `index`."""
    piece = pieces[index]
    if until is not None:
        return piece.start >= until
    if index == first:
        return False
    return piece.start == known_since or getattr(piece.state, name) != getattr(pieces[index - 1].state, name)


def _in_state(piece: Segment, state: State) -> Segment:
    return piece if piece.state is state else Segment(piece.start, piece.end, state)


def merged(pieces: Sequence[Segment]) -> Timeline:
    """The timeline of pieces that follow one another, equal neighbours made one. Raises ValueError when they do not."""
    whole: list[Segment] = []
    for piece in pieces:
        if whole and whole[-1].state == piece.state:
            whole[-1] = replace(whole[-1], end=piece.end)
        else:
            whole.append(piece)
    return Timeline(tuple(whole))
