"""An alternative beside the reference: what it avoids, in which class, at what cost. Signs are kept: avoided may be negative.

Induced and avoided are different pillars and are never netted: nothing here, and nothing built on it, holds their difference.
"""

from dataclasses import dataclass

import numpy as np

from scenarios.domain.engine import Simulation
from scenarios.domain.fleet import Floats

HARDLY = 1e-12
"""A difference of so small a share of what it is the difference of is rounding."""


@dataclass(frozen=True, slots=True)
class Avoided:
    """Emissions that an alternative avoids against the reference, kg by year; negative where it emits more.

    EER ("émissions évitées de réduction") until the reference replaces an asset, EEMA ("de moindre augmentation") from then on
    (two-phase reference, case C17). Without a replacement in the reference all is EER.
    """

    eer_kg: Floats
    eema_kg: Floats

    @property
    def by_year_kg(self) -> Floats:
        """Both classes together."""
        return self.eer_kg + self.eema_kg

    @property
    def total_kg(self) -> float:
        """Both classes, all years."""
        return float(self.eer_kg.sum()) + float(self.eema_kg.sum())


def avoided(reference: Simulation, alternative: Simulation) -> Avoided:
    """Reference minus alternative, asset by asset, by class and year. Both must be of the same fleet and horizon."""
    horizon = reference.horizon
    eer, eema = np.empty(horizon.steps), np.empty(horizon.steps)
    for step in range(horizon.steps):
        difference = reference.total_kg[step] - alternative.total_kg[step]
        replaced = reference.replaced_at <= step
        eema[step] = difference[replaced].sum()
        eer[step] = difference[~replaced].sum()
    return Avoided(horizon.by_year(eer), horizon.by_year(eema))


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The electricity at which an alternative avoids exactly nothing: `multiplier` on all factors of the study, and `kg_per_kwh`, the
    reference's mean factor times that. It avoids something `below` it, or above."""

    multiplier: float
    kg_per_kwh: float
    below: bool


def break_even(reference: Simulation, alternative: Simulation) -> BreakEven | None:
    """Exact, since avoided emissions are linear in the factor: what making and maintenance save ÷ what energy costs in kg, or the reverse.

    None when no positive factor turns the sign. What is left of sums that should cancel (`HARDLY` of what was summed) counts as nothing.
    """
    saved_by_energy = float(reference.use_kg.sum()) - float(alternative.use_kg.sum())
    saved_otherwise = float(
        reference.embodied_kg.sum()
        + reference.maintenance_and_sale_kg.sum()
        - alternative.embodied_kg.sum()
        - alternative.maintenance_and_sale_kg.sum()
    )
    drawn_kwh = float(reference.kwh.sum())
    summed = float(reference.total_kg.sum()) + float(alternative.total_kg.sum())
    if drawn_kwh == 0 or min(abs(saved_by_energy), abs(saved_otherwise)) <= HARDLY * summed:
        return None
    multiplier = -saved_otherwise / saved_by_energy
    if multiplier <= 0:
        return None
    return BreakEven(multiplier, multiplier * float(reference.use_kg.sum()) / drawn_kwh, saved_by_energy < 0)


def carbon_impact_ratio(avoided_kg: float, induced_kg: float) -> float | None:
    """CIR of a service: what it avoids ÷ what it induces (catalogue, glossary). None when it induces nothing."""
    return avoided_kg / induced_kg if induced_kg > 0 else None
