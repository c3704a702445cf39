"""What each interval of the ledger weighs, per figure: the formulas of `formulas`, on arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from footprint.domain import formulas
from footprint.domain.catalogue import GWP, FactorRef
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.grid import FactorTable, Floats, Grid, Integers
from footprint.domain.notices import Notice
from footprint.domain.profiles import Profile, Stretch
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2

Booleans = npt.NDArray[np.bool_]

USE: Final = "use"
MAINTENANCE: Final = "maintenance_and_sale"


class FigureKey(NamedTuple):
    """Life-cycle stage, criterion and basis (`both` stands in the location-based and in the market-based total)."""

    stage: str
    criterion: str
    basis: str


EMBODIED = FigureKey(MANUFACTURING, GWP, "both")
USE_LOCATION = FigureKey(USE, GWP, "location")
USE_MARKET = FigureKey(USE, GWP, "market")
SUPPORT = FigureKey(MAINTENANCE, GWP, "both")

ELECTRICITY_EVIDENCE: Final = ("none", "region", "earlier_year")


class Measure(NamedTuple):
    """One number per interval (0 where unknown), whether it is known, and its ln GSD²."""

    value: Floats
    known: Booleans
    ln_gsd2: Floats


@dataclass(frozen=True, slots=True)
class Weights:
    """All that is said of the intervals of a ledger.

    `at_device` is the part of the use figures that falls on the device itself, without what the PUE adds. `references` indexes
    `reference_sets`: the factors behind an interval.
    """

    days: Floats
    days_in_life: Floats
    hours: Floats
    it_kwh: Measure
    kwh: Measure
    figures: Mapping[FigureKey, Measure]
    at_device: Mapping[FigureKey, Measure]
    energy_evidence: Integers
    electricity_evidence: Integers
    notices: Integers
    references: Integers
    reference_sets: tuple[tuple[FactorRef, ...], ...]


def weigh(
    profiles: Sequence[Profile],
    stretches: Sequence[Stretch],
    asset: Integers,
    stretch: Integers,
    start: Integers,
    end: Integers,
    region: Integers,
    month: Integers,
    grid: Grid,
) -> Weights:
    """Weigh each interval; `asset` indexes `profiles`, `stretch` indexes `stretches`, `region` and `month` look into `grid`."""
    seconds = (end - start).astype(np.float64)
    days = seconds / formulas.DAY_S
    powered = np.array([each.status.powered for each in stretches], dtype=bool)[stretch]
    hours = np.where(powered, seconds, 0.0) / formulas.HOUR_S
    quantity = np.array([profile.asset.quantity for profile in profiles], dtype=np.float64)[asset]
    column = month - grid.first_month
    activity = np.array([each.activity_ln_gsd2 for each in stretches], dtype=np.float64)[stretch]
    it_kwh, kwh = _energy(stretches, stretch, quantity, hours, powered, activity)

    location = grid.location.value[region, column]
    location_spread = grid.location.ln_gsd2[region, column]
    unguaranteed = np.array(
        [1.0 - each.site.guarantee_share if each.site else 1.0 for each in stretches], dtype=np.float64
    )[stretch]
    market = _market(unguaranteed, grid.residual.value[region, column])
    market_spread = np.where(unguaranteed > 0, grid.residual.ln_gsd2[region, column], 0.0)

    days_in_life, past_life, embodied = _embodied(profiles, asset, quantity, start, end)
    reference_sets, reference = _references(profiles, stretches, asset, stretch, powered, region, column, grid.location)
    return Weights(
        days=days,
        days_in_life=days_in_life,
        hours=hours,
        it_kwh=it_kwh,
        kwh=kwh,
        figures={
            EMBODIED: embodied,
            USE_LOCATION: _use(kwh, location, powered, location_spread),
            USE_MARKET: _use(kwh, market, powered, market_spread),
            SUPPORT: _support(profiles, asset, days),
        },
        at_device={
            USE_LOCATION: _use(it_kwh, location, powered, location_spread),
            USE_MARKET: _use(it_kwh, market, powered, market_spread),
        },
        energy_evidence=np.array([each.evidence for each in stretches], dtype=np.int64)[stretch],
        electricity_evidence=_electricity_evidence(location, powered, grid.location.years_back[region, column]),
        notices=_notices(
            profiles, stretches, asset, stretch, powered, location, grid.location.years_back[region, column]
        )
        | np.where(past_life, int(Notice.PAST_LIFE), 0),
        references=reference,
        reference_sets=reference_sets,
    )


def _energy(
    stretches: Sequence[Stretch],
    stretch: Integers,
    quantity: Floats,
    hours: Floats,
    powered: Booleans,
    activity: Floats,
) -> tuple[Measure, Measure]:
    """kWh at the device and at the meter of the site. What is not powered uses 0, and that is known."""
    watts = np.array([each.watts for each in stretches], dtype=np.float64)[stretch]
    pue = np.array([each.pue for each in stretches], dtype=np.float64)[stretch]
    it_known = ~powered | ~np.isnan(watts)
    known = ~powered | (it_known & ~np.isnan(pue))
    it_kwh = formulas.it_energy_kwh(quantity, np.where(np.isnan(watts), 0.0, watts), np.ones_like(hours), hours)
    kwh = np.where(known, formulas.facility_energy_kwh(it_kwh, np.where(np.isnan(pue), 0.0, pue)), 0.0)
    return Measure(it_kwh, it_known, activity), Measure(kwh, known, activity)


def _use(energy: Measure, factor: Floats, powered: Booleans, factor_ln_gsd2: Floats) -> Measure:
    """Emissions of the electricity: known where the energy and the factor are, and where nothing is drawn."""
    known = energy.known & (~powered | ~np.isnan(factor))
    value = formulas.use_kg(energy.value, np.where(np.isnan(factor), 0.0, factor))
    return Measure(np.where(known, value, 0.0), known, np.sqrt(energy.ln_gsd2**2 + factor_ln_gsd2**2))


def _market(unguaranteed: Floats, residual: Floats) -> Floats:
    """kg per kWh under the contract: guarantees of origin count 0, the rest the residual mix (GHG Protocol, Scope 2 Guidance)."""
    return np.where(unguaranteed > 0, unguaranteed * residual, 0.0)


def _embodied(
    profiles: Sequence[Profile], asset: Integers, quantity: Floats, start: Integers, end: Integers
) -> tuple[Floats, Booleans, Measure]:
    """Days of each interval within the life, whether it lies beyond, and the kg of manufacturing that fall on it."""
    windows = np.array([profile.life_window for profile in profiles], dtype=np.float64).reshape(-1, 2)
    begins, ends = windows[asset, 0], windows[asset, 1]
    known = ~np.isnan(begins)
    begins, ends = np.where(known, begins, 0.0), np.where(known, ends, formulas.DAY_S)
    days = np.maximum(np.minimum(end, ends) - np.maximum(start, begins), 0.0) / formulas.DAY_S
    unit_kg = np.array([profile.spread.unit_kg if profile.spread else 0.0 for profile in profiles], dtype=np.float64)[
        asset
    ]
    life_days = np.array([profile.spread.days if profile.spread else 1.0 for profile in profiles], dtype=np.float64)[
        asset
    ]
    spread = np.array(
        [profile.embodied.ln_gsd2 if profile.embodied else 0.0 for profile in profiles], dtype=np.float64
    )[asset]
    value = formulas.embodied_kg(quantity, unit_kg, days, life_days)
    return days, known & (start >= ends), Measure(np.where(known, value, 0.0), known, spread)


def _support(profiles: Sequence[Profile], asset: Integers, days: Floats) -> Measure:
    """Emissions of the support contract, by euro and day."""
    euros = np.array([profile.asset.support_eur_per_year or 0.0 for profile in profiles], dtype=np.float64)[asset]
    factor = np.array(
        [profile.maintenance.value if profile.maintenance else 0.0 for profile in profiles], dtype=np.float64
    )[asset]
    known = np.array([profile.maintenance is not None for profile in profiles], dtype=bool)[asset]
    spreads = [profile.maintenance.ln_gsd2 if profile.maintenance else 0.0 for profile in profiles]
    spread = np.sqrt(np.array(spreads, dtype=np.float64)[asset] ** 2 + ACTIVITY_LN_GSD2["declared"] ** 2)
    return Measure(np.where(known, formulas.rate_kg(euros, factor, days), 0.0), known, spread)


def _electricity_evidence(factor: Floats, powered: Booleans, years_back: Integers) -> Integers:
    found = np.where(years_back > 0, 2, 1)
    return np.where(powered & ~np.isnan(factor), found, 0)


def _notices(
    profiles: Sequence[Profile],
    stretches: Sequence[Stretch],
    asset: Integers,
    stretch: Integers,
    powered: Booleans,
    factor: Floats,
    years_back: Integers,
) -> Integers:
    notices = np.array([int(profile.notices) for profile in profiles], dtype=np.int64)[asset]
    notices |= np.array([int(each.notices) for each in stretches], dtype=np.int64)[stretch]
    sited = np.array([each.site is not None for each in stretches], dtype=bool)[stretch]
    notices |= np.where(powered & sited & np.isnan(factor), int(Notice.NO_ELECTRICITY_FACTOR), 0)
    return notices | np.where(powered & ~np.isnan(factor) & (years_back > 0), int(Notice.EARLIER_YEAR_FACTOR), 0)


def _references(
    profiles: Sequence[Profile],
    stretches: Sequence[Stretch],
    asset: Integers,
    stretch: Integers,
    powered: Booleans,
    region: Integers,
    column: Integers,
    location: FactorTable,
) -> tuple[tuple[tuple[FactorRef, ...], ...], Integers]:
    """The distinct sets of factors behind intervals, and which set each interval rests on."""
    owners = [profile for profile in profiles for _ in profile.stretches]
    own = [
        frozenset(factor.ref for factor in (*profile.factors, *each.factors))
        for profile, each in zip(owners, stretches, strict=True)
    ]
    distinct = {each: index for index, each in enumerate(dict.fromkeys(own))}
    own_index = np.array([distinct[each] for each in own], dtype=np.int64)[stretch]
    electricity = np.where(powered, location.choice[region, column], -1) + 1
    codes, reference = np.unique(own_index * (len(location.factors) + 1) + electricity, return_inverse=True)
    sets = list(distinct)
    found = []
    for code in codes.tolist():
        base, choice = divmod(code, len(location.factors) + 1)
        grid = {location.factors[choice - 1].ref} if choice else set()
        found.append(tuple(sorted(sets[base] | grid)))
    return tuple(found), reference.astype(np.int64)
