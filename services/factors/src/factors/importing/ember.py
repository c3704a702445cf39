"""Yearly electricity as Ember's tables carry it: ISO 3166-1 alpha-3, year, gCO2e/kWh of generation over its life cycle."""

from datetime import date
from typing import Final

from factors.catalogue.reader import Entry
from factors.domain.records import GWP, Bilingual, FactorContent, Perimeter, Ratings, Source
from factors.domain.regions import Region, Regions
from factors.importing.tables import Parsed, Row, RowError, number, product, read_rows
from factors.importing.tables import year as year_of

_CODE: Final = "country_code"
_PLACE: Final = "country_or_region"
_VALUE: Final = "emissions_intensity_gco2_per_kwh"

ZERO = "a grid of 0 g is a missing value, not a factor"
GROUPING = "no place of ours"

_RATINGS = Ratings(technical=4, reliability=4, temporal=5, completeness=4, geographic=5)


def read(text: str, regions: Regions, source: Source) -> Parsed:
    """The entries of a file, production perimeter, each valid in its year; kg from g. Raises tables.FileError."""

    def entry(row: Row, parsed: Parsed) -> list[Entry]:
        value_g = number(row, _VALUE)
        if value_g == 0:
            parsed.skip(ZERO)
            return []
        year = year_of(row, "year")
        region = _region(row, regions)
        if region is None:
            parsed.skip(GROUPING)
            return []
        content = FactorContent(
            activity="electricity",
            name=Bilingual(
                f"Électricité, {region.name.fr}, {year}, production",
                f"Electricity, {region.name.en}, {year}, production",
            ),
            criterion=GWP,
            value=product(value_g, 0.001),
            unit="kgCO2e/kWh",
            published_year=year,
            source=source,
            region=region.code,
            perimeter=Perimeter.PRODUCTION,
            valid_from=date(year, 1, 1),
            valid_to=date(year + 1, 1, 1),
            ratings=_RATINGS,
        )
        return [Entry(f"electricity-{region.code.lower()}-{year}-ember", content)]

    return read_rows(text, (_CODE, _PLACE, "year", _VALUE), entry)


def _region(row: Row, regions: Regions) -> Region | None:
    """The place of a row: by its alpha-3 code, or by its name where it has none; None for a grouping that is no place."""
    if row[_CODE]:
        region = regions.by_alpha3(row[_CODE])
        if region is None:
            raise RowError(_CODE, "unknown_region", f"{row[_CODE]!r} ({row[_PLACE]}) is no ISO 3166-1 alpha-3 code")
        return region
    return regions.find(row[_PLACE]) or regions.by_name(row[_PLACE])
