"""Tables as files, row by row: memory stays that of one page, however many there are."""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from tempfile import TemporaryFile

import anyio.to_thread
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from inventory.domain.guarding import guarded
from inventory.exports.rows import Cell

_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""What readers of workbooks take for the code of a character (ECMA-376, ST_Xstring) unless its underscore is one."""

CHUNK_BYTES = 256 * 1024

Pages = AsyncIterator[list[list[Cell]]]
"""Rows, a page at a time."""


async def csv_text(header: Sequence[str], pages: Pages) -> AsyncIterator[bytes]:
    """A CSV file in UTF-8 with commas; a blank cell is empty, and no cell is a formula."""
    yield _lines([header])
    async for page in pages:
        yield _lines(page)


def _lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode()


async def workbook(header: Sequence[str], pages: Pages, title: str) -> AsyncIterator[bytes]:
    """A workbook of one sheet. It is written to a file of its own first: its parts cannot be told before the last row."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.append(list(header))

    def add(page: list[list[Cell]]) -> None:
        for row in page:
            sheet.append([_cell(value) for value in row])

    def _cell(value: Cell) -> object:
        if isinstance(value, str):
            cell = WriteOnlyCell(sheet, _ESCAPE.sub("_x005F_", value))
            cell.data_type = "s"  # a text that begins with = is no formula
            return cell
        if isinstance(value, float):
            cell = WriteOnlyCell(sheet, repr(value))
            cell.data_type = "n"  # openpyxl would round to 16 digits, which are another number
            return cell
        return value

    async for page in pages:
        await anyio.to_thread.run_sync(add, page)
    with TemporaryFile() as file:
        await anyio.to_thread.run_sync(book.save, file)
        file.seek(0)
        while chunk := await anyio.to_thread.run_sync(file.read, CHUNK_BYTES):
            yield chunk
