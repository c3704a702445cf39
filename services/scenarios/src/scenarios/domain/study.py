"""A study as it is written: what is compared, for whom, over which years, and on what assumptions."""

from datetime import date
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from scenarios.domain.description import Kilograms, Share, Written
from scenarios.domain.estimate import Actions, Confirmed, Electricity, EuroPerKwh, Growth, Name, Rate, Years
from scenarios.domain.fleet import Floats, Horizon
from scenarios.domain.kinds import Kind
from scenarios.domain.outcome import Prices
from scenarios.domain.snapshot import GivenValues, Snapshot, SnapshotAsset, View
from scenarios.domain.trajectories import Pathway

Sentence = Annotated[str, Field(min_length=1, max_length=4000)]
OrganisationId = Annotated[str, Field(min_length=1, max_length=64, examples=["acme"])]


class StudyScope(Written):
    """Which assets of the organisation; every condition given must hold. Sites are named by code."""

    view: View = Field(
        default="kit", description="kit: hosts with what runs on them; load: machines apart from their hosts"
    )
    kinds: list[Kind] | None = None
    sites: list[str] | None = None
    tags: dict[str, str] | None = None
    refs: list[str] | None = None

    def holds(self, asset: SnapshotAsset) -> bool:
        """Whether `asset` is in scope."""
        return (
            (self.kinds is None or asset.kind in self.kinds)
            and (self.sites is None or asset.site in self.sites)
            and (self.tags is None or all(asset.tags.get(key) == value for key, value in self.tags.items()))
            and (self.refs is None or asset.ref in self.refs)
        )


class Assumption(Written):
    """Something taken for granted, with where it comes from."""

    text: Sentence = Field(examples=["New servers use 30 % less energy"])
    source: Sentence = Field(examples=["assumption"])


class Reference(Written):
    """What would happen otherwise, in words and as actions."""

    description: Sentence = Field(examples=["Servers are renewed when their life ends"])
    actions: Actions = Field(default_factory=list)


class Target(Written):
    """A target line to hold the scenarios against."""

    pathway: Pathway
    base_year: Annotated[int, Field(ge=1990, le=2100)]
    base_kg: Kilograms


class StudyDefinition(Written):
    """Everything of a study but its alternatives. Reference, class, time frame, eligibility and assumptions are mandatory (domain §5)."""

    org: OrganisationId
    name: Name = Field(examples=["Servers of Nanterre 2027–2031"])
    scope: StudyScope = Field(default_factory=StudyScope)
    start: date = Field(description="years are of 365 days, counted from here", examples=["2027-01-01"])
    years: Years = Field(examples=[5])
    reference: Reference
    effect_class: Literal["eer", "eema", "eer_eema"] = Field(description="the class that the study is about")
    eligibility: Sentence = Field(examples=["The software runs on the hardware that is kept; spare parts can be had"])
    assumptions: Annotated[list[Assumption], Field(min_length=1, max_length=100)]
    electricity: Electricity | None = Field(
        default=None, description="for all assets; else each site's own, as heard from factors"
    )
    grid_decline_per_year: Share = Field(
        default=0.0, description="share by which the electricity's factor falls each year"
    )
    release: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = Field(
        default=None,
        description="a release of factors to take all from; else those in force when the assets are frozen",
    )
    given: Annotated[list[GivenValues], Field(max_length=100)] = Field(
        default_factory=list, description="for assets of which something is not known otherwise: else they are left out"
    )
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = Field(
        default=None, description="whose electricity assets without a site use"
    )
    growth_per_year: Growth = Field(default=0.0, description="new units each year, as a share of those in service")
    electricity_eur_per_kwh: EuroPerKwh | None = None
    discount_rate: Rate | None = None
    target: Target | None = None
    confirmed: Confirmed = Field(default_factory=list, description="ids of offers' prerequisites that hold here")

    def prices(self) -> Prices:
        """What money needs."""
        return Prices(self.electricity_eur_per_kwh, self.discount_rate)

    def kg_per_kwh(self, snapshot: Snapshot, horizon: Horizon) -> Floats:
        """The electricity's factor by step and asset (or by step alone). Raises `Refused` for a list that is not of the study's length."""
        decline = 1.0
        multipliers = []
        for _ in range(horizon.years):
            multipliers.append(decline)
            decline *= 1.0 - self.grid_decline_per_year
        if self.electricity is not None:
            given = np.array(self.electricity.by_year(horizon.years))
            yearly = (given * np.array(multipliers))[:, np.newaxis]
        else:
            values = {factor.id: factor.value for factor in snapshot.factors}
            own = np.array([sum(values[each] for each in _of_a_kwh(asset)) for asset in snapshot.assets])
            yearly = np.array(multipliers)[:, np.newaxis] * own[np.newaxis, :]
        by_step: Floats = np.repeat(yearly, horizon.steps_per_year, axis=0)
        return by_step


def _of_a_kwh(asset: SnapshotAsset) -> list[str]:
    """The factors that a kWh of an asset weighs: itself, its upstream and losses."""
    return [asset.electricity or "", *asset.beside]
