"""What is uncertain in a study: each driver with its range, and how values are drawn from it, the same on any machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from zlib import crc32

import numpy as np
from pydantic import Field, model_validator

from scenarios.domain.applying import Catalogue
from scenarios.domain.description import Written
from scenarios.domain.estimate import AlternativeSpec
from scenarios.domain.fleet import Floats
from scenarios.domain.offers import Offer

MONEY = frozenset(
    {"once_eur", "eur_per_year", "opex_ratio", "price_ratio", "vcpu_eur_per_month", "ram_gib_eur_per_month"}
)
"""Fields of actions that cost and do not emit: they are not drawn."""

Factor = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class Spread(Written):
    """A multiplier with its range and source."""

    low: Factor
    expected: Factor = 1.0
    high: Factor
    source: Annotated[str, Field(min_length=1, max_length=1000)]

    @model_validator(mode="after")
    def _in_order(self) -> "Spread":
        if not self.low <= self.expected <= self.high:
            raise ValueError(f"{self.low} <= {self.expected} <= {self.high} does not hold")
        return self


class Spreads(Written):
    """Multipliers on what is common to all scenarios. One factor is one variable, however many assets share it."""

    electricity: Spread = Spread(
        low=0.9, high=1.1, source="assumption of this platform: ±10 % on the electricity's factor"
    )
    energy: Spread = Spread(low=0.85, high=1.15, source="assumption of this platform: ±15 % on the kit's energy")
    making: Spread = Spread(
        low=0.558,
        high=1.393,
        source="server PCFs, P10 678 and P90 1,693 against a median of 1,215 kg, n = 48 (Boavizta)",
    )


@dataclass(frozen=True, slots=True)
class Driver:
    """An uncertain number: triangular between `low` and `high` with its mode at `expected`."""

    id: str
    low: float
    expected: float
    high: float
    basis: Literal["catalogue", "published", "assumption", "request"]
    source: str


def drivers_of(spreads: Spreads, alternatives: Sequence[AlternativeSpec], catalogue: Catalogue) -> dict[str, Driver]:
    """The common multipliers, and each parameter of an offer taken that emits, was not given by its use, and is not a choice of when or
    how far (`stage`, a number of years): these stay as they are."""
    drivers = {
        name: Driver(name, spread.low, spread.expected, spread.high, "request", spread.source)
        for name, spread in (
            ("electricity", spreads.electricity),
            ("energy", spreads.energy),
            ("making", spreads.making),
        )
    }
    for alternative in alternatives:
        for use in alternative.offers:
            offer = catalogue[use.offer]
            for name in sorted(drawn_parameters(offer) - use.parameters.keys()):
                parameter = offer.parameters[name]
                key = driver_id(offer.id, name)
                drivers[key] = Driver(
                    key, parameter.low, parameter.expected, parameter.high, parameter.basis, parameter.source
                )
    return drivers


def driver_id(offer_id: str, parameter: str) -> str:
    """The id of an offer's parameter as a driver: the same parameter of the same offer is one variable."""
    return f"{offer_id}.{parameter}"


def drawn_parameters(offer: Offer) -> set[str]:
    """The parameters of `offer` that may be drawn: those that appear in a field that emits, less those that are choices."""
    choices = {name for template in offer.actions for name in (template.defers, template.when) if name is not None}
    emitting: set[str] = set()
    for template in offer.actions:
        emitting |= {name for path, name in placeholders(template.action) if path[-1] not in MONEY}
    return emitting - choices


def placeholders(action: Mapping[str, object]) -> list[tuple[tuple[str, ...], str]]:
    """Where parameters stand in a written action: the path of the field, and the parameter's name."""
    found: list[tuple[tuple[str, ...], str]] = []
    for name, value in action.items():
        if isinstance(value, dict):
            found += [((name, *path), parameter) for path, parameter in placeholders(value)]
        elif isinstance(value, str) and value.startswith("$"):
            found.append(((name,), value[1:]))
    return found


def draw(driver: Driver, seed: int, draws: int) -> Floats:
    """`draws` values of `driver`, by inversion of the triangular distribution.

    The stream depends on the seed and the driver alone, so that one more driver moves no other. It uses only the raw output of PCG64
    and correctly rounded operations (IEEE 754): the same seed gives the same values on any machine.
    """
    stream = np.random.PCG64(np.random.SeedSequence([seed, crc32(driver.id.encode())]))
    uniform = (stream.random_raw(draws) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    span = driver.high - driver.low
    if span == 0:
        return np.full(draws, driver.expected)
    rise, fall = driver.expected - driver.low, driver.high - driver.expected
    below = driver.low + np.sqrt(uniform * span * rise)
    above = driver.high - np.sqrt((1.0 - uniform) * span * fall)
    values: Floats = np.where(uniform * span < rise, below, above)
    return values
