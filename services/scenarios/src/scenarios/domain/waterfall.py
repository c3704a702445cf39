"""From the reference to an alternative, one thing at a time, each bar run as a whole state on top of those before it."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.applying import Applier
from scenarios.domain.engine import Simulation, World, simulate
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.fleet import Fleet
from scenarios.domain.levers import Action
from scenarios.domain.reading import Reader

PUT_OFF = "purchases of the reference put off or spared"
LEFT_OUT = "actions of the reference left out"


class Bar(BaseModel):
    """How much one thing adds to emissions (negative: takes off), by stage. All bars together lead from reference to alternative."""

    model_config = ConfigDict(frozen=True)

    label: str
    embodied_kg: float
    use_kg: float
    maintenance_and_sale_kg: float
    total_kg: float


class Drivers(BaseModel):
    """The whole way from reference to alternative by what drives emissions; negative takes off. The four add up to the difference."""

    model_config = ConfigDict(frozen=True)

    making_kg: float
    kit_energy_kg: float = Field(description="what the kit itself uses, times its electricity")
    site_overhead_kg: float = Field(description="what the sites draw beyond it: the PUE")
    maintenance_and_sale_kg: float


class Waterfall(BaseModel):
    """The bars of one alternative; the order is that in which things are done to the state, and matters where they meet."""

    model_config = ConfigDict(frozen=True)

    alternative: str
    reference_kg: float
    bars: list[Bar]
    drivers: Drivers
    alternative_kg: float


def layers(
    alternative: AlternativeSpec,
    field: str,
    applier: Applier,
    reader: Reader,
) -> list[tuple[str, list[Action]]]:
    """What makes up an alternative, in order: what it leaves of the reference, each offer, each action of its own. Raises `Refused`."""
    found: list[tuple[str, list[Action]]] = []
    if alternative.offers:
        taken = applier.take(alternative.offers, f"{field}.offers")
        found.append((PUT_OFF, reader.read(taken.carried, field)))
        for use in alternative.offers:
            own = [drawn.action for drawn in taken.drawn if drawn.use is use]
            found.append((f"{use.offer}, year {use.year}", reader.read(own, field)))
    else:
        found.append((LEFT_OUT, []))
    for action in alternative.actions:
        found.append((f"{action.lever}, year {action.year}", reader.read([action], f"{field}.actions")))
    return found


def waterfall(
    name: str, fleet: Fleet, world: World, reference: Sequence[Action], parts: Sequence[tuple[str, Sequence[Action]]]
) -> Waterfall:
    """Run the reference, then part on part."""
    before = start = simulate(fleet, reference, world)
    done: list[Action] = []
    bars = []
    for label, actions in parts:
        done += actions
        after = simulate(fleet, done, world)
        bars.append(_bar(label, before, after))
        before = after
    return Waterfall(
        alternative=name,
        reference_kg=_total(start),
        bars=bars,
        drivers=_drivers(start, before),
        alternative_kg=_total(before),
    )


def _drivers(reference: Simulation, run: Simulation) -> Drivers:
    def added(column: str) -> float:
        return float(getattr(run, column).sum()) - float(getattr(reference, column).sum())

    kit_energy_kg = added("kit_use_kg")
    return Drivers(
        making_kg=added("embodied_kg"),
        kit_energy_kg=kit_energy_kg,
        site_overhead_kg=added("use_kg") - kit_energy_kg,
        maintenance_and_sale_kg=added("maintenance_and_sale_kg"),
    )


def _bar(label: str, before: Simulation, after: Simulation) -> Bar:
    embodied = float(after.embodied_kg.sum()) - float(before.embodied_kg.sum())
    use = float(after.use_kg.sum()) - float(before.use_kg.sum())
    maintenance = float(after.maintenance_and_sale_kg.sum()) - float(before.maintenance_and_sale_kg.sum())
    return Bar(
        label=label,
        embodied_kg=embodied,
        use_kg=use,
        maintenance_and_sale_kg=maintenance,
        total_kg=embodied + use + maintenance,
    )


def _total(run: Simulation) -> float:
    return float(run.embodied_kg.sum()) + float(run.use_kg.sum()) + float(run.maintenance_and_sale_kg.sum())
