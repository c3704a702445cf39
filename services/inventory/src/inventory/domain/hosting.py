"""Who runs on whom: a chain of hosts never comes back to where it began, at any moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from inventory.domain.timeline import Timeline


class Stay(NamedTuple):
    """A machine was on `host_id` over `[start, end)`; `end` None is open."""

    host_id: UUID
    start: datetime
    end: datetime | None


def stays(timeline: Timeline) -> tuple[Stay, ...]:
    """On which hosts a machine was, and when."""
    return tuple(
        Stay(piece.state.host_id, piece.start, piece.end)
        for piece in timeline.segments
        if piece.state.host_id is not None
    )


def comes_back(asset_id: UUID, hosting: Mapping[UUID, Sequence[Stay]]) -> bool:
    """Whether at some moment following the hosts of `asset_id` leads back to it.

    `hosting` holds the stays of every machine that may be on the way. Terminates on any input: a machine is not
    visited twice on one path.
    """
    return any(_leads_back(asset_id, stay, frozenset({asset_id}), hosting) for stay in hosting.get(asset_id, ()))


def _leads_back(asset_id: UUID, stay: Stay, visited: frozenset[UUID], hosting: Mapping[UUID, Sequence[Stay]]) -> bool:
    if stay.host_id == asset_id:
        return True
    if stay.host_id in visited:
        return False
    path = visited | {stay.host_id}
    for further in hosting.get(stay.host_id, ()):
        start = max(stay.start, further.start)
        end = _earlier(stay.end, further.end)
        if (end is None or start < end) and _leads_back(asset_id, Stay(further.host_id, start, end), path, hosting):
            return True
    return False


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def in_two_places(timeline: Timeline) -> bool:
    """Whether a machine is, at some moment, on a host and at a public cloud."""
    return any(
        piece.state.host_id is not None
        and piece.state.allocation is not None
        and piece.state.allocation.cloud is not None
        for piece in timeline.segments
    )
