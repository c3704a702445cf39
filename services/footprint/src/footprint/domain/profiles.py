"""An asset read with its sites, the catalogue and what was measured and done: which evidence holds when, before any arithmetic over months.

The engine turns profiles into arrays; the explanation reads the same profiles.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Final
from uuid import UUID

from footprint.domain.activities import read_activities
from footprint.domain.catalogue import GWP, UNITS, Catalogue, Factor
from footprint.domain.cloud import cloud_making, unknown_making
from footprint.domain.embodied import (
    MANUFACTURING,
    OTHER_STAGES,
    Embodied,
    Spread,
    choose_embodied,
    choose_part,
    refurbished,
)
from footprint.domain.extras import FAR, Extra
from footprint.domain.inventory import (
    Activity,
    AllocationRule,
    Asset,
    ClosedLife,
    Convention,
    Organisation,
    SharedBy,
    Site,
)
from footprint.domain.life import Life, choose_life, rest_of_month, retirement
from footprint.domain.measurements import NOTHING_MEASURED, Measured
from footprint.domain.months import local_day, local_midnight, month_at, month_start
from footprint.domain.notices import Notice, absent_stages
from footprint.domain.pieces import base_configuration
from footprint.domain.places import read_places
from footprint.domain.spreading import UNKNOWN_PHASE, Fitted, Part, Phase, runs_of, spread_phases
from footprint.domain.stretches import Stretch, Window, read_stretches
from footprint.domain.support import SupportRun, read_support
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2
from footprint.domain.upgrades import read_upgrades

USED: Final = ("refurbished", "taken_back")


@dataclass(frozen=True, slots=True)
class Profile:
    """All the evidence on one asset that is physical, or that has figures of its own. `parts` are spread over `spread_days`.

    `notices` hold at all times: what an extra says, or makes needless to say, is of the months that it falls on.
    """

    asset: Asset
    organisation: Organisation
    catalogue: Catalogue
    embodied: Embodied | None
    parts: tuple[Part, ...]
    spread_days: float | None
    life: Life | None
    support: tuple[SupportRun, ...]
    stretches: tuple[Stretch, ...]
    extras: tuple[Extra, ...]
    notices: Notice
    factors: tuple[Factor, ...] = field(default=())
    closed: tuple[ClosedLife, ...] = ()
    fitted: tuple[Fitted, ...] = ()

    @property
    def phases(self) -> tuple[Phase, ...]:
        """How the parts are spread: in each run of closed months with a life of its own, and from then on.

        Closed months never change: where the life is another now (extended, or cut short), they keep the life that they were closed with,
        and the open months of the new life carry what is left, often nothing; where no open month is left of it the first one does, and
        where the asset had left by then the month of its leaving (ADR 0108). The sum over the life is the total all the same; days
        before the timeline count as amortised elsewhere, as they do in a straight line.
        """
        if self.life is None or self.spread_days is None:
            return (UNKNOWN_PHASE,)
        lengths = [(float(each.until), each.days) for each in self.runs]
        rest = partial(rest_of_month, self.asset, self.organisation.time_zone)
        return spread_phases(float(self.life.start), [*lengths, (math.inf, self.spread_days)], rest)

    @property
    def runs(self) -> tuple[ClosedLife, ...]:
        """The runs of closed months with another life than what follows."""
        return runs_of(self.asset, self.organisation.time_zone, self.life, self.spread_days, self.closed)

    @property
    def embodied_evidence(self) -> str:
        """What its making rests on; while it is at a public cloud (`Extra.cloud`) it rests on the default of its reference host instead."""
        return self.embodied.evidence if self.embodied is not None and self.spread_days else "none"

    @property
    def used(self) -> bool:
        """Whether the asset had a first use elsewhere."""
        return self.asset.condition in USED

    @property
    def leased(self) -> bool:
        """Whether the asset is hired: what makes it is its lessor's capital good."""
        return self.asset.condition == "leased"

    def part(self, stage: str, criterion: str) -> Part | None:
        """What is spread of that stage and criterion."""
        return next((each for each in self.parts if each.stage == stage and each.criterion == criterion), None)


def read_profile(
    asset: Asset,
    organisation: Organisation,
    sites: Mapping[UUID, Site],
    catalogue: Catalogue,
    window: Window,
    measured: Measured = NOTHING_MEASURED,
    activities: Sequence[Activity] = (),
    closed: tuple[ClosedLife, ...] = (),
    hosts: Mapping[UUID, Asset] = MappingProxyType({}),
) -> Profile:
    """Choose the evidence for `asset`, and read its states within `window`; where a machine is, its host among `hosts` says."""
    places = read_places(asset, sites, hosts)
    extras = read_activities(activities, organisation, sites, catalogue, places)
    if asset.is_home:
        stretches = read_stretches(asset, organisation, sites, catalogue, window, measured, extras, places)
        return Profile(asset, organisation, catalogue, None, (), None, None, (), stretches, extras, Notice(0))
    making = _making(asset, organisation, catalogue, closed)
    upgrades = read_upgrades(
        asset, organisation.time_zone, catalogue, making.life, making.spread_days, closed, making.parts
    )
    extras = (*extras, *making.extras, *upgrades.extras)
    stretches = read_stretches(asset, organisation, sites, catalogue, window, measured, extras, places)
    said = absent_stages(
        [each.stage for each in making.parts if each.criterion == GWP]
        + [each.stage for each in making.extras if each.criterion == GWP and not each.void]
    )
    return Profile(
        asset,
        organisation,
        catalogue,
        making.embodied,
        making.parts,
        making.spread_days,
        making.life,
        read_support(asset, organisation.time_zone, places, catalogue),
        stretches,
        extras,
        said | making.notices,
        making.factors,
        closed,
        upgrades.fitted,
    )


@dataclass(frozen=True, slots=True)
class _Making:
    """What making, bringing and disposing of an asset weighs, and over which life."""

    embodied: Embodied | None
    parts: tuple[Part, ...]
    spread_days: float | None
    life: Life | None
    extras: tuple[Extra, ...]
    notices: Notice
    factors: tuple[Factor, ...]


def _making(asset: Asset, organisation: Organisation, catalogue: Catalogue, closed: Sequence[ClosedLife]) -> _Making:
    clouds = [each for each in asset.segments if asset.is_virtual and each.host is None and each.cloud is not None]
    if clouds:
        return _cloud_making(asset, catalogue)
    configuration = base_configuration(asset.segments)
    zone = organisation.time_zone
    came = asset.acquired_on or local_day(zone, asset.segments[0].start)
    embodied = choose_embodied(
        catalogue,
        asset.kind,
        given_kg=asset.embodied_kg,
        maker=asset.maker,
        model=asset.model,
        configuration=configuration,
        day=came,
    )
    life = choose_life(catalogue, asset, zone)
    found = {(MANUFACTURING, GWP): embodied} if embodied is not None else {}
    for criterion in (GWP, *sorted(catalogue.criteria - {GWP})):
        for stage in (MANUFACTURING, *OTHER_STAGES):
            part = choose_part(catalogue, asset.kind, stage, criterion, asset.maker, asset.model, configuration, came)
            if part is not None:
                found.setdefault((stage, criterion), part)
    if not found:
        return _Making(None, (), None, life, (), Notice.NO_EMBODIED_EVIDENCE, ())
    notices = Notice(0) if embodied else Notice.NO_EMBODIED_EVIDENCE
    if life is None:
        return _Making(embodied, (), None, None, (), notices | Notice.NO_LIFE, ())
    if asset.acquired_on is None:
        notices |= Notice.LIFE_FROM_TIMELINE
    if embodied is not None and embodied.trace[-1].startswith("not stated"):
        notices |= Notice.UNSTATED_PARTS
    if (
        embodied is not None
        and embodied.evidence == "configuration"
        and configuration is not None
        and configuration.gpus
    ):
        notices |= Notice.GPUS_NOT_COUNTED
    factors = tuple(factor for each in found.values() for factor in each.factors)
    factors += (life.factor,) if life.factor else ()
    if asset.condition not in USED:
        parts = tuple(Part(*key, each.unit_kg, each) for key, each in found.items())
        return _Making(embodied, parts, life.days, life, (), notices, factors)
    carried = {key: _carried(asset, organisation, life, closed, each.unit_kg, key[1]) for key, each in found.items()}
    if asset.age_years is None and organisation.refurbished is not Convention.CUT_OFF:
        notices |= Notice.AGE_MISSING
    overhead = _overhead(asset, organisation, catalogue)
    if overhead is None:
        notices |= Notice.REFURBISHED
    parts = tuple(Part(*key, carried[key].unit_kg, each, carried[key].text) for key, each in found.items())
    spread_days = next(iter(carried.values())).days
    return _Making(embodied, parts, spread_days, life, (overhead,) if overhead else (), notices, factors)


def _carried(
    asset: Asset,
    organisation: Organisation,
    life: Life,
    closed: Sequence[ClosedLife],
    unit_kg: float,
    criterion: str,
) -> Spread:
    """What the second use carries of something, by the convention of the organisation.

    The kg are settled with the life that it was closed with first: another length is another spread of the same kg. Where it came
    otherwise that is a correction, and they follow from the life of today.
    """
    now = (life.nominal_days, life.days)
    first = closed[0] if closed and closed[0].start == life.start else None
    settled = now if first is None or first.use_days is None else (first.first_life_days, first.use_days)

    def carried(first_life_days: float | None, use_days: float) -> Spread:
        return refurbished(
            organisation.refurbished,
            unit_kg,
            age_years=asset.age_years,
            first_life_days=first_life_days,
            use_days=use_days,
            gone=life.evidence == "actual",
            unit=UNITS[criterion],
        )

    return replace(carried(*settled), days=carried(*now).days)


def _overhead(asset: Asset, organisation: Organisation, catalogue: Catalogue) -> Extra | None:
    """What refurbishing the asset weighed, in the month of its acquisition, whatever the convention; None where no factor says it."""
    zone, day = organisation.time_zone, asset.acquired_on
    start = asset.segments[0].start if day is None else local_midnight(zone, day.year, day.month, day.day)
    factor = catalogue.coefficient(f"refurbishing.{asset.kind}", day=local_day(zone, start))
    if factor is None:
        return None
    return Extra(
        start,
        month_start(zone, month_at(zone, start) + 1),
        stage=MANUFACTURING,
        criterion=GWP,
        basis="both",
        amount=float(asset.quantity),
        unit="unit",
        origin=f"refurbishing: {factor.value!r} kg a unit, in the month of acquisition",
        factor=factor,
        source_ln_gsd2=ACTIVITY_LN_GSD2["kind"],
    )


def _cloud_making(asset: Asset, catalogue: Catalogue) -> _Making:
    """Its shares of reference hosts; where one is not known, what must be said of that time."""
    extras: list[Extra] = []
    left = retirement(asset)
    for segment in asset.segments:
        if segment.host is not None or segment.cloud is None or not segment.status.powered:
            continue
        end = segment.end if segment.end is not None else left if left is not None else FAR
        shares, said = cloud_making(catalogue, segment.cloud, asset.quantity, segment.vcpu, segment.start, end)
        first, *others = shares or (unknown_making(segment.cloud, segment.start, end),)
        extras += (replace(first, notices=said), *others)
    return _Making(None, (), None, None, tuple(extras), Notice(0), ())


def shares_whole(site: Site | None) -> bool:
    """Whether the rule of the site passes the idle part of a host on to its virtual machines."""
    return site is not None and site.rule is AllocationRule.SOLD


def shared_by(site: Site | None) -> SharedBy:
    """What the rule of the site tells the machines of a host apart by."""
    return SharedBy.VCPU if site is None else site.shared_by
