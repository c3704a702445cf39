"""Tables with headings out of workbooks and out of one-tab text files, cell by cell as they stand."""

import subprocess
import sys
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import json

from inventory.imports.reading import FileFailure, SourceFile, storable
from inventory.imports.text import read_text_rows

LENIENT = ("utf-8-sig", "cp1252")
"""Encodings of what other programs write: in the code page of the machine that they run on, unless they know UTF-8."""


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """What reading a workbook may take: bytes when unpacked, and bytes of memory."""

    unpacked_bytes: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class TabRow:
    """A row that is not blank: its line in the tab, its cells; None is an empty cell."""

    line: int
    cells: Sequence[Any]
    text: str | None = None

    @property
    def original(self) -> str:
        """The row as it stood; of a workbook as one text, its cells separated by `;`."""
        if self.text is not None:
            return self.text
        return storable(";".join("" if cell is None else shown(cell) for cell in self.cells).rstrip(";"))

    @property
    def texts(self) -> list[str | None]:
        """The cells as texts."""
        return [None if cell is None else shown(cell) for cell in self.cells]


class Tab(ABC):
    """One tab of one file. `name` is what the workbook calls it, "" of a text file."""

    def __init__(self, file: SourceFile, name: str) -> None:
        self.file = file
        self.name = name

    @abstractmethod
    def rows(self) -> Iterator[TabRow]:
        """The rows, the header first; blank rows are not given, however many are formatted. Raises FileFailure."""

    def header(self) -> TabRow | None:
        """The first row that is not blank. Raises FileFailure."""
        return next(self.rows(), None)


class TextTab(Tab):
    """A delimited file that holds one tab."""

    def __init__(self, file: SourceFile, encodings: Sequence[str] = LENIENT) -> None:
        """`encodings` are tried in order."""
        super().__init__(file, "")
        self._encodings = encodings

    def rows(self) -> Iterator[TabRow]:
        """The rows, read anew on each call. Raises FileFailure."""
        for row in read_text_rows(self.file, self._encodings):
            yield TabRow(row.line, [cell.strip() or None for cell in row.cells], row.original)


class WorkbookTab(Tab):
    """A sheet of a workbook, unpacked once, when it is first asked for, and read row by row from then on."""

    def __init__(self, file: SourceFile, name: str, index: int, limits: WorkbookLimits) -> None:
        """`index` among the sheets of the file."""
        super().__init__(file, name)
        self._rows = file.path.with_name(f"{file.path.name}.{index}.rows")
        self._limits = limits

    def rows(self) -> Iterator[TabRow]:
        """The rows. Raises FileFailure."""
        if not self._rows.exists():
            _read_workbook(self.file, self._limits, self._rows, self.name)
        with self._rows.open("rb") as lines:
            for line in lines:
                number, cells = json.loads(line)
                yield TabRow(number, cells)


def is_workbook(file: SourceFile) -> bool:
    """Whether the content is a zip archive, which is what an xlsx file is."""
    with file.path.open("rb") as content:
        return content.read(4) == b"PK\x03\x04"


def workbook_tabs(file: SourceFile, limits: WorkbookLimits) -> list[WorkbookTab]:
    """The tabs of a workbook. Raises FileFailure when it cannot be read, is encrypted, or unpacks to more than the limit."""
    listed = file.path.with_name(f"{file.path.name}.names")
    if not listed.exists():
        _check_size(file, limits)
        _read_workbook(file, limits, listed)
    names = json.loads(listed.read_bytes())
    return [WorkbookTab(file, name, index, limits) for index, name in enumerate(names)]


def tabs_of(file: SourceFile, limits: WorkbookLimits, encodings: Sequence[str] = LENIENT) -> Sequence[Tab]:
    """The tabs of a file: those of a workbook, or the one that a text file is. Raises FileFailure."""
    return workbook_tabs(file, limits) if is_workbook(file) else [TextTab(file, encodings)]


def tab_that(
    fits: Callable[[Sequence[str]], bool],
    file: SourceFile,
    limits: WorkbookLimits,
    encodings: Sequence[str] = LENIENT,
) -> tuple[Tab, TabRow] | None:
    """The first tab whose header fits, and that header; None when none does. Raises FileFailure."""
    for tab in tabs_of(file, limits, encodings):
        header = tab.header()
        if header is not None and fits([text or "" for text in header.texts]):
            return tab, header
    return None


def shown(cell: Any) -> str:
    """A cell as text; a whole number without its decimals."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _check_size(file: SourceFile, limits: WorkbookLimits) -> None:
    """Refuse an archive that unpacks to more than the limit, whatever its directory says of it."""
    unpacked = 0
    try:
        with zipfile.ZipFile(file.path) as archive:
            claimed = sum(entry.file_size for entry in archive.infolist())
            if claimed > limits.unpacked_bytes:
                raise _too_large(file, claimed, limits)
            for entry in archive.infolist():
                with archive.open(entry) as content:
                    while piece := content.read(1 << 20):
                        unpacked += len(piece)
                        if unpacked > limits.unpacked_bytes:
                            raise _too_large(file, unpacked, limits)
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, OSError, ValueError) as failure:
        rule = f"the file cannot be read as a workbook: {failure}"
        raise FileFailure(file.name, "", "unreadable", rule) from failure


def _too_large(file: SourceFile, size: int, limits: WorkbookLimits) -> FileFailure:
    rule = f"the workbook unpacks to {size} bytes or more; at most {limits.unpacked_bytes} are read"
    return FileFailure(file.name, "", "too_large", rule)


def _read_workbook(file: SourceFile, limits: WorkbookLimits, target: Path, sheet: str | None = None) -> None:
    """Have a process of its own write what it reads to `target`. Raises FileFailure."""
    command = [sys.executable, "-m", "inventory.imports.workbook_child"]
    arguments = [
        str(file.path),
        str(limits.memory_bytes),
        str(limits.unpacked_bytes),
        *([] if sheet is None else [sheet]),
    ]
    partial = target.with_suffix(".partial")
    with partial.open("wb") as output:
        ended = subprocess.run(  # noqa: S603 (our own module; a sheet's name is one argument, never a shell's)
            [*command, *arguments], stdout=output, stderr=subprocess.PIPE, check=False
        )
    if ended.returncode == 0:
        partial.rename(target)
        return
    partial.unlink()
    if ended.returncode == 3:
        refused = json.loads(ended.stderr)
        raise FileFailure(file.name, sheet or "", refused["code"], refused["detail"])
    rule = f"the workbook takes more than {limits.memory_bytes} bytes of memory or too much time to read"
    raise FileFailure(file.name, sheet or "", "too_large", rule)
