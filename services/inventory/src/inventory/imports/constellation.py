"""The platform's own table, as CSV or in a workbook: a header, one row per asset and date; several rows of one asset are its history.

Unknown columns fail the file: a misspelt heading must not lose its data in silence. A blank cell says nothing: what is
known stays. Parts of a machine are one value: whoever gives one of their cells gives them all. A machine whose parts do
not fit into the cells has them as JSON, as the API takes them, in `configuration`; so have tags with `;` or `=` in them.
In CSV an apostrophe before `=`, `+`, `-` or `@` guards a text against being run by a spreadsheet, and is none of the text.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any

import pydantic_core

from inventory.domain.defects import Defect
from inventory.domain.guarding import unguarded
from inventory.imports.reading import Defaults, FileFailure, Place, Reading, Reject, SourceFile, SourceRow
from inventory.imports.tabs import Tab, TabRow, WorkbookLimits, shown, tab_that, tabs_of

_ENCODINGS = ("utf-8-sig",)
"""Our own CSV is UTF-8: another encoding would turn names into other names in silence."""

_WHOLE = re.compile(r"[+-]?\d{1,18}\Z")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z")


def number(text: str) -> int | float | str:
    """The number that a text writes, with a point for decimals; any other text as it is, for the rules to refuse."""
    if _WHOLE.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text


def _document(text: str) -> Any:
    """The JSON that a text is; any other text as it is, for the rules to refuse."""
    try:
        return pydantic_core.from_json(text)
    except ValueError:
        return text


def _tags(text: str) -> dict[str, str] | Any:
    if text.startswith("{"):
        return _document(text)
    pairs = [pair.partition("=") for pair in text.split(";") if pair.strip()]
    if any(not equals for _, equals, _ in pairs):
        return text
    return {name.strip(): value.strip() for name, _, value in pairs}


def _same(text: str) -> str:
    return text


Reader = Callable[[str], Any]

_COLUMNS: Mapping[str, tuple[str, Reader]] = {
    "kind": ("kind", _same),
    "source": ("source", _same),
    "external_id": ("external_id", _same),
    "org": ("org", _same),
    "name": ("name", _same),
    "serial_number": ("serial_number", _same),
    "uuid": ("uuid", _same),
    "quantity": ("quantity", number),
    "status": ("status", _same),
    "effective_from": ("effective_from", _same),
    "site": ("site", _same),
    "host_source": ("host.source", _same),
    "host_external_id": ("host.external_id", _same),
    "maker": ("model.maker", _same),
    "model": ("model.name", _same),
    "acquired_on": ("acquired.on", _same),
    "condition": ("acquired.condition", _same),
    "price_eur": ("acquired.price_eur", _same),
    "planned_life_years": ("planned_life_years", number),
    "cpu_units": ("configuration.cpu.units", number),
    "cpu_cores": ("configuration.cpu.cores", number),
    "cpu_tdp_w": ("configuration.cpu.tdp_w", number),
    "cpu_die_mm2": ("configuration.cpu.die_mm2", number),
    "cpu_model": ("configuration.cpu.model", _same),
    "ram_units": ("configuration.ram.0.units", number),
    "ram_gib": ("configuration.ram.0.gib", number),
    "disk_units": ("configuration.disks.0.units", number),
    "disk_type": ("configuration.disks.0.type", _same),
    "disk_gib": ("configuration.disks.0.gib", number),
    "psu_units": ("configuration.psu.units", number),
    "psu_kg": ("configuration.psu.kg", number),
    "case": ("configuration.case", _same),
    "configuration": ("configuration", _document),
    "vcpu": ("allocation.vcpu", number),
    "allocated_ram_gib": ("allocation.ram_gib", number),
    "allocated_disk_gib": ("allocation.disk_gib", number),
    "plan": ("plan", _same),
    "annual_kwh": ("declared.annual_kwh", number),
    "average_w": ("declared.average_w", number),
    "support_kind": ("support.kind", _same),
    "support_eur_per_year": ("support.eur_per_year", _same),
    "tags": ("tags", _tags),
    "effective_to": ("effective_to", _same),
    "in_service_since": ("begins_on", _same),
    "retired_on": ("retired_on", _same),
    "host_org": ("host.org", _same),
    "age_years": ("acquired.age_years", number),
    "owner": ("owner", _same),
    "cloud_provider": ("allocation.cloud.provider", _same),
    "cloud_instance_type": ("allocation.cloud.instance_type", _same),
    "cloud_region": ("allocation.cloud.region", _same),
    "embodied_kg": ("declared.embodied_kg", number),
}
REQUIRED = ("kind", "source", "external_id")
_FIELDS = {path: column for column, (path, _) in _COLUMNS.items()}
_WHOLES = {
    "host": "host_external_id",
    "model": "model",
    "acquired": "acquired_on",
    "configuration": "cpu_units",
    "allocation": "vcpu",
    "declared": "average_w",
    "support": "support_kind",
}
"""The column that stands for a value which takes several."""


class Constellation:
    """See the module."""

    name = "constellation"
    strict = False

    def __init__(self, limits: WorkbookLimits) -> None:
        """`limits` of a workbook."""
        self._limits = limits

    def read(self, files: Sequence[SourceFile], defaults: Defaults) -> Iterator[Reading]:
        """Read each file by itself. Raises FileFailure for a header that is not ours."""
        for file in files:
            tab, header = self._tab(file)
            columns = _columns(file, header)
            for row in islice(tab.rows(), 1, None):
                yield _reading(tab, columns, row, defaults)

    def column(self, tab: str, field: str) -> str:
        """The column that a field comes from; the field itself when it comes from none."""
        return column_of(field)

    def _tab(self, file: SourceFile) -> tuple[Tab, TabRow]:
        """The table of a file: of a workbook the first tab that has our headings, else its first."""
        found = tab_that(is_header, file, self._limits, _ENCODINGS)
        if found is not None:
            return found
        for tab in tabs_of(file, self._limits, _ENCODINGS):
            header = tab.header()
            if header is not None:
                return tab, header
        raise FileFailure(file.name, "", "empty", "there is no header line")


def columns() -> Mapping[str, str]:
    """Every column of the format, in order, with the dotted path of what it says."""
    return {column: path for column, (path, _) in _COLUMNS.items()}


def is_header(cells: Sequence[str]) -> bool:
    """Whether these headings are those of this format, however misspelt the others are."""
    return set(REQUIRED) <= {cell.strip().lower() for cell in cells}


def is_column(name: str) -> bool:
    """Whether the format has a column of that name."""
    return name in _COLUMNS


def is_number(name: str) -> bool:
    """Whether a column holds numbers."""
    return (
        _COLUMNS[name][1] is number or name.startswith("price_") or name.endswith("_eur_per_year")
        if name in _COLUMNS
        else False
    )


def column_of(field: str) -> str:
    """The column that a field of a row comes from; the field itself when it comes from none."""
    return _FIELDS.get(field) or _WHOLES.get(field) or field


def belongs(content: Mapping[str, Any], column: str) -> bool:
    """Whether a column stands by itself, or is part of something that a row says already."""
    node: Any = content
    for step in _COLUMNS[column][0].split(".")[:-1]:
        node = node[0] if step == "0" and node else node.get(step) if isinstance(node, Mapping) else None
        if not node:
            return False
    return True


def put(content: dict[str, Any], column: str, text: str) -> None:
    """Put what a cell of one of our columns says into a row."""
    path, read = _COLUMNS[column]
    _put(content, path, read(text))


def completed(content: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    """The row with what the sender said for all rows; a host is of the row's own source unless the row says another."""
    defaults.complete(content)
    if "host" in content and "source" in content:
        content["host"].setdefault("source", content["source"])
    return content


def _columns(file: SourceFile, header: TabRow) -> list[str]:
    columns = [(cell or "").strip().lower() for cell in header.texts]
    for column in columns:
        if column not in _COLUMNS:
            known = ", ".join(_COLUMNS)
            raise FileFailure(file.name, column, "unknown_column", f"column {column!r} is not known; known are {known}")
        if columns.count(column) > 1:
            raise FileFailure(file.name, column, "duplicate_column", f"column {column!r} stands twice in the header")
    for column in REQUIRED:
        if column not in columns:
            raise FileFailure(file.name, column, "missing_column", f"column {column!r} is required and missing")
    return columns


def _reading(tab: Tab, columns: Sequence[str], row: TabRow, defaults: Defaults) -> Reading:
    place = Place(tab.file.position, tab.name, row.line)
    cells = row.cells
    if len(cells) != len(columns):
        if row.text is not None or len(cells) > len(columns):
            rule = f"the row has {len(cells)} cells, the header {len(columns)}"
            return Reject(place, row.original, [Defect("", "wrong_number_of_cells", rule)])
        cells = [*cells, *[None] * (len(columns) - len(cells))]
    content: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell is not None:
            text = cell if isinstance(cell, str) else shown(cell)
            if row.text is not None:
                text = unguarded(text)
            if "\x00" in text:
                return Reject(place, row.original, [Defect("", "malformed", "the row contains NUL characters")])
            if text.lower() == column and column in REQUIRED:
                rule = "the header line stands again here; take it out"
                return Reject(place, row.original, [Defect(column, "repeated_header", rule)])
            put(content, column, text)
    return SourceRow(place, completed(content, defaults), row.original)


def _put(content: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path; a `0` in the path is the only item of a list."""
    steps = path.split(".")
    node: Any = content
    for step, below in pairwise(steps):
        node = node[0] if step == "0" else node.setdefault(step, [{}] if below == "0" else {})
    node[steps[-1]] = value
