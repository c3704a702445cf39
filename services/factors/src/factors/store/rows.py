"""Versions as rows of the database, and back."""

from dataclasses import asdict
from functools import lru_cache
from sys import intern
from typing import Any

import asyncpg

from factors.domain.records import (
    Bilingual,
    FactorContent,
    FactorVersion,
    GwpSet,
    Perimeter,
    Ratings,
    Source,
    Status,
)

CONTENT_COLUMNS = (
    "activity", "criterion", "stage", "region", "perimeter", "gwp_set", "valid_from", "valid_to", "value", "unit",
    "published_year", "name_fr", "name_en", "note_fr", "note_en", "gases", "biogenic_co2", "ratings", "source_name",
    "source_link", "source_url", "source_licence", "source_year", "source_displayable", "gsd2",
)  # fmt: skip

VERSION_COLUMNS = (
    "factor_id",
    "version",
    "status",
    *CONTENT_COLUMNS,
    "author",
    "reason",
    "recorded_at",
    "published_by",
)


# A catalogue of many thousand versions is held in memory, and most of them share their source, their ratings, their notes and the words
# that they are found by. The driver makes new objects of each row; here the equal ones become one.
_source = lru_cache(maxsize=4096)(Source)
_ratings = lru_cache(maxsize=4096)(Ratings)
_note = lru_cache(maxsize=4096)(Bilingual)


def _shared(text: str | None) -> str | None:
    return None if text is None else intern(text)


def to_version(row: asyncpg.Record) -> FactorVersion:
    """A version from the columns of `VERSION_COLUMNS`."""
    return FactorVersion(
        id=row["factor_id"],
        version=row["version"],
        status=Status(row["status"]),
        content=_to_content(row),
        author=intern(row["author"]),
        reason=intern(row["reason"]),
        recorded_at=row["recorded_at"],
        published_by=_shared(row["published_by"]),
    )


def _to_content(row: asyncpg.Record) -> FactorContent:
    noted = row["note_fr"] is not None or row["note_en"] is not None
    return FactorContent(
        activity=row["activity"],
        name=Bilingual(row["name_fr"], row["name_en"]),
        criterion=intern(row["criterion"]),
        value=row["value"],
        unit=intern(row["unit"]),
        published_year=row["published_year"],
        source=_source(
            name=row["source_name"],
            link=row["source_link"],
            licence=row["source_licence"],
            year=row["source_year"],
            url=row["source_url"],
            displayable=row["source_displayable"],
        ),
        stage=_shared(row["stage"]),
        region=_shared(row["region"]),
        perimeter=Perimeter(row["perimeter"]) if row["perimeter"] else None,
        gwp_set=GwpSet(row["gwp_set"]) if row["gwp_set"] else None,
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        gases=tuple(sorted(row["gases"].items())),
        biogenic_co2=row["biogenic_co2"],
        ratings=_ratings(**row["ratings"]) if row["ratings"] else None,
        note=_note(row["note_fr"] or "", row["note_en"] or "") if noted else None,
        gsd2=row["gsd2"],
    )


def version_record(version: FactorVersion) -> tuple[Any, ...]:
    """The values of `VERSION_COLUMNS`."""
    content, source = version.content, version.content.source
    return (
        version.id, version.version, version.status.value,
        content.activity, content.criterion, content.stage, content.region, content.perimeter, content.gwp_set,
        content.valid_from, content.valid_to, content.value, content.unit, content.published_year,
        content.name.fr, content.name.en, content.note and content.note.fr, content.note and content.note.en,
        dict(content.gases), content.biogenic_co2, asdict(content.ratings) if content.ratings else None,
        source.name, source.link, source.url, source.licence, source.year, source.displayable,
        content.gsd2,
        version.author, version.reason, version.recorded_at, version.published_by,
    )  # fmt: skip
