"""A whole comparison in one call, nothing stored: what comes in, and what is done with it."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from scenarios.domain.applying import Applier, Catalogue, OfferUse
from scenarios.domain.description import ActionSpec, AssetValues, Refurbish, Refused, Written
from scenarios.domain.engine import World
from scenarios.domain.fleet import Horizon
from scenarios.domain.outcome import Comparison, Prices, compare
from scenarios.domain.reading import Reader, fleet_of

MAX_YEARS = 30
MAX_ASSETS = 10_000
MAX_ALTERNATIVES = 20
MAX_ACTIONS = 1_000

Years = Annotated[int, Field(ge=1, le=MAX_YEARS)]
KgPerKwh = Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)]
Growth = Annotated[float, Field(ge=-0.99, le=1, allow_inf_nan=False)]
Rate = Annotated[Decimal, Field(ge=0, le=1)]
EuroPerKwh = Annotated[Decimal, Field(ge=0, le=10)]
Actions = Annotated[list[ActionSpec], Field(max_length=MAX_ACTIONS)]
Confirmed = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Electricity(Written):
    """Emission factor of the electricity, kgCO2e per kWh: one for all years, or one a year."""

    gwp: KgPerKwh | Annotated[list[KgPerKwh], Field(min_length=1, max_length=MAX_YEARS)] = Field(examples=[0.0569])

    def by_year(self, years: int) -> list[float]:
        """One factor a year. Raises `Refused` when a list is not as long as the horizon."""
        if not isinstance(self.gwp, list):
            return [self.gwp] * years
        if len(self.gwp) != years:
            raise Refused(
                "electricity.gwp",
                "wrong_length",
                f"{len(self.gwp)} factors for {years} years: one a year, or one for all",
            )
        return self.gwp


class ReferenceSpec(Written):
    """What would happen otherwise."""

    actions: Actions = Field(default_factory=list)


class AlternativeSpec(Written):
    """What could be done instead."""

    name: Name = Field(examples=["long-life-support"])
    offers: Annotated[list[OfferUse], Field(max_length=100)] = Field(
        default_factory=list, description="offers of the catalogue, taken before the actions"
    )
    actions: Actions = Field(default_factory=list)

    def expanded(self, applier: Applier, field: str) -> "AlternativeSpec":
        """The same with its offers as actions. One that takes offers is the reference with the offers in it, then its own actions.

        Raises `Refused` saying why an offer cannot be taken.
        """
        if not self.offers:
            return self
        taken = applier.apply(self.offers, f"{field}.offers")
        return AlternativeSpec(name=self.name, actions=taken + self.actions)


class EstimateRequest(Written):
    """A reference and its alternatives over assets that are described right here."""

    start: date = Field(description="years are of 365 days, counted from here", examples=["2026-01-01"])
    years: Years = Field(examples=[3])
    electricity: Electricity
    assets: Annotated[list[AssetValues], Field(min_length=1, max_length=MAX_ASSETS)]
    reference: ReferenceSpec
    alternatives: Annotated[list[AlternativeSpec], Field(max_length=MAX_ALTERNATIVES)]
    growth_per_year: Growth = Field(default=0.0, description="new units each year, as a share of those in service")
    electricity_eur_per_kwh: EuroPerKwh | None = Field(default=None, description="left out of OPEX when not given")
    discount_rate: Rate | None = Field(default=None, description="of the net present value")
    monthly: bool = Field(default=False, description="answer with the months too")
    confirmed: Confirmed = Field(default_factory=list, description="ids of offers' prerequisites that hold")

    @model_validator(mode="after")
    def _names_are_unique(self) -> "EstimateRequest":
        refs = [asset.ref for asset in self.assets]
        if len(set(refs)) != len(refs):
            raise ValueError("assets: a ref comes twice")
        names = [alternative.name for alternative in self.alternatives]
        if len(set(names)) != len(names):
            raise ValueError("alternatives: a name comes twice")
        return self


def estimate(request: EstimateRequest, catalogue: Catalogue) -> Comparison:
    """Run the request. The order of its assets does not matter, to the last bit. Raises `Refused` naming what breaks a rule."""
    assets = sorted(request.assets, key=lambda asset: asset.ref)
    applier = Applier(catalogue, assets, request.confirmed, request.reference.actions, request.years)
    expanded = expand(request.alternatives, applier)
    check_conventions(request.reference, expanded)
    reader = Reader(assets, request.years)
    reference = reader.read(request.reference.actions, "reference.actions")
    alternatives = [
        (alternative.name, reader.read(alternative.actions, f"alternatives.{index}.actions"))
        for index, alternative in enumerate(expanded)
    ]
    within_years = any(
        action.placed.month for actions in [reference, *(each for _, each in alternatives)] for action in actions
    )
    horizon = Horizon(request.years, 12 if request.monthly or within_years else 1)
    factors = np.repeat(np.array(request.electricity.by_year(request.years)), horizon.steps_per_year)
    world = World(horizon, factors[:, np.newaxis], request.growth_per_year)
    prices = Prices(request.electricity_eur_per_kwh, request.discount_rate)
    return compare(fleet_of(assets), reference, alternatives, world, prices, months=request.monthly)


def expand(alternatives: list[AlternativeSpec], applier: Applier) -> list[AlternativeSpec]:
    """All alternatives with their offers as actions. Raises `Refused`."""
    return [alternative.expanded(applier, f"alternatives.{index}") for index, alternative in enumerate(alternatives)]


def check_conventions(reference: ReferenceSpec, alternatives: list[AlternativeSpec]) -> None:
    """Raise `Refused` when refurbished kit is counted by several conventions in one report: they must never be compared (case C07)."""
    scenarios = [("reference", reference.actions)]
    scenarios += [(f"alternatives.{index}", alternative.actions) for index, alternative in enumerate(alternatives)]
    first = None
    for field, actions in scenarios:
        for index, action in enumerate(actions):
            if not isinstance(action, Refurbish):
                continue
            first = first or action.convention
            if action.convention != first:
                raise Refused(
                    f"{field}.actions.{index}.convention",
                    "mixed_conventions",
                    f"{action.convention.value!r} beside {first.value!r}: one convention per report",
                )
