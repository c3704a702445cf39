"""What every reader of tables shares: decoding, header, rows with their line, numbers as people write them."""

import csv
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from factors.catalogue.reader import Entry
from factors.domain.text import plain

MOST_ROWS = 100_000

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Located:
    """An entry and the line of the file that it comes from."""

    line: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be taken up: where, which field breaks which rule, and what to do."""

    line: int
    field: str
    code: str
    detail: str


@dataclass(slots=True)
class Parsed:
    """What a reader made of a file. `skipped` counts rows that the format itself says are not factors, by reason."""

    located: list[Located] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str) -> None:
        """Count a row that is left out for `reason`."""
        self.skipped[reason] = self.skipped.get(reason, 0) + 1


class FileError(ValueError):
    """The file as a whole is not of the format; `code` names the rule."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class RowError(ValueError):
    """One field of a row breaks a rule."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code


def decode(data: bytes) -> str:
    """The text of a file in UTF-8 (with or without mark) or Windows-1252, as French spreadsheets write them."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def rows(text: str, required: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """The rows of a table with a header, each with its line number; empty rows are left out.

    The separator is the one of comma, semicolon and tab that the header has most of. Raises FileError when the file is empty, a
    required column is missing, or there are more than `MOST_ROWS` rows.
    """
    header = text.partition("\n")[0]
    if not header.strip():
        raise FileError("empty", "the file is empty")
    separator = max(",;\t", key=header.count)
    reader = csv.DictReader(text.splitlines(), delimiter=separator)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    if missing := [name for name in required if name not in names]:
        raise FileError("missing_column", f"the header lacks {', '.join(missing)}; it has {', '.join(names)}"[:500])
    for count, row in enumerate(_read(reader), start=1):
        if count > MOST_ROWS:
            raise FileError("too_many_rows", f"at most {MOST_ROWS} rows a file")
        cells = {name: (value or "").strip() for name, value in row.items() if name and isinstance(value, str | None)}
        if any(cells.values()):
            yield reader.line_num, cells


def _read(reader: "csv.DictReader[str]") -> Iterator[dict[str | Any, str | Any]]:
    try:
        yield from reader
    except csv.Error as error:
        raise FileError("malformed", f"line {reader.reader.line_num} is no row of a table: {error}") from error


def read_rows(text: str, required: Sequence[str], read: Callable[[Row, Parsed], list[Entry]]) -> Parsed:
    """Read each row with `read`; what it raises as RowError becomes a reject of that line, the other rows are kept."""
    parsed = Parsed()
    for line, row in rows(text, required):
        try:
            parsed.located += [Located(line, entry) for entry in read(row, parsed)]
        except RowError as error:
            parsed.rejects.append(Reject(line, error.field, error.code, str(error)))
    return parsed


def number(row: Row, column: str) -> float:
    """A finite number with a point or a comma. Raises RowError."""
    text = row.get(column, "")
    try:
        value = float(text.replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", "."))
    except ValueError as error:
        raise RowError(column, "not_a_number", f"{text!r} is not a number") from error
    if not math.isfinite(value):
        raise RowError(column, "not_a_number", f"{text!r} is not a number")
    return value


def product(stated: float, ratio: float) -> float:
    """`stated` × `ratio` as it is reckoned from their digits, so that 365.292 g are 0.365292 kg and not a bit less."""
    return float(Decimal(repr(stated)) * Decimal(repr(ratio)))


def whole(row: Row, column: str) -> int:
    """A whole number. Raises RowError."""
    value = number(row, column)
    if value != int(value):
        raise RowError(column, "not_whole", f"{row[column]!r} is not a whole number")
    return int(value)


def year(row: Row, column: str, earliest: int = 1990) -> int:
    """A year from `earliest` to 2200. Raises RowError."""
    value = whole(row, column)
    if not earliest <= value <= 2200:
        raise RowError(column, "out_of_range", f"{row[column]} is not a year from {earliest} to 2200")
    return value


def day(row: Row, column: str) -> date | None:
    """A date as YYYY-MM-DD, None when empty. Raises RowError."""
    text = row.get(column, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise RowError(column, "not_a_date", f"{text!r} is not a date as YYYY-MM-DD") from error


def slug(text: str) -> str:
    """`PowerEdge R740` as it stands in an id or an activity: `poweredge-r740`."""
    return "-".join(re.findall(r"[a-z0-9]+", plain(text)))
