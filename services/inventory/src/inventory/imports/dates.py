"""Calendar days in the spellings that exports write."""

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum


class DateFormat(StrEnum):
    """How a file writes a day; a time of day after it is read over."""

    ISO = "YYYY-MM-DD"
    COMPACT = "YYYYMMDD"
    DAY_FIRST_SLASHES = "DD/MM/YYYY"
    DAY_FIRST_DASHES = "DD-MM-YYYY"
    DAY_FIRST_POINTS = "DD.MM.YYYY"
    MONTH_FIRST_SLASHES = "MM/DD/YYYY"
    MONTH_FIRST_DASHES = "MM-DD-YYYY"


NUMECOEVAL_DATES = (
    DateFormat.ISO,
    DateFormat.COMPACT,
    DateFormat.DAY_FIRST_SLASHES,
    DateFormat.DAY_FIRST_DASHES,
)
"""The four that NumEcoEval and G4IT take, also mixed in one file."""

_PARTS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{2})", "DD": r"(?P<day>\d{2})"}
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"


def _pattern(spelling: str) -> re.Pattern[str]:
    pattern = re.escape(spelling)
    for part, group in _PARTS.items():
        pattern = pattern.replace(part, group)
    return re.compile(pattern + _TIME)


_PATTERNS = {spelling: _pattern(spelling) for spelling in DateFormat}


def iso_day(text: str, formats: Sequence[DateFormat]) -> str | None:
    """The day that `text` writes in the first of `formats` that fits, as YYYY-MM-DD; None when none fits."""
    for spelling in formats:
        found = _PATTERNS[spelling].fullmatch(text)
        if found:
            try:
                return date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat()
            except ValueError:
                continue
    return None
