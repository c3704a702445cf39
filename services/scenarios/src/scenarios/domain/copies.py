"""A study whose uncertain values can be set, run for many sets of them side by side: as copies of its fleet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scenarios.domain.applying import Catalogue, Drawn
from scenarios.domain.drivers import driver_id, placeholders
from scenarios.domain.engine import World, simulate
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.fleet import Fleet, Floats, Integers
from scenarios.domain.levers import Action, Kit
from scenarios.domain.reading import Reader, fleet_of
from scenarios.domain.run import applier_of, prepare
from scenarios.domain.snapshot import Snapshot
from scenarios.domain.study import StudyDefinition

COLUMNS = 50_000
"""Assets × draws run at once: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """By draw."""

    total_kg: Floats
    eer_kg: Floats
    eema_kg: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """A study whose drivers can be set. An alternative is its fixed actions, those of its offers, and the assets each is on."""

    fleet: Fleet
    world: World
    reference: Sequence[Action]
    alternatives: Sequence[tuple[str, Sequence[tuple[Action, Drawn | None]]]]

    def run(self, values: Mapping[str, Floats]) -> tuple[Floats, list[Outcome]]:
        """The reference's total and each alternative's outcome, for each row of driver values; in pieces of bounded size."""
        rows = len(next(iter(values.values())))
        at_once = max(1, COLUMNS // self.fleet.size)
        pieces = [
            self._piece({name: value[first : first + at_once] for name, value in values.items()})
            for first in range(0, rows, at_once)
        ]
        totals = np.concatenate([total for total, _ in pieces])
        outcomes = [
            Outcome(
                np.concatenate([outcomes[index].total_kg for _, outcomes in pieces]),
                np.concatenate([outcomes[index].eer_kg for _, outcomes in pieces]),
                np.concatenate([outcomes[index].eema_kg for _, outcomes in pieces]),
            )
            for index in range(len(self.alternatives))
        ]
        return totals, outcomes

    def _piece(self, values: Mapping[str, Floats]) -> tuple[Floats, list[Outcome]]:
        rows, size = len(next(iter(values.values()))), self.fleet.size
        copies = _Copies(rows, size)
        fleet = self.fleet.take(np.tile(np.arange(size), rows))
        making, energy = np.repeat(values["making"], size), np.repeat(values["energy"], size)
        fleet = replace(
            fleet,
            annual_kwh=fleet.annual_kwh * energy,
            embodied_kg=fleet.embodied_kg * making,
            embodied_left_kg=fleet.embodied_left_kg * making,
        )
        own = np.broadcast_to(self.world.kg_per_kwh, (self.world.horizon.steps, size))
        kg_per_kwh = np.tile(own, rows) * np.repeat(values["electricity"], size)
        world = replace(self.world, kg_per_kwh=kg_per_kwh)
        reference = simulate(fleet, [copies.action(action, None, values) for action in self.reference], world)
        outcomes = []
        for _, actions in self.alternatives:
            run = simulate(fleet, [copies.action(action, drawn, values) for action, drawn in actions], world)
            difference = reference.total_kg - run.total_kg
            replaced = reference.replaced_at[np.newaxis, :] <= np.arange(world.horizon.steps)[:, np.newaxis]
            outcomes.append(
                Outcome(
                    copies.sum(run.total_kg),
                    copies.sum(np.where(replaced, 0.0, difference)),
                    copies.sum(np.where(replaced, difference, 0.0)),
                )
            )
        return copies.sum(reference.total_kg), outcomes


@dataclass(frozen=True, slots=True)
class _Copies:
    """`rows` copies of a fleet of `size` assets, one after the other."""

    rows: int
    size: int

    def sum(self, by_step: Floats) -> Floats:
        """Over steps and assets, for each copy."""
        steps = by_step.shape[0]
        total: Floats = by_step.reshape(steps, self.rows, self.size).sum(axis=2).sum(axis=0)
        return total

    def action(self, action: Action, drawn: Drawn | None, values: Mapping[str, Floats]) -> Action:
        """The action on every copy, with what its offer takes from the drivers, and new making scaled as all making."""
        on: Integers = (np.arange(self.rows)[:, np.newaxis] * self.size + action.on[np.newaxis, :]).ravel()
        changes: dict[str, Any] = {"placed": replace(action.placed, on=on)}
        count = len(action.on)
        for name in ("kit", "host"):
            kit = getattr(action, name, None)
            if isinstance(kit, Kit) and kit.embodied_kg is not None:
                changes[name] = replace(kit, embodied_kg=kit.embodied_kg * np.repeat(values["making"], count))
        for path, parameter in placeholders(drawn.template.action) if drawn is not None else ():
            assert drawn is not None
            value = values.get(driver_id(drawn.offer.id, parameter))
            if value is None or parameter in drawn.use.parameters:
                continue
            spread = np.repeat(value, count)
            if len(path) == 1:
                changes[path[0]] = spread
            else:
                name = "kit" if path[0] == "with" else path[0]
                kit = changes.get(name, getattr(action, name))
                varied: dict[str, Any] = {path[1]: spread}
                changes[name] = replace(kit, **varied)
        return replace(action, **changes)


def model_of(
    definition: StudyDefinition, alternatives: Sequence[AlternativeSpec], snapshot: Snapshot, catalogue: Catalogue
) -> Model:
    """The study ready to run with any values of its drivers. Raises `Refused`."""
    prepared = prepare(definition, alternatives, snapshot, catalogue)
    applier = applier_of(definition, catalogue, prepared.snapshot)
    reader = Reader(prepared.snapshot.assets, definition.years)
    read = []
    for index, alternative in enumerate(alternatives):
        field = f"alternatives.{index}"
        actions: list[tuple[Action, Drawn | None]] = []
        if alternative.offers:
            taken = applier.take(alternative.offers, f"{field}.offers")
            actions += [(lever, None) for lever in reader.read(taken.carried, field)]
            levers = reader.read([drawn.action for drawn in taken.drawn], field)
            actions += zip(levers, taken.drawn, strict=True)
        actions += [(lever, None) for lever in reader.read(alternative.actions, f"{field}.actions")]
        read.append((alternative.name, actions))
    return Model(fleet_of(prepared.snapshot.assets), prepared.world, prepared.reference, read)
