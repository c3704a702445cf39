"""The versions of an asset: who made each, how, and which of them an undo takes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Action(StrEnum):
    """What made a version of an asset. `known` is the oldest one kept of an asset that is older than this record."""

    KNOWN = "known"
    CREATED = "created"
    CHANGED = "changed"
    NAMED = "named"
    MERGED = "merged"
    MOVED = "moved"
    DELETED = "deleted"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something: the client that its token names, through an import when `import_id` says which."""

    client: str | None = None
    import_id: UUID | None = None


NOBODY = Author()
"""Of a change whose author is not known."""


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A version of an asset as it was written: its undated attributes and its names, the first one first."""

    asset_id: UUID
    org: str
    version: int
    recorded_at: datetime
    action: Action
    names: tuple[tuple[str, str], ...]
    described: Mapping[str, Any]
    author: Author = NOBODY
    undoes: int | None = None
    partner: UUID | None = None


def standing(versions: Sequence[PastVersion]) -> list[PastVersion]:
    """The versions that no undo has taken back, oldest first, of all versions in order."""
    stack: list[PastVersion] = []
    for version in versions:
        if version.undoes is None:
            stack.append(version)
        else:
            stack = [one for one in stack if one.version < version.undoes]
    return stack


def last_change(versions: Sequence[PastVersion]) -> tuple[PastVersion, PastVersion] | None:
    """The version that an undo would take back and the one that would hold again; None when only the first is left.

    So one undo after another goes back version by version; what was undone does not come back but by a new change.
    """
    stack = standing(versions)
    return (stack[-1], stack[-2]) if len(stack) > 1 else None
