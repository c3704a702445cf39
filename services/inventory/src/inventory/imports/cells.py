"""The rows of an RVTools tab, cell by cell under its headings: texts, flags, whole numbers, sizes, and what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from inventory.domain.defects import Defect
from inventory.imports.constellation import number
from inventory.imports.headings import Column, Headings
from inventory.imports.reading import Place
from inventory.imports.tabs import Tab, TabRow

_YES = ("true", "yes", "1", "1.0", "vrai")


@dataclass(frozen=True, slots=True)
class Table:
    """A tab that is used: where it is, what it is (`vInfo` or `vHost`), and its columns."""

    tab: Tab
    kind: str
    headings: Headings

    def rows(self) -> Iterator[TabRow]:
        """The rows below the header."""
        return islice(self.tab.rows(), 1, None)

    def place(self, row: TabRow) -> Place:
        """Where a row of the tab stands."""
        return Place(self.tab.file.position, self.kind, row.line)


class Cells:
    """The cells of a row by meaning, and what is wrong with them."""

    def __init__(self, table: Table, row: TabRow) -> None:
        """A cell that breaks a rule reads as None and adds to `defects`, under its heading as it stands."""
        self._columns = table.headings.columns
        self._row = row
        self.defects: list[Defect] = []

    def text(self, meaning: str, *, required: bool = False) -> str | None:
        """The cell as text; a whole number without its decimals."""
        column, value = self._cell(meaning, required=required)
        if column is None or value is None:
            return None
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        if "\x00" in text:
            self.refuse(meaning, "malformed", "the cell contains NUL characters")
            return None
        return text

    def flag(self, meaning: str) -> bool:
        """Whether the cell says yes; an empty one does not."""
        return str(self._cell(meaning)[1]).lower() in _YES

    def whole(self, meaning: str, *, required: bool = False) -> int | None:
        """The cell as a whole number."""
        value = self._number(meaning, required=required)
        if isinstance(value, float):
            if not value.is_integer():
                self.refuse(meaning, "wrong_type", f"a whole number is wanted, not {value!r}")
                return None
            return int(value)
        return value

    def gib(self, meaning: str, *, required: bool = False, limit: float | None = None) -> float | None:
        """The cell as a size in GiB, by the unit of its heading; one over `limit` GiB is refused."""
        value = self._number(meaning, required=required)
        if value is None:
            return None
        size = value * self._columns[meaning].gib
        if limit is not None and size > limit:
            self.refuse(meaning, "implausible", f"{size:.0f} GiB is more than any machine has; is it in another unit?")
            return None
        return size

    def refuse(self, meaning: str, code: str, detail: str) -> None:
        """Add a defect of the column of that meaning."""
        column = self._columns.get(meaning)
        self.defects.append(Defect(column.heading if column else meaning, code, detail))

    def _number(self, meaning: str, *, required: bool) -> int | float | None:
        _, value = self._cell(meaning, required=required)
        if isinstance(value, str):
            value = number(value)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        self.refuse(meaning, "wrong_type", f"a number is wanted, without unit or separators, not {value!r}")
        return None

    def _cell(self, meaning: str, *, required: bool = False) -> tuple[Column | None, Any]:
        column = self._columns.get(meaning)
        value = self._row.cells[column.index] if column and column.index < len(self._row.cells) else None
        if value is None and required:
            self.refuse(meaning, "missing", "the cell is empty")
        return column, value
