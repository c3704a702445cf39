"""What is different between two versions: field by field, and segment by segment of the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldChange:
    """The value at a dotted path before and after; None is not known."""

    field: str
    before: Any
    after: Any


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> list[FieldChange]:
    """The fields of two documents that differ, by path in alphabetical order; documents within are compared in turn."""
    changes: list[FieldChange] = []
    for name in sorted({*before, *after}):
        one, two = before.get(name), after.get(name)
        if one == two:
            continue
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            changes.extend(field_changes(one, two, f"{path}{name}."))
        else:
            changes.append(FieldChange(f"{path}{name}", one, two))
    return changes
