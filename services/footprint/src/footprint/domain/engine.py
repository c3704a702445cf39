"""The engine: assets, sites, organisations and factors in, the figures of every month out. Pure, and ordered by nothing but the data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from footprint.domain.allocation import Subject, Terms, allocate
from footprint.domain.catalogue import Catalogue
from footprint.domain.inventory import Asset, Organisation, Placement, Site
from footprint.domain.ledger import Ledger, Stay, build_ledger
from footprint.domain.months import horizon
from footprint.domain.profiles import read_profile
from footprint.domain.results import AssetMonth, collect


@dataclass(frozen=True, slots=True)
class World:
    """One consistent picture of all that the figures of some assets rest on.

    `hosts` are the physical assets that the wanted virtual machines have ever been on, and `placements` every stay on any of the
    hosts or wanted assets, whoever's it is. `now` bounds the projection: the end of the running local year.
    """

    organisations: Mapping[str, Organisation]
    sites: Mapping[UUID, Site]
    catalogue: Catalogue
    now: datetime
    hosts: Mapping[UUID, Asset] = field(default_factory=dict)
    placements: Sequence[Placement] = ()

    def organisation(self, org: str) -> Organisation:
        """The organisation, with the default conventions until it has been heard of."""
        return self.organisations.get(org) or Organisation(org)


@dataclass(frozen=True, slots=True)
class Computation:
    """A run: the ledger of intervals, the terms shared out of it, and whom they were shared to."""

    subjects: tuple[Subject, ...]
    ledger: Ledger
    terms: Terms
    horizons: tuple[int, ...]

    def results(self) -> Iterator[AssetMonth]:
        """The months of every asset asked for, in the order of the assets."""
        return collect(self.ledger, self.terms, self.subjects, self.horizons)


def compute(assets: Sequence[Asset], world: World) -> Computation:
    """Compute every month of `assets`, from the first segment of each to the end of the running local year."""
    wanted = {asset.id: index for index, asset in enumerate(assets)}
    physical = {asset.id: asset for asset in sorted((*assets, *world.hosts.values()), key=lambda each: each.id.bytes)}
    index_of = {asset_id: index for index, asset_id in enumerate(physical)}
    horizons = {
        zone: horizon(zone, world.now)
        for zone in {world.organisation(each.org).time_zone for each in physical.values()}
    }
    profiles = [
        read_profile(asset, organisation, world.sites, world.catalogue, horizons[organisation.time_zone])
        for asset in physical.values()
        for organisation in (world.organisation(asset.org),)
    ]
    subjects = tuple(Subject(asset, world.organisation(asset.org), index_of[asset.id]) for asset in assets)
    stays = list(_stays(world, physical, index_of, wanted, horizons))
    ledger = build_ledger(profiles, stays, world.catalogue)
    terms = allocate(ledger, subjects, stays)
    return Computation(subjects, ledger, terms, tuple(horizons[each.organisation.time_zone] for each in subjects))


def _stays(
    world: World,
    physical: Mapping[UUID, Asset],
    index_of: Mapping[UUID, int],
    wanted: Mapping[UUID, int],
    horizons: Mapping[str, int],
) -> Iterator[Stay]:
    """The placements as stays within the time that their host is known, in an order that depends on the data only."""
    for each in sorted(world.placements, key=lambda one: (one.host.bytes, one.start, one.vm.bytes)):
        host = physical.get(each.host)
        if host is None or host.is_virtual:
            continue
        stop = horizons[world.organisation(host.org).time_zone]
        end = stop if each.end is None else min(each.end, stop)
        start = max(each.start, host.segments[0].start)
        if start < end:
            zone = world.organisation(each.org).time_zone
            yield Stay(index_of[each.host], start, end, wanted.get(each.vm, -1), each.vcpu, zone, each.org)
