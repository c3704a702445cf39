"""An asset read with its sites and the catalogue: which evidence holds when, before any arithmetic over months.

A profile is a list of stretches, half-open intervals in which every rate is constant: power, PUE, region, rule. The engine turns
profiles into arrays; the explanation reads the same profiles.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple
from uuid import UUID

from footprint.domain.catalogue import Catalogue, Factor
from footprint.domain.difference import last_configuration
from footprint.domain.embodied import Embodied, Spread, choose_embodied, refurbished
from footprint.domain.energy import Power, choose_power
from footprint.domain.formulas import DAY_S, YEAR_DAYS
from footprint.domain.inventory import COMPUTER_ROOM_KINDS, AllocationRule, Asset, Organisation, Segment, Site, Status
from footprint.domain.life import Life, choose_life, retirement
from footprint.domain.months import local_midnight
from footprint.domain.notices import Notice

ENERGY_EVIDENCE: Final = ("none", "declared", "utilisation", "model", "kind")
"""From none to the weakest; a month reports the weakest evidence it used."""

MAINTENANCE_ACTIVITY: Final = "maintenance.it_hardware"
END_USER_PUE: Final = 1.0
"""Kit in an office, or outside a computer room, has no cooling plant of its own."""


class Window(NamedTuple):
    """The Unix seconds between which states are read; lives and evidence are not bounded by it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Constant conditions from `start` to `end`; `watts` and `capacity` are NaN where unknown, `pue` too."""

    start: int
    end: int
    status: Status
    site: Site | None
    watts: float
    evidence: int
    activity_ln_gsd2: float
    pue: float
    capacity: float
    notices: Notice
    factors: tuple[Factor, ...]
    power: Power | None


@dataclass(frozen=True, slots=True)
class Profile:
    """All the evidence on one asset that is physical, or that has figures of its own."""

    asset: Asset
    organisation: Organisation
    embodied: Embodied | None
    spread: Spread | None
    life: Life | None
    maintenance: Factor | None
    stretches: tuple[Stretch, ...]
    notices: Notice
    factors: tuple[Factor, ...] = field(default=())

    @property
    def life_window(self) -> tuple[float, float]:
        """Unix seconds from which to which the embodied emissions are spread; NaN where they are not known."""
        if self.life is None or self.spread is None:
            return math.nan, math.nan
        return self.life.start, self.life.start + self.spread.days * DAY_S


def read_profile(
    asset: Asset, organisation: Organisation, sites: Mapping[UUID, Site], catalogue: Catalogue, window: Window
) -> Profile:
    """Choose the evidence for `asset`, and read its states within `window`."""
    notices = Notice(0)
    configuration = last_configuration(asset.segments)
    embodied = choose_embodied(
        catalogue,
        asset.kind,
        given_kg=asset.embodied_kg,
        maker=asset.maker,
        model=asset.model,
        configuration=configuration,
    )
    life = choose_life(catalogue, asset, organisation.time_zone)
    spread = None
    if embodied is None:
        notices |= Notice.NO_EMBODIED_EVIDENCE
    elif life is None:
        notices |= Notice.NO_LIFE
    else:
        spread, convention = _spread(asset, organisation, embodied, life)
        notices |= convention
        if asset.acquired_on is None:
            notices |= Notice.LIFE_FROM_TIMELINE
        if embodied.trace[-1].startswith("not stated"):
            notices |= Notice.UNSTATED_PARTS
    maintenance = None
    if asset.support_eur_per_year:
        maintenance = catalogue.coefficient(MAINTENANCE_ACTIVITY)
        if maintenance is None:
            notices |= Notice.NO_MAINTENANCE_FACTOR
    factors = (embodied.factors if embodied and spread else ()) + (
        (life.factor,) if life and spread and life.factor else ()
    )
    return Profile(
        asset,
        organisation,
        embodied,
        spread,
        life,
        maintenance,
        tuple(_stretches(asset, organisation, sites, catalogue, window)),
        notices,
        factors + ((maintenance,) if maintenance else ()),
    )


def _spread(asset: Asset, organisation: Organisation, embodied: Embodied, life: Life) -> tuple[Spread, Notice]:
    if asset.condition not in ("refurbished", "taken_back") or not asset.age_years:
        return Spread(embodied.unit_kg, life.days), Notice(0)
    gone = life.evidence == "actual"
    first_life = life.nominal_days if life.nominal_days is not None else life.days + asset.age_years * YEAR_DAYS
    carried = refurbished(
        organisation.refurbished, embodied.unit_kg, first_life, asset.age_years, life.days if gone else None
    )
    return Spread(carried.unit_kg, life.days if gone else carried.days), Notice.REFURBISHED


def _stretches(
    asset: Asset, organisation: Organisation, sites: Mapping[UUID, Site], catalogue: Catalogue, window: Window
) -> Iterator[Stretch]:
    left = retirement(asset)
    stop = window.end if left is None else min(window.end, left)
    for segment in asset.segments:
        if asset.is_virtual and segment.host is not None:
            continue
        end = stop if segment.end is None else min(segment.end, stop)
        begin = max(segment.start, window.start)
        if begin >= end:
            continue
        site = sites.get(segment.site) if segment.site else None
        for start, until, pue, pue_notice, pue_factors in _pue(asset, organisation, site, catalogue, begin, end):
            yield _stretch(asset, segment, site, catalogue, (start, until), pue, pue_notice, pue_factors)


def _stretch(
    asset: Asset,
    segment: Segment,
    site: Site | None,
    catalogue: Catalogue,
    span: tuple[int, int],
    pue: float,
    pue_notice: Notice,
    pue_factors: tuple[Factor, ...],
) -> Stretch:
    power = choose_power(
        catalogue,
        asset.kind,
        annual_kwh=asset.annual_kwh,
        average_w=asset.average_w,
        configuration=segment.configuration,
        maker=asset.maker,
        model=asset.model,
    )
    notices = pue_notice
    if segment.status.powered:
        notices |= Notice(0) if power else Notice.NO_ENERGY_EVIDENCE
        notices |= Notice(0) if site else Notice.NO_SITE
        notices |= Notice.STANDBY if segment.status is Status.STANDBY else Notice(0)
    cores = segment.configuration.cores if segment.configuration else None
    capacity = segment.vcpu if segment.vcpu is not None else cores
    return Stretch(
        start=span[0],
        end=span[1],
        status=segment.status,
        site=site,
        watts=power.watts if power else math.nan,
        evidence=ENERGY_EVIDENCE.index(power.evidence) if power else 0,
        activity_ln_gsd2=power.ln_gsd2 if power else 0.0,
        pue=pue,
        capacity=math.nan if capacity is None else capacity * asset.quantity,
        notices=notices,
        factors=(power.factors if power else ()) + pue_factors,
        power=power,
    )


def _pue(
    asset: Asset, organisation: Organisation, site: Site | None, catalogue: Catalogue, start: int, end: int
) -> Iterator[tuple[int, int, float, Notice, tuple[Factor, ...]]]:
    """Cut an interval where the PUE of the site changes; where none is stated, the default of the site's kind."""
    if site is None or not site.pue:
        yield start, end, *_default_pue(asset, site, catalogue)
        return
    zone = organisation.time_zone
    windows = [(_midnight(zone, each.start, 0), _midnight(zone, each.end, end), each.value) for each in site.pue]
    cuts = sorted({start, end} | {edge for low, high, _ in windows for edge in (low, high) if start < edge < end})
    for low, high in pairwise(cuts):
        value = next((value for begin, until, value in windows if begin <= low < until), None)
        if value is None:
            yield low, high, *_default_pue(asset, site, catalogue)
        else:
            yield low, high, value, Notice(0), ()


def _midnight(zone: str, day: date | None, otherwise: int) -> int:
    return otherwise if day is None else local_midnight(zone, day.year, day.month, day.day)


def _default_pue(asset: Asset, site: Site | None, catalogue: Catalogue) -> tuple[float, Notice, tuple[Factor, ...]]:
    in_computer_room = asset.kind in COMPUTER_ROOM_KINDS if site is None else site.kind != "office"
    if not in_computer_room:
        return END_USER_PUE, Notice(0), ()
    default = catalogue.default_pue()
    if default is None:
        return math.nan, Notice.NO_PUE, ()
    return default.value, Notice.DEFAULT_PUE, (default,)


def shares_whole(site: Site | None) -> bool:
    """Whether the rule of the site passes the idle part of a host on to its virtual machines."""
    return site is not None and site.rule is AllocationRule.SOLD
