"""Text files of rows: encodings, delimiters, and rows with the very lines that they stood on."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from inventory.imports.reading import FileFailure, SourceFile, storable

_OLE = b"\xd0\xcf\x11\xe0"
"""How old workbooks and protected ones begin."""

CELL_LIMIT = 131_072
"""Characters in one cell."""

DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class TextRow:
    """The cells of a row, the number of its first line, and the line or lines as they stood."""

    line: int
    cells: Sequence[str]
    original: str

    @property
    def blank(self) -> bool:
        """Whether there is nothing in any cell."""
        return not any(cell.strip() for cell in self.cells)


def read_text_rows(file: SourceFile, encodings: Sequence[str] = ("utf-8-sig",)) -> Iterator[TextRow]:
    """The rows of a delimited file that are not blank, the header first; the delimiter is that of the header.

    Raises FileFailure when no encoding fits, when it is no text at all, or when a quote is never closed.
    """
    _refuse_other_content(file)
    encoding = _encoding(file, encodings)
    with file.path.open(encoding=encoding, newline="") as lines:
        yield from _rows(file, lines)


def delimiter_of(header: str) -> str:
    """The delimiter that occurs most in a header line; a comma when none does."""
    return max(DELIMITERS, key=header.count)


def _refuse_other_content(file: SourceFile) -> None:
    """Refuse what would decode to nonsense: UTF-16 and UTF-32, and the binary files that are taken for a CSV."""
    with file.path.open("rb") as content:
        head = content.read(4096)
    if head.startswith(_OLE):
        rule = "it is an old .xls workbook, or one that is protected by a password; save it as .xlsx or CSV, without"
        raise FileFailure(file.name, "", "unreadable", rule)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)) or 4 * head.count(0) > len(
        head
    ):
        rule = "the text is UTF-16 or UTF-32, or no text; save it as CSV UTF-8"
        raise FileFailure(file.name, "", "wrong_encoding", rule)


def _encoding(file: SourceFile, encodings: Sequence[str]) -> str:
    for encoding in encodings:
        if _decodes(file.path, encoding):
            return encoding
    raise FileFailure(file.name, "", "not_utf8", "the text is not UTF-8; save it as CSV UTF-8")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding) as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return False
    return True


class _Remembering:
    """Lines for a csv reader, remembered until the row that they make is complete."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines
        self.read: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.read.append(line)
            yield line

    def take(self) -> str:
        text = "".join(self.read).rstrip("\r\n")
        self.read.clear()
        return storable(text)


def _rows(file: SourceFile, lines: TextIO) -> Iterator[TextRow]:
    header = lines.readline()
    lines.seek(0)
    remembering = _Remembering(lines)
    csv.field_size_limit(CELL_LIMIT)
    reader = csv.reader(remembering, delimiter=delimiter_of(header), strict=True)
    before = 0
    try:
        for cells in reader:
            row = TextRow(before + 1, cells, remembering.take())
            before = reader.line_num
            if not row.blank:
                yield row
    except csv.Error as failure:
        raise FileFailure(file.name, "", "malformed", f"line {before + 1}: {failure}") from failure
