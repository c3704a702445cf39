"""What a plan is expected to do, month by month: the reference and the plan, each run as a whole state, over the assets of each action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict

from scenarios.domain.applying import Catalogue
from scenarios.domain.engine import Simulation, simulate
from scenarios.domain.fleet import Floats, Integers
from scenarios.domain.plan import PlannedAction, as_alternative
from scenarios.domain.reading import fleet_of
from scenarios.domain.run import in_scope, prepare
from scenarios.domain.snapshot import Snapshot
from scenarios.domain.study import StudyDefinition

WHOLE = 0
"""The number under which the whole plan stands beside its actions: each asset counted once."""


class Expected(BaseModel):
    """Kilograms by month of the study (a twelfth of 365 days), over the assets of one action, or of all. What is avoided, by class, is what
    the reference emits there and the plan does not; negative where the plan emits more."""

    model_config = ConfigDict(frozen=True)

    reference_kg: list[float]
    eer_kg: list[float]
    eema_kg: list[float]


@dataclass(frozen=True, slots=True)
class _Pair:
    reference: Simulation
    plan: Simulation

    def over(self, positions: Integers) -> Expected:
        steps = np.arange(self.reference.horizon.steps)[:, np.newaxis]
        replaced = self.reference.replaced_at[np.newaxis, positions] <= steps
        reference: Floats = self.reference.total_kg[:, positions]
        difference = reference - self.plan.total_kg[:, positions]
        return Expected(
            reference_kg=reference.sum(axis=1).tolist(),
            eer_kg=np.where(replaced, 0.0, difference).sum(axis=1).tolist(),
            eema_kg=np.where(replaced, difference, 0.0).sum(axis=1).tolist(),
        )


def expected_of(
    name: str, actions: Sequence[PlannedAction], definition: StudyDefinition, snapshot: Snapshot, catalogue: Catalogue
) -> Mapping[int, Expected]:
    """By number of action, and `WHOLE`. Actions on the same assets each show what these assets do under all of them.

    Raises `Refused` when an action cannot be taken at its moment.
    """
    assets = {asset.ref: asset for asset in in_scope(definition, snapshot).assets}
    alternative = as_alternative(name, actions, definition, assets)
    prepared = prepare(definition, [alternative], snapshot, catalogue, monthly=True)
    fleet = fleet_of(prepared.snapshot.assets)
    [(_, planned)] = prepared.alternatives
    pair = _Pair(simulate(fleet, prepared.reference, prepared.world), simulate(fleet, planned, prepared.world))
    positions = {asset.ref: position for position, asset in enumerate(prepared.snapshot.assets)}
    found = {action.number: pair.over(_of(action.assets, positions)) for action in actions}
    everything = sorted({ref for action in actions for ref in action.assets})
    return {WHOLE: pair.over(_of(everything, positions)), **found}


def _of(refs: Sequence[str], positions: Mapping[str, int]) -> Integers:
    return np.array(sorted(positions[ref] for ref in refs), dtype=np.int64)
