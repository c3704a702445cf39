"""What differs between two versions of something, field by field, with what was known before and what is known after."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from inventory.domain.application import Application
from inventory.domain.asset import Asset
from inventory.domain.comparing import FieldChange, field_changes
from inventory.domain.configuration import Part
from inventory.domain.timeline import State, Timeline


@dataclass(frozen=True, slots=True)
class DatedChange(FieldChange):
    """A change of a field. What is dated changes over `[start, end)`, `end` None being open; what is undated has neither."""

    start: datetime | None = None
    end: datetime | None = None


def asset_changes(before: Asset | None, after: Asset) -> list[DatedChange]:
    """Everything that differs between two versions of an asset; of a new one everything that is known of it."""
    described = part_changes(before.description if before else None, after.description)
    return [*described, *_timeline_changes(before.timeline if before else None, after.timeline)]


def part_changes(before: Part | None, after: Part) -> list[DatedChange]:
    """The undated fields that differ."""
    changes = _leaf_changes(_document(before), _document(after))
    return [DatedChange(change.field, change.before, change.after) for change in changes]


def application_changes(before: Application | None, after: Application) -> list[DatedChange]:
    """What differs between two versions of an application; a machine that it no longer runs on is told by its `before`."""
    known = () if before is None else before.machines
    fields_ = [
        DatedChange(name, None if before is None else getattr(before, name), getattr(after, name))
        for name in ("name", "users")
        if before is None or getattr(before, name) != getattr(after, name)
    ]
    gone = [
        DatedChange("machine", one.asset_id, None, one.start, one.end) for one in known if one not in after.machines
    ]
    come = [
        DatedChange("machine", None, one.asset_id, one.start, one.end) for one in after.machines if one not in known
    ]
    return [change for change in fields_ if change.before != change.after] + gone + come


def _document(part: Part | None) -> Mapping[str, Any]:
    return {} if part is None else part.model_dump(mode="json", by_alias=True, exclude_none=True)


def _timeline_changes(before: Timeline | None, after: Timeline) -> list[DatedChange]:
    moments = sorted({piece.start for timeline in (before, after) if timeline for piece in timeline.segments})
    open_: dict[str, DatedChange] = {}
    done: list[DatedChange] = []
    for index, start in enumerate(moments):
        end = moments[index + 1] if index + 1 < len(moments) else None
        known, told = before.at(start) if before else None, after.at(start)
        still: dict[str, DatedChange] = {}
        for change in _leaf_changes(_state(known), _state(told)):
            field, was, is_ = change.field, change.before, change.after
            begun = open_.pop(field, None)
            if begun is not None and (begun.before, begun.after) == (was, is_):
                still[field] = DatedChange(field, was, is_, begun.start, end)
            else:
                done.extend([] if begun is None else [begun])
                still[field] = DatedChange(field, was, is_, start, end)
        done.extend(open_.values())
        open_ = still
    return sorted([*done, *open_.values()], key=lambda change: (change.start, change.field))


def _state(state: State | None) -> Mapping[str, Any]:
    if state is None:
        return {}
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    said = {name: value for name, value in values.items() if value is not None}
    return {
        name: value.model_dump(mode="json", exclude_none=True) if isinstance(value, Part) else value
        for name, value in said.items()
    }


def _leaf_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields that differ; a document that is there on one side only is told field by field too."""
    empty: dict[str, Any] = {}
    both = {*before, *after}
    was = {name: before.get(name, empty if isinstance(after.get(name), Mapping) else None) for name in both}
    is_ = {name: after.get(name, empty if isinstance(before.get(name), Mapping) else None) for name in both}
    return field_changes(was, is_)
