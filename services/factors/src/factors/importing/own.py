"""The platform's own CSV of factors: the columns of the catalogue's files, with the source written out."""

from typing import Final

from factors.catalogue.reader import Entry
from factors.domain.records import Bilingual, FactorContent, GwpSet, Perimeter, Ratings, Source
from factors.importing.tables import Parsed, Row, RowError, day, number, read_rows, whole

COLUMNS: Final = (
    "id", "activity", "name_fr", "name_en", "criterion", "stage", "value", "unit", "region", "valid_from", "valid_to",
    "published_year", "perimeter", "gwp_set", "ratings", "source_name", "source_link", "source_url", "source_licence", "source_year",
    "note_fr", "note_en",
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
        published_year=whole(row, "published_year"),
        source=Source(
            name=row["source_name"],
            link=row["source_link"],
            licence=row["source_licence"],
            year=whole(row, "source_year"),
            url=row.get("source_url") or None,
        ),
        stage=row.get("stage") or None,
        region=row.get("region") or None,
        perimeter=_perimeter(row),
        gwp_set=_gwp_set(row),
        valid_from=day(row, "valid_from"),
        valid_to=day(row, "valid_to"),
        ratings=_ratings(row),
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
