"""The levers: what an action does to the state of the assets it is on, at its moment. An offer is a set of levers with parameters.

Each is applied to the whole state as the earlier actions have left it; percentages are never added up.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from scenarios.domain.fleet import Integers
from scenarios.domain.state import Number, State


class Convention(StrEnum):
    """How the making of refurbished kit is counted; one per report (domain §3)."""

    REMAINING = "remaining"
    CUT_OFF = "cut_off"
    SHARED_LIFE = "shared_life"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Values per unit of kit that enters or is set; None keeps what is there. A ratio multiplies what is there."""

    annual_kwh: Number | None = None
    annual_kwh_ratio: Number | None = None
    pue: Number | None = None
    embodied_kg: Number | None = None
    life_years: Number | None = None
    maintenance_kg_per_year: Number | None = None
    opex_cents_per_year: int | None = None
    opex_ratio: float | None = None
    price_cents: int | None = None
    price_ratio: float | None = None

    @property
    def priced(self) -> bool:
        """Whether it says what a unit costs."""
        return self.price_cents is not None or self.price_ratio is not None

    def put(self, state: State, on: Integers) -> None:
        """Write the given values into the columns of `state`."""
        if self.annual_kwh_ratio is not None:
            state.annual_kwh[on] *= self.annual_kwh_ratio
        for cents, ratio in ((state.opex_cents_per_year, self.opex_ratio), (state.price_cents, self.price_ratio)):
            if ratio is not None:
                cents[on] = np.rint(cents[on] * ratio).astype(np.int64)
        for column in (
            "annual_kwh",
            "pue",
            "embodied_kg",
            "life_years",
            "maintenance_kg_per_year",
            "opex_cents_per_year",
            "price_cents",
        ):
            value = getattr(self, column)
            if value is not None:
                getattr(state, column)[on] = value


@dataclass(frozen=True, slots=True)
class Placement:
    """On the assets at positions `on`, at the beginning of `month` of `year`.

    `once_cents` and `cents_per_year` are what the service costs as a whole, beside what its units cost; both are OPEX.
    """

    on: Integers
    year: int = 0
    month: int = 0
    once_cents: int = 0
    cents_per_year: int = 0


@dataclass(frozen=True, slots=True)
class Action(ABC):
    """A lever, placed."""

    placed: Placement

    @property
    def on(self) -> Integers:
        """The positions of the assets that it is on."""
        return self.placed.on

    def apply(self, state: State) -> None:
        """Change `state` from this action's moment on."""
        placed = self.placed
        step = state.horizon.step(placed.year, placed.month)
        state.fees_once_cents[step] += placed.once_cents
        for moment in range(step, state.horizon.steps):
            state.fees_cents_per_year[moment] += placed.cents_per_year
        self.pull(state, step)

    @abstractmethod
    def pull(self, state: State, step: int) -> None:
        """What this lever does to `state` at `step`."""


@dataclass(frozen=True, slots=True)
class Renew(Action):
    """The assets leave and new ones enter: `kit`, and what it does not say as before."""

    kit: Kit = field(default_factory=Kit)

    def pull(self, state: State, step: int) -> None:
        _replace(state, self.on, step, self.kit)
        state.enter(self.on, step, state.embodied_kg[self.on], state.life_years[self.on], 0.0)


@dataclass(frozen=True, slots=True)
class ExtendLife(Action):
    """The assets stay `years` longer; what is left of their making (often nothing) is spread over the longer rest.

    The life of a unit that is bought later is not changed. `kit` may carry another support price and the spare parts' kg; `price_cents`
    is then paid at once.
    """

    years: Number
    kit: Kit = field(default_factory=Kit)

    def pull(self, state: State, step: int) -> None:
        state.spread_again(self.on, step, self.years)
        self.kit.put(state, self.on)
        if self.kit.priced:
            state.buy(self.on, step, state.price_cents[self.on])


@dataclass(frozen=True, slots=True)
class Refurbish(Action):
    """The assets leave and refurbished ones of `age_years` enter, their making counted by `convention` (case C07).

    `remaining`: what is left of the first life. `cut_off`: none. `shared_life`: the share of `use_years` in age + use, over these years.
    `overhead_kg` per unit, the refurbishing itself, is charged at once in every convention.
    """

    age_years: Number
    convention: Convention = Convention.REMAINING
    overhead_kg: Number = 0.0
    use_years: Number | None = None
    kit: Kit = field(default_factory=Kit)

    def pull(self, state: State, step: int) -> None:
        _replace(state, self.on, step, self.kit)
        embodied_kg, life_years = state.embodied_kg[self.on], state.life_years[self.on]
        if self.convention is Convention.SHARED_LIFE:
            use_years = np.maximum(life_years - self.age_years, 0.0) if self.use_years is None else self.use_years
            life_years = np.broadcast_to(self.age_years + use_years, self.on.shape).astype(np.float64)
        if self.convention is Convention.CUT_OFF:
            embodied_kg = np.zeros_like(embodied_kg)
        age_years = np.minimum(self.age_years, life_years)
        state.enter(self.on, step, embodied_kg, life_years, age_years)
        state.schedule[step, self.on] += self.overhead_kg * state.quantity[self.on]


@dataclass(frozen=True, slots=True)
class MoveToShared(Action):
    """The assets leave and their load runs on hosts shared with others.

    A unit's load takes `host_share` of a host; with `sold_ratio` of the hosts' capacity sold, it bears host_share ÷ sold_ratio of a host's
    energy and making, idle capacity included. `host` holds the values of one host (default: those of the asset itself), `host_age_years`
    its age on arrival. `buy_back_cents` per unit is what is paid for the assets that leave. With a price per vCPU or GiB of
    RAM and month, that of the load is what running it costs from then on.
    """

    pue: Number
    sold_ratio: Number
    host_share: Number = 1.0
    host_age_years: Number = 0.0
    host: Kit = field(default_factory=Kit)
    buy_back_cents: int = 0
    vcpu_cents_per_month: int = 0
    ram_gib_cents_per_month: int = 0

    def pull(self, state: State, step: int) -> None:
        state.buy(self.on, step, -self.buy_back_cents)
        _replace(state, self.on, step, self.host)
        burden = self.host_share / self.sold_ratio
        state.annual_kwh[self.on] *= burden
        state.embodied_kg[self.on] *= burden
        state.pue[self.on] = self.pue
        if self.vcpu_cents_per_month or self.ram_gib_cents_per_month:
            monthly = (
                state.vcpu[self.on] * self.vcpu_cents_per_month + state.ram_gib[self.on] * self.ram_gib_cents_per_month
            )
            state.opex_cents_per_year[self.on] = np.rint(monthly * 12).astype(np.int64)
        life_years = state.life_years[self.on]
        age_years = np.minimum(self.host_age_years, life_years)
        state.enter(self.on, step, state.embodied_kg[self.on], life_years, age_years)


@dataclass(frozen=True, slots=True)
class RightSize(Action):
    """A `share` of the load is given up: energy falls by it; of a virtual machine also its share of the host's making, and its price."""

    share: Number

    def pull(self, state: State, step: int) -> None:
        kept = 1.0 - self.share
        for column in (state.annual_kwh, state.vcpu, state.ram_gib):
            column[self.on] *= kept
        virtual = state.virtual[self.on]
        on = self.on[virtual]
        kept_virtual = np.broadcast_to(kept, self.on.shape)[virtual]
        state.scale_embodied(on, step, kept_virtual)
        state.embodied_kg[on] *= kept_virtual
        state.opex_cents_per_year[on] = np.rint(state.opex_cents_per_year[on] * kept_virtual).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Service(Action):
    """A service that changes nothing by itself: it has its fees, and no effect is claimed for it."""

    def pull(self, state: State, step: int) -> None:
        return


@dataclass(frozen=True, slots=True)
class SwitchOff(Action):
    """The assets use no more energy and grow no more. Their making is still counted, unless they also leave: then their costs end too."""

    leaves: bool = False

    def pull(self, state: State, step: int) -> None:
        state.annual_kwh[self.on] = 0.0
        state.in_service[self.on] = False
        if self.leaves:
            state.leave(self.on, step)
            state.opex_cents_per_year[self.on] = 0
            state.maintenance_kg_per_year[self.on] = 0.0


@dataclass(frozen=True, slots=True)
class SetValues(Action):
    """Any value of the assets becomes another; a making or a life set anew is charged for the share of the life that is left."""

    kit: Kit

    def pull(self, state: State, step: int) -> None:
        life_before, embodied_before = state.life_years[self.on], state.embodied_kg[self.on]
        age = life_before - (state.end_step[self.on] - step) / state.horizon.steps_per_year
        self.kit.put(state, self.on)
        life, embodied = state.life_years[self.on], state.embodied_kg[self.on]
        changed = (life != life_before) | (embodied != embodied_before)
        on = self.on[changed]
        state.schedule[step:, on] = 0.0
        state.beyond[on] = 0.0
        state.enter(on, step, embodied[changed], life[changed], np.minimum(age, life)[changed])


def _replace(state: State, on: Integers, step: int, kit: Kit) -> None:
    """What all replacements share: the old units leave, the new values are written, the purchase is counted, the moment kept."""
    state.leave(on, step)
    kit.put(state, on)
    if kit.priced:
        state.buy(on, step, state.price_cents[on])
    state.replaced_at[on] = np.minimum(state.replaced_at[on], step)
