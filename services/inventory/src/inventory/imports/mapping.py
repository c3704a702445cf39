"""Tables of anybody, read by a mapping: which of their headings is which of our columns, and what their words mean."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from inventory.domain.configuration import Part
from inventory.domain.quantities import Label
from inventory.imports import constellation
from inventory.imports.constellation import completed, is_column, put
from inventory.imports.dates import DateFormat, iso_day
from inventory.imports.reading import (
    Defaults,
    Entity,
    FileFailure,
    Notice,
    Reading,
    Reject,
    SourceFile,
    SourceRow,
    name_of,
)
from inventory.imports.tables import Row, Table
from inventory.imports.tabs import WorkbookLimits, tab_that
from inventory.imports.words import KINDS, STATUSES, plain

MappingName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")]
"""Lower-case letters, digits and inner hyphens; up to 64."""

TAG = "tags."
_DAYS = frozenset({"effective_from", "effective_to", "in_service_since", "retired_on", "acquired_on"})
_WORDS = {"kind": KINDS, "status": STATUSES}
"""What words of the field mean, where a mapping does not say it itself."""


class MappedColumn(Part):
    """One of our columns, or `tags.<name>`, and the headings under which a table has it: the first that it has counts.

    `values` say what the table's words mean; a word that is not among them is taken as it stands. `factor` multiplies a
    number, such as 0.0009765625 for MiB where GiB are wanted. A table without a `required` column is not of this mapping.
    """

    column: Label
    headings: Annotated[tuple[Label, ...], Field(min_length=1, max_length=20)]
    required: bool = False
    values: Annotated[dict[Label, Label], Field(max_length=1000)] = Field(default_factory=dict)
    factor: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] | None = None


class Mapping(Part):
    """How tables of one sort are read. `constants` are our columns with what every row says.

    A constant that is part of something, such as the number of memory modules, counts where the row says another part of it.
    """

    name: MappingName
    columns: Annotated[tuple[MappedColumn, ...], Field(min_length=1, max_length=100)]
    constants: Annotated[dict[Label, Label], Field(max_length=100)] = Field(default_factory=dict)
    date_formats: Annotated[tuple[DateFormat, ...], Field(min_length=1, max_length=7)] = (DateFormat.ISO,)
    nulls: Annotated[tuple[Label, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _knows_its_columns(self) -> Self:
        names = [*(mapped.column for mapped in self.columns), *self.constants]
        for name in names:
            if not is_column(name) and not (name.startswith(TAG) and 0 < len(name) - len(TAG) <= 64):
                rule = "{column} is none of the columns of our own files, nor tags.<name>"
                raise PydanticCustomError("unknown_column", rule, {"column": name})
            if names.count(name) > 1:
                raise PydanticCustomError("duplicate_column", "{column} is mapped twice", {"column": name})
        if not any(mapped.column == "external_id" for mapped in self.columns):
            raise PydanticCustomError("missing_column", "a column must be mapped to external_id", {})
        if {DateFormat.DAY_FIRST_SLASHES, DateFormat.MONTH_FIRST_SLASHES} <= set(self.date_formats) or {
            DateFormat.DAY_FIRST_DASHES,
            DateFormat.MONTH_FIRST_DASHES,
        } <= set(self.date_formats):
            rule = "day first and month first cannot be told apart; name one of them"
            raise PydanticCustomError("ambiguous_dates", rule, {})
        return self

    def fits(self, cells: Sequence[str]) -> bool:
        """Whether a table with these headings is of this mapping: it has the required columns, or all when none is."""
        present = {plain(cell) for cell in cells}
        required = [mapped for mapped in self.columns if mapped.required] or self.columns
        return all(any(plain(heading) in present for heading in mapped.headings) for mapped in required)

    def weight(self, cells: Sequence[str]) -> int:
        """How many of its columns a table with these headings has."""
        present = {plain(cell) for cell in cells}
        return sum(any(plain(heading) in present for heading in mapped.headings) for mapped in self.columns)


class Mapped:
    """The format of a mapping. Two rows of one asset are both refused: such tables hold what is, not what was."""

    name = "mapped"
    strict = True

    def __init__(self, mapping: Mapping, limits: WorkbookLimits) -> None:
        """`limits` of a workbook."""
        self.mapping = mapping
        self._limits = limits

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read each file. Raises FileFailure for one without the required columns."""
        for file in files:
            yield from self._read(self._table(file), defaults)

    def column(self, tab: str, field: str) -> str:
        """The heading that the mapping gives a field; our own column where it gives none."""
        own = constellation.column_of(field)
        found = next((mapped for mapped in self.mapping.columns if mapped.column == own), None)
        return own if found is None else found.headings[0]

    def _table(self, file: SourceFile) -> Table:
        found = tab_that(self.mapping.fits, file, self._limits)
        if found is None:
            needed = [mapped for mapped in self.mapping.columns if mapped.required] or self.mapping.columns
            listed = "; ".join(" or ".join(mapped.headings) for mapped in needed)
            rule = f"the mapping {self.mapping.name!r} needs the headings {listed}"
            raise FileFailure(file.name, "", "missing_column", rule)
        return Table(*found, key=plain, nulls=self.mapping.nulls)

    def _read(self, table: Table, defaults: Defaults) -> Iterator[Reading]:
        chosen = {
            mapped.column: heading
            for mapped in self.mapping.columns
            if (heading := next((one for one in mapped.headings if plain(one) in table.columns), None)) is not None
        }
        ignored = table.headings().keys() - {plain(heading) for heading in chosen.values()}
        if ignored:
            listed = ", ".join(table.shown(heading) for heading in sorted(ignored))
            place = table.tab.file.position, table.tab.name
            yield Notice(*place, "ignored_columns", f"the mapping does not read: {listed}"[:2000])
        values = {
            mapped.column: {plain(word): meaning for word, meaning in mapped.values.items()}
            for mapped in self.mapping.columns
        }
        for row in table.rows():
            yield row if isinstance(row, Reject) else self._reading(row, chosen, values, defaults)

    def _reading(
        self, row: Row, chosen: dict[str, str], values: dict[str, dict[str, str]], defaults: Defaults
    ) -> Reading:
        content: dict[str, Any] = {}
        for mapped in self.mapping.columns:
            heading = chosen.get(mapped.column)
            text = None if heading is None else row.text(plain(heading))
            if text is not None and heading is not None:
                _put(content, mapped.column, self._told(row, mapped, heading, text, values[mapped.column]))
        for column, said in self.mapping.constants.items():
            if column.startswith(TAG) or constellation.belongs(content, column):
                _put(content, column, (defaults.source or said) if column == "source" else said)
        content.setdefault("source", defaults.source or self.mapping.name)
        if defaults.kind is not None:
            content.setdefault("kind", defaults.kind)
        if row.defects:
            return row.reject(name_of(Entity.ASSET, defaults.org, content["source"], content.get("external_id")))
        return SourceRow(row.place, completed(content, defaults), row.original)

    def _told(self, row: Row, mapped: MappedColumn, heading: str, text: str, values: dict[str, str]) -> str:
        """What a cell says in our own words."""
        said = values.get(plain(text))
        if said is not None:
            return said
        if mapped.column in _DAYS:
            day = iso_day(text, self.mapping.date_formats)
            if day is None:
                row.refuse(
                    plain(heading), "not_a_date", f"{text!r} is no day as {', '.join(self.mapping.date_formats)}"
                )
            return day or text
        if mapped.column in _WORDS:
            return _WORDS[mapped.column].get(plain(text), text)
        return _number(text, mapped.factor) if constellation.is_number(mapped.column) else text


def _number(text: str, factor: float | None) -> str:
    """A number as our own files write it: a decimal comma as a point, spaces between thousands read over."""
    bare = text.replace("€", "")
    for space in (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"):
        bare = bare.replace(space, "")
    if bare.count(",") == 1 and "." not in bare:
        bare = bare.replace(",", ".")
    value = constellation.number(bare)
    if isinstance(value, str):
        return text
    if factor is None:
        return bare
    scaled = value * factor
    return str(int(scaled)) if float(scaled).is_integer() else repr(scaled)


def _put(content: dict[str, Any], column: str, text: str) -> None:
    if column.startswith(TAG):
        content.setdefault("tags", {})[column.removeprefix(TAG)] = text
    else:
        put(content, column, text)
