"""The whole state of a fleet while a scenario runs: what is in service, and what of its making is still to be counted."""

import numpy as np

from scenarios.domain.fleet import Flags, Fleet, Floats, Horizon, Integers

Number = float | Floats
"""One value for all assets of an action, or one for each of them."""


class State:
    """Levers change it, the engine reads it. Columns as in `Fleet`.

    `schedule` (steps × assets) holds the embodied kg that each step is charged with, and `beyond` what falls after the last step. A unit is
    charged linearly over its life from the moment it enters, nothing after (domain §3, "Embodied").
    """

    def __init__(self, fleet: Fleet, horizon: Horizon) -> None:
        self.horizon = horizon
        self.quantity = fleet.quantity.copy()
        self.annual_kwh = fleet.annual_kwh.copy()
        self.pue = fleet.pue.copy()
        self.embodied_kg = fleet.embodied_kg.copy()
        self.life_years = fleet.life_years.copy()
        self.maintenance_kg_per_year = fleet.maintenance_kg_per_year.copy()
        self.opex_cents_per_year = fleet.opex_cents_per_year.copy()
        self.price_cents = fleet.price_cents.copy()
        self.virtual = fleet.virtual
        self.vcpu = fleet.vcpu.copy()
        self.ram_gib = fleet.ram_gib.copy()
        self.in_service: Flags = np.ones(fleet.size, dtype=np.bool_)
        self.replaced_at: Integers = np.full(fleet.size, horizon.steps, dtype=np.int64)
        self.end_step: Floats = np.zeros(fleet.size)
        self.schedule: Floats = np.zeros((horizon.steps, fleet.size))
        self.beyond: Floats = np.zeros(fleet.size)
        self.written_off_kg: Floats = np.zeros(horizon.steps)
        self.capex_cents = [0] * horizon.steps
        self.fees_once_cents = [0] * horizon.steps
        self.fees_cents_per_year = [0] * horizon.steps
        everything = np.arange(fleet.size)
        self.enter(everything, 0, _line_of_the_rest(fleet), self.life_years, fleet.age_years)

    def enter(
        self, on: Integers, step: int, embodied_kg: Number, life_years: Number, age_years: Number, share: Number = 1.0
    ) -> None:
        """Charge the embodied kg of units that enter at `step` at age `age_years`, over what is left of their life.

        `share` scales the number of units that enter to that in service.
        """
        per_year = self.horizon.steps_per_year
        rate = embodied_kg * self.quantity[on] * share / (life_years * per_year)
        end = step + (life_years - age_years) * per_year
        self._charge(on, step, np.broadcast_to(rate, on.shape), np.broadcast_to(end, on.shape))
        self.end_step[on] = end

    def leave(self, on: Integers, step: int) -> None:
        """Units leave before or after the end of their life: they are charged no more, and what is left is written off, visibly."""
        self.written_off_kg[step] += float(np.sum(self.left_kg(on, step)))
        self.schedule[step:, on] = 0.0
        self.beyond[on] = 0.0

    def left_kg(self, on: Integers, step: int) -> Floats:
        """The embodied kg still to be charged from `step` on."""
        left: Floats = self.schedule[step:, on].sum(axis=0) + self.beyond[on]
        return left

    def spread_again(self, on: Integers, step: int, added_years: Number) -> None:
        """Lives end `added_years` later (than now, where they have ended): what is left is spread over the longer rest (case C04)."""
        left = self.left_kg(on, step)
        end = np.maximum(self.end_step[on], step) + added_years * self.horizon.steps_per_year
        self.schedule[step:, on] = 0.0
        self.beyond[on] = 0.0
        rest = end - step
        self._charge(on, step, np.divide(left, rest, out=np.zeros_like(left), where=rest > 0), end)
        self.end_step[on] = end

    def scale_embodied(self, on: Integers, step: int, factor: Number) -> None:
        """Multiply what is still to be charged."""
        self.schedule[step:, on] *= factor
        self.beyond[on] *= factor

    def buy(self, on: Integers, step: int, cents: int | Integers, share: float = 1.0) -> None:
        """Count the purchase (or, negative, the sale) of the units in service at `cents` each, every asset rounded to the cent."""
        self.capex_cents[step] += total_cents(cents * self.quantity[on] * share)

    def grow(self, step: int, rate: float) -> None:
        """Add `rate` of the units in service, new, bought and charged from now on; or, negative, give up units of every age alike."""
        on = np.flatnonzero(self.in_service)
        if rate < 0:
            self.written_off_kg[step] += float(np.sum(self.left_kg(on, step))) * -rate
            self.scale_embodied(on, step, 1 + rate)
        else:
            ends = self.end_step[on]
            self.enter(on, step, self.embodied_kg[on], self.life_years[on], 0.0, rate)
            self.end_step[on] = np.maximum(self.end_step[on], ends)
            self.buy(on, step, self.price_cents[on], rate)
        self.quantity[on] *= 1 + rate

    def _charge(self, on: Integers, step: int, rate: Floats, end: Floats) -> None:
        for moment in range(step, self.horizon.steps):
            self.schedule[moment, on] += rate * np.clip(end - moment, 0.0, 1.0)
        self.beyond[on] += rate * np.maximum(end - max(step, self.horizon.steps), 0.0)


def _line_of_the_rest(fleet: Fleet) -> Floats:
    """The making of which a line over the whole life leaves, at the start, what is not charged yet of each asset."""
    rest_years = fleet.life_years - fleet.age_years
    stated = ~np.isnan(fleet.embodied_left_kg) & (rest_years > 0)
    line = np.divide(fleet.embodied_left_kg * fleet.life_years, rest_years, out=fleet.embodied_kg.copy(), where=stated)
    return line


def total_cents(cents: Floats) -> int:
    """The exact sum of amounts, each rounded to a whole number of cents first; no overflow, whatever their number."""
    whole = np.rint(cents)
    if whole.size and float(np.abs(whole).max()) * whole.size >= 2.0**53:
        return sum(int(amount) for amount in whole)
    return int(whole.sum())
