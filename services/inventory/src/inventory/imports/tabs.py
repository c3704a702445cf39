"""Tables with headings out of workbooks and out of one-tab CSV files, cell by cell as they stand."""

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from inventory.imports.reading import FileFailure, SourceFile, storable
from inventory.imports.text import read_text_rows

_ENCODINGS = ("utf-8-sig", "cp1252")
"""RVTools writes its CSV files in the code page of the machine that it runs on."""


@dataclass(frozen=True, slots=True)
class TabRow:
    """A row that is not blank: its line in the tab, its cells; None is an empty cell."""

    line: int
    cells: Sequence[Any]

    @property
    def original(self) -> str:
        """The row as one text, its cells separated by `;`."""
        return storable(";".join(_shown(cell) for cell in self.cells).rstrip(";"))


class Tab(ABC):
    """One tab of one file."""

    def __init__(self, file: SourceFile, name: str) -> None:
        """`name` is what the workbook calls the tab, or the name of a file that is one tab."""
        self.file = file
        self.name = name

    @abstractmethod
    def rows(self) -> Iterator[TabRow]:
        """The rows, the header first; blank rows are not given, however many are formatted."""


class TextTab(Tab):
    """A delimited file that holds one tab."""

    def rows(self) -> Iterator[TabRow]:
        """The rows, read anew on each call. Raises FileFailure."""
        for row in read_text_rows(self.file, _ENCODINGS):
            yield TabRow(row.line, [cell.strip() or None for cell in row.cells])


class WorkbookTab(Tab):
    """A sheet of a workbook, parsed once, when it is first asked for."""

    def rows(self) -> Iterator[TabRow]:
        """The rows. Raises FileFailure."""
        for index, cells in enumerate(self._sheet.iter_rows()):
            row = TabRow(index + 1, [_cell(cell) for cell in cells])
            if any(cell is not None for cell in row.cells):
                yield row

    @cached_property
    def _sheet(self) -> CalamineSheet:
        try:
            return _open(self.file).get_sheet_by_name(self.name)
        except (CalamineError, OSError, ValueError) as failure:
            raise _unreadable(self.file, failure) from failure


def is_workbook(file: SourceFile) -> bool:
    """Whether the content is a zip archive, which is what an xlsx file is."""
    with file.path.open("rb") as content:
        return content.read(4) == b"PK\x03\x04"


def workbook_tabs(file: SourceFile, limit_bytes: int) -> list[WorkbookTab]:
    """The tabs of a workbook. Raises FileFailure when it cannot be read, is encrypted, or unpacks to more than the limit."""
    _check_size(file, limit_bytes)
    return [WorkbookTab(file, name) for name in _open(file).sheet_names]


def _check_size(file: SourceFile, limit_bytes: int) -> None:
    try:
        with zipfile.ZipFile(file.path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as failure:
        raise _unreadable(file, failure) from failure
    if unpacked > limit_bytes:
        rule = f"the workbook unpacks to {unpacked} bytes; at most {limit_bytes} are read"
        raise FileFailure(file.name, "", "too_large", rule)


def _open(file: SourceFile) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(file.path)
    except PasswordError as failure:
        raise FileFailure(
            file.name, "", "encrypted", "the workbook is protected by a password; save it without"
        ) from failure
    except (CalamineError, OSError, ValueError) as failure:
        raise _unreadable(file, failure) from failure


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return value


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()
    return str(cell)


def _unreadable(file: SourceFile, failure: Exception) -> FileFailure:
    return FileFailure(file.name, "", "unreadable", f"the file cannot be read as a workbook: {failure}")
