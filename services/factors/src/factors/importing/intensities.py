"""Series of carbon intensity: columns `from` and `to` (instants with their offset) and `carbon_intensity` (gCO2e/kWh)."""

from datetime import datetime, timedelta

from factors.domain.hourly import Intensity
from factors.domain.rules import EARLIEST_YEAR, LATEST_YEAR
from factors.importing.tables import Reject, Row, RowError, number, rows

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(minutes=60)
MOST_G_KWH = 100_000
"""The largest intensity; more is a typing mistake, and would make the mean infinite."""


def read(text: str) -> tuple[list[Intensity], list[Reject]]:
    """The intensities of a file in the order of time, and the rows that break a rule. Raises tables.FileError."""
    found: list[tuple[int, Intensity]] = []
    rejects: list[Reject] = []
    for line, row in rows(text, ("from", "to", "carbon_intensity")):
        try:
            found.append((line, _intensity(row)))
        except RowError as error:
            rejects.append(Reject(line, error.field, error.code, str(error)))
    kept: list[Intensity] = []
    for line, one in sorted(found, key=lambda each: (each[1].start, each[0])):
        if kept and one.start < kept[-1].end:
            rejects.append(
                Reject(line, "from", "overlap", f"{one.start.isoformat()} is before the end of the interval before")
            )
        else:
            kept.append(one)
    return kept, sorted(rejects, key=lambda reject: reject.line)


def _intensity(row: Row) -> Intensity:
    start, end = _instant(row, "from"), _instant(row, "to")
    if not SHORTEST <= end - start <= LONGEST:
        raise RowError("to", "length", "an interval lasts 15 to 60 minutes")
    value = number(row, "carbon_intensity")
    if not 0 <= value < float("inf"):
        raise RowError("carbon_intensity", "negative", "an intensity is 0 or more")
    if value > MOST_G_KWH:
        raise RowError(
            "carbon_intensity", "too_large", f"an intensity is at most {MOST_G_KWH:,} g/kWh; it was {value!r}"
        )
    return Intensity(start, end, value)


def _instant(row: Row, column: str) -> datetime:
    try:
        instant = datetime.fromisoformat(row[column])
    except ValueError as error:
        raise RowError(
            column, "not_an_instant", f"{row[column]!r} is not an instant as 2025-01-01T00:00:00+01:00"
        ) from error
    if instant.tzinfo is None:
        raise RowError(column, "no_offset", f"{row[column]!r} lacks its offset from UTC")
    if not EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
        raise RowError(column, "out_of_range", f"{row[column]!r} is not of {EARLIEST_YEAR} to {LATEST_YEAR}")
    return instant
