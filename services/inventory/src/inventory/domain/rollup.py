"""From samples to days: how much energy, over which time; how much of the time at which utilisation.

At each moment one sample of a channel counts: the one of the shortest interval, for it says most about that moment; of equals
energy before a counter before power (a meter adds up, a power reading looks in now and then); then the one recorded last; then
the one that begins last. Part of a sample counts with its mean power.

Where samples are of channels, the channels of a group are added up, and a moment counts only when each channel that the day knows of
the group covers it. Where several groups measure the same, one counts: the whole asset first, then channels
without a group, then in the order of `GROUPS`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from inventory.domain.coverage import Spans, bands, rounded_spans
from inventory.domain.local_days import midnight
from inventory.domain.samples import MOST_W, NUMBERS, SERIES, WHOLE, Level, Metric, Series

Floats: TypeAlias = npt.NDArray[np.float64]

HOLE_S: Final = 7200.0
"""The longest time between two readings of a counter that is bridged, two hours; over a longer one nothing is known."""

JOULES_PER_KWH: Final = 3.6e6

GROUPS: Final = ("ac", "ac-power", "platform", "platform-now", "psys", "dc", "host", "package+dram")
"""Groups of channels that measure the same asset, the one that holds most of it first: AC input before the platform behind the power
supplies, that before DC output, and processors with memory last (`inventory.domain.presets`). Others follow by name."""

_PLAIN: Final = "/"
_PREFERENCES: Final = (WHOLE, _PLAIN, *GROUPS)

_RANKS: Final = {Metric.ENERGY_KWH: 2, Metric.ENERGY_COUNTER_J: 1, Metric.AVERAGE_W: 0}


@dataclass(frozen=True, slots=True)
class Track:
    """The samples of one series and channel, in order of start: Unix seconds, values, and when each was recorded."""

    series: int
    channel: str
    starts: Floats
    ends: Floats
    values: Floats
    recorded: Floats


@dataclass(frozen=True, slots=True)
class Energy:
    """kWh over the covered seconds of a day."""

    level: Level
    kwh: float
    covered: Spans


@dataclass(frozen=True, slots=True)
class Utilisation:
    """The covered seconds of a day by utilisation, in tenths: (lower edge, seconds, time-weighted mean)."""

    covered: Spans
    bands: tuple[tuple[float, int, float], ...]


@dataclass(frozen=True, slots=True)
class Reset:
    """A counter read less at `at` than at `after`: it began again at 0 somewhere between."""

    level: Level
    channel: str
    after: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """What was measured on a local day."""

    day: date
    seconds: int
    energy: tuple[Energy, ...] = ()
    utilisation: Utilisation | None = None
    resets: tuple[Reset, ...] = ()
    samples: int = 0

    def document(self) -> dict[str, Any]:
        """The day as the contract inventory.measurement-month.changed has it."""
        return {
            "day": self.day.isoformat(),
            "seconds": self.seconds,
            "energy": [{"level": each.level, "kwh": each.kwh, "covered": each.covered} for each in self.energy],
            "utilisation": None if self.utilisation is None else _described(self.utilisation),
        }


def _described(utilisation: Utilisation) -> dict[str, Any]:
    found = [{"from": lower, "seconds": seconds, "mean": mean} for lower, seconds, mean in utilisation.bands]
    return {"covered": utilisation.covered, "bands": found}


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Intervals of which one may count at a moment: their rate (W, or a share), and what decides between them."""

    starts: Floats
    ends: Floats
    rates: Floats
    ranks: Floats
    recorded: Floats


@dataclass(slots=True)
class _Grid:
    """A span of days cut wherever any sample begins or ends: within a piece nothing changes."""

    midnights: Floats
    edges: Floats
    lengths: Floats = field(init=False)
    days: npt.NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        self.lengths = np.diff(self.edges)
        self.days = np.searchsorted(self.midnights, self.edges[:-1], side="right") - 1

    def sums(self, weights: Floats) -> Floats:
        """The sum of a weight of the pieces, by day."""
        return np.bincount(self.days, weights, len(self.midnights) - 1).astype(np.float64)


def roll_up(tracks: Sequence[Track], first: date, last: date, zone: ZoneInfo) -> list[Day]:
    """The days from `first` to `last`, those without any sample included.

    `tracks` must hold every sample that reaches into these days, and of counters those within `HOLE_S` on either side.
    """
    days = [first + timedelta(days=number) for number in range((last - first).days + 2)]
    midnights = np.array([midnight(day, zone) for day in days])
    energies: list[list[Energy]] = [[] for _ in days[:-1]]
    resets: list[list[Reset]] = [[] for _ in days[:-1]]
    for level in Level:
        own = [track for track in tracks if SERIES[track.series] in _energy_series(level)]
        if own:
            _add_energy(energies, level, own, midnights)
            _add_resets(resets, level, own, midnights)
    busy = [track for track in tracks if SERIES[track.series].metric is Metric.CPU_UTILISATION]
    utilisations = _utilisations(busy, midnights) if busy else {}
    counts = _samples(tracks, midnights)
    return [
        Day(
            day,
            round(midnights[index + 1] - midnights[index]),
            tuple(energies[index]),
            utilisations.get(index),
            tuple(resets[index]),
            int(counts[index]),
        )
        for index, day in enumerate(days[:-1])
    ]


def _energy_series(level: Level) -> set[Series]:
    return {Series(metric, level) for metric in _RANKS}


def _samples(tracks: Sequence[Track], midnights: Floats) -> npt.NDArray[np.intp]:
    """How many samples begin on each day."""
    begun = np.concatenate([track.starts for track in tracks]) if tracks else np.empty(0)
    within = begun[(begun >= midnights[0]) & (begun < midnights[-1])]
    return np.bincount(np.searchsorted(midnights, within, side="right") - 1, minlength=len(midnights) - 1)


def _add_energy(energies: list[list[Energy]], level: Level, tracks: Sequence[Track], midnights: Floats) -> None:
    by_channel: dict[str, list[_Candidates]] = {}
    for track in tracks:
        by_channel.setdefault(track.channel, []).append(_candidates(track))
    merged = {channel: _clipped(parts, midnights) for channel, parts in sorted(by_channel.items())}
    grid = _grid(merged.values(), midnights)
    watts = _chosen(grid, {channel: _winners(grid, parts) for channel, parts in merged.items()})
    known = ~np.isnan(watts)
    kwh = grid.sums(np.where(known, watts, 0.0) * grid.lengths) / JOULES_PER_KWH
    for index, covered in _covered(grid, known).items():
        energies[index].append(Energy(level, float(kwh[index]), covered))


def _candidates(track: Track) -> _Candidates:
    metric = SERIES[track.series].metric
    if metric is Metric.ENERGY_COUNTER_J:
        return _between_readings(track)
    lengths = track.ends - track.starts
    rates = track.values * JOULES_PER_KWH / lengths if metric is Metric.ENERGY_KWH else track.values
    ranks = np.full(len(rates), float(_RANKS.get(metric, 0)))
    return _Candidates(track.starts, track.ends, rates, ranks, track.recorded)


def _between_readings(track: Track) -> _Candidates:
    """The mean power between each two readings; after a reset the new reading counts from 0.

    Not bridged: a hole over `HOLE_S`, and a step that no asset can have used (the counter was changed for another).
    """
    starts, ends = track.starts[:-1], track.starts[1:]
    steps = np.diff(track.values)
    joules = np.where(steps >= 0, steps, track.values[1:])
    lengths = ends - starts
    rates = joules / np.where(lengths > 0, lengths, np.inf)
    kept = (lengths > 0) & (lengths <= HOLE_S) & (rates <= MOST_W)
    ranks = np.full(int(kept.sum()), float(_RANKS[Metric.ENERGY_COUNTER_J]))
    return _Candidates(starts[kept], ends[kept], rates[kept], ranks, track.recorded[1:][kept])


def _add_resets(resets: list[list[Reset]], level: Level, tracks: Sequence[Track], midnights: Floats) -> None:
    for track in tracks:
        if track.series != NUMBERS[Series(Metric.ENERGY_COUNTER_J, level)]:
            continue
        for at in np.flatnonzero(np.diff(track.values) < 0) + 1:
            second = float(track.starts[at])
            if midnights[0] <= second < midnights[-1]:
                index = int(np.searchsorted(midnights, second, side="right")) - 1
                resets[index].append(Reset(level, track.channel, _moment(track.starts[at - 1]), _moment(second)))


def _moment(second: float) -> datetime:
    return datetime.fromtimestamp(float(second), UTC)


def _clipped(parts: Sequence[_Candidates], midnights: Floats) -> _Candidates:
    """The intervals that reach into the span, worst first: whoever is painted later wins."""
    starts, ends, rates, ranks, recorded = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("starts", "ends", "rates", "ranks", "recorded")
    )
    order = np.lexsort((rates, starts, recorded, ranks, -(ends - starts)))
    order = order[(ends[order] > midnights[0]) & (starts[order] < midnights[-1])]
    begin, end = np.maximum(starts[order], midnights[0]), np.minimum(ends[order], midnights[-1])
    return _Candidates(begin, end, rates[order], ranks[order], recorded[order])


def _grid(parts: Any, midnights: Floats) -> _Grid:
    every = [edge for part in parts for edge in (part.starts, part.ends)]
    return _Grid(midnights, np.unique(np.concatenate([midnights, *every])))


def _winners(grid: _Grid, ordered: _Candidates) -> Floats:
    """The rate that counts in each piece, NaN where none does."""
    rates = np.full(len(grid.lengths), np.nan)
    lower = np.searchsorted(grid.edges, ordered.starts).tolist()
    upper = np.searchsorted(grid.edges, ordered.ends).tolist()
    for begin, end, rate in zip(lower, upper, ordered.rates.tolist(), strict=True):
        rates[begin:end] = rate
    return rates


def _chosen(grid: _Grid, by_channel: Mapping[str, Floats]) -> Floats:
    """The rate of the asset in each piece: of the first group that is whole there."""
    groups: dict[str, list[Floats]] = {}
    for channel, rates in by_channel.items():
        groups.setdefault(_group_of(channel), []).append(rates)
    total = np.full(len(grid.lengths), np.nan)
    for name in sorted(groups, key=_preference, reverse=True):
        added = _added_up(grid, groups[name])
        total = np.where(np.isnan(added), total, added)
    return total


def _group_of(channel: str) -> str:
    """The part before the slash; channels without one are a group together."""
    group, slash, _ = channel.partition("/")
    return group if slash else _PLAIN if channel != WHOLE else WHOLE


def _preference(group: str) -> tuple[int, str]:
    return (_PREFERENCES.index(group), "") if group in _PREFERENCES else (len(_PREFERENCES), group)


def _added_up(grid: _Grid, channels: Sequence[Floats]) -> Floats:
    """The sum of the channels where each that its day knows is there, NaN elsewhere."""
    whole = np.ones(len(grid.lengths), dtype=bool)
    some = np.zeros(len(grid.lengths), dtype=bool)
    total = np.zeros(len(grid.lengths))
    for rates in channels:
        known = ~np.isnan(rates)
        of_the_day = (grid.sums(known.astype(float)) > 0)[grid.days]
        whole &= known | ~of_the_day
        some |= known
        total += np.where(known, rates, 0.0)
    return np.where(whole & some, total, np.nan)


def _covered(grid: _Grid, known: npt.NDArray[np.bool_]) -> dict[int, Spans]:
    """By day, the known pieces as spans of seconds after its midnight."""
    found: dict[int, Spans] = {}
    for index in np.unique(grid.days[known]).tolist():
        of_day = known & (grid.days == index)
        begin = float(grid.midnights[index])
        spans = np.column_stack((grid.edges[:-1][of_day] - begin, grid.edges[1:][of_day] - begin))
        found[index] = rounded_spans(spans, round(float(grid.midnights[index + 1]) - begin))
    return found


def _utilisations(tracks: Sequence[Track], midnights: Floats) -> dict[int, Utilisation]:
    ordered = _clipped([_candidates(track) for track in tracks], midnights)
    grid = _grid([ordered], midnights)
    shares = _winners(grid, ordered)
    known = ~np.isnan(shares)
    found = {}
    for index, covered in _covered(grid, known).items():
        of_day = known & (grid.days == index)
        found[index] = Utilisation(covered, bands(shares[of_day], grid.lengths[of_day], covered))
    return found
