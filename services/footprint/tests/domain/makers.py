"""Short ways to make the domain's types in tests."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from footprint.api.estimate_schemas import ItemBody
from footprint.domain.catalogue import Catalogue
from footprint.domain.engine import World
from footprint.domain.inventory import VIRTUAL_MACHINE, Asset, Organisation, Placement, Pue, Segment, Site, Status
from footprint.domain.months import local_midnight
from pydantic import TypeAdapter

from .factors import CATALOGUE, COEFFICIENTS, RECORDS, record

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PARIS = "Europe/Paris"
ITEM = TypeAdapter(ItemBody)
"""An item of a stateless estimate, as a caller sends it."""
CLOUD = {"host_vcpu": 96.0, "min_w_per_vcpu": 1.0, "max_w_per_vcpu": 3.0, "pue": 1.2}
CLOUDS = Catalogue(
    [
        *RECORDS,
        *(record(f"cloud.aws.{name}", value, "parameter") for name, value in CLOUD.items()),
        record("cloud.w_per_gib", 0.5, "parameter"),
        *(record(f"component.{name}", 10 * value, "pe") for name, value in COEFFICIENTS.items()),
        record("embodied.laptop", 0.0086, "adpe"),
        replace(record("electricity", 11.289, "pe", "FR"), perimeter="production"),
    ]
)
"""The catalogue with a public cloud, and with some of the other criteria."""
SITE = Site(UUID(int=1), "acme", "nanterre", "datacenter", "FR", (Pue(1.5),))


def at(year: int, month: int = 1, day: int = 1) -> int:
    """Unix second of a Paris midnight."""
    return local_midnight(PARIS, year, month, day)


def server(
    number: int = 100, start: int | None = None, end: int | None = None, *, site: Site | None = SITE, **fields: Any
) -> Asset:
    """A server of 400 W in service from `start`; retired at `end`."""
    begins = at(2026) if start is None else start
    place = site.id if site else None
    segments = [Segment(begins, end, Status.IN_SERVICE, place, vcpu=fields.pop("capacity", None))]
    if end is not None:
        segments.append(Segment(end, None, Status.RETIRED, place))
    given: dict[str, Any] = {"planned_life_years": 5.0, "annual_kwh": 3504.0, "org": "acme", "kind": "server"}
    return Asset(id=UUID(int=number), segments=fields.pop("segments", tuple(segments)), **(given | fields))


def machine(
    number: int, host: Asset, vcpu: float, start: int, end: int | None = None, org: str = "acme"
) -> tuple[Asset, Placement]:
    """A virtual machine on a host, and its stay."""
    segments = [Segment(start, end, Status.IN_SERVICE, None, host.id, vcpu)]
    if end is not None:
        segments.append(Segment(end, None, Status.RETIRED))
    return Asset(UUID(int=number), org, VIRTUAL_MACHINE, tuple(segments)), Placement(
        UUID(int=number), org, host.id, start, end, vcpu
    )


def world(
    *placements: Placement,
    sites: tuple[Site, ...] = (SITE,),
    catalogue: Catalogue = CATALOGUE,
    organisations: tuple[Organisation, ...] = (),
    hosts: tuple[Asset, ...] = (),
    now: datetime = NOW,
) -> World:
    """A picture of the world."""
    return World(
        organisations={each.id: each for each in organisations},
        sites={each.id: each for each in sites},
        catalogue=catalogue,
        now=now,
        hosts={each.id: each for each in hosts},
        placements=placements,
    )
