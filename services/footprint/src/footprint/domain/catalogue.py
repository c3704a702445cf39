"""The emission factors as this service knows them, and the one way in which it chooses among them.

The choice is strict (ADR "Which electricity factor"): the record valid on the day, else the nearest earlier year at most five years
back; that of the region, else of its country where it stands on the grid of that (ADR 0100). What stood in is said. Never another grid:
what is not found is absent, and the stage that needed it too. Electricity comes as a `Supply`: perimeters stand beside one another there,
and none is counted in two (ADR 0099).
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from footprint.domain.notices import Notice
from footprint.domain.parameters import impact_value, parameter_value
from footprint.domain.regions import grids_of
from footprint.domain.uncertainty import Ratings, ln_gsd2

GWP: Final = "gwp"
"""Climate change in kgCO2e over 100 years."""

PARAMETER: Final = "parameter"
"""The criterion of records that feed the method and are no impact: a life, a density, a PUE."""

MOST_REMEMBERED: Final = 10_000
"""Answers kept by a catalogue before it starts anew."""

CRITERIA: Final = (GWP, "pe", "adpe", "water")
"""What is computed where factors exist: climate change in kgCO2e, primary energy in MJ, resources in kgSbeq, water in m3."""

UNITS: Final[Mapping[str, str]] = {GWP: "kg", "pe": "MJ", "adpe": "kgSbeq", "water": "m3"}
"""How a formula writes an amount of a criterion."""

T = TypeVar("T")

ELECTRICITY: Final = "electricity"
DIRECT: Final = "direct"
CONSUMPTION: Final = "consumption"
GENERATION: Final = (DIRECT, "production")
"""The perimeters of what is used itself, of those that are equally near the one to take: direct emissions, else those of the life cycle."""

UPSTREAM: Final = "upstream"
LOSSES: Final = "losses"
YEAR_GAP: Final = 5
GWP_SETS: Final = (None, "AR6")


@dataclass(frozen=True, slots=True)
class Source:
    """Who published a factor."""

    name: str
    link: str | None = None
    licence: str | None = None
    year: int | None = None


class FactorRef(NamedTuple):
    """What a result names: a factor's id and the very version used."""

    id: str
    version: int


@dataclass(frozen=True, slots=True)
class Factor:
    """One published version of a factor; `value` is per `unit`, valid on the half-open dates."""

    id: str
    version: int
    activity: str
    criterion: str
    value: float
    unit: str
    stage: str | None = None
    region: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    published_year: int | None = None
    perimeter: str | None = None
    gwp_set: str | None = None
    ratings: Ratings | None = None
    gsd2: float | None = None
    """GSD² that the source itself states, ≥ 1; it goes before what the ratings give."""
    source: Source = field(default_factory=lambda: Source("unknown"))
    name: str = ""
    own: bool = False
    """Whether an organisation has put it in the place of a public one: then it goes first wherever it fits."""
    ln_gsd2: float = field(init=False, compare=False)
    """ln GSD² of the factor: the source's own, else after its ratings."""
    summary: Mapping[str, str | int] = field(init=False, compare=False, repr=False)
    """How an estimate names it."""

    @property
    def ref(self) -> FactorRef:
        """The factor and its version."""
        return FactorRef(self.id, self.version)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ln_gsd2", ln_gsd2(self.ratings) if self.gsd2 is None else math.log(self.gsd2))
        object.__setattr__(self, "summary", {"id": self.id, "version": self.version, "source": self.source.name})

    def holds_on(self, day: date) -> bool:
        """Whether the validity holds `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day < self.valid_to)

    @property
    def last_year(self) -> int:
        """The year of the last day of validity."""
        return 9999 if self.valid_to is None else (self.valid_to - timedelta(days=1)).year


@dataclass(frozen=True, slots=True)
class Choice:
    """A factor, whether it had `ended` before the asked date and how many years before (0: in the very year), and whether it is of the
    country around the asked region."""

    factor: Factor
    years_back: int = 0
    wider: bool = False
    ended: bool = False

    @property
    def notices(self) -> Notice:
        """The fallbacks taken."""
        earlier = Notice.EARLIER_YEAR_FACTOR if self.ended else Notice(0)
        return earlier | (Notice.COUNTRY_FACTOR if self.wider else Notice(0))


@dataclass(frozen=True, slots=True)
class Supply:
    """The factors of a grid on a day, each per kWh at the meter: of what is `used`, of what went before it, and of what the grid lost.

    `upstream` stands beside direct emissions only: a factor of the life cycle holds it already.
    """

    used: Choice
    upstream: Choice | None = None
    losses: Choice | None = None
    own_consumption: bool = False
    """Whether an organisation states a factor of consumption for the place and day, which is never taken (ADR 0099)."""
    beside: tuple[Choice, ...] = field(init=False, compare=False)
    """Upstream and losses, as far as they are known."""
    factors: tuple[Factor, ...] = field(init=False, compare=False)
    """All that are counted."""
    ln_gsd2: float = field(init=False, compare=False)
    """The widest ln GSD² among them."""
    notices: Notice = field(init=False, compare=False)
    """What must be said of them."""

    @property
    def direct(self) -> bool:
        """Whether what is used weighs its direct emissions only."""
        return self.used.factor.perimeter == DIRECT

    def __post_init__(self) -> None:
        beside = tuple(each for each in (self.upstream, self.losses) if each is not None)
        factors = tuple(each.factor for each in (self.used, *beside))
        object.__setattr__(self, "beside", beside)
        object.__setattr__(self, "factors", factors)
        object.__setattr__(self, "ln_gsd2", max(each.ln_gsd2 for each in factors))
        object.__setattr__(self, "notices", self._said())

    def _said(self) -> Notice:
        said = self.used.notices | (Notice.CONSUMPTION_NOT_TAKEN if self.own_consumption else Notice(0))
        for each in self.beside:
            said |= each.notices
        if any(each.years_back != self.used.years_back for each in self.beside):
            said |= Notice.GRID_YEARS_DIFFER
        if not self.direct:
            said |= Notice.UPSTREAM_INSIDE
        elif self.upstream is None:
            said |= Notice.NO_UPSTREAM
        return said if self.losses is not None else said | Notice.NO_LOSSES


class Catalogue:
    """An immutable set of factors, with the choices already made kept."""

    def __init__(self, factors: Iterable[Factor] = ()) -> None:
        """`factors` are published versions, one per id; their values are brought to the units that the method computes in."""
        self._records: dict[tuple[str, str, str | None], list[Factor]] = {}
        usable = (factor for each in factors if (factor := _usable(each)) is not None)
        for factor in sorted(usable, key=lambda each: (not each.own, each.id)):
            self._records.setdefault((factor.activity, factor.criterion, factor.region), []).append(factor)
        self._supplies: dict[tuple[str, str, date], Supply | None] = {}
        self._coefficients: dict[tuple[str, str, str | None, int | None], Factor | None] = {}
        self._turns: Final = sorted({day for factor in self._everywhere() for day in _turns_of(factor)})
        self.grid_criteria: Final = frozenset(key[1] for key in self._records if key[0] == ELECTRICITY) & set(CRITERIA)
        self.criteria: Final = frozenset(criterion for _, criterion, _ in self._records) & set(CRITERIA)
        worlds = self._records.get(_WORLD_PUE, ())
        self.pue_days: Final = frozenset(
            day for each in worlds for day in (each.valid_from, each.valid_to) if day is not None
        )
        """The days on which another default PUE may begin to hold."""
        self._remembered: dict[Hashable, Any] = {}

    def with_own(self, factors: Iterable[Factor]) -> "Catalogue":
        """This catalogue with an organisation's own factors before the public ones of the same activity, criterion and place."""
        return Catalogue([*(each for found in self._records.values() for each in found), *factors])

    def pinned(self, versions: Iterable[Factor]) -> "Catalogue":
        """This catalogue with these versions alone for all that they are about, and none of a region where that of its country was taken:
        what chose them before chooses them again."""
        pins = {each.id: each for each in versions}
        about = {(each.activity, each.criterion, each.region) for each in pins.values()}
        others = (
            factor
            for (activity, criterion, region), factors in self._records.items()
            if not any((activity, criterion, place) in about for place in _places(region))
            for factor in factors
        )
        return Catalogue([*(each for each in others if each.id not in pins), *pins.values()])

    def electricity(self, region: str, day: date, criterion: str = GWP) -> Supply | None:
        """The grid factors of `region` on `day`, location-based; None where nothing of what is used fits."""
        key = (region, criterion, day)
        if key not in self._supplies:
            self._supplies[key] = self._supply(region, day, criterion)
        return self._supplies[key]

    def _supply(self, region: str, day: date, criterion: str) -> Supply | None:
        """The region goes before its country, then the nearest year first, then an organisation's own factor, then direct emissions: no old
        split replaces a newer year."""

        def chosen(perimeter: str) -> Choice | None:
            return self._choose(ELECTRICITY, region, day, criterion, perimeter)

        used = min(
            (each for each in map(chosen, GENERATION) if each is not None),
            key=lambda each: (each.wider, each.years_back, not each.factor.own),
            default=None,
        )
        if used is None:
            return None
        direct = used.factor.perimeter == DIRECT
        own_consumption = any(
            factor.own and factor.perimeter == CONSUMPTION and factor.holds_on(day)
            for place in _places(region)
            for factor in self._records.get((ELECTRICITY, criterion, place), ())
        )
        return Supply(used, chosen(UPSTREAM) if direct else None, chosen(LOSSES), own_consumption)

    def knows_grid(self, region: str) -> bool:
        """Whether any electricity factor of `region`, or of the country whose grid it stands on, is known, of whatever year."""
        return any((ELECTRICITY, GWP, place) in self._records for place in grids_of(region))

    def residual_mix(self, region: str, day: date, criterion: str = GWP) -> Choice | None:
        """The residual mix of `region` on `day` (what is left once guarantees of origin are sold); None where unknown."""
        return self._choose("electricity.residual_mix", region, day, criterion, None)

    def epoch(self, day: date) -> int:
        """Which stretch of time a day lies in, among those in which the same records tied to no place hold: they are answered alike."""
        return bisect_right(self._turns, day)

    def turns(self, activity: str) -> tuple[date, ...]:
        """The days on which another record of an activity may be chosen, in any region."""

        def found() -> tuple[date, ...]:
            records = (each for key, every in self._records.items() if key[0] == activity for each in every)
            return tuple(sorted({day for factor in records for day in _turns_of(factor)}))

        return self.remember(("turns", activity), found)

    def coefficient(
        self, activity: str, criterion: str = GWP, stage: str | None = None, day: date | None = None
    ) -> Factor | None:
        """The record of an activity tied to no place, for instance `embodied.server`; the newest published when there are several.

        With a `stage`, of that stage only; without, of manufacturing or of no stage. With a `day`, one that holds on it, else of the
        nearest earlier year at most five back.
        """
        key = (activity, criterion, stage, None if day is None else self.epoch(day))
        if key not in self._coefficients:
            stages = ("manufacturing", None) if stage is None else (stage,)
            found = [each for each in self._records.get((activity, criterion, None), ()) if each.stage in stages]
            self._coefficients[key] = max(found if day is None else _of_day(found, day), key=_newest, default=None)
        return self._coefficients[key]

    def activity(self, activity: str, region: str | None, day: date, criterion: str = GWP) -> Choice | None:
        """The factor of something done in `region` on `day`: of that place (or the country whose grid it stands on), else one tied to no
        place; None where nothing fits."""
        for place in dict.fromkeys((region, None)):
            choice = self._choose(activity, place, day, criterion, None)
            if choice is not None:
                return choice
        return None

    def parameter(self, activity: str, day: date | None = None) -> Factor | None:
        """A record of the method, for instance `life.server` in years; with a `day`, as `coefficient` does."""
        return self.coefficient(activity, PARAMETER, day=day)

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives for `key`, made once: for what depends on the catalogue and the key alone."""
        if key not in self._remembered:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = make()
        found: T = self._remembered[key]
        return found

    def default_pue(self, day: date) -> Factor | None:
        """The PUE taken on a day where a computer room states none: the world mean of that day, else the latest before it, else the first
        one after it. Of those that are equally near an organisation's own goes first, then the newest published."""
        found = self._records.get(_WORLD_PUE, ())
        holding = [each for each in found if each.holds_on(day)]
        ended = [each for each in found if each.valid_to is not None and each.valid_to <= day]
        if holding or not ended:
            first = min((each.valid_from or date.min for each in found), default=date.min)
            near = holding or [each for each in found if (each.valid_from or date.min) == first]
        else:
            last = max(each.last_year for each in ended)
            near = [each for each in ended if each.last_year == last]
        return max(near, key=_newest, default=None)

    def _everywhere(self) -> Iterator[Factor]:
        """The records tied to no place."""
        for (_, _, region), found in self._records.items():
            if region is None:
                yield from found

    def _choose(
        self, activity: str, region: str | None, day: date, criterion: str, perimeter: str | None
    ) -> Choice | None:
        for place in _places(region):
            choice = self._nearest(activity, place, day, criterion, perimeter)
            if choice is not None:
                return choice if place == region else replace(choice, wider=True)
        return None

    def _nearest(
        self, activity: str, region: str | None, day: date, criterion: str, perimeter: str | None
    ) -> Choice | None:
        fitting = [
            factor
            for factor in self._records.get((activity, criterion, region), ())
            if factor.gwp_set in GWP_SETS and factor.perimeter == perimeter
        ]
        on_day = next((factor for factor in fitting if factor.holds_on(day)), None)
        if on_day is not None:
            return Choice(on_day)
        ended = [factor for factor in fitting if factor.valid_to is not None and factor.valid_to <= day]
        nearest = max(ended, key=lambda each: each.last_year, default=None)
        if nearest is None or day.year - nearest.last_year > YEAR_GAP:
            return None
        return Choice(nearest, day.year - nearest.last_year, ended=True)


_WORLD_PUE: Final = ("pue", PARAMETER, "world")


def _usable(factor: Factor) -> Factor | None:
    """The factor in the unit that the method computes in; None for a parameter that cannot be one."""
    if factor.criterion == PARAMETER:
        found = parameter_value(factor.activity, factor.value, factor.unit)
        if found is None:
            return None
    else:
        found = impact_value(factor.criterion, factor.value, factor.unit)
    return factor if found == (factor.value, factor.unit) else replace(factor, value=found[0], unit=found[1])


def _places(region: str | None) -> tuple[str | None, ...]:
    """Where a factor is looked for."""
    return (None,) if region is None else grids_of(region)


def _of_day(found: Sequence[Factor], day: date) -> Sequence[Factor]:
    """Those that hold on a day, else those of the nearest earlier year at most five back."""
    if holding := [each for each in found if each.holds_on(day)]:
        return holding
    ended = [each for each in found if each.valid_to is not None and each.valid_to <= day]
    last = max((each.last_year for each in ended), default=0)
    return [each for each in ended if each.last_year == last and day.year - last <= YEAR_GAP]


def _turns_of(factor: Factor) -> Iterator[date]:
    """The days on which a record comes to hold, ends, and is too old to be taken."""
    if factor.valid_from is not None:
        yield factor.valid_from
    if factor.valid_to is not None:
        yield factor.valid_to
        yield date(factor.last_year + YEAR_GAP + 1, 1, 1)


def _newest(factor: Factor) -> tuple[bool, int, str]:
    return factor.own, factor.published_year or 0, factor.id


@dataclass(frozen=True, slots=True)
class Catalogues:
    """The present catalogue, and those of organisations that have factors of their own or are pinned to a release."""

    default: Catalogue
    own: Mapping[str, Catalogue] = field(default_factory=dict)

    def of(self, org: str) -> Catalogue:
        """What an organisation is computed with."""
        return self.own.get(org, self.default)


EMPTY: Final = Catalogue()
