"""Support contracts: which factor weighs their euros in which month."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from footprint.domain.catalogue import Catalogue, Choice
from footprint.domain.extras import FAR
from footprint.domain.inventory import Asset
from footprint.domain.months import month_at, month_start
from footprint.domain.places import Places

SUPPORT_ACTIVITY: Final = "maintenance.it_hardware"


class SupportRun(NamedTuple):
    """The factor of a support contract in the months from `first` (a month number) up to the next run; None where none fits."""

    first: int
    choice: Choice | None


def read_support(asset: Asset, zone: str, places: Places, catalogue: Catalogue) -> tuple[SupportRun, ...]:
    """The factors of the support contract of an asset, in order: as of activities, that of the first day of the month where it stood then.

    The first run holds for all earlier months as well. Empty where there is no contract.
    """
    if not asset.support_eur_per_year:
        return ()
    began = month_at(zone, asset.segments[0].start)
    moves = {_month_from(zone, each) for each in places.moves(asset.segments[0].start, FAR)}
    turns = {day.year * 12 + day.month - 1 + (day.day > 1) for day in catalogue.turns(SUPPORT_ACTIVITY)}
    runs: list[SupportRun] = []
    for first in (began, *sorted(each for each in moves | turns if each > began)):
        place = places.at(month_start(zone, first))
        choice = catalogue.activity(SUPPORT_ACTIVITY, place.region, date(first // 12, first % 12 + 1, 1))
        if not runs or runs[-1].choice != choice:
            runs.append(SupportRun(first, choice))
    return tuple(runs)


def support_in(runs: Sequence[SupportRun], month: int) -> Choice | None:
    """The factor of a month."""
    return next((each.choice for each in reversed(runs) if each.first <= month), runs[0].choice if runs else None)


def _month_from(zone: str, instant: int) -> int:
    """The first month that begins at a Unix second or after it."""
    month = month_at(zone, instant)
    return month if month_start(zone, month) == instant else month + 1
