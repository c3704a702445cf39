"""The fixed calendar of the example: fourteen months of history whose dates never depend on the day of the run."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

TIME_ZONE = ZoneInfo("Europe/Paris")
FIRST_DAY = date(2025, 9, 15)
"""The day of the first inventory: what was bought before is known from this day on."""
LAST_DAY = date(2026, 11, 20)
"""The day of the newest change; what was true then goes on, without an end."""
LAST_SERVER_CHANGE = date(2026, 9, 30)
"""Servers enter, leave and switch until here, so that the counts of October 2026 and of any later month agree."""


def midnight(day: date) -> str:
    """Return the local midnight that begins `day` in RFC 3339, with the offset that Paris has on that day."""
    return datetime.combine(day, time(), TIME_ZONE).isoformat()


def day_between(random: Random, first: date, last: date) -> date:
    """Draw a day from the closed interval [first, last], each equally likely."""
    return first + timedelta(days=random.randint(0, (last - first).days))
