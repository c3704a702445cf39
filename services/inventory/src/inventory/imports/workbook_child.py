"""Run as a process of its own: the sheets of a workbook as lines of JSON on standard output.

`python -m inventory.imports.workbook_child PATH MEMORY_BYTES OUTPUT_BYTES [SHEET]`: without a sheet, a list of their names;
with one, a list `[line, [cells]]` for each row that is not blank. Why a process: a workbook of a few kilobytes can claim
a cell in the last corner of a sheet, or repeat one long text a million times. Here that ends a process with a limit, not
the service. What cannot be read ends it with code 3 and `{"code", "detail"}` on standard error.
"""

import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

CPU_SECONDS = 300


def main(path: str, memory_bytes: str, output_bytes: str, sheet: str | None = None) -> int:
    """Write the names, or the rows of a sheet; the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(output_bytes), int(output_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        book = CalamineWorkbook.from_path(path)
        if sheet is None:
            sys.stdout.buffer.write(orjson.dumps(book.sheet_names))
        else:
            _write_rows(book, sheet)
    except PasswordError:
        return _refused("encrypted", "the workbook is protected by a password; save it without")
    except MemoryError:
        return _refused("too_large", f"reading it takes more than {memory_bytes} bytes of memory")
    except (CalamineError, OSError, ValueError) as failure:
        if getattr(failure, "errno", None) == 27:
            return _refused("too_large", f"a sheet has more than {output_bytes} bytes of cells")
        return _refused("unreadable", f"the file cannot be read as a workbook: {failure}")
    return 0


def _write_rows(book: CalamineWorkbook, sheet: str) -> None:
    out = sys.stdout.buffer
    for line, cells in enumerate(book.get_sheet_by_name(sheet).iter_rows(), start=1):
        told = [_cell(cell) for cell in cells]
        while told and told[-1] is None:
            told.pop()
        if told:
            out.write(orjson.dumps([line, told]))
            out.write(b"\n")
    out.flush()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, datetime):
        midnight = value.time() == time.min
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return value


def _refused(code: str, detail: str) -> int:
    sys.stderr.buffer.write(orjson.dumps({"code": code, "detail": detail}))
    return 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
