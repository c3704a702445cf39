"""What differs between two versions of something, field by field, with what was known before and what is known after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from inventory.domain.application import Application
from inventory.domain.asset import Asset
from inventory.domain.configuration import Part
from inventory.domain.timeline import State, Timeline


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field, by its dotted path, before and after; None is not known.

    What is dated changes over `[start, end)`; `end` None is open. What is undated has neither.
    """

    field: str
    before: Any
    after: Any
    start: datetime | None = None
    end: datetime | None = None


def asset_changes(before: Asset | None, after: Asset) -> list[FieldChange]:
    """Everything that differs between two versions of an asset; of a new one everything that is known of it."""
    described = part_changes(before.description if before else None, after.description)
    return [*described, *_timeline_changes(before.timeline if before else None, after.timeline)]


def part_changes(before: Part | None, after: Part) -> list[FieldChange]:
    """The undated fields that differ."""
    return [FieldChange(*difference) for difference in _differences(_document(before), _document(after))]


def application_changes(before: Application | None, after: Application) -> list[FieldChange]:
    """What differs between two versions of an application; a machine that it no longer runs on is told by its `before`."""
    known = () if before is None else before.machines
    fields_ = [
        FieldChange(name, None if before is None else getattr(before, name), getattr(after, name))
        for name in ("name", "users")
        if before is None or getattr(before, name) != getattr(after, name)
    ]
    gone = [
        FieldChange("machine", one.asset_id, None, one.start, one.end) for one in known if one not in after.machines
    ]
    come = [
        FieldChange("machine", None, one.asset_id, one.start, one.end) for one in after.machines if one not in known
    ]
    return [change for change in fields_ if change.before != change.after] + gone + come


def _document(part: Part | None) -> Mapping[str, Any]:
    return {} if part is None else _flat(part.model_dump(mode="json", by_alias=True, exclude_none=True))


def _timeline_changes(before: Timeline | None, after: Timeline) -> list[FieldChange]:
    moments = sorted({piece.start for timeline in (before, after) if timeline for piece in timeline.segments})
    open_: dict[str, FieldChange] = {}
    done: list[FieldChange] = []
    for index, start in enumerate(moments):
        end = moments[index + 1] if index + 1 < len(moments) else None
        known, told = before.at(start) if before else None, after.at(start)
        still: dict[str, FieldChange] = {}
        for field, was, is_ in _differences(_state(known), _state(told)):
            begun = open_.pop(field, None)
            if begun is not None and (begun.before, begun.after) == (was, is_):
                still[field] = FieldChange(field, was, is_, begun.start, end)
            else:
                done.extend([] if begun is None else [begun])
                still[field] = FieldChange(field, was, is_, start, end)
        done.extend(open_.values())
        open_ = still
    return sorted([*done, *open_.values()], key=lambda change: (change.start, change.field))


def _state(state: State | None) -> Mapping[str, Any]:
    if state is None:
        return {}
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    said = {name: value for name, value in values.items() if value is not None}
    return _flat(
        {
            name: value.model_dump(mode="json", exclude_none=True) if isinstance(value, Part) else value
            for name, value in said.items()
        }
    )


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for field in sorted(before.keys() | after.keys()):
        was, is_ = before.get(field), after.get(field)
        if was != is_:
            yield field, was, is_


def _flat(document: Any, path: str = "") -> dict[str, Any]:
    """The leaves of a document by their dotted paths; the items of a list by their index."""
    if isinstance(document, Mapping):
        items = list(document.items())
    elif isinstance(document, list | tuple):
        items = list(enumerate(document))
    else:
        return {path: document}
    leaves: dict[str, Any] = {}
    for name, value in items:
        leaves |= _flat(value, f"{path}.{name}" if path else str(name))
    return leaves
