"""Uncertainty of a study by seeded Monte Carlo, and which driver matters most. Draws are run side by side, as copies of the fleet."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from scenarios.domain.applying import Catalogue
from scenarios.domain.copies import Outcome, model_of
from scenarios.domain.description import Written
from scenarios.domain.drivers import Driver, Spreads, draw, drivers_of
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.fleet import Floats
from scenarios.domain.run import Progress
from scenarios.domain.snapshot import Snapshot
from scenarios.domain.study import StudyDefinition


class MonteCarloRequest(Written):
    """How often, from which seed, and how uncertain what all scenarios share is."""

    draws: Annotated[int, Field(ge=100, le=100_000)] = 10_000
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    spreads: Spreads = Field(default_factory=Spreads)


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class Percentiles(_Shown):
    """5 %, 50 % and 95 % of the draws lie at or below."""

    p5: float
    p50: float
    p95: float


class Sensitivity(_Shown):
    """What is avoided with one driver at an end of its range and all others as expected."""

    driver: str
    low: float
    high: float
    avoided_at_low_kg: float
    avoided_at_high_kg: float


class UncertainAlternative(_Shown):
    """An alternative over all draws. `share_negative` is the share of draws in which it avoids less than nothing."""

    name: str
    total_kg: Percentiles
    eer_kg: Percentiles
    eema_kg: Percentiles
    avoided_kg: Percentiles
    cir: Percentiles | None
    share_negative: float
    tornado: list[Sensitivity]


class DriverShown(_Shown):
    """A driver with its range and where it comes from."""

    id: str
    low: float
    expected: float
    high: float
    basis: str
    source: str


class MonteCarloResult(_Shown):
    """The same request on the same study gives the same result, to the last bit, on any machine."""

    draws: int
    seed: int
    drivers: list[DriverShown]
    reference_kg: Percentiles
    uncertain: list[UncertainAlternative]


def run_monte_carlo(
    definition: StudyDefinition,
    alternatives: Sequence[AlternativeSpec],
    snapshot: Snapshot,
    catalogue: Catalogue,
    request: MonteCarloRequest,
    progress: Progress,
) -> MonteCarloResult:
    """Draw all drivers, run the study for each draw, and each driver alone at its ends. Raises `Refused`."""
    drivers = drivers_of(request.spreads, alternatives, catalogue)
    model = model_of(definition, alternatives, snapshot, catalogue)
    progress(1, 4)
    tornado_values = _one_at_a_time(drivers)
    _, at_ends = model.run(tornado_values)
    progress(2, 4)
    values = {name: draw(driver, request.seed, request.draws) for name, driver in drivers.items()}
    reference, outcomes = model.run(values)
    progress(3, 4)
    return MonteCarloResult(
        draws=request.draws,
        seed=request.seed,
        drivers=[
            DriverShown(
                id=each.id, low=each.low, expected=each.expected, high=each.high, basis=each.basis, source=each.source
            )
            for each in drivers.values()
        ],
        reference_kg=_percentiles(reference),
        uncertain=[
            _shown(name, outcome, _tornado(drivers, ends))
            for (name, _), outcome, ends in zip(model.alternatives, outcomes, at_ends, strict=True)
        ],
    )


def _one_at_a_time(drivers: Mapping[str, Driver]) -> dict[str, Floats]:
    """Two rows for each driver, in order: it at its low, it at its high end; all others as expected."""
    rows = 2 * len(drivers)
    values = {name: np.full(rows, driver.expected) for name, driver in drivers.items()}
    for index, (name, driver) in enumerate(drivers.items()):
        values[name][2 * index : 2 * index + 2] = (driver.low, driver.high)
    return values


def _tornado(drivers: Mapping[str, Driver], ends: Outcome) -> list[Sensitivity]:
    avoided = (ends.eer_kg + ends.eema_kg).tolist()
    bars = [
        Sensitivity(
            driver=name,
            low=driver.low,
            high=driver.high,
            avoided_at_low_kg=avoided[2 * index],
            avoided_at_high_kg=avoided[2 * index + 1],
        )
        for index, (name, driver) in enumerate(drivers.items())
    ]
    return sorted(bars, key=lambda bar: -abs(bar.avoided_at_high_kg - bar.avoided_at_low_kg))


def _shown(name: str, outcome: Outcome, tornado: list[Sensitivity]) -> UncertainAlternative:
    avoided = outcome.eer_kg + outcome.eema_kg
    return UncertainAlternative(
        name=name,
        total_kg=_percentiles(outcome.total_kg),
        eer_kg=_percentiles(outcome.eer_kg),
        eema_kg=_percentiles(outcome.eema_kg),
        avoided_kg=_percentiles(avoided),
        cir=_percentiles(avoided / outcome.total_kg) if bool((outcome.total_kg > 0).all()) else None,
        share_negative=int((avoided < 0).sum()) / len(avoided),
        tornado=tornado,
    )


def _percentiles(values: Floats) -> Percentiles:
    """Nearest rank, so that each is one of the draws."""
    ordered = np.sort(values)
    p5, p50, p95 = (float(ordered[max(0, -(-len(ordered) * percent // 100) - 1)]) for percent in (5, 50, 95))
    return Percentiles(p5=p5, p50=p50, p95=p95)
