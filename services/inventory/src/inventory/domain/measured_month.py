"""A month of measurements in sum, from its days: how much, over which share of the time, and of the time in service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from inventory.domain.coverage import Spans, common_spans, length
from inventory.domain.local_days import midnight, month_length_s
from inventory.domain.timeline import Segment
from inventory.domain.vocabulary import Status


@dataclass(frozen=True, slots=True)
class Coverage:
    """Seconds that a figure covers: as a share of the whole month, and of the time in which the asset was in service then."""

    covered_seconds: int
    coverage: float
    coverage_in_service: float | None


@dataclass(frozen=True, slots=True)
class MonthEnergy:
    """kWh over what is covered; nothing is filled in."""

    level: str
    kwh: float
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class MonthUtilisation:
    """The time-weighted mean, and the time by tenths: (lower edge, seconds, mean)."""

    mean: float
    bands: tuple[tuple[float, int, float], ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class MeasuredMonth:
    """A month in sum."""

    seconds: int
    in_service_seconds: int
    energy: tuple[MonthEnergy, ...]
    utilisation: MonthUtilisation | None


def summed(
    month: date, zone: ZoneInfo, days: Sequence[Mapping[str, Any]], timeline: Sequence[Segment]
) -> MeasuredMonth:
    """The month from its known `days`, as the contract has them, and the asset's timeline."""
    seconds = month_length_s(month, zone)
    begin = midnight(month, zone)
    in_service = _in_service(timeline, begin, begin + seconds)
    offsets = {str(day["day"]): round(midnight(date.fromisoformat(day["day"]), zone) - begin) for day in days}

    def coverage(covered: Spans) -> Coverage:
        total, running = length(covered), length(in_service)
        share = length(common_spans(covered, in_service)) / running if running else None
        return Coverage(total, total / seconds, share)

    def spans(parts: Sequence[tuple[str, Any]]) -> Spans:
        return [(start + offsets[day], end + offsets[day]) for day, part in parts for start, end in part["covered"]]

    energies = []
    for level in ("it", "facility"):
        parts = [(day["day"], part) for day in days for part in day["energy"] if part["level"] == level]
        if parts:
            kwh = sum(part["kwh"] for _, part in parts)
            energies.append(MonthEnergy(level, kwh, coverage(spans(parts))))
    busy = [(day["day"], day["utilisation"]) for day in days if day["utilisation"] is not None]
    return MeasuredMonth(
        seconds,
        length(in_service),
        tuple(energies),
        _utilisation([part for _, part in busy], coverage(spans(busy))) if busy else None,
    )


def _utilisation(parts: Sequence[Mapping[str, Any]], coverage: Coverage) -> MonthUtilisation:
    seconds: dict[float, int] = {}
    weighted: dict[float, float] = {}
    for band in (band for part in parts for band in part["bands"]):
        seconds[band["from"]] = seconds.get(band["from"], 0) + band["seconds"]
        weighted[band["from"]] = weighted.get(band["from"], 0.0) + band["seconds"] * band["mean"]
    bands = tuple((lower, seconds[lower], weighted[lower] / seconds[lower]) for lower in sorted(seconds))
    return MonthUtilisation(sum(weighted.values()) / sum(seconds.values()), bands, coverage)


def _in_service(timeline: Sequence[Segment], begin: float, end: float) -> Spans:
    """When the asset is in service within the month, in seconds after its beginning."""
    return [
        (start, until)
        for segment in timeline
        if segment.state.status is Status.IN_SERVICE
        and (start := round(max(_second(segment.start), begin) - begin))
        < (until := round(min(end if segment.end is None else _second(segment.end), end) - begin))
    ]


def _second(moment: datetime) -> float:
    return moment.timestamp()
