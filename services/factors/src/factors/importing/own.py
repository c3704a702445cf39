"""The platform's own CSV of factors: the columns of the catalogue's files, with the source written out.

`gases` is written `CO2=0.05;CH4_fossil=0.0002` (kg per unit of activity) and makes the value under `gwp_set`; `source_displayable` is
true, or false where the licence forbids showing the value.
"""

from typing import Final

from factors.catalogue.reader import Entry
from factors.domain.records import Bilingual, FactorContent, GwpSet, Perimeter, Ratings, Source
from factors.importing.tables import Parsed, Row, RowError, day, number, read_rows, year

COLUMNS: Final = (
    "id", "activity", "name_fr", "name_en", "criterion", "stage", "value", "unit", "region", "valid_from", "valid_to",
    "published_year", "perimeter", "gwp_set", "gases", "biogenic_co2", "ratings", "gsd2", "source_name", "source_link", "source_url",
    "source_licence", "source_year", "source_displayable", "note_fr", "note_en",
)  # fmt: skip

_REQUIRED = ("id", "activity", "name_fr", "name_en", "value", "unit", "published_year",
             "source_name", "source_link", "source_licence", "source_year")  # fmt: skip


def read(text: str) -> Parsed:
    """The entries of a file; `criterion` is gwp when empty. Raises tables.FileError."""
    return read_rows(text, _REQUIRED, _entry)


def _entry(row: Row, parsed: Parsed) -> list[Entry]:
    for column in _REQUIRED:
        if not row[column]:
            raise RowError(column, "required", f"{column} is empty")
    note = Bilingual(row.get("note_fr", ""), row.get("note_en", ""))
    content = FactorContent(
        activity=row["activity"],
        name=Bilingual(row["name_fr"], row["name_en"]),
        criterion=row.get("criterion") or "gwp",
        value=number(row, "value"),
        unit=row["unit"],
        published_year=year(row, "published_year"),
        source=Source(
            name=row["source_name"],
            link=row["source_link"],
            licence=row["source_licence"],
            year=year(row, "source_year", 1900),
            url=row.get("source_url") or None,
            displayable=_displayable(row),
        ),
        stage=row.get("stage") or None,
        region=row.get("region") or None,
        perimeter=_perimeter(row),
        gwp_set=_gwp_set(row),
        valid_from=day(row, "valid_from"),
        valid_to=day(row, "valid_to"),
        gases=_gases(row),
        biogenic_co2=number(row, "biogenic_co2") if row.get("biogenic_co2") else None,
        ratings=_ratings(row),
        gsd2=number(row, "gsd2") if row.get("gsd2") else None,
        note=note if note.fr or note.en else None,
    )
    return [Entry(row["id"], content)]


def _perimeter(row: Row) -> Perimeter | None:
    text = row.get("perimeter", "")
    if text and text not in tuple(Perimeter):
        raise RowError("perimeter", "unknown", f"{text!r} is none of {', '.join(Perimeter)}")
    return Perimeter(text) if text else None


def _gwp_set(row: Row) -> GwpSet | None:
    text = row.get("gwp_set", "")
    if text and text not in tuple(GwpSet):
        raise RowError("gwp_set", "unknown", f"{text!r} is none of {', '.join(GwpSet)}")
    return GwpSet(text) if text else None


def _displayable(row: Row) -> bool:
    text = row.get("source_displayable", "").lower()
    if text not in ("", "true", "false"):
        raise RowError("source_displayable", "malformed", f"{text!r} is neither true nor false")
    return text != "false"


def _gases(row: Row) -> tuple[tuple[str, float], ...]:
    """The gases of a row, in alphabetical order. Raises RowError."""
    text = row.get("gases", "")
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        gas, equals, mass = part.partition("=")
        if not equals or gas.strip() in found:
            raise RowError("gases", "malformed", f"{part!r} is not one gas and its kg, as CO2=0.05;CH4_fossil=0.0002")
        found[gas.strip()] = number({"gases": mass.strip()}, "gases")
    return tuple(sorted(found.items()))


def _ratings(row: Row) -> Ratings | None:
    text = row.get("ratings", "")
    if not text:
        return None
    parts = text.split("/")
    if len(parts) != 5 or any(part not in "12345" or len(part) != 1 for part in parts):
        rule = "five ratings from 1 to 5 as 4/4/5/5/4: reliability, technical, geographic, temporal, completeness"
        raise RowError("ratings", "malformed", f"{text!r} is not {rule}")
    reliability, technical, geographic, temporal, completeness = (int(part) for part in parts)
    return Ratings(technical, reliability, temporal, completeness, geographic)
