"""What a run of a study computes: the comparison, how it stands to the target, with and without growth. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.applying import Applier, Catalogue
from scenarios.domain.description import Written
from scenarios.domain.engine import World
from scenarios.domain.estimate import AlternativeSpec, ReferenceSpec, check_conventions, expand
from scenarios.domain.fleet import Horizon
from scenarios.domain.levers import Action
from scenarios.domain.outcome import Comparison, compare
from scenarios.domain.reading import Reader, fleet_of
from scenarios.domain.snapshot import FactorUsed, Snapshot
from scenarios.domain.study import StudyDefinition
from scenarios.domain.trajectories import RULES, gaps_kg, target_kg
from scenarios.domain.waterfall import Waterfall, layers, waterfall

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


class ComparisonRequest(Written):
    """What a comparison is asked for."""

    monthly: bool = Field(default=False, description="with the months too")
    waterfall: bool = Field(
        default=False, description="with the way from the reference to each alternative, one thing at a time"
    )


class Standing(BaseModel):
    """A scenario beside the target line, by year of the study; a gap is how far it is over, negative under."""

    model_config = ConfigDict(frozen=True)

    scenario: str = Field(description="`reference`, or the alternative's name")
    with_growth_kg: list[float]
    without_growth_kg: list[float]
    target_kg: list[float]
    gap_with_growth_kg: list[float]
    gap_without_growth_kg: list[float]


class TargetStanding(BaseModel):
    """All scenarios beside the target line."""

    model_config = ConfigDict(frozen=True)

    pathway: str
    source: str
    scenarios: list[Standing]


class ComparisonResult(Comparison):
    """The result of a run of a study."""

    target: TargetStanding | None
    waterfalls: list[Waterfall] | None
    factors: list[FactorUsed] = Field(description="the factor versions that the snapshot froze")
    assets: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study made ready to run: assets in scope, levers read, the world set."""

    snapshot: Snapshot
    reference: Sequence[Action]
    alternatives: Sequence[tuple[str, Sequence[Action]]]
    world: World


def in_scope(definition: StudyDefinition, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the assets of the study's scope alone."""
    return snapshot.model_copy(update={"assets": [asset for asset in snapshot.assets if definition.scope.holds(asset)]})


def applier_of(definition: StudyDefinition, catalogue: Catalogue, snapshot: Snapshot) -> Applier:
    """Puts offers to use on the assets of `snapshot`, all of which must be in the study's scope."""
    return Applier(catalogue, snapshot.assets, definition.confirmed, definition.reference.actions, definition.years)


def prepare(
    definition: StudyDefinition,
    alternatives: Sequence[AlternativeSpec],
    snapshot: Snapshot,
    catalogue: Catalogue,
    *,
    monthly: bool = False,
) -> Prepared:
    """Read all offers and actions against the snapshot. Raises `Refused` naming the first that breaks a rule, and why."""
    snapshot = in_scope(definition, snapshot)
    reference_spec = ReferenceSpec(actions=definition.reference.actions)
    applier = applier_of(definition, catalogue, snapshot)
    expanded = expand(list(alternatives), applier)
    check_conventions(reference_spec, expanded)
    reader = Reader(snapshot.assets, definition.years)
    reference = reader.read(definition.reference.actions, "reference.actions")
    read = [
        (alternative.name, reader.read(alternative.actions, f"alternatives.{index}.actions"))
        for index, alternative in enumerate(expanded)
    ]
    within_years = any(
        action.placed.month for actions in [reference, *(each for _, each in read)] for action in actions
    )
    horizon = Horizon(definition.years, 12 if monthly or within_years else 1)
    world = World(horizon, definition.kg_per_kwh(snapshot, horizon), definition.growth_per_year)
    return Prepared(snapshot, reference, read, world)


def run_comparison(
    definition: StudyDefinition,
    alternatives: Sequence[AlternativeSpec],
    snapshot: Snapshot,
    catalogue: Catalogue,
    request: ComparisonRequest,
    progress: Progress,
) -> ComparisonResult:
    """The study's comparison. Raises `Refused` when an action does not fit the snapshot."""
    prepared = prepare(definition, alternatives, snapshot, catalogue, monthly=request.monthly)
    progress(1, 3)
    fleet = fleet_of(prepared.snapshot.assets)
    prices = definition.prices()
    grown = compare(fleet, prepared.reference, prepared.alternatives, prepared.world, prices, months=request.monthly)
    progress(2, 3)
    standing = None
    if definition.target is not None:
        level = replace(prepared.world, growth_per_year=0.0)
        as_is = compare(fleet, prepared.reference, prepared.alternatives, level, prices)
        standing = _against_target(definition, grown, as_is)
    return ComparisonResult(
        reference=grown.reference,
        alternatives=grown.alternatives,
        target=standing,
        waterfalls=_waterfalls(definition, alternatives, prepared, catalogue) if request.waterfall else None,
        factors=snapshot.factors,
        assets=len(prepared.snapshot.assets),
        left_out=len(snapshot.left_out),
    )


def _waterfalls(
    definition: StudyDefinition, alternatives: Sequence[AlternativeSpec], prepared: Prepared, catalogue: Catalogue
) -> list[Waterfall]:
    assets = prepared.snapshot.assets
    fleet, reader = fleet_of(assets), Reader(assets, definition.years)
    applier = applier_of(definition, catalogue, prepared.snapshot)
    found = []
    for index, alternative in enumerate(alternatives):
        field = f"alternatives.{index}"
        parts = layers(alternative, field, applier, reader)
        found.append(waterfall(alternative.name, fleet, prepared.world, prepared.reference, parts))
    return found


def _against_target(definition: StudyDefinition, grown: Comparison, as_is: Comparison) -> TargetStanding:
    target = definition.target
    assert target is not None
    elapsed = definition.start.year - target.base_year
    line = [target_kg(target.pathway, target.base_kg, max(0, elapsed + year)) for year in range(definition.years)]
    names = ["reference", *(alternative.name for alternative in grown.alternatives)]
    standings = []
    for name, with_growth, without_growth in zip(
        names, [grown.reference, *grown.alternatives], [as_is.reference, *as_is.alternatives], strict=True
    ):
        growing = [year.total_kg for year in with_growth.years]
        level = [year.total_kg for year in without_growth.years]
        standings.append(
            Standing(
                scenario=name,
                with_growth_kg=growing,
                without_growth_kg=level,
                target_kg=line,
                gap_with_growth_kg=gaps_kg(growing, line),
                gap_without_growth_kg=gaps_kg(level, line),
            )
        )
    return TargetStanding(pathway=target.pathway.value, source=RULES[target.pathway].source, scenarios=standings)
