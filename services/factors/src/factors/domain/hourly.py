"""A yearly electricity factor through the hours of its year.

Convention: EF_h = EF_year × CI_h ÷ mean CI, where CI is the grid's carbon intensity and its mean is over time, of the whole local year
as far as it is known. The mean of EF_h over the year is then EF_year: the yearly perimeter is kept, only its shape is added.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Intensity:
    """The intensity of a grid over `[start, end)`, in gCO2e/kWh of whatever perimeter: only its shape matters."""

    start: datetime
    end: datetime
    value: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class HourlyFactor:
    """The factor over `[start, end)`, in the unit of the yearly one."""

    start: datetime
    end: datetime
    value: float


class NoShapeError(ValueError):
    """The intensities give no shape: there are none, or all are 0."""


def mean_intensity(intensities: Sequence[Intensity]) -> float:
    """The mean over time. Raises NoShapeError."""
    seconds = math.fsum(one.seconds for one in intensities)
    total = math.fsum(one.value * one.seconds for one in intensities)
    if seconds == 0 or total == 0:
        raise NoShapeError("there is no intensity above 0 in this year")
    return total / seconds


def shaped(yearly: float, mean: float, intensities: Sequence[Intensity]) -> list[HourlyFactor]:
    """The yearly value in the shape of `intensities`, of which `mean` is the year's mean (above 0)."""
    return [HourlyFactor(one.start, one.end, yearly * (one.value / mean)) for one in intensities]


def coverage(intensities: Sequence[Intensity], start: datetime, end: datetime) -> float:
    """The share of `[start, end)` that the intensities cover, 0 to 1."""
    known = sum((one.end - one.start for one in intensities), timedelta())
    return known / (end - start)
