"""What reading a file gives, whatever its format."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from inventory.domain.defects import Defect
from inventory.domain.vocabulary import Kind


class Entity(StrEnum):
    """What a row tells of."""

    SITE = "site"
    ASSET = "asset"
    PURCHASE = "purchase"
    """What was paid for an asset that is known already, and when."""
    CHARGE = "charge"
    """That a machine at a public cloud ran for a while; the charges of a machine make its timeline together."""
    APPLICATION = "application"
    """That an application runs on a machine."""


ORIGINAL_LIMIT = 20_000
"""Characters that are kept of a row as it stood."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was sent: its position among the files of the import, its name there, and where its content is."""

    position: int
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the sender said for rows that do not say it themselves.

    `site` is meant for what stands somewhere: a virtual machine is where its host is. `effective_from` as text.
    """

    org: str | None = None
    site: str | None = None
    source: str | None = None
    effective_from: str | None = None
    kind: str | None = None

    def complete(self, content: dict[str, Any]) -> dict[str, Any]:
        """Put the defaults into a row, in place, where it does not say otherwise; the same row."""
        said = {"org": self.org, "effective_from": self.effective_from}
        if content.get("kind") != Kind.VIRTUAL_MACHINE:
            said["site"] = self.site
        for field, value in said.items():
            if value is not None:
                content.setdefault(field, value)
        return content


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its file by position, its tab ("" in a plain file), its line counted from 1."""

    file: int
    tab: str
    line: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row to apply, and the row as it stood.

    `content` of an asset is what `inventory.domain.record.read_record` reads, with `begins_on` and `retired_on` beside:
    since when a new one has been there, and when it left. `depends` are names (see `name_of`) of what the row cannot be
    without; a format that is `strict` refuses it when one of them is refused. `name` is that of what the row tells of,
    where its content does not say it.
    """

    place: Place
    content: Mapping[str, Any]
    original: str
    entity: Entity = Entity.ASSET
    depends: Sequence[str] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be read, and why; `name` is that of what it tells of, where that much could be read."""

    place: Place
    original: str
    defects: Sequence[Defect]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that is left out on purpose, such as a template."""

    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about a file that the sender should know, though nothing is refused for it."""

    file: int
    tab: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """Something that all rows together say and that applying them needs."""

    name: str
    value: Any


Reading = SourceRow | Reject | Dropped | Notice | Learnt


class FileFailure(Exception):
    """A file that cannot be imported as a whole; says which, which part of it, which rule, and what to do."""

    def __init__(self, file: str, field: str, code: str, detail: str) -> None:
        """Keep the parts; `field` is a column, a tab, or empty."""
        super().__init__(f"{file}: {detail}")
        self.file = file
        self.field = field
        self.code = code
        self.detail = detail

    def document(self) -> dict[str, str]:
        """The failure as an answer shows it."""
        return {"file": self.file, "field": self.field, "code": self.code, "detail": self.detail}


class Format(Protocol):
    """A file format.

    `strict`: a name tells one thing. When two rows of a file tell of one, both are refused, and what depends on a refused
    row is refused with it. Otherwise several rows of one asset are its history.
    """

    name: str
    strict: bool

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read the files lazily; memory does not grow with the rows. Raises FileFailure."""
        ...

    def column(self, tab: str, field: str) -> str:
        """What the sender calls a field of a row: the column that it came from."""
        ...


def name_of(entity: Entity, org: object, source: object, external_id: object) -> str:
    """One text per thing. The unit separator cannot stand in a name, so no two things have the same."""
    return "\x1f".join((entity, str(org), str(source), str(external_id)))


def row_name(row: SourceRow) -> str:
    """The name of what a row tells of."""
    content = row.content
    if row.name is not None:
        return row.name
    if row.entity is Entity.SITE:
        return name_of(row.entity, content.get("org"), "", content.get("code"))
    entity = Entity.ASSET if row.entity is Entity.CHARGE else row.entity
    return name_of(entity, content.get("org"), content.get("source"), content.get("external_id"))


def storable(text: str) -> str:
    """`text` without what a database cannot hold, NUL, and no longer than is kept of a row."""
    kept = text if len(text) <= ORIGINAL_LIMIT else text[:ORIGINAL_LIMIT] + "…"
    return kept.replace("\x00", "\N{REPLACEMENT CHARACTER}")
