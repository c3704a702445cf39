"""The assets a scenario starts from, as columns, and the time it runs over."""

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fleet:
    """One value per asset in each column. Per unit, except `quantity`.

    `annual_kwh` is of the kit itself (before PUE) over 365 days; `embodied_kg` is the whole of a unit when new, `embodied_left_kg` what of
    it is not charged yet at the start (NaN: the share of the life that is left); `age_years` is its age at the start; `virtual` marks
    machines whose embodied part is a share of a host's; `vcpu` and `ram_gib` are the load (0 where unknown).
    """

    quantity: Floats
    annual_kwh: Floats
    pue: Floats
    embodied_kg: Floats
    embodied_left_kg: Floats
    life_years: Floats
    age_years: Floats
    maintenance_kg_per_year: Floats
    opex_cents_per_year: Integers
    price_cents: Integers
    virtual: Flags
    vcpu: Floats
    ram_gib: Floats

    @property
    def size(self) -> int:
        """The number of assets."""
        return len(self.quantity)

    def take(self, chosen: Integers) -> "Fleet":
        """The assets at the positions `chosen`, in that order; a position may come several times."""
        columns: dict[str, Any] = {column.name: getattr(self, column.name)[chosen] for column in fields(self)}
        return Fleet(**columns)


@dataclass(frozen=True, slots=True)
class Horizon:
    """Years of 365 days from the start, each in `steps_per_year` equal parts (1, or 12 for months)."""

    years: int
    steps_per_year: int = 1

    @property
    def steps(self) -> int:
        """The number of steps."""
        return self.years * self.steps_per_year

    def step(self, year: int, month: int = 0) -> int:
        """The step that begins at `month` (0 to 11) of `year` (from 0)."""
        return year * self.steps_per_year + month * self.steps_per_year // 12

    def by_year(self, by_step: Floats) -> Floats:
        """Sum steps into years along the first axis."""
        years: Floats = by_step.reshape(self.years, self.steps_per_year, *by_step.shape[1:]).sum(axis=1)
        return years
