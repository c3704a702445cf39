"""Over which time the embodied emissions of an asset are spread."""

from collections.abc import Iterator
from dataclasses import dataclass

from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.formulas import DAY_S, YEAR_DAYS
from footprint.domain.inventory import Asset, Status
from footprint.domain.months import local_day, local_midnight, month_at, month_start


@dataclass(frozen=True, slots=True)
class Life:
    """A life from `start` to `end` in Unix seconds, and where its length comes from: `actual`, `planned` or `kind`.

    `nominal_days` is what was planned, or usual for the kind, whatever became of it; None where neither is known.
    """

    start: int
    end: float
    evidence: str
    nominal_days: float | None
    factor: Factor | None = None

    @property
    def days(self) -> float:
        """Its length in days of 24 hours."""
        return (self.end - self.start) / DAY_S


def retirement(asset: Asset) -> int | None:
    """When the asset leaves for good: the start of a final `retired` segment, or the end of the last one; None while it stays."""
    last = asset.segments[-1]
    if last.status is Status.RETIRED:
        start = last.start
        for segment in reversed(asset.segments):
            if segment.status is not Status.RETIRED:
                break
            start = segment.start
        return start
    return last.end


def stays(asset: Asset) -> Iterator[tuple[int, int | None]]:
    """When an asset is there, in Unix seconds (None: to stay): the times between which it is retired for a while."""
    begun: int | None = None
    for segment in asset.segments:
        if segment.status is Status.RETIRED:
            if begun is not None:
                yield begun, segment.start
            begun = None
        elif begun is None:
            begun = segment.start
    if begun is not None:
        yield begun, asset.segments[-1].end


def month_of_leaving(asset: Asset, zone: str) -> int | None:
    """From when on an asset that has left was there in the month of its leaving (Unix second); None while it stays."""
    left = retirement(asset)
    if left is None:
        return None
    begun = max((start for start, _ in stays(asset)), default=left)
    return max(begun, month_start(zone, month_at(zone, left - 1)))


def rest_of_month(asset: Asset, zone: str, instant: int) -> tuple[int, int]:
    """The first time from an instant on that an asset is there, to the end of the month (Unix seconds); empty where it is not any more."""
    for start, end in stays(asset):
        begin = max(start, instant)
        if end is None or begin < end:
            month_end = month_start(zone, month_at(zone, begin) + 1)
            return begin, month_end if end is None else min(month_end, end)
    return instant, instant


def choose_life(catalogue: Catalogue, asset: Asset, zone: str) -> Life | None:
    """Actual dates when the asset has left, else the planned years, else the default of its kind; None without any of these.

    It starts on the day of acquisition, or with the timeline where that day is unknown; the default is that of this day. An asset that left
    before it came has no life.
    """
    start = asset.segments[0].start
    if asset.acquired_on is not None:
        start = local_midnight(zone, asset.acquired_on.year, asset.acquired_on.month, asset.acquired_on.day)
    day = local_day(zone, start)
    default = catalogue.parameter(f"life.{asset.kind}", day) if asset.planned_life_years is None else None
    years = default.value if default is not None else asset.planned_life_years
    nominal_days = None if years is None else years * YEAR_DAYS
    left = retirement(asset)
    if left is not None:
        return Life(start, left, "actual", nominal_days) if left > start else None
    if nominal_days is None:
        return None
    return Life(start, start + nominal_days * DAY_S, "planned" if default is None else "kind", nominal_days, default)
