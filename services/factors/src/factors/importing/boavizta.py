"""Makers' product carbon footprints, as Boavizta collects them: one factor per model, manufacturing only.

The use phase is dropped, since it hides the grid that the maker assumed. Two rows of one maker and name are suspect: both are rejected,
until somebody says which is right.
"""

from collections import Counter
from typing import Final

from factors.catalogue.reader import Entry
from factors.domain.records import GWP, Bilingual, FactorContent, Ratings, Source
from factors.importing.tables import Parsed, Reject, Row, RowError, number, product, read_rows, slug

_TOTAL: Final = "gwp_total"
_SHARE: Final = "gwp_manufacturing_ratio"

KINDS = {
    "server": "server",
    "laptop": "laptop",
    "desktop": "desktop",
    "workstation": "desktop",
    "monitor": "monitor",
    "smartphone": "smartphone",
    "tablet": "tablet",
    "thin client": "thin_client",
    "printer": "printer",
    "network": "network",
    "san/nas": "storage",
}
"""Our kinds by Boavizta's subcategories, in lower case; the others are not IT assets of ours."""

NO_KIND = "no kind of ours"
NO_SHARE = "no share of manufacturing stated"

_RATINGS = Ratings(technical=4, reliability=3, temporal=3, completeness=3, geographic=3)


def read(text: str, source: Source) -> Parsed:
    """The entries of a file, kgCO2e per unit, stage manufacturing. Raises tables.FileError."""
    parsed = read_rows(
        text, ("manufacturer", "name", "subcategory", _TOTAL, _SHARE), lambda row, into: _entry(row, into, source)
    )
    return _without_doubles(parsed)


def _entry(row: Row, parsed: Parsed, source: Source) -> list[Entry]:
    kind = KINDS.get(row["subcategory"].lower())
    if kind is None:
        parsed.skip(NO_KIND)
        return []
    if not row[_SHARE]:
        parsed.skip(NO_SHARE)
        return []
    maker, model = slug(row["manufacturer"]), slug(row["name"])
    if not maker or not model:
        raise RowError("name", "required", "a footprint has a manufacturer and a name")
    total, share = number(row, _TOTAL), number(row, _SHARE)
    if not 0 < share <= 1:
        raise RowError(_SHARE, "out_of_range", f"{share!r} is not a share between 0 and 1")
    title = f"{row['manufacturer']} {row['name']}"
    stated = f"{total!r} kg × {share!r}"
    reported = row.get("report_date") or "?"
    content = FactorContent(
        activity=f"embodied.{kind}.{maker}.{model}",
        name=Bilingual(f"Fabrication, {title}", f"Manufacturing, {title}"),
        criterion=GWP,
        value=product(total, share),
        unit="kgCO2e/unit",
        published_year=source.year,
        source=source,
        stage="manufacturing",
        ratings=_RATINGS,
        note=Bilingual(
            f"Déclaration du constructeur, {stated} ; rapport : {reported} ; {row.get('sources', '')}.",
            f"Maker's declaration, {stated}; report: {reported}; {row.get('sources', '')}.",
        ),
    )
    return [Entry(f"model-{kind.replace('_', '-')}-{maker}-{model}"[:119].rstrip("-"), content)]


def _without_doubles(parsed: Parsed) -> Parsed:
    times = Counter(located.entry.id for located in parsed.located)
    kept = Parsed(rejects=list(parsed.rejects), skipped=parsed.skipped)
    for located in parsed.located:
        if times[located.entry.id] == 1:
            kept.located.append(located)
            continue
        detail = f"{times[located.entry.id]} rows are of {located.entry.content.name.en}: keep the right one"
        kept.rejects.append(Reject(located.line, "name", "suspect_duplicate", detail))
    return kept
