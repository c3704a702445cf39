"""Who changed what: the author of a change, and what kind of change it was."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Action(StrEnum):
    """What made a version of an asset."""

    CREATED = "created"
    CHANGED = "changed"
    RENAMED = "renamed"
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
"""A change whose author is not told."""
