"""How busy the processors of a machine were, as measured, and what is made of it: idle, or given more than it needs."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from footprint.domain.measurements import MeasuredDay

DAYS_LOOKED_AT: Final = 30
IDLE_BELOW: Final = 0.05
"""Mean load of the processors under which a machine is idle (CarbonOps practice: < 5 % for 30 days)."""

SPARE_BELOW: Final = 0.30
"""Load that a machine keeps below 95 % of the time when half its vCPUs would do."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured of a machine's processors: days covered, mean load, and the load it keeps below 95 % of the time."""

    days: float
    mean: float
    high: float


NOTHING_MEASURED: Final = Load(0.0, math.nan, math.nan)


def load_of(days: Iterable[MeasuredDay]) -> Load:
    """The load of the last thirty measured days."""
    measured = sorted((each for each in days if each.utilisation is not None), key=lambda each: each.day)
    bands = sorted(
        (mean, seconds)
        for each in measured[-DAYS_LOOKED_AT:]
        if each.utilisation is not None
        for mean, seconds in each.utilisation.bands
    )
    total = sum(seconds for _, seconds in bands)
    if not total:
        return NOTHING_MEASURED
    mean = sum(mean * seconds for mean, seconds in bands) / total
    below, high = 0, bands[-1][0]
    for level, seconds in bands:
        below += seconds
        if below >= 0.95 * total:
            high = level
            break
    return Load(total / 86_400, mean, high)


def is_idle(load: Load) -> bool:
    """On and idle: under 5 % on average over thirty days, nine tenths of them measured."""
    return load.days >= 0.9 * DAYS_LOOKED_AT and load.mean < IDLE_BELOW


def is_over_allocated(load: Load) -> bool:
    """Under 30 % nearly all the time, over thirty days, nine tenths of them measured."""
    return load.days >= 0.9 * DAYS_LOOKED_AT and load.high < SPARE_BELOW
