"""Which format a file is in."""

from collections.abc import Sequence
from enum import StrEnum

from inventory.imports.constellation import ConstellationCsv, is_header
from inventory.imports.reading import FileFailure, Format, SourceFile
from inventory.imports.rvtools import Rvtools
from inventory.imports.tabs import is_workbook
from inventory.imports.text import read_text_rows


class FormatName(StrEnum):
    """The formats that an import takes; `auto` finds out."""

    AUTO = "auto"
    CONSTELLATION = "constellation"
    RVTOOLS = "rvtools"


def choose_format(name: str, files: Sequence[SourceFile], workbook_limit_bytes: int) -> Format:
    """The format of that name; for `auto` the one that recognises each of the files.

    Raises FileFailure when none does, or when they are not all of one.
    """
    if name != FormatName.AUTO:
        return format_named(name, workbook_limit_bytes)
    found = {file.name: _detect(file, workbook_limit_bytes) for file in files}
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{file}: {format_}" for file, format_ in found.items())
        raise FileFailure(files[0].name, "", "mixed_formats", f"send one format per import; these are {listed}")
    return format_named(found[files[0].name], workbook_limit_bytes)


def format_named(name: str, workbook_limit_bytes: int) -> Format:
    """The format of that name, `auto` excepted. Raises KeyError."""
    formats: dict[str, Format] = {
        FormatName.CONSTELLATION: ConstellationCsv(),
        FormatName.RVTOOLS: Rvtools(workbook_limit_bytes),
    }
    return formats[name]


def _detect(file: SourceFile, workbook_limit_bytes: int) -> FormatName:
    if not is_workbook(file):
        header = next(read_text_rows(file, ("utf-8-sig", "cp1252")), None)
        if header is not None and is_header(header.cells):
            return FormatName.CONSTELLATION
    if Rvtools(workbook_limit_bytes).recognises(file):
        return FormatName.RVTOOLS
    rule = (
        "it is neither our CSV (a header with kind, source, external_id) nor an RVTools export (tabs vInfo, vHost); "
        "or name the format"
    )
    raise FileFailure(file.name, "", "unknown_format", rule)
