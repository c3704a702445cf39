"""A scenario, run: the whole state of the fleet through time, and what each step emits and costs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenarios.domain.fleet import Fleet, Floats, Horizon, Integers
from scenarios.domain.levers import Action
from scenarios.domain.state import State, total_cents


@dataclass(frozen=True, slots=True)
class World:
    """What a study assumes of everything that is not an asset.

    `kg_per_kwh` is steps × 1 or steps × assets; `growth_per_year` is the share of new units added to those in service at the start of each
    year after the first.
    """

    horizon: Horizon
    kg_per_kwh: Floats
    growth_per_year: float = 0.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a scenario emits and costs, by step; `total_kg` also by asset (steps × assets).

    `kwh` is what the sites draw (PUE included), `kit_kwh` what the kit does; so is `kit_use_kg` of `use_kg`. `written_off_kg` is the
    making of units that left before the end of their life: it is charged to no step, and shown beside. `replaced_at` is the step at which
    each asset is first replaced (the number of steps when it is not). Costs are without electricity, in cents; `opex_cents` of a step is
    already its part of the year.
    """

    horizon: Horizon
    total_kg: Floats
    embodied_kg: Floats
    use_kg: Floats
    maintenance_and_sale_kg: Floats
    kit_use_kg: Floats
    kwh: Floats
    kit_kwh: Floats
    written_off_kg: Floats
    units_in_service: Floats
    replaced_at: Integers
    capex_cents: Sequence[int]
    opex_cents_times_steps_per_year: Sequence[int]


def simulate(fleet: Fleet, actions: Sequence[Action], world: World) -> Simulation:
    """Run `actions` over `fleet`. Those of one moment take effect in the order given, at its beginning."""
    horizon = world.horizon
    state = State(fleet, horizon)
    due: dict[int, list[Action]] = {}
    for action in actions:
        due.setdefault(horizon.step(action.placed.year, action.placed.month), []).append(action)
    total_kg = np.empty((horizon.steps, fleet.size))
    embodied, use, kit_use, maintenance, kwh, kit_kwh, units = (np.empty(horizon.steps) for _ in range(7))
    opex = []
    for step in range(horizon.steps):
        if step > 0 and step % horizon.steps_per_year == 0 and world.growth_per_year != 0:
            state.grow(step, world.growth_per_year)
        for action in due.get(step, ()):
            action.apply(state)
        kit = state.quantity * state.annual_kwh / horizon.steps_per_year
        drawn = kit * state.pue
        used = drawn * world.kg_per_kwh[step]
        maintained = state.quantity * state.maintenance_kg_per_year / horizon.steps_per_year
        total_kg[step] = state.schedule[step] + used + maintained
        embodied[step], use[step], maintenance[step] = state.schedule[step].sum(), used.sum(), maintained.sum()
        kit_use[step] = (kit * world.kg_per_kwh[step]).sum()
        kwh[step], kit_kwh[step] = drawn.sum(), kit.sum()
        units[step] = state.quantity[state.in_service].sum()
        running = total_cents(state.opex_cents_per_year * state.quantity) + state.fees_cents_per_year[step]
        opex.append(running + state.fees_once_cents[step] * horizon.steps_per_year)
    return Simulation(
        horizon,
        total_kg,
        embodied,
        use,
        maintenance,
        kit_use,
        kwh,
        kit_kwh,
        state.written_off_kg,
        units,
        state.replaced_at,
        state.capex_cents,
        opex,
    )
