"""What each interval of the ledger weighs, per figure: the formulas of `formulas`, on arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from footprint.domain import formulas
from footprint.domain.catalogue import GWP, Choice, FactorRef
from footprint.domain.embodied import MANUFACTURING
from footprint.domain.grid import Booleans, FactorTable, Floats, Grid, Integers
from footprint.domain.inventory import Status
from footprint.domain.notices import Notice
from footprint.domain.profiles import Profile
from footprint.domain.scopes import BOTH, USE
from footprint.domain.stretches import Stretch
from footprint.domain.uncertainty import ACTIVITY_LN_GSD2, UNRATED_LN_GSD2

MAINTENANCE: Final = "maintenance_and_sale"


class FigureKey(NamedTuple):
    """Life-cycle stage, criterion and basis (`both` stands in the location-based and in the market-based total).

    Of the use, `both` is upstream and losses of the electricity: they are those of the grid, whatever the contract says.
    """

    stage: str
    criterion: str
    basis: str


EMBODIED = FigureKey(MANUFACTURING, GWP, BOTH)
USE_LOCATION = FigureKey(USE, GWP, "location")
USE_MARKET = FigureKey(USE, GWP, "market")
SUPPORT = FigureKey(MAINTENANCE, GWP, BOTH)

ELECTRICITY_EVIDENCE: Final = ("none", "region", "earlier_year")


class Spread(NamedTuple):
    """ln GSD² per interval, and what it is shared with: an index into `Weights.variables`, 0 for nothing."""

    ln_gsd2: Floats
    variable: Integers


class Measure(NamedTuple):
    """One number per interval (0 where unknown), whether it is known, and the spreads of its factor and of its activity."""

    value: Floats
    known: Booleans
    factor: Spread
    source: Spread


@dataclass(frozen=True, slots=True)
class Weights:
    """All that is said of the intervals of a ledger. `days` are those in which the asset is there: none of those that it is retired for.
    `life_begin` and `life_end` (Unix seconds) are those of the line on which the making is spread.

    `at_device` is the part of the use figures that falls on the device itself, without what the PUE adds. `references` indexes
    `reference_sets`: the factors behind an interval. `variables` names what uncertainties are shared with.
    """

    days: Floats
    days_in_life: Floats
    life_begin: Floats
    life_end: Floats
    life_days: Floats
    life_share: Floats
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
    variables: tuple[str, ...]


_Supports = Sequence[Choice | None]
"""Factors of support contracts."""


class _Variables:
    """Names of shared uncertainties, numbered as they come; '' is 0."""

    def __init__(self) -> None:
        self._numbers = {"": 0}

    def numbers(self, names: Sequence[str]) -> Integers:
        """The numbers of names."""
        return np.array([self._numbers.setdefault(each, len(self._numbers)) for each in names], dtype=np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, by number."""
        return tuple(self._numbers)


@dataclass(frozen=True, slots=True)
class _Intervals:
    """The arrays that everything is weighed from."""

    profiles: Sequence[Profile]
    stretches: Sequence[Stretch]
    asset: Integers
    stretch: Integers
    start: Integers
    end: Integers
    place: Integers
    column: Integers
    seconds: Floats
    counted: Booleans
    powered: Booleans
    quantity: Floats

    @property
    def under_contract(self) -> Booleans:
        """Where a support contract counts: wherever the asset itself does, and for a machine on a host, which has a share of its host's."""
        held: Booleans = self.counted | np.array([each.supported for each in self.stretches], dtype=bool)[self.stretch]
        return held

    def of_stretch(self, values: Sequence[float]) -> Floats:
        """Numbers of the stretches, by interval."""
        return np.array(values, dtype=np.float64)[self.stretch]

    def of_asset(self, values: Sequence[float]) -> Floats:
        """Numbers of the profiles, by interval."""
        return np.array(values, dtype=np.float64)[self.asset]


def weigh(
    profiles: Sequence[Profile],
    stretches: Sequence[Stretch],
    asset: Integers,
    stretch: Integers,
    start: Integers,
    end: Integers,
    place: Integers,
    month: Integers,
    grid: Grid,
) -> Weights:
    """Weigh each interval; `asset` indexes `profiles`, `stretch` indexes `stretches`, `place` and `month` look into `grid`."""
    seconds = (end - start).astype(np.float64)
    powered = np.array([each.draws for each in stretches], dtype=bool)[stretch]
    intervals = _Intervals(
        profiles,
        stretches,
        asset,
        stretch,
        start,
        end,
        place,
        month - grid.first_month,
        seconds,
        np.array([each.counted for each in stretches], dtype=bool)[stretch],
        powered,
        np.array([profile.asset.quantity for profile in profiles], dtype=np.float64)[asset],
    )
    variables = _Variables()
    away = np.array([each.counted and each.status is Status.RETIRED for each in stretches], dtype=bool)[stretch]
    days = np.where(away, 0.0, seconds / formulas.DAY_S)
    hours = np.where(powered, seconds, 0.0) / formulas.HOUR_S
    it_kwh, kwh = _energy(intervals, hours, variables)
    figures, at_device = _electricity(intervals, it_kwh, kwh, grid, variables)
    days_in_life, line, past_life, spread_out = _parts(intervals, days, variables)
    life_begin, life_end, life_days, life_share = line
    location = grid.location[GWP]
    supported, supports = _supported(intervals, month)
    reference_sets, reference = _references(intervals, grid, supported, supports)
    factor, ended = location.value[place, intervals.column], location.ended[place, intervals.column]
    return Weights(
        days=days,
        days_in_life=days_in_life,
        life_begin=life_begin,
        life_end=life_end,
        life_days=life_days,
        life_share=life_share,
        hours=hours,
        it_kwh=it_kwh,
        kwh=kwh,
        figures={**spread_out, **figures, SUPPORT: _support(intervals, days, supported, supports, variables)},
        at_device=at_device,
        energy_evidence=np.array([each.evidence for each in stretches], dtype=np.int64)[stretch],
        electricity_evidence=np.where(powered & ~np.isnan(factor), np.where(ended, 2, 1), 0),
        notices=_notices(intervals, factor, grid)
        | _said_of_support(intervals, supported, supports)
        | np.where(past_life, int(Notice.PAST_LIFE), 0),
        references=reference,
        reference_sets=reference_sets,
        variables=variables.names,
    )


def _energy(intervals: _Intervals, hours: Floats, variables: _Variables) -> tuple[Measure, Measure]:
    """kWh at the device and at the meter of the site. What is not powered uses 0, and that is known.

    What was measured at the facility holds the PUE: the device's part is what remains without it.
    """
    stretches, powered = intervals.stretches, intervals.powered
    watts = intervals.of_stretch([each.watts for each in stretches])
    pue = intervals.of_stretch([each.pue for each in stretches])
    measured_kwh = intervals.of_stretch([np.nan if each.energy is None else each.energy.kwh for each in stretches])
    covered_s = intervals.of_stretch([1.0 if each.energy is None else each.energy.covered_s for each in stretches])
    facility = np.array([each.facility for each in stretches], dtype=bool)[intervals.stretch]
    measured = ~np.isnan(measured_kwh)
    metered = formulas.measured_kwh(np.where(measured, measured_kwh, 0.0), intervals.seconds, covered_s)
    drawn = formulas.it_energy_kwh(
        intervals.quantity, np.where(np.isnan(watts), 0.0, watts), np.ones_like(hours), hours
    )
    factor = np.where(np.isnan(pue), 1.0, pue)
    it_kwh = np.where(measured, np.where(facility, metered / factor, metered), drawn)
    it_known = intervals.counted & (~powered | measured | ~np.isnan(watts))
    known = intervals.counted & (~powered | facility | (it_known & ~np.isnan(pue)))
    at_meter = np.where(facility, metered, formulas.facility_energy_kwh(it_kwh, factor))
    source = Spread(
        intervals.of_stretch([each.source_ln_gsd2 for each in stretches]),
        variables.numbers([each.source for each in stretches])[intervals.stretch],
    )
    none = Spread(np.zeros_like(hours), np.zeros(len(hours), dtype=np.int64))
    return (
        Measure(np.where(it_known, it_kwh, 0.0), it_known, none, source),
        Measure(np.where(known, at_meter, 0.0), known, none, source),
    )


def _electricity(
    intervals: _Intervals, it_kwh: Measure, kwh: Measure, grid: Grid, variables: _Variables
) -> tuple[dict[FigureKey, Measure], dict[FigureKey, Measure]]:
    """Emissions of the electricity, location-based in each criterion and market-based, and what stands beside it (upstream and losses, at
    the factors of the grid on both bases), at the meter and at the device."""
    figures: dict[FigureKey, Measure] = {}
    at_device: dict[FigureKey, Measure] = {}
    idle = ~intervals.powered

    def weighed(key: FigureKey, factor: Floats, spread: Spread, known: Booleans) -> None:
        figures[key] = _use(kwh, factor, spread, known)
        at_device[key] = _use(it_kwh, factor, spread, known)

    for criterion, table in grid.location.items():
        factor, spread = _looked_up(table, intervals, variables)
        weighed(FigureKey(USE, criterion, "location"), factor, spread, idle | ~np.isnan(factor))
        if criterion == GWP:
            factor, spread = _market(intervals, grid.residual, variables)
            weighed(USE_MARKET, factor, spread, idle | ~np.isnan(factor))
        if criterion in grid.beside:
            factor, spread = _looked_up(grid.beside[criterion].together, intervals, variables)
            weighed(FigureKey(USE, criterion, BOTH), factor, spread, ~np.isnan(factor))
    return figures, at_device


def _looked_up(table: FactorTable, intervals: _Intervals, variables: _Variables) -> tuple[Floats, Spread]:
    """The factor of each interval and how sure it is."""
    at = intervals.place, intervals.column
    return table.value[at], Spread(table.ln_gsd2[at], _variables_of(table, intervals, variables))


def _variables_of(table: FactorTable, intervals: _Intervals, variables: _Variables) -> Integers:
    numbers = variables.numbers(["", *(each.id for each in table.factors)])
    found: Integers = numbers[table.choice[intervals.place, intervals.column] + 1]
    return found


def _use(energy: Measure, factor: Floats, spread: Spread, weighable: Booleans) -> Measure:
    """Emissions of the electricity: known where the energy is and it can be weighed."""
    known = energy.known & weighable
    value = formulas.use_kg(energy.value, np.where(np.isnan(factor), 0.0, factor))
    return Measure(np.where(known, value, 0.0), known, spread, energy.source)


def _market(intervals: _Intervals, table: FactorTable, variables: _Variables) -> tuple[Floats, Spread]:
    """kg per kWh under the contract: guarantees of origin count 0, the rest the supplier's own factor, else the residual mix of the
    region (GHG Protocol, Scope 2 Guidance)."""
    stretches = intervals.stretches
    rest = intervals.of_stretch([1.0 - each.guarantee_share for each in stretches])
    own = intervals.of_stretch([each.residual_kg_per_kwh for each in stretches])
    owned = variables.numbers([each.site.supplier if each.site else "" for each in stretches])
    mix = table.value[intervals.place, intervals.column]
    stated = ~np.isnan(own)
    value = np.where(rest > 0, rest * np.where(stated, own, mix), 0.0)
    ln_gsd2 = np.where(stated, UNRATED_LN_GSD2, table.ln_gsd2[intervals.place, intervals.column])
    variable = np.where(stated, owned[intervals.stretch], _variables_of(table, intervals, variables))
    return value, Spread(np.where(rest > 0, ln_gsd2, 0.0), np.where(rest > 0, variable, 0))


def _parts(
    intervals: _Intervals, present: Floats, variables: _Variables
) -> tuple[Floats, tuple[Floats, Floats, Floats, Floats], Booleans, dict[FigureKey, Measure]]:
    """Days of each interval within the life, the line that it lies on (begin, end, days and share that it spreads), whether it lies beyond,
    and what is spread: making, transport, disposal. An interval without any day `present` (the asset is away) has none in the life."""
    profiles, asset = intervals.profiles, intervals.asset
    phases, phase = _phases(profiles, asset, intervals.start)
    begins, ends, life_days, share = phases[asset, phase].T
    dated = ~np.isnan(begins) & intervals.counted
    begins, ends = np.where(dated, begins, 0.0), np.where(dated, ends, formulas.DAY_S)
    inside = np.minimum(intervals.end, ends) - np.maximum(intervals.start, begins)
    days = np.where(present > 0, np.maximum(inside, 0.0) / formulas.DAY_S, 0.0)
    keys = {FigureKey(part.stage, part.criterion, BOTH): None for profile in profiles for part in profile.parts}
    figures: dict[FigureKey, Measure] = {}
    for key in dict.fromkeys((EMBODIED, *sorted(keys))):
        parts = [profile.part(key.stage, key.criterion) for profile in profiles]
        known = dated & np.array([part is not None for part in parts], dtype=bool)[asset]
        unit_kg = intervals.of_asset([part.unit_kg if part else 0.0 for part in parts]) * share
        value = formulas.embodied_kg(intervals.quantity, unit_kg, days, life_days)
        made = [part.embodied if part else None for part in parts]
        figures[key] = Measure(
            np.where(known, value, 0.0),
            known,
            Spread(
                intervals.of_asset([each.factor_ln_gsd2 if each else 0.0 for each in made]),
                variables.numbers([each.shared if each else "" for each in made])[asset],
            ),
            Spread(
                intervals.of_asset([each.source_ln_gsd2 if each else 0.0 for each in made]),
                np.zeros(len(asset), dtype=np.int64),
            ),
        )
    return days, (begins, ends, life_days, share), dated & (intervals.start >= ends), figures


def _phases(profiles: Sequence[Profile], asset: Integers, start: Integers) -> tuple[Floats, Integers]:
    """The lines of each profile (start, end, days, share), and which of them each interval lies on."""
    lines = [profile.phases for profile in profiles]
    most = max(map(len, lines), default=1)
    phases = np.array([[*each, *[each[-1]] * (most - len(each))] for each in lines], dtype=np.float64)
    ends = [[run.until for run in profile.runs] for profile in profiles]
    untils = np.array([[*each, *[np.iinfo(np.int64).max] * (most - 1 - len(each))] for each in ends], dtype=np.int64)
    passed = start[:, None] >= untils.reshape(len(lines), most - 1)[asset]
    return phases.reshape(len(lines), most, 4), passed.sum(axis=1)


def _support(
    intervals: _Intervals, days: Floats, supported: Integers, factors: _Supports, variables: _Variables
) -> Measure:
    """Emissions of the support contract, by euro and day."""
    euros = intervals.of_asset([profile.asset.support_eur_per_year or 0.0 for profile in intervals.profiles])
    factor = np.array([each.factor.value if each else 0.0 for each in factors], dtype=np.float64)[supported]
    known = intervals.under_contract & (supported > 0)
    return Measure(
        np.where(known, formulas.rate_kg(euros, factor, days), 0.0),
        known,
        Spread(
            np.array([each.factor.ln_gsd2 if each else 0.0 for each in factors], dtype=np.float64)[supported],
            variables.numbers([each.factor.id if each else "" for each in factors])[supported],
        ),
        Spread(np.full(len(days), ACTIVITY_LN_GSD2["declared"]), np.zeros(len(days), dtype=np.int64)),
    )


def _supported(intervals: _Intervals, month: Integers) -> tuple[Integers, _Supports]:
    """The factor of the support contract in each interval, as an index into those that are; 0 for none."""
    factors: list[Choice | None] = [None]
    numbers: dict[tuple[FactorRef, bool], int] = {}
    supported = np.zeros(len(month), dtype=np.int64)
    for index, profile in enumerate(intervals.profiles):
        for place, run in enumerate(profile.support):
            number = 0
            if run.choice is not None:
                number = numbers.setdefault((run.choice.factor.ref, run.choice.ended), len(factors))
                factors.extend([run.choice] if number == len(factors) else [])
            of_run = slice(*np.searchsorted(intervals.asset, [index, index + 1]))
            supported[of_run][(month[of_run] >= run.first) | (place == 0)] = number
    return supported, factors


def _notices(intervals: _Intervals, factor: Floats, grid: Grid) -> Integers:
    """What must be said of each interval; what making lacks is not said of a machine that has its share of its host's."""
    stretches, powered = intervals.stretches, intervals.powered
    notices = np.array([int(profile.notices) for profile in intervals.profiles], dtype=np.int64)[intervals.asset]
    guest = np.array([profile.asset.is_virtual for profile in intervals.profiles], dtype=bool)[intervals.asset]
    notices = np.where(guest & ~intervals.counted, 0, notices)
    notices |= np.array([int(each.notices) for each in stretches], dtype=np.int64)[intervals.stretch]
    placed = np.array([each.region is not None for each in stretches], dtype=bool)[intervals.stretch]
    notices |= np.where(powered & placed & np.isnan(factor), int(Notice.NO_ELECTRICITY_FACTOR), 0)
    return notices | np.where(powered, grid.notices[intervals.place, intervals.column], 0)


def _said_of_support(intervals: _Intervals, supported: Integers, factors: _Supports) -> Integers:
    contract = np.array([bool(profile.support) for profile in intervals.profiles], dtype=bool)[intervals.asset]
    earlier = np.array([each is not None and each.ended for each in factors], dtype=bool)[supported]
    said = np.where(contract & (supported == 0), int(Notice.NO_MAINTENANCE_FACTOR), 0)
    return np.where(intervals.under_contract, said | np.where(earlier, int(Notice.EARLIER_YEAR_FACTOR), 0), 0)


def _references(
    intervals: _Intervals, grid: Grid, supported: Integers, supports: _Supports
) -> tuple[tuple[tuple[FactorRef, ...], ...], Integers]:
    """The distinct sets of factors behind intervals, and which set each interval rests on."""
    owners = [profile for profile in intervals.profiles for _ in profile.stretches]
    own = [
        frozenset(factor.ref for factor in (*profile.factors, *each.factors))
        for profile, each in zip(owners, intervals.stretches, strict=True)
    ]
    distinct = {each: index for index, each in enumerate(dict.fromkeys(own))}
    codes = np.array([distinct[each] for each in own], dtype=np.int64)[intervals.stretch]
    rest = np.array([each.guarantee_share < 1.0 for each in intervals.stretches], dtype=bool)
    mixed = rest & np.isnan(np.array([each.residual_kg_per_kwh for each in intervals.stretches], dtype=np.float64))
    tables = [(table, intervals.powered) for table in grid.location.values()]
    tables += [(table, intervals.powered) for each in grid.beside.values() for table in (each.upstream, each.losses)]
    tables.append((grid.residual, intervals.powered & mixed[intervals.stretch]))
    for table, taken in tables:
        choice = np.where(taken, table.choice[intervals.place, intervals.column], -1) + 1
        codes = codes * (len(table.factors) + 1) + choice
    codes = codes * len(supports) + supported
    codes, reference = np.unique(codes, return_inverse=True)
    sets = list(distinct)
    found = []
    for code in codes.tolist():
        refs = set[FactorRef]()
        code, contract = divmod(code, len(supports))
        if (chosen := supports[contract]) is not None:
            refs.add(chosen.factor.ref)
        for table, _ in reversed(tables):
            code, choice = divmod(code, len(table.factors) + 1)
            if choice:
                refs.add(table.factors[choice - 1].ref)
        found.append(tuple(sorted(sets[code] | refs)))
    return tuple(found), reference.astype(np.int64)
