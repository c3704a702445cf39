"""What can be done on each group of assets: packages of offers, each run as a whole state, so that stacked effects are never added up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, product
from math import comb

from scenarios.domain.applying import Applier, Catalogue, Drawn, OfferUse
from scenarios.domain.comparison import HARDLY, avoided
from scenarios.domain.costs import costs_of
from scenarios.domain.description import ActionSpec, Refused
from scenarios.domain.due import refs_of
from scenarios.domain.engine import Simulation, World, simulate
from scenarios.domain.fleet import Horizon
from scenarios.domain.offers import EffectClass, Offer
from scenarios.domain.reading import Reader, fleet_of
from scenarios.domain.snapshot import Snapshot, SnapshotAsset
from scenarios.domain.study import StudyDefinition

WITHOUT_EFFECT = frozenset({EffectClass.AWARENESS, EffectClass.PILLAR_A})


@dataclass(frozen=True, slots=True)
class Fees:
    """What an offer costs as a whole, however many groups it is on."""

    once_eur: Decimal
    eur_per_year: Decimal

    def by_year(self, start: int, years: int) -> list[Decimal]:
        """Euros by year when the offer starts in year `start`."""
        first = [Decimal(0)] * start + [self.once_eur + self.eur_per_year]
        return (first + [self.eur_per_year] * (years - start - 1))[:years]


@dataclass(frozen=True, slots=True)
class Package:
    """Offers on one group, each from a year on: what they avoid together, and cost more than the reference by year, fees apart."""

    group: str
    offers: tuple[tuple[str, int], ...]
    units: int
    eer_kg: float
    eema_kg: float
    extra_eur: tuple[Decimal, ...]
    planned_kg: float = 0.0
    """What the reference emits on the group: the measure of what is rounding."""

    @property
    def avoided_kg(self) -> float:
        """Both classes together; may be negative."""
        return self.eer_kg + self.eema_kg

    @property
    def changes_nothing(self) -> bool:
        """Whether all is as in the reference."""
        return max(abs(self.eer_kg), abs(self.eema_kg)) <= HARDLY * self.planned_kg and not any(self.extra_eur)

    @property
    def names(self) -> frozenset[str]:
        """The offers' ids."""
        return frozenset(name for name, _ in self.offers)


@dataclass(frozen=True, slots=True)
class NotPossible:
    """An offer that cannot be taken on a group, and why."""

    offer: str
    group: str
    reason: str


@dataclass(frozen=True, slots=True)
class Options:
    """All packages, the empty one of each group among them, with the fees of their offers, what is not possible, and how many were not
    compared since the time was up."""

    packages: list[Package]
    fees: Mapping[str, Fees]
    not_possible: list[NotPossible]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be combined: offers by id, years to start in, how many offers a group may have, and parameters by offer."""

    offers: Sequence[str]
    start_years: Sequence[int]
    together: int
    parameters: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Enumerator:
    """Lists and runs the packages of a study. Groups do not touch one another, so what packages avoid and cost adds up over groups.

    The reference's own fees are left out on both sides: they are the same whatever is chosen.
    """

    definition: StudyDefinition
    catalogue: Catalogue
    choice: Choice

    def options(
        self, groups: Mapping[str, Snapshot], told: Callable[[int, int], None], in_time: Callable[[], bool]
    ) -> Options:
        """Every package of every group, or as many as there is time for: those of one offer on all groups come first.

        Raises `Refused` for an offer or parameter that is not there.
        """
        fees: dict[str, Fees] = {}
        packages: list[Package] = []
        not_possible: list[NotPossible] = []
        stacks: list[tuple[_GroupRunner, list[str]]] = []
        left_out, rounds = 0, 2 * len(groups)
        for done, (name, snapshot) in enumerate(groups.items()):
            told(done, rounds)
            runner = _GroupRunner(self.definition, self.catalogue, name, snapshot)
            packages.append(runner.empty())
            possible = []
            for offer_id in self.choice.offers:
                if not in_time():
                    left_out += len(self.choice.start_years)
                    not_possible.append(NotPossible(offer_id, name, "not compared: the time was up"))
                    continue
                reason = self._why_not(runner, offer_id)
                if reason is None:
                    possible.append(offer_id)
                else:
                    not_possible.append(NotPossible(offer_id, name, reason))
            stacks.append((runner, possible))
        for done, (runner, possible) in enumerate(stacks):
            told(len(groups) + done, rounds)
            for looked_at, uses in enumerate(self._combinations(possible)):
                if len(uses) > 1 and not in_time():
                    left_out += self._count(len(possible)) - looked_at
                    break
                try:
                    package, costs = runner.run(uses)
                except Refused:
                    continue
                packages.append(package)
                fees |= costs
        return Options(packages, fees, not_possible, left_out)

    def _why_not(self, runner: "_GroupRunner", offer_id: str) -> str | None:
        offer = self.catalogue[offer_id]
        if offer.effect_class in WITHOUT_EFFECT:
            return "it changes nothing by itself"
        reasons = []
        for year in self.choice.start_years:
            try:
                package, _ = runner.run([self._use(offer, year)])
                if package.changes_nothing:
                    reasons.append("it changes nothing here")
            except Refused as refused:
                if refused.code in ("unknown_parameter", "out_of_range"):
                    raise
                reasons.append(refused.detail)
        return reasons[0] if len(reasons) == len(self.choice.start_years) else None

    def _combinations(self, possible: Sequence[str]) -> Iterator[list[OfferUse]]:
        for count in range(1, self.choice.together + 1):
            for names in combinations(possible, count):
                for years in product(self.choice.start_years, repeat=count):
                    yield [self._use(self.catalogue[name], year) for name, year in zip(names, years, strict=True)]

    def _count(self, possible: int) -> int:
        """How many combinations of so many offers there are."""
        years = len(self.choice.start_years)
        return sum(comb(possible, count) * years**count for count in range(1, self.choice.together + 1))

    def _use(self, offer: Offer, year: int) -> OfferUse:
        return OfferUse(offer=offer.id, year=year, parameters=dict(self.choice.parameters.get(offer.id, {})))


class _GroupRunner:
    """Runs packages on one group; the reference is run once for each length of step."""

    def __init__(self, definition: StudyDefinition, catalogue: Catalogue, name: str, snapshot: Snapshot) -> None:
        self._definition = definition
        self._name = name
        self._snapshot = snapshot
        self._fleet = fleet_of(snapshot.assets)
        self._reader = Reader(snapshot.assets, definition.years)
        self._reference = _within(definition.reference.actions, snapshot.assets)
        self._applier = Applier(catalogue, snapshot.assets, definition.confirmed, self._reference, definition.years)
        self._references: dict[int, Simulation] = {}
        self._known: dict[tuple[tuple[str, int], ...], tuple[Package, dict[str, Fees]]] = {}

    def empty(self) -> Package:
        """Doing nothing but what the reference does."""
        monthly = any(spec.month for spec in self._reference)
        planned_kg = float(self._reference_run(self._world(12 if monthly else 1)).total_kg.sum())
        return Package(self._name, (), 0, 0.0, 0.0, (Decimal(0),) * self._definition.years, planned_kg)

    def run(self, uses: Sequence[OfferUse]) -> tuple[Package, dict[str, Fees]]:
        """The package of `uses`, taken in the order of their years. Raises `Refused` when they cannot be taken (together)."""
        ordered = sorted(uses, key=lambda use: use.year)
        key = tuple((use.offer, use.year) for use in ordered)
        if key not in self._known:
            self._known[key] = self._run(ordered)
        return self._known[key]

    def _run(self, uses: Sequence[OfferUse]) -> tuple[Package, dict[str, Fees]]:
        taken = self._applier.take(uses, "offers")
        specs = [*taken.carried, *(_without_fees(drawn.action) for drawn in taken.drawn)]
        actions = self._reader.read(specs, "offers")
        monthly = any(action.placed.month for action in actions) or any(spec.month for spec in self._reference)
        world = self._world(12 if monthly else 1)
        reference = self._reference_run(world)
        run = simulate(self._fleet, actions, world)
        saved = avoided(reference, run)
        price = self._definition.electricity_eur_per_kwh
        spent, instead = costs_of(reference, price).by_year_eur, costs_of(run, price).by_year_eur
        touched = {ref for drawn in taken.drawn for ref in refs_of(drawn.action, {})}
        package = Package(
            self._name,
            tuple((use.offer, use.year) for use in uses),
            int(sum(asset.quantity for asset in self._snapshot.assets if asset.ref in touched)),
            float(saved.eer_kg.sum()),
            float(saved.eema_kg.sum()),
            tuple(alternative - planned for alternative, planned in zip(instead, spent, strict=True)),
            float(reference.total_kg.sum()),
        )
        return package, _fees(taken.drawn)

    def _world(self, steps_per_year: int) -> World:
        horizon = Horizon(self._definition.years, steps_per_year)
        return World(horizon, self._definition.kg_per_kwh(self._snapshot, horizon), self._definition.growth_per_year)

    def _reference_run(self, world: World) -> Simulation:
        key = world.horizon.steps_per_year
        if key not in self._references:
            actions = self._reader.read(self._reference, "reference.actions")
            self._references[key] = simulate(self._fleet, actions, world)
        return self._references[key]


def grouped(snapshot: Snapshot, by: Sequence[str]) -> dict[str, Snapshot]:
    """The assets of a snapshot in groups that agree in kind, site, or both; by name, in order."""
    members: dict[str, list[SnapshotAsset]] = {}
    for asset in snapshot.assets:
        label = " · ".join(str(getattr(asset, name) or f"no {name}") for name in by) or "all"
        members.setdefault(label, []).append(asset)
    return {name: snapshot.model_copy(update={"assets": members[name]}) for name in sorted(members)}


def _within(actions: Sequence[ActionSpec], assets: Sequence[SnapshotAsset]) -> list[ActionSpec]:
    """The actions on those of their assets that are in the group, without fees."""
    by_ref = {asset.ref: asset for asset in assets}
    found = []
    for action in actions:
        refs = [ref for ref in refs_of(action, by_ref) if ref in by_ref]
        if refs:
            found.append(_without_fees(action).model_copy(update={"on": refs}))
    return found


def _without_fees(action: ActionSpec) -> ActionSpec:
    return action.model_copy(update={"once_eur": Decimal(0), "eur_per_year": Decimal(0)})


def _fees(drawn: Sequence[Drawn]) -> dict[str, Fees]:
    totals: dict[str, Fees] = {}
    for each in drawn:
        known = totals.get(each.offer.id, Fees(Decimal(0), Decimal(0)))
        totals[each.offer.id] = Fees(
            known.once_eur + each.action.once_eur, known.eur_per_year + each.action.eur_per_year
        )
    return totals
