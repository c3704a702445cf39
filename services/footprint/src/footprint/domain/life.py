"""Over which time the embodied emissions of an asset are spread."""

import math
from dataclasses import dataclass

from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.formulas import DAY_S, YEAR_DAYS
from footprint.domain.inventory import Asset, FormerLife, Status
from footprint.domain.months import local_midnight


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


def choose_life(catalogue: Catalogue, asset: Asset, zone: str) -> Life | None:
    """Actual dates when the asset has left, else the planned years, else the default of its kind; None without any of these."""
    return life_until(catalogue, asset, zone, asset.planned_life_years, retirement(asset))


def life_until(
    catalogue: Catalogue, asset: Asset, zone: str, planned_years: float | None, left: int | None
) -> Life | None:
    """The life of an asset for planned years and a day of leaving.

    It starts on the day of acquisition, or with the timeline where that day is unknown. An asset that left before it came has no life.
    """
    start = asset.segments[0].start
    if asset.acquired_on is not None:
        start = local_midnight(zone, asset.acquired_on.year, asset.acquired_on.month, asset.acquired_on.day)
    default = catalogue.parameter(f"life.{asset.kind}") if planned_years is None else None
    years = default.value if default is not None else planned_years
    nominal_days = None if years is None else years * YEAR_DAYS
    if left is not None:
        return Life(start, left, "actual", nominal_days) if left > start else None
    if nominal_days is None:
        return None
    return Life(start, start + nominal_days * DAY_S, "planned" if default is None else "kind", nominal_days, default)


@dataclass(frozen=True, slots=True)
class Phase:
    """A straight line that is part of a life, from `start` to `end` in Unix seconds, for instants before `until`: it spreads `share` of
    what the asset weighs over `days`."""

    start: float
    end: float
    until: float
    share: float
    days: float


def phases_of(catalogue: Catalogue, asset: Asset, zone: str, life: Life, spread_days: float) -> tuple[Phase, ...]:
    """How a life is spread: in one straight line, or, where its length was changed after months were closed, in one for each length.

    Closed months keep what they carried; from the first open one on, what is left is spread over what is left of the life (nothing where
    nothing is left). So the sum over the life stays the whole.
    """
    phases: list[Phase] = []
    begin, left, last = float(life.start), 1.0, life.start + spread_days * DAY_S
    for former in asset.former_lives:
        known = life_until(catalogue, asset, zone, former.planned_life_years, former.left)
        if known is None or not begin < former.until < last:
            continue
        days = (known.end - begin) / DAY_S
        phases.append(
            Phase(begin, known.end, former.until, left, days)
            if days > 0
            else Phase(begin, begin, former.until, 0.0, 1.0)
        )
        left -= left * (min(former.until, known.end) - begin) / DAY_S / days if days > 0 else 0.0
        begin = float(former.until)
    if not phases:
        return (Phase(begin, last, math.inf, 1.0, spread_days),)
    return (*phases, Phase(begin, last, math.inf, max(0.0, left), (last - begin) / DAY_S))


def former_lives(before: Asset, after: Asset, open_from: int) -> tuple[FormerLife, ...]:
    """What is kept of the lengths that a life had, for an asset whose months before `open_from` are closed: what was known before
    counts until there. A length that came after the last closing leaves nothing behind."""
    kept = before.former_lives
    same = (before.planned_life_years, retirement(before)) == (after.planned_life_years, retirement(after))
    if same or before.is_virtual or any(each.until >= open_from for each in kept):
        return kept
    return (*kept, FormerLife(open_from, before.planned_life_years, retirement(before)))
