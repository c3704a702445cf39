"""What reading a file gives, whatever its format."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from inventory.domain.defects import Defect
from inventory.domain.vocabulary import Kind


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
    """A row to apply: `content` is what `inventory.domain.record.read_record` reads, `original` the row as it stood."""

    place: Place
    content: Mapping[str, Any]
    original: str


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be read, and why."""

    place: Place
    original: str
    defects: Sequence[Defect]


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


Reading = SourceRow | Reject | Dropped | Notice


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
    """A file format."""

    name: str

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read the files lazily; memory does not grow with the rows. Raises FileFailure."""
        ...

    def column(self, tab: str, field: str) -> str:
        """What the sender calls a field of a row: the column that it came from."""
        ...


def storable(text: str) -> str:
    """`text` without what a database cannot hold: NUL."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
