"""Which format a file is in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from inventory.imports.constellation import Constellation, is_header
from inventory.imports.focus import CloudBill, is_cur, is_focus
from inventory.imports.mapping import Mapped
from inventory.imports.mapping import Mapping as ColumnMapping
from inventory.imports.numecoeval import NumEcoEval, table_kind
from inventory.imports.presets import PRESETS
from inventory.imports.purchases import Purchases, is_purchases
from inventory.imports.reading import FileFailure, Format, SourceFile
from inventory.imports.rvtools import Rvtools
from inventory.imports.tabs import Tab, WorkbookLimits, tabs_of


class FormatName(StrEnum):
    """The formats that an import takes; `auto` finds out."""

    AUTO = "auto"
    CONSTELLATION = "constellation"
    RVTOOLS = "rvtools"
    NUMECOEVAL = "numecoeval"
    FOCUS = "focus"
    AWS_CUR = "aws_cur"
    PURCHASES = "purchases"
    GLPI = "glpi"
    MAPPED = "mapped"


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is known when a format is looked for: the sender's options, the organisation's mappings (or the one `chosen`), limits."""

    options: Mapping[str, Any]
    mappings: Sequence[ColumnMapping]
    limits: WorkbookLimits
    chosen: bool = False


def choose_format(name: str, files: Sequence[SourceFile], candidates: Candidates) -> Format:
    """The format of that name; for `auto` the one that recognises each of the files.

    Raises FileFailure when none does, or when they are not all of one.
    """
    if candidates.chosen:
        return Mapped(candidates.mappings[0], candidates.limits)
    if name == FormatName.MAPPED:
        return _mapped(files, candidates)
    if name != FormatName.AUTO:
        return format_named(name, candidates)
    found = {file.name: _recognised(file, candidates) for file in files}
    kinds = {_described(format_) for format_ in found.values()}
    if len(kinds) > 1:
        listed = ", ".join(f"{file}: {_described(format_)}" for file, format_ in found.items())
        raise FileFailure(files[0].name, "", "mixed_formats", f"send one format per import; these are {listed}")
    return found[files[0].name]


def format_named(name: str, candidates: Candidates) -> Format:
    """The format of that name, `auto` excepted; `mapped` with the first of the candidates' mappings. Raises KeyError."""
    limits = candidates.limits
    makers: dict[str, Callable[[], Format]] = {
        FormatName.CONSTELLATION: lambda: Constellation(limits),
        FormatName.RVTOOLS: lambda: Rvtools(limits),
        FormatName.NUMECOEVAL: lambda: NumEcoEval(limits),
        FormatName.FOCUS: lambda: CloudBill("focus", limits),
        FormatName.AWS_CUR: lambda: CloudBill("aws_cur", limits),
        FormatName.PURCHASES: lambda: Purchases(limits),
        FormatName.GLPI: lambda: Mapped(PRESETS["glpi"], limits),
        FormatName.MAPPED: lambda: Mapped(candidates.mappings[0], limits),
    }
    return makers[name]()


_BY_HEADINGS: Mapping[str, Callable[[Sequence[str]], bool]] = {
    FormatName.CONSTELLATION: is_header,
    FormatName.AWS_CUR: is_cur,
    FormatName.FOCUS: is_focus,
    FormatName.NUMECOEVAL: lambda cells: table_kind(cells) is not None,
}
"""Formats that their headings tell, the surest first."""


def _recognised(file: SourceFile, candidates: Candidates) -> Format:
    if Rvtools(candidates.limits).recognises(file):
        return Rvtools(candidates.limits)
    headers = list(_headers(file, candidates.limits))
    for name, fits in _BY_HEADINGS.items():
        if any(fits(cells) for cells in headers):
            return format_named(name, candidates)
    mapping = _mapping_of(file, headers, candidates.mappings)
    if mapping is not None:
        return Mapped(mapping, candidates.limits)
    if any(is_purchases(cells) for cells in headers):
        return Purchases(candidates.limits)
    mapping = _mapping_of(file, headers, list(PRESETS.values()))
    if mapping is not None:
        return Mapped(mapping, candidates.limits)
    rule = (
        "it is none of: our own table (a header with kind, source, external_id), RVTools (tabs vInfo, vHost), NumEcoEval "
        "(nomEquipementPhysique…), FOCUS, an AWS Cost and Usage Report, a list of purchases, GLPI, or a table that a mapping "
        "of the organisation fits; name the format, or make a mapping (POST /import-mappings)"
    )
    raise FileFailure(file.name, "", "unknown_format", rule)


def _mapped(files: Sequence[SourceFile], candidates: Candidates) -> Format:
    """The format of the mapping that fits the first file best. Raises FileFailure when none does."""
    headers = list(_headers(files[0], candidates.limits))
    known = {mapping.name: mapping for mapping in (*PRESETS.values(), *candidates.mappings)}
    mapping = _mapping_of(files[0], headers, list(known.values()))
    if mapping is None:
        rule = f"none of the mappings fits its headings; there are {', '.join(known)}"
        raise FileFailure(files[0].name, "", "unknown_mapping", rule)
    return Mapped(mapping, candidates.limits)


def _mapping_of(
    file: SourceFile, headers: Sequence[Sequence[str]], mappings: Sequence[ColumnMapping]
) -> ColumnMapping | None:
    """The mapping with the most columns among those that fit. Raises FileFailure when two fit alike."""
    weights = {
        mapping.name: max(mapping.weight(cells) for cells in headers if mapping.fits(cells))
        for mapping in mappings
        if any(mapping.fits(cells) for cells in headers)
    }
    best = [mapping for mapping in mappings if weights.get(mapping.name, 0) == max(weights.values(), default=1)]
    if len(best) > 1:
        listed = ", ".join(mapping.name for mapping in best)
        rule = f"the mappings {listed} fit its headings alike; name one in the form field `mapping`"
        raise FileFailure(file.name, "", "ambiguous_mapping", rule)
    return best[0] if best else None


def _headers(file: SourceFile, limits: WorkbookLimits) -> Iterator[list[str]]:
    tabs: Sequence[Tab] = tabs_of(file, limits)
    for tab in tabs:
        header = tab.header()
        if header is not None:
            yield [text or "" for text in header.texts]


def _described(format_: Format) -> str:
    mapping = getattr(format_, "mapping", None)
    return format_.name if mapping is None else f"mapping {mapping.name}"
