"""The carbon of what was billed: footprints of resources, brought onto the lines of a bill."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from billing.domain.events import Interval, cut
from billing.domain.rating import Line


@dataclass(frozen=True, slots=True)
class Footprint:
    """kWh and kgCO2e (electricity location-based); a figure is None where it is not known."""

    kwh: float | None
    gwp_kg: float | None


NOTHING = Footprint(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Carbon:
    """The footprint of a bill: the total over the resources of which it is known, that of each line, and how many it is not known of yet.

    A total is None where something was used and nothing is known: not known is not nothing.
    """

    total: Footprint
    lines: tuple[Footprint | None, ...]
    resources: Mapping[str, Footprint]
    unknown: int


def billed_part(
    footprints: Mapping[str, Footprint], whole: Iterable[Interval], billed: Iterable[Interval]
) -> dict[str, Footprint]:
    """The footprint of each billed resource: that of its month, in proportion to the seconds billed where a contract covers a part."""
    all_seconds, billed_seconds = _seconds(whole), _seconds(billed)
    found = {}
    for resource, seconds in sorted(billed_seconds.items()):
        share = seconds / all_seconds[resource]
        footprint = footprints.get(resource, Footprint(None, None))
        found[resource] = Footprint(_scaled(footprint.kwh, share), _scaled(footprint.gwp_kg, share))
    return found


def on_lines(resources: Mapping[str, Footprint], lines: Sequence[Line]) -> Carbon:
    """Share the total among the lines of usage in proportion to their amounts; the last of them takes what rounding leaves.

    A bill prices vCPU and RAM of the same machines apart, while a machine has one footprint, so no line has a footprint of its own: the
    share follows the money, and the lines add up to the total.
    """
    footprints = resources.values()
    total = Footprint(_sum([f.kwh for f in footprints]), _sum([f.gwp_kg for f in footprints]))
    unknown = sum(f.gwp_kg is None for f in resources.values())
    usage = [index for index, line in enumerate(lines) if line.kind == "usage"]
    usage = [index for index in usage if lines[index].amount or _used(lines[index])] or usage
    due = sum(float(lines[index].amount) for index in usage)
    shares: list[Footprint | None] = [None] * len(lines)
    left = total
    for index in usage:
        share = float(lines[index].amount) / due if due else 1 / len(usage)
        part = left if index == usage[-1] else Footprint(_scaled(total.kwh, share), _scaled(total.gwp_kg, share))
        shares[index] = part
        left = Footprint(_less(left.kwh, part.kwh), _less(left.gwp_kg, part.gwp_kg))
    return Carbon(total, tuple(shares), resources, unknown)


def _seconds(intervals: Iterable[Interval]) -> dict[str, int]:
    found: dict[str, int] = {}
    for interval in intervals:
        if interval.end is not None:
            found[interval.resource] = found.get(interval.resource, 0) + interval.end - interval.start
    return found


def _scaled(value: float | None, share: float) -> float | None:
    return None if value is None else value * share


def _less(value: float | None, part: float | None) -> float | None:
    return None if value is None or part is None else value - part


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known or not values else None


def _used(line: Line) -> bool:
    return line.charge is not None and line.charge.quantity > 0


def covered(intervals: Iterable[Interval], windows: Iterable[tuple[int, int]]) -> list[Interval]:
    """The parts of `intervals` that lie in any of the windows, which do not overlap."""
    kept = list(intervals)
    return [part for start, end in windows for part in cut(kept, start, end)]
