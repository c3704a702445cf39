"""Tables of others, read by their headings: rows whose cells are asked for by name, with what is wrong with them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice

from inventory.domain.defects import Defect
from inventory.imports.constellation import number
from inventory.imports.dates import DateFormat, iso_day
from inventory.imports.reading import FileFailure, Place, Reject
from inventory.imports.tabs import Tab, TabRow
from inventory.imports.words import plain


def squeezed(heading: str) -> str:
    """A heading without case, accents, spaces and signs."""
    return plain(heading).replace(" ", "")


class Row:
    """A row of a table: cells by the heading of their column, and the defects found while they were read."""

    def __init__(self, table: "Table", row: TabRow) -> None:
        self.place = table.place(row)
        self.original = row.original
        self.defects: list[Defect] = []
        self._table = table
        self._cells = row.texts

    def text(self, *headings: str, required: bool = False) -> str | None:
        """The first cell under one of the headings that says something."""
        for heading in headings:
            index = self._table.columns.get(heading)
            if index is not None and index < len(self._cells):
                cell = self._cells[index]
                if cell is not None and cell not in self._table.nulls:
                    if "\x00" in cell:
                        self.refuse(heading, "malformed", "the cell contains NUL characters")
                        return None
                    return cell
        if required:
            self.refuse(headings[0], "missing", "the cell is empty")
        return None

    def has(self, heading: str) -> bool:
        """Whether the table has a column of that heading."""
        return heading in self._table.columns

    def number(self, *headings: str, required: bool = False) -> int | float | None:
        """The cell as a number; a decimal comma is taken, without separators of thousands."""
        text = self.text(*headings, required=required)
        if text is None:
            return None
        value = number(text.replace(",", ".", 1) if text.count(",") == 1 and "." not in text else text)
        if isinstance(value, str):
            self.refuse(headings[0], "wrong_type", f"a number is wanted, without unit or separators, not {text!r}")
            return None
        return value

    def whole(self, *headings: str, required: bool = False) -> int | None:
        """The cell as a whole number."""
        value = self.number(*headings, required=required)
        if isinstance(value, float):
            if not value.is_integer():
                self.refuse(headings[0], "wrong_type", f"a whole number is wanted, not {value!r}")
                return None
            return int(value)
        return value

    def day(self, formats: Sequence[DateFormat], *headings: str) -> str | None:
        """The cell as a day, YYYY-MM-DD."""
        text = self.text(*headings)
        if text is None:
            return None
        day = iso_day(text, formats)
        if day is None:
            rule = f"{text!r} is no day as {', '.join(formats)}"
            self.refuse(headings[0], "not_a_date", rule)
        return day

    def word(self, words: Mapping[str, str], code: str, *headings: str, required: bool = False) -> str | None:
        """What the cell means among `words`, by plain spelling."""
        text = self.text(*headings, required=required)
        if text is None:
            return None
        meaning = words.get(plain(text))
        if meaning is None:
            known = ", ".join(sorted(set(words.values())))
            self.refuse(headings[0], code, f"{text!r} is not known; it can be {known}, or one of their usual names")
        return meaning

    def refuse(self, heading: str, code: str, detail: str) -> None:
        """Add a defect of the column of that heading."""
        self.defects.append(Defect(self._table.shown(heading), code, detail))

    def reject(self, name: str | None = None) -> Reject:
        """The row as refused for its defects."""
        return Reject(self.place, self.original, self.defects, name)


class Table:
    """A tab that is read by its headings."""

    def __init__(
        self, tab: Tab, header: TabRow, *, key: Callable[[str], str] = squeezed, nulls: Collection[str] = ()
    ) -> None:
        """`key` makes headings comparable; `nulls` are texts that say nothing. Raises FileFailure for a heading that stands twice."""
        self.tab = tab
        self.nulls = frozenset(nulls)
        self.columns: dict[str, int] = {}
        self._shown: dict[str, str] = {}
        self._header = [text or "" for text in header.texts]
        while self._header and not self._header[-1]:
            self._header.pop()
        for index, heading in enumerate(self._header):
            name = key(heading)
            if not name:
                continue
            if name in self.columns:
                rule = f"column {heading!r} stands twice in the header"
                raise FileFailure(tab.file.name, heading, "duplicate_column", rule)
            self.columns[name] = index
            self._shown[name] = heading

    def require(self, *headings: str) -> None:
        """Raise FileFailure when one of the headings is missing."""
        for heading in headings:
            if heading not in self.columns:
                rule = f"column {heading!r} is required and missing"
                raise FileFailure(self.tab.file.name, heading, "missing_column", rule)

    def shown(self, heading: str) -> str:
        """A heading as it stands in the file; as it is where the file does not have it."""
        return self._shown.get(heading, heading)

    def headings(self) -> Mapping[str, str]:
        """The headings as they stand, by their comparable spelling."""
        return self._shown

    def place(self, row: TabRow) -> Place:
        """Where a row of the table stands."""
        return Place(self.tab.file.position, self.tab.name, row.line)

    def rows(self) -> Iterator[Row | Reject]:
        """The rows below the header; one that is cut off, has more cells or is the header again is refused."""
        width = len(self._header)
        for tab_row in islice(self.tab.rows(), 1, None):
            cells = tab_row.texts
            if any(cell is not None for cell in cells[width:]) or (tab_row.text is not None and len(cells) < width - 1):
                rule = f"the row has {len(cells)} cells, the header {width}"
                yield Reject(self.place(tab_row), tab_row.original, [Defect("", "wrong_number_of_cells", rule)])
            elif [cell or "" for cell in cells[:width]] == self._header:
                rule = "the header line stands again here; take it out"
                yield Reject(self.place(tab_row), tab_row.original, [Defect("", "repeated_header", rule)])
            else:
                yield Row(self, tab_row)
