"""Profiles as arrays: every asset cut into intervals in which nothing changes, with what each interval weighs.

Intervals are cut at the edges of stretches, of local months and of the stays of virtual machines. How one asset is cut depends on that
asset alone and not on the others computed with it: so its figures have the same bits in a run of ten thousand and in a run of one.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from footprint.domain.extras import Extra
from footprint.domain.grid import Grid, Integers, Place, read_grid
from footprint.domain.months import month_edges, months_at
from footprint.domain.profiles import Profile
from footprint.domain.stretches import Stretch
from footprint.domain.weighing import Weights, weigh

SHIFT: Final = 34
"""Bits kept for a Unix second in a key of (asset, instant): up to the year 2514."""


class Stay(NamedTuple):
    """A virtual machine on an asset of the ledger: index of that asset, of the subject, Unix seconds, what it holds of the host (NaN where
    unknown), time zone and owner. `watts` is the mean power measured of the machine itself."""

    asset: int
    start: int
    end: int
    subject: int
    vcpu: float
    zone: str
    org: str
    ram_gib: float = math.nan
    disk_gib: float = math.nan
    watts: float = math.nan


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every interval of every profile, sorted by asset and time. Arrays have one entry per interval; `month` is that of the owner.

    `extra_interval` and `extra` pair the intervals with what is spread over them beside the rates: indexes into the intervals and `extras`.
    """

    profiles: tuple[Profile, ...]
    stretches: tuple[Stretch, ...]
    keys: Integers
    asset: Integers
    stretch: Integers
    start: Integers
    end: Integers
    month: Integers
    place: Integers
    grid: Grid
    weights: Weights
    extras: tuple[Extra, ...]
    extra_interval: Integers
    extra: Integers

    def __len__(self) -> int:
        return len(self.start)


def expand(starts: Integers, ends: Integers) -> tuple[Integers, Integers]:
    """For each pair the integers of [start, end), concatenated, and the index of the pair that each comes from."""
    counts = np.maximum(ends - starts, 0)
    owner = np.repeat(np.arange(len(starts), dtype=np.int64), counts)
    offsets = np.arange(len(owner), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(starts, counts) + offsets, owner


def build_ledger(profiles: Sequence[Profile], stays: Sequence[Stay]) -> Ledger:
    """Cut `profiles` into intervals, also where one of `stays` begins or ends, and weigh each interval."""
    stretches = tuple(stretch for profile in profiles for stretch in profile.stretches)
    owner = np.repeat(np.arange(len(profiles), dtype=np.int64), [len(profile.stretches) for profile in profiles])
    begins = np.array([stretch.start for stretch in stretches], dtype=np.int64)
    ends = np.array([stretch.end for stretch in stretches], dtype=np.int64)
    keys = _cuts(profiles, owner, begins, ends, stays)
    asset = keys >> SHIFT
    start = keys & ((1 << SHIFT) - 1)
    end = np.append(start[1:], 0)[: len(keys)]
    stretch = np.searchsorted((owner << SHIFT) | begins, keys, side="right") - 1
    inside = np.zeros(len(keys), dtype=bool)
    inside[:-1] = (asset[1:] == asset[:-1]) & (stretch[:-1] >= 0)
    inside[inside] = (owner[stretch[inside]] == asset[inside]) & (end[inside] <= ends[stretch[inside]])
    keys, asset, stretch, start, end = (each[inside] for each in (keys, asset, stretch, start, end))

    month = _months(profiles, asset, start)
    places, place = _places(profiles, stretches)
    grid = read_grid(places, month)
    weights = weigh(profiles, stretches, asset, stretch, start, end, place[stretch], month, grid)
    extras, extra_interval, extra = _extras(profiles, keys)
    return Ledger(
        tuple(profiles),
        stretches,
        keys,
        asset,
        stretch,
        start,
        end,
        month,
        place[stretch],
        grid,
        weights,
        extras,
        extra_interval,
        extra,
    )


def _places(profiles: Sequence[Profile], stretches: Sequence[Stretch]) -> tuple[list[Place], Integers]:
    """The distinct places of stretches, and the place of each; one past the last for none."""
    numbers: dict[tuple[int, str], int] = {}
    places: list[Place] = []
    owners = [profile for profile in profiles for _ in profile.stretches]
    found = []
    for profile, each in zip(owners, stretches, strict=True):
        if each.region is None:
            found.append(-1)
            continue
        key = id(profile.catalogue), each.region
        if key not in numbers:
            numbers[key] = len(places)
            places.append((profile.catalogue, each.region))
        found.append(numbers[key])
    return places, np.array([len(places) if number < 0 else number for number in found], dtype=np.int64)


def _extras(profiles: Sequence[Profile], keys: Integers) -> tuple[tuple[Extra, ...], Integers, Integers]:
    """All extras, and the pairs of interval and extra, in the order of extras."""
    extras = tuple(each for profile in profiles for each in profile.extras)
    owner = np.array([index for index, profile in enumerate(profiles) for _ in profile.extras], dtype=np.int64) << SHIFT
    starts = owner | np.array([each.start for each in extras], dtype=np.int64)
    ends = owner | np.array([each.end for each in extras], dtype=np.int64)
    interval, extra = expand(np.searchsorted(keys, starts), np.searchsorted(keys, ends))
    return extras, interval, extra


def _cuts(
    profiles: Sequence[Profile], owner: Integers, begins: Integers, ends: Integers, stays: Sequence[Stay]
) -> Integers:
    """The sorted distinct keys (asset, instant) at which something changes."""
    parts = [(owner << SHIFT) | begins, (owner << SHIFT) | ends, *_month_cuts(profiles, owner, begins, ends, stays)]
    extras = [(index, each) for index, profile in enumerate(profiles) for each in profile.extras]
    if extras:
        of = np.array([index for index, _ in extras], dtype=np.int64) << SHIFT
        parts.append(of | np.array([each.start for _, each in extras], dtype=np.int64))
        parts.append(of | np.array([each.end for _, each in extras], dtype=np.int64))
    if stays:
        hosts = np.array([stay.asset for stay in stays], dtype=np.int64) << SHIFT
        parts.append(hosts | np.array([stay.start for stay in stays], dtype=np.int64))
        parts.append(hosts | np.array([stay.end for stay in stays], dtype=np.int64))
    return np.unique(np.concatenate(parts))


def _month_cuts(
    profiles: Sequence[Profile], owner: Integers, begins: Integers, ends: Integers, stays: Sequence[Stay]
) -> Iterator[Integers]:
    """The keys at which months begin: in the zone of the owner throughout, in another while a machine of that zone stays."""
    own = np.array([profile.organisation.time_zone for profile in profiles], dtype=object)
    others = [each for each in stays if each.zone != own[each.asset]]
    asset = np.concatenate([owner, np.array([each.asset for each in others], dtype=np.int64)])
    begins = np.concatenate([begins, np.array([each.start for each in others], dtype=np.int64)])
    ends = np.concatenate([ends, np.array([each.end for each in others], dtype=np.int64)])
    zones = np.concatenate([own[owner], np.array([each.zone for each in others], dtype=object)])
    for zone in sorted(set(zones)):
        edges, rows = month_edges(zone), zones == zone
        first = np.searchsorted(edges, begins[rows], side="right")
        last = np.searchsorted(edges, ends[rows], side="left")
        positions, source = expand(first, last)
        yield (asset[rows][source] << SHIFT) | edges[positions]


def _months(profiles: Sequence[Profile], asset: Integers, start: Integers) -> Integers:
    month = np.zeros(len(start), dtype=np.int64)
    zones = [profile.organisation.time_zone for profile in profiles]
    for zone in sorted(set(zones)):
        rows = np.array([each == zone for each in zones], dtype=bool)[asset]
        month[rows] = months_at(zone, start[rows])
    return month


def intervals_of(ledger: Ledger, stays: Sequence[Stay]) -> tuple[Integers, Integers]:
    """The intervals that each of `stays` covers, concatenated, and the index of the stay that each belongs to."""
    hosts = np.array([stay.asset for stay in stays], dtype=np.int64) << SHIFT
    starts = np.array([stay.start for stay in stays], dtype=np.int64)
    ends = np.array([stay.end for stay in stays], dtype=np.int64)
    return expand(np.searchsorted(ledger.keys, hosts | starts), np.searchsorted(ledger.keys, hosts | ends))


Months = Mapping[str, Integers]


def months_by_zone(ledger: Ledger, zones: set[str]) -> Months:
    """The month of each interval in each of `zones`: a virtual machine counts in the months of its own organisation."""
    return {zone: months_at(zone, ledger.start) for zone in sorted(zones)}
