"""How an asset's time is cut: half-open stretches in which every rate is constant, each with the evidence that holds in it.

It is cut at the edges of the timeline's segments, where a PUE, an electricity contract or the operator of the site changes, and at the
edges of what was measured. Times that only an activity fills (before an asset came, after it left) are stretches that count for that alone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID

from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.cloud import cloud_power
from footprint.domain.configuration import Configuration
from footprint.domain.dated import contract_at, cut, holding, midnight, operator_at, sharing_at
from footprint.domain.energy import Load, Power, choose_power
from footprint.domain.extras import Extra
from footprint.domain.inventory import (
    COMPUTER_ROOM_KINDS,
    OFFICE,
    Asset,
    Cloud,
    Operator,
    Organisation,
    Segment,
    Site,
    Status,
)
from footprint.domain.life import retirement
from footprint.domain.measurements import EnergyPiece, LoadPiece, Measured, within
from footprint.domain.months import local_day
from footprint.domain.notices import Notice
from footprint.domain.places import Place, Places, place_at_cloud, place_of_site
from footprint.domain.projecting import Now, project
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2

ENERGY_EVIDENCE: Final = ("none", "measured", "projected", "declared", "utilisation", "model", "kind")
"""From none to the weakest; a month reports the weakest evidence it used."""

END_USER_PUE: Final = 1.0
"""Kit in an office, or outside a computer room, has no cooling plant of its own."""


class Window(NamedTuple):
    """The Unix seconds between which states are read; lives and evidence are not bounded by it. From `current` on, where the current month
    begins, what is measured is projected."""

    start: int
    end: int
    current: int


class Capacity(NamedTuple):
    """What a host can give to virtual machines, NaN where unknown: vCPUs, GiB of memory, GiB of storage."""

    vcpu: float
    ram_gib: float
    disk_gib: float


NO_CAPACITY: Final = Capacity(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Constant conditions from `start` to `end`; numbers are NaN where unknown.

    `energy` is what was measured; where it is None, each unit draws `watts`. `region` is where the electricity comes from,
    `residual_kg_per_kwh` the supplier's own factor. `projected_from` are the Unix seconds between which was measured what goes on here.
    `counted` is false for times that only activities fill, `supported` is true of those in which the asset's support contract runs all the
    same; `purchased` of all that is a bought service, whoever's site it is: at a public cloud, or on another organisation's machine.
    """

    start: int
    end: int
    status: Status
    site: Site | None
    region: str | None
    operator: Operator
    watts: float
    energy: EnergyPiece | None
    evidence: int
    source: str
    source_ln_gsd2: float
    pue: float
    guarantee_share: float
    residual_kg_per_kwh: float
    capacity: Capacity
    notices: Notice
    factors: tuple[Factor, ...]
    power: Power | None
    projected_from: tuple[int, int] | None = None
    counted: bool = True
    purchased: bool = False
    supported: bool = False

    @property
    def draws(self) -> bool:
        """Whether electricity is used, as far as is known."""
        return self.counted and (self.status.powered or self.energy is not None)

    @property
    def facility(self) -> bool:
        """Whether its energy was measured with the PUE in it."""
        return self.energy is not None and self.energy.facility


class Conditions(NamedTuple):
    """What a site says of a time."""

    start: int
    end: int
    pue: float
    notices: Notice
    factors: tuple[Factor, ...]
    operator: Operator
    guarantee_share: float
    residual_kg_per_kwh: float
    site: Site | None


def read_stretches(
    asset: Asset,
    organisation: Organisation,
    sites: Mapping[UUID, Site],
    catalogue: Catalogue,
    window: Window,
    measured: Measured,
    extras: Sequence[Extra],
    places: Places,
) -> tuple[Stretch, ...]:
    """Every stretch of an asset within `window`, in order; of a virtual machine on a host only what its `extras` and its support need."""
    own = [] if asset.is_home else list(_own(asset, organisation, sites, catalogue, window, measured, places))
    spans = [(max(each.start, window.start), min(each.end, window.end)) for each in extras if each.anywhere]
    if not spans:
        return tuple(own)
    zone = organisation.time_zone
    filled = [each for start, end in _gaps(own, spans) for each in _bare(asset, zone, places, start, end)]
    return tuple(sorted((*own, *filled), key=lambda each: each.start))


def _own(
    asset: Asset,
    organisation: Organisation,
    sites: Mapping[UUID, Site],
    catalogue: Catalogue,
    window: Window,
    measured: Measured,
    places: Places,
) -> Iterator[Stretch]:
    left = retirement(asset)
    stop = window.end if left is None else min(window.end, left)
    ahead = project(asset, measured, Now(window.current, window.end, organisation.time_zone))
    for segment in asset.segments:
        end = stop if segment.end is None else min(segment.end, stop)
        begin = max(segment.start, window.start)
        if begin >= end:
            continue
        if asset.is_virtual and segment.host is not None:
            if asset.support_eur_per_year:
                for bare in _bare(asset, organisation.time_zone, places, begin, end):
                    yield replace(bare, supported=True)
            continue
        site = sites.get(segment.site) if segment.site else None
        reader = _SegmentReader(asset, segment, site, catalogue)
        for conditions in _conditions(asset, organisation, segment, site, catalogue, begin, end):
            known = ahead.of(segment, measured)
            for start, until, energy, load in _overlay(conditions.start, conditions.end, known):
                yield reader.stretch(conditions, start, until, energy, load)


class _SegmentReader:
    """Chooses the evidence of energy within one segment, once for each distinct load."""

    def __init__(self, asset: Asset, segment: Segment, site: Site | None, catalogue: Catalogue) -> None:
        self._asset, self._segment, self._site, self._catalogue = asset, segment, site, catalogue
        self._powers: dict[tuple[Load, ...], tuple[Power | None, Notice]] = {}
        self._capacity = _capacity(asset, segment)
        cloud = _cloud_of(asset, segment)
        self._region = (place_of_site(site) if cloud is None else place_at_cloud(cloud, site)).region
        self._cloud = cloud is not None

    def stretch(
        self, conditions: Conditions, start: int, end: int, energy: EnergyPiece | None, load: LoadPiece | None
    ) -> Stretch:
        """The stretch from `start` to `end`."""
        segment = self._segment
        loads = load.loads if load is not None else ()
        if loads not in self._powers:
            self._powers[loads] = self._choose(loads)
        power, notices = self._powers[loads]
        if energy is not None and segment.status is not Status.RETIRED:
            power, evidence, notices = None, "measured", Notice(0)
            origin = energy.projected_from
            notices |= Notice(0) if segment.status.powered else Notice.MEASURED_WHILE_OFF
        else:
            energy, evidence = None, power.evidence if power else "none"
            origin = load.projected_from if load is not None and evidence == "utilisation" else None
        if origin is not None:
            evidence, notices = "projected", notices | Notice.PROJECTED
        powered = segment.status.powered or energy is not None
        if powered:
            notices |= Notice(0) if energy or power else Notice.NO_ENERGY_EVIDENCE
            notices |= Notice(0) if self._region or (self._site and not self._cloud) else self._no_place()
            notices |= Notice.STANDBY if segment.status is Status.STANDBY and energy is None else Notice(0)
        elif energy is None:
            notices = Notice(0)
        facility = energy is not None and energy.facility
        shared = power is not None and power.factors and evidence in ("model", "kind")
        return Stretch(
            start=start,
            end=end,
            status=segment.status,
            site=conditions.site,
            region=self._region,
            operator=conditions.operator,
            watts=power.watts if power else math.nan,
            energy=energy,
            evidence=ENERGY_EVIDENCE.index(evidence),
            source=power.factors[0].id if power is not None and shared else "",
            source_ln_gsd2=0.0 if evidence == "none" else ACTIVITY_LN_GSD2[evidence],
            pue=conditions.pue,
            guarantee_share=conditions.guarantee_share,
            residual_kg_per_kwh=conditions.residual_kg_per_kwh,
            capacity=self._capacity,
            notices=notices if facility else notices | conditions.notices,
            factors=(power.factors if power else ()) + (() if facility else conditions.factors),
            power=power,
            projected_from=origin,
            purchased=self._cloud,
        )

    def _no_place(self) -> Notice:
        return Notice.CLOUD_REGION_UNKNOWN if self._cloud else Notice.NO_SITE

    def _choose(self, loads: tuple[Load, ...]) -> tuple[Power | None, Notice]:
        asset, segment = self._asset, self._segment
        power = choose_power(
            self._catalogue,
            asset.kind,
            annual_kwh=asset.annual_kwh,
            average_w=asset.average_w,
            loads=loads,
            configuration=segment.configuration,
            maker=asset.maker,
            model=asset.model,
        )
        if power is not None or not self._cloud or segment.cloud is None:
            modelled = power is not None and power.evidence == "utilisation"
            cards = segment.configuration.gpus if modelled and segment.configuration is not None else 0
            return power, Notice.GPUS_NOT_COUNTED if cards else Notice(0)
        return cloud_power(self._catalogue, segment.cloud, segment.vcpu, segment.ram_gib, loads)


def _capacity(asset: Asset, segment: Segment) -> Capacity:
    """What the host states, else its cores, memory and disks."""
    if asset.is_virtual:
        return NO_CAPACITY
    made = segment.configuration or Configuration()
    given = (segment.vcpu, segment.ram_gib, segment.disk_gib)
    found = (made.cores, made.ram_gib, made.disk_gib)
    quantity = asset.quantity
    return Capacity(
        *(
            math.nan if one is None and other is None else float(one if one is not None else other or 0) * quantity
            for one, other in zip(given, found, strict=True)
        )
    )


def _conditions(
    asset: Asset,
    organisation: Organisation,
    segment: Segment,
    site: Site | None,
    catalogue: Catalogue,
    start: int,
    end: int,
) -> Iterator[Conditions]:
    """Cut a time where what the site says of it changes: the PUE (where none is stated, the default), contract, operator or rule."""
    zone = organisation.time_zone
    if site is None or _cloud_of(asset, segment):
        for each in _default_pues(asset, segment, None, catalogue, zone, start, end):
            yield Conditions(*each, Operator.OWN, 0.0, math.nan, site)
        return
    for low, high in cut(zone, (*site.pue, *site.contracts, *site.operators, *site.allocations), start, end):
        pue = holding(zone, site.pue, low)
        contract = contract_at(site, zone, low)
        residual = contract.residual_kg_per_kwh
        stated = None if pue is None else [_PueFrom(low, high, pue.value, Notice(0), ())]
        for each in stated or _default_pues(asset, segment, site, catalogue, zone, low, high):
            yield Conditions(
                *each,
                operator_at(site, zone, low),
                contract.guarantee_share,
                math.nan if residual is None else residual,
                sharing_at(site, zone, low),
            )


def _cloud_of(asset: Asset, segment: Segment) -> Cloud | None:
    """The public cloud that a machine runs at. It stands at its provider then, whatever site it is counted with: that site says where it is
    (if the provider's region is not stated), and nothing of PUE, contract and operator."""
    return segment.cloud if asset.is_virtual else None


class _PueFrom(NamedTuple):
    """The PUE of a time, what must be said of it, and the factor that it comes from."""

    start: int
    end: int
    value: float
    notices: Notice
    factors: tuple[Factor, ...]


def _default_pues(
    asset: Asset, segment: Segment, site: Site | None, catalogue: Catalogue, zone: str, start: int, end: int
) -> Sequence[_PueFrom]:
    """The PUE where none is stated, cut where another default comes to hold."""
    edges = {edge for day in catalogue.pue_days if start < (edge := midnight(zone, day)) < end}
    pieces: list[_PueFrom] = []
    for low, high in pairwise(sorted({start, end} | edges)):
        found = _PueFrom(low, high, *_default_pue(asset, segment, site, catalogue, local_day(zone, low)))
        if pieces and pieces[-1].factors == found.factors:
            pieces[-1] = pieces[-1]._replace(end=high)
        else:
            pieces.append(found)
    return pieces


def _default_pue(
    asset: Asset, segment: Segment, site: Site | None, catalogue: Catalogue, day: date
) -> tuple[float, Notice, tuple[Factor, ...]]:
    cloud = _cloud_of(asset, segment)
    if cloud is not None:
        of_provider = catalogue.parameter(f"cloud.{cloud.provider}.pue")
        if of_provider is not None:
            return of_provider.value, Notice(0), (of_provider,)
    in_computer_room = asset.kind in COMPUTER_ROOM_KINDS or (site is not None and site.kind != OFFICE)
    if not in_computer_room:
        return END_USER_PUE, Notice(0), ()
    default = catalogue.default_pue(day)
    if default is None:
        return math.nan, Notice.NO_PUE, ()
    return default.value, Notice.DEFAULT_PUE, (default,)


def _overlay(
    start: int, end: int, measured: Measured
) -> Iterator[tuple[int, int, EnergyPiece | None, LoadPiece | None]]:
    """Cut a time where what was measured begins and ends."""
    energy, loads = within(measured.energy, start, end), within(measured.loads, start, end)
    if not energy and not loads:
        yield start, end, None, None
        return
    edges = {start, end}
    for begin, until in (*((each.start, each.end) for each in energy), *((each.start, each.end) for each in loads)):
        edges |= {edge for edge in (begin, until) if start < edge < end}
    of_energy, of_loads = iter(energy), iter(loads)
    piece, load = next(of_energy, None), next(of_loads, None)
    for low, high in pairwise(sorted(edges)):
        while piece is not None and piece.end <= low:
            piece = next(of_energy, None)
        while load is not None and load.end <= low:
            load = next(of_loads, None)
        yield (
            low,
            high,
            piece if piece is not None and piece.start <= low else None,
            load if load is not None and load.start <= low else None,
        )


def _gaps(own: Sequence[Stretch], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of `spans` no own stretch covers, merged."""
    taken = [(each.start, each.end) for each in own]
    until: int | None = None
    for begin, end in sorted(spans):
        at = begin if until is None else max(begin, until)
        for low, high in taken:
            if high <= at:
                continue
            if low >= end:
                break
            if at < low:
                yield at, low
            at = max(at, high)
        if at < end:
            yield at, end
        until = end if until is None else max(until, end)


def _bare(asset: Asset, zone: str, places: Places, start: int, end: int) -> Iterator[Stretch]:
    """A time that only activities fill, cut where the asset moves and where the operator or the rule of its site changes."""
    turns = {each.start for each in asset.segments if start < each.start < end} | {*places.moves(start, end)}
    for begin, until in pairwise(sorted({start, end} | turns)):
        place = places.at(begin)
        site = place.premises
        for low, high in cut(zone, (*site.operators, *site.allocations) if site else (), begin, until):
            there = place._replace(site=sharing_at(site, zone, low)) if site else place
            yield _bare_stretch(there, operator_at(site, zone, low), low, high)


def _bare_stretch(place: Place, operator: Operator, start: int, end: int) -> Stretch:
    return Stretch(
        start=start,
        end=end,
        status=Status.RETIRED,
        site=place.site,
        region=place.region,
        operator=operator,
        watts=math.nan,
        energy=None,
        evidence=0,
        source="",
        source_ln_gsd2=0.0,
        pue=math.nan,
        guarantee_share=0.0,
        residual_kg_per_kwh=math.nan,
        capacity=NO_CAPACITY,
        notices=Notice(0),
        factors=(),
        power=None,
        counted=False,
        purchased=place.purchased,
    )
