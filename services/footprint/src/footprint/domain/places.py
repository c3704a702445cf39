"""Where an asset is, and where it was: at its sites; a virtual machine where its host stands, or at its public cloud.

Between two places that are stated it stays where it was last, also after it left, whatever becomes of that host later; before its timeline
it was where it came first.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from footprint.domain.cloud import cloud_region
from footprint.domain.extras import FAR
from footprint.domain.inventory import Asset, Cloud, Segment, Site, Status


class Place(NamedTuple):
    """A site, where it is one, and the code under which its electricity is looked up; at a public `cloud`, whatever site counts it, or on
    a machine of another organisation (`foreign`)."""

    site: Site | None
    region: str | None
    cloud: bool = False
    foreign: bool = False

    @property
    def premises(self) -> Site | None:
        """The site whose contract and operator hold: none at a public cloud."""
        return None if self.cloud else self.site

    @property
    def purchased(self) -> bool:
        """Whether all that is done there is a bought service."""
        return self.cloud or self.foreign


NOWHERE: Final = Place(None, None)


class Places:
    """The places of one asset, by the Unix second from which it is there, in order."""

    def __init__(self, turns: tuple[tuple[int, Place], ...], first: Place = NOWHERE) -> None:
        self._turns, self._first = turns, first

    def at(self, instant: int) -> Place:
        """Where it is, or was last, at a Unix second."""
        return next((place for start, place in reversed(self._turns) if start <= instant), self._first)

    def moves(self, start: int, end: int) -> tuple[int, ...]:
        """The Unix seconds between two others at which it comes to another place."""
        return tuple(turn for turn, _ in self._turns if start < turn < end)


def place_of_site(site: Site | None) -> Place:
    """The place of what stands at a site; of one that is not known, nowhere."""
    return NOWHERE if site is None else Place(site, site.region)


def place_at_cloud(cloud: Cloud, site: Site | None) -> Place:
    """The place of a machine at a public cloud: its region's country; where none is stated, that of the site it is counted with."""
    region = cloud_region(cloud) if cloud.region or site is None else site.region
    return Place(site, region, cloud=True)


def read_places(asset: Asset, sites: Mapping[UUID, Site], hosts: Mapping[UUID, Asset]) -> Places:
    """The places of an asset. A host that is itself virtual is where it says itself: nothing is known of what is below it."""
    turns: list[tuple[int, Place]] = []
    for segment in asset.segments:
        for start, place in _places_in(segment, asset, sites, hosts):
            if not turns or turns[-1][1] != place:
                turns.append((start, place))
    came_first = bool(turns) and turns[0][0] == asset.segments[0].start
    return Places(tuple(turns), turns[0][1] if came_first else NOWHERE)


def _places_in(
    segment: Segment, asset: Asset, sites: Mapping[UUID, Site], hosts: Mapping[UUID, Asset]
) -> Iterator[tuple[int, Place]]:
    """The places that a segment states, and from when on; of what has left, not where its host goes."""
    site = None if segment.site is None else sites.get(segment.site)
    carrier = segment.host if asset.is_virtual and segment.status is not Status.RETIRED else None
    host = None if carrier is None else hosts.get(carrier)
    foreign = host is not None and host.org != asset.org
    if asset.is_virtual and segment.cloud is not None:
        yield segment.start, place_at_cloud(segment.cloud, site)
    elif segment.site is not None:
        yield segment.start, place_of_site(site)._replace(foreign=foreign)
    elif host is not None:
        below = read_places(host, sites, {})
        for start in (segment.start, *below.moves(segment.start, FAR if segment.end is None else segment.end)):
            yield start, below.at(start)._replace(foreign=foreign)
