"""The engine: assets, sites, organisations and factors in, the figures of every month out. Pure, and ordered by nothing but the data."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from footprint.domain.allocation import Subject, Terms, allocate
from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.collecting import collect
from footprint.domain.dated import cut, sharing_at
from footprint.domain.difference import EVER
from footprint.domain.extras import FAR
from footprint.domain.inventory import (
    Activity,
    Asset,
    Claim,
    ClosedLife,
    Organisation,
    Placement,
    Segment,
    SharedBy,
    Site,
)
from footprint.domain.ledger import Ledger, Stay, build_ledger
from footprint.domain.measurements import NOTHING_MEASURED, EnergyPiece, Measured
from footprint.domain.months import FIRST_YEAR, current_month, horizon, month_at, month_start
from footprint.domain.profiles import read_profile, shared_by
from footprint.domain.projecting import Now, carried_on
from footprint.domain.results import AssetMonth
from footprint.domain.stretches import Window

FIRST_MONTH = FIRST_YEAR * 12


@dataclass(frozen=True, slots=True)
class World:
    """One consistent picture of all that the figures of some assets rest on.

    `hosts` are the physical assets that the wanted virtual machines have ever been on, and `placements` every stay on any of the
    hosts or wanted assets, whoever's it is. `now` bounds the projection: the end of the running local year. `own_catalogues` are those of
    organisations that are not computed with `catalogue`; `activities` are by home, `measured`, `claims` and `closed_lives` by asset.
    """

    organisations: Mapping[str, Organisation]
    sites: Mapping[UUID, Site]
    catalogue: Catalogue
    now: datetime
    hosts: Mapping[UUID, Asset] = field(default_factory=dict)
    placements: Sequence[Placement] = ()
    own_catalogues: Mapping[str, Catalogue] = field(default_factory=dict)
    measured: Mapping[UUID, Measured] = field(default_factory=dict)
    activities: Mapping[UUID, Sequence[Activity]] = field(default_factory=dict)
    claims: Mapping[UUID, Sequence[Claim]] = field(default_factory=dict)
    closed_lives: Mapping[UUID, tuple[ClosedLife, ...]] = field(default_factory=dict)

    def catalogue_of(self, org: str) -> Catalogue:
        """The factors that an organisation's figures rest on."""
        return self.own_catalogues.get(org, self.catalogue)

    def pinned(self, versions: Iterable[Factor]) -> "World":
        """The same picture with these versions alone for all that they are about, in every catalogue."""
        pins = list(versions)
        own = {org: catalogue.pinned(pins) for org, catalogue in self.own_catalogues.items()}
        return replace(self, catalogue=self.catalogue.pinned(pins), own_catalogues=own)

    def organisation(self, org: str) -> Organisation:
        """The organisation, with the default conventions until it has been heard of."""
        return self.organisations.get(org) or Organisation(org)


@dataclass(frozen=True, slots=True)
class Computation:
    """A run: the ledger of intervals, the terms shared out of it, and whom they were shared to.

    `first_months` and `horizons` bound the months of each subject.
    """

    subjects: tuple[Subject, ...]
    ledger: Ledger
    terms: Terms
    first_months: tuple[int, ...]
    horizons: tuple[int, ...]
    claims: Mapping[UUID, Sequence[Claim]]

    def results(self) -> Iterator[AssetMonth]:
        """The months of every asset asked for, in the order of the assets."""
        return collect(self.ledger, self.terms, self.subjects, self.first_months, self.horizons, self.claims)


def compute(assets: Sequence[Asset], world: World, since: int = EVER) -> Computation:
    """Compute every month of `assets` from the one that holds `since` (a Unix second) to the end of the running local year.

    The months have the same bits as those of a computation since ever: time is cut at the same instants.
    """
    wanted = {asset.id: index for index, asset in enumerate(assets)}
    physical = {asset.id: asset for asset in sorted((*assets, *world.hosts.values()), key=lambda each: each.id.bytes)}
    index_of = {asset_id: index for index, asset_id in enumerate(physical)}
    organisations = {org: world.organisation(org) for org in _organisations(physical.values(), world.placements)}
    zones = {each.time_zone for each in organisations.values()}
    first_month = {zone: month_at(zone, max(since, month_start(zone, FIRST_MONTH))) for zone in zones}
    start = min((month_start(zone, month) for zone, month in first_month.items()), default=0)
    horizons = {zone: horizon(zone, world.now) for zone in zones}
    # A machine's year may end after that of its host, further east: all are read as far as the last of them.
    end = max(horizons.values(), default=0)
    windows = {zone: Window(start, end, month_start(zone, current_month(zone, world.now))) for zone in zones}
    profiles = [
        read_profile(
            asset,
            organisation,
            world.sites,
            world.catalogue_of(asset.org),
            windows[organisation.time_zone],
            world.measured.get(asset.id, NOTHING_MEASURED),
            world.activities.get(asset.id, ()),
            world.closed_lives.get(asset.id, ()),
            physical,
        )
        for asset in physical.values()
        for organisation in (organisations[asset.org],)
    ]
    subjects = tuple(
        Subject(asset, organisation, index_of[asset.id], _unused(asset, organisation.time_zone, world, physical))
        for asset in assets
        for organisation in (organisations[asset.org],)
    )
    stays = list(_stays(world, physical, index_of, wanted, organisations, windows))
    ledger = build_ledger(profiles, stays)
    return Computation(
        subjects,
        ledger,
        allocate(ledger, subjects, stays),
        tuple(first_month[each.organisation.time_zone] for each in subjects),
        tuple(horizons[each.organisation.time_zone] for each in subjects),
        world.claims,
    )


def _organisations(assets: Iterable[Asset], placements: Iterable[Placement]) -> set[str]:
    return {asset.org for asset in assets} | {placement.org for placement in placements}


def _stays(
    world: World,
    physical: Mapping[UUID, Asset],
    index_of: Mapping[UUID, int],
    wanted: Mapping[UUID, int],
    organisations: Mapping[str, Organisation],
    windows: Mapping[str, Window],
) -> Iterator[Stay]:
    """The placements as stays within the time that their host is known, in an order that depends on the data only.

    One that lies before the window stays as an empty one: from its first machine on, what nobody uses of a host is called idle.
    """
    for each in sorted(world.placements, key=lambda one: (one.host.bytes, one.start, one.vm.bytes)):
        host = physical.get(each.host)
        if host is None or host.is_virtual or math.isnan(each.vcpu):
            continue
        window = windows[organisations[host.org].time_zone]
        end = window.end if each.end is None else min(each.end, window.end)
        start = max(each.start, host.segments[0].start)
        if start >= end:
            continue
        stay = Stay(
            index_of[each.host],
            max(start, window.start),
            max(end, window.start),
            wanted.get(each.vm, -1),
            each.vcpu,
            organisations[each.org].time_zone,
            each.org,
            math.nan if each.ram_gib is None else each.ram_gib,
            math.nan if each.disk_gib is None else each.disk_gib,
        )
        times = list(_told_apart_by_energy(host, world.sites, organisations[host.org].time_zone))
        ahead = Now(windows[stay.zone].current, window.end, stay.zone)
        measured = carried_on(world.measured.get(each.vm, NOTHING_MEASURED), ahead) if times else NOTHING_MEASURED
        yield from _measured_stays(stay, times, measured.energy)


def _unused(asset: Asset, zone: str, world: World, physical: Mapping[UUID, Asset]) -> frozenset[int]:
    """The months in which energy was measured of a machine while its host stood where machines are told apart by something else."""
    pieces = world.measured.get(asset.id, NOTHING_MEASURED).energy if asset.is_virtual else ()
    months: set[int] = set()
    for stay in asset.segments if pieces else ():
        host = physical.get(stay.host) if stay.host is not None else None
        if host is None or host.is_virtual:
            continue
        host_zone = world.organisation(host.org).time_zone
        times = (each for segment in host.segments for each in _sharing(segment, world.sites, host_zone))
        for start, end in ((start, end) for site, start, end in times if shared_by(site) is not SharedBy.MEASURED):
            begin, until = max(stay.start, start), min(stay.end or FAR, end)
            spans = ((max(begin, each.start), min(until, each.end)) for each in pieces)
            months |= {month_at(zone, instant) for low, high in spans if low < high for instant in (low, high - 1)}
    return frozenset(months)


def _sharing(segment: Segment, sites: Mapping[UUID, Site], zone: str) -> Iterator[tuple[Site | None, int, int]]:
    """The site of a host's segment, with the rule that it shares hosts out by from one Unix second to another."""
    site = sites.get(segment.site) if segment.site is not None else None
    end = FAR if segment.end is None else segment.end
    for low, high in cut(zone, site.allocations if site else (), segment.start, end):
        yield sharing_at(site, zone, low) if site else None, low, high


def _told_apart_by_energy(host: Asset, sites: Mapping[UUID, Site], zone: str) -> Iterator[tuple[int, int]]:
    """The times when a host stands at a site whose rule tells machines apart by their energy."""
    for segment in host.segments:
        for site, start, end in _sharing(segment, sites, zone):
            if shared_by(site) is SharedBy.MEASURED:
                yield start, end


def _measured_stays(stay: Stay, times: Sequence[tuple[int, int]], measured: Sequence[EnergyPiece]) -> Iterator[Stay]:
    """A stay cut where, within these times, measurements of the machine begin and end, each part with its mean power."""
    at = stay.start
    for begin, until in times:
        low, high = max(stay.start, begin), min(stay.end, until)
        for piece in measured:
            start, end = max(at, low, piece.start), min(high, piece.end)
            if start >= end:
                continue
            if at < start:
                yield stay._replace(start=at, end=start)
            yield stay._replace(start=start, end=end, watts=piece.watts)
            at = end
    if at < stay.end or stay.start == stay.end:
        yield stay._replace(start=at, end=stay.end)
