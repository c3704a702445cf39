"""Checked scalar types: each says its unit in the field that uses it and its rule here.

Numbers are strict: neither a text nor a boolean is one. Whoever reads a text file turns its texts into numbers first.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, Strict, StringConstraints
from pydantic_core import PydanticCustomError

EARLIEST_YEAR = 1990
"""No kit that is still counted is older; an earlier date is a typing mistake."""

LATEST_YEAR = 2100
"""No plan looks further; a later date is a typing mistake."""

_NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]*$"


def _reject_boolean(value: Any) -> Any:
    """True is not 1 euro: pydantic's decimals would take it."""
    if isinstance(value, bool):
        raise PydanticCustomError("wrong_type", "a number is wanted, not a boolean")
    return value


BEFORE_1990 = "a date before 1990-01-01 is refused"
AFTER_2100 = "a date after 2100-12-31 is refused"


def _check_year(value: date) -> None:
    """Refuse what is too early or too late on any clock: the year of an instant depends on the zone, see `year_defect`."""
    margin = 1 if isinstance(value, datetime) else 0
    if value.year < EARLIEST_YEAR - margin:
        raise PydanticCustomError("before_1990", BEFORE_1990)
    if value.year > LATEST_YEAR + margin:
        raise PydanticCustomError("after_2100", AFTER_2100)


def year_defect(moment: datetime, zone: ZoneInfo) -> tuple[str, str] | None:
    """The code and the rule that an instant breaks by its year on the clocks of `zone`, if it does."""
    year = moment.astimezone(zone).year
    if year < EARLIEST_YEAR:
        return "before_1990", BEFORE_1990
    return ("after_2100", AFTER_2100) if year > LATEST_YEAR else None


def _read_date(value: Any) -> date:
    """A calendar day: `YYYY-MM-DD`, or a date of a workbook."""
    if isinstance(value, datetime):
        day = value.date()
    elif isinstance(value, date):
        day = value
    elif isinstance(value, str):
        try:
            day = date.fromisoformat(value)
        except ValueError as failure:
            raise PydanticCustomError("not_a_date", "write the date as YYYY-MM-DD") from failure
    else:
        raise PydanticCustomError("wrong_type", "write the date as YYYY-MM-DD")
    _check_year(day)
    return day


def _read_moment(value: Any) -> date | datetime:
    """A calendar day (its local midnight is meant) or an instant with its offset."""
    if isinstance(value, datetime):
        moment: date | datetime = value
    elif isinstance(value, date):
        moment = value
    elif isinstance(value, str):
        try:
            moment = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError as failure:
            raise PydanticCustomError(
                "not_a_date", "write YYYY-MM-DD, or an RFC 3339 time with its offset such as 2026-03-01T00:00:00+01:00"
            ) from failure
    else:
        raise PydanticCustomError("wrong_type", "write YYYY-MM-DD, or an RFC 3339 time with its offset")
    _check_year(moment)
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise PydanticCustomError("no_offset", "a time needs its offset from UTC, such as +01:00 or Z")
        return moment.astimezone(UTC)
    return moment


def read_instant(value: Any) -> datetime:
    """An instant with its offset; a calendar day is not one."""
    moment = _read_moment(value)
    if not isinstance(moment, datetime):
        raise PydanticCustomError("no_offset", "write a time with its offset, such as 2026-03-01T00:00:00+01:00")
    return moment


def instant(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """The instant in UTC of a moment: a calendar day means its first moment in `zone`."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time.min, zone).astimezone(UTC)


Day = Annotated[date, BeforeValidator(_read_date)]
"""A calendar day from 1990-01-01 to 2100-12-31."""

Moment = Annotated[date | datetime, BeforeValidator(_read_moment)]
"""A calendar day, or an instant (kept in UTC), from 1990 to 2100."""

Instant = Annotated[datetime, BeforeValidator(read_instant)]
"""An instant with its offset (kept in UTC), from 1990 to 2100."""

Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_CONTROL_CHARACTERS)
]
"""Up to 200 characters on one line."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""What an organisation calls a site: letters, digits, `.`, `_`, `-`; up to 64."""

OrganisationId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$")]
"""Lower-case letters, digits and inner hyphens; up to 64."""

Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
"""A whole number from 1 to 1,000,000."""

Size = Annotated[float, Strict(), Field(gt=0, le=1e9, allow_inf_nan=False)]
"""A finite number above 0."""

Amount = Annotated[float, Strict(), Field(ge=0, le=1e9, allow_inf_nan=False)]
"""A finite number from 0."""

Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
"""A part of a whole, 0 to 1."""

Years = Annotated[float, Strict(), Field(gt=0, le=100, allow_inf_nan=False)]
"""A life in years, above 0 and up to 100; fractions allowed."""

Euros = Annotated[
    Decimal,
    BeforeValidator(_reject_boolean),
    Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False),
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str),
]
"""An amount of money in euros with at most two decimals; a string in JSON."""
