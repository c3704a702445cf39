"""Two records that prove to be one asset: whose values win, and what the one timeline is."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from inventory.domain.asset import Asset
from inventory.domain.defects import Defect, Refused
from inventory.domain.description import TAGS_LIMIT, Acquisition, Description
from inventory.domain.hosting import in_two_places
from inventory.domain.timeline import ATTRIBUTES, Segment, State, Timeline, merged


class Prefer(StrEnum):
    """Whose values win where both records know one: the asset that stays, the other, or the one that was changed last."""

    THIS = "this"
    OTHER = "other"
    NEWEST = "newest"


def merge(this: Asset, other: Asset, prefer: Prefer, now: datetime) -> Asset:
    """`this` with what `other` knows beside it: a value that the preferred record knows wins, else the other's is taken.

    At a moment at which only one record is known, that one's state holds. All names lead to `this`. Raises Refused.
    """
    defects = list(_not_one(this, other))
    if defects:
        raise Refused(defects)
    other_wins = prefer is Prefer.OTHER or (prefer is Prefer.NEWEST and other.recorded_at > this.recorded_at)
    first, second = (other, this) if other_wins else (this, other)
    description = _described(first.description, second.description)
    timeline = overlay(first.timeline, second.timeline)
    if in_two_places(timeline):
        rule = "one record has a host, the other is at a public cloud at the same time; correct one of them first"
        raise Refused([Defect("allocation.cloud", "cloud_with_host", rule)])
    return replace(
        this,
        description=description,
        timeline=timeline,
        also_known_as=(*this.also_known_as, *(name for name in other.names if name not in this.names)),
        version=this.version + 1,
        recorded_at=now,
    )


def overlay(first: Timeline, second: Timeline) -> Timeline:
    """One timeline of two: what `first` knows at a moment, and what only `second` knows."""
    edges = sorted({piece.start for piece in (*first.segments, *second.segments)})
    ends = [*edges[1:], None]
    return merged(
        [Segment(start, end, _state(first.at(start), second.at(start))) for start, end in zip(edges, ends, strict=True)]
    )


def rehosted(timeline: Timeline, old: UUID, new: UUID) -> Timeline:
    """The timeline with host `new` wherever it was `old`."""
    return merged(
        [
            replace(piece, state=replace(piece.state, host_id=new)) if piece.state.host_id == old else piece
            for piece in timeline.segments
        ]
    )


def _not_one(this: Asset, other: Asset) -> list[Defect]:
    if this.id == other.id:
        return [Defect("other", "same_asset", "an asset is not merged with itself")]
    if this.key.org != other.key.org:
        return [
            Defect("other", "other_organisation", "assets of two organisations are not one; give both one owner first")
        ]
    if this.kind is not other.kind:
        return [Defect("other", "kind_changed", f"a {this.kind} and a {other.kind} are not one asset")]
    for one, two in ((this, other), (other, this)):
        if any(piece.state.host_id == two.id for piece in one.timeline.segments):
            return [Defect("other", "host_cycle", "one of them runs, or ran, on the other")]
    return []


def _described(first: Description, second: Description) -> Description:
    values = {name: _either(getattr(first, name), getattr(second, name)) for name in Description.model_fields}
    values["tags"] = {**second.tags, **first.tags}
    if len(values["tags"]) > TAGS_LIMIT:
        raise Refused(
            [Defect("tags", "too_many", f"both together have more than {TAGS_LIMIT} tags; remove some first")]
        )
    if first.acquired is not None and second.acquired is not None:
        one, two = first.acquired.model_dump(), second.acquired.model_dump()
        values["acquired"] = Acquisition.model_validate({name: _either(one[name], two[name]) for name in one})
    return Description.model_validate({name: _plain(value) for name, value in values.items()})


def _either(one: Any, other: Any) -> Any:
    return other if one is None else one


def _plain(value: Any) -> Any:
    return value.model_dump(exclude_none=True) if isinstance(value, BaseModel) else value


def _state(first: State | None, second: State | None) -> State:
    if first is None or second is None:
        known = first or second
        assert known is not None
        return known
    return State(**{name: _either(getattr(first, name), getattr(second, name)) for name in ATTRIBUTES})
