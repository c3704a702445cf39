"""The catalogue of low-carbon offers: what each changes, in which class its effect counts, and what it costs.

Figures are the catalogue's own (each offer names its slide), or assumptions, marked as such, with a range.
"""

import tomllib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scenarios.domain.kinds import Kind

Lever = Literal[
    "awareness",
    "measure",
    "plan",
    "service",
    "renew",
    "extend_life",
    "refurbish",
    "move_to_shared",
    "right_size",
    "switch_off",
]
Euros = Annotated[Decimal, Field(ge=0, decimal_places=2)]
Share = Annotated[float, Field(ge=0, le=1)]


class EffectClass(StrEnum):
    """Where an offer's effect counts (Net Zero Initiative's pillars, as the catalogue's glossary defines them)."""

    AWARENESS = "awareness"
    PILLAR_A = "pillar_a"
    EER = "eer"
    EER_EEMA = "eer_eema"
    EEMA = "eema"


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Frozen):
    """A sentence in both languages of the platform."""

    fr: str
    en: str


class Budget(_Frozen):
    """One price of the catalogue: euros without VAT from `low_eur` to `high_eur` (equal when the catalogue says one figure,
    `high_eur` absent when it says "from"), for what and how often."""

    label: Text
    low_eur: Euros
    high_eur: Euros | None = None
    per: Literal["session", "project", "month"]


class Saving(_Frozen):
    """The share by which `what` falls: `expected` between `low` and `high`; `basis` tells the catalogue's figure from an assumption."""

    what: Text
    expected: Share | None = None
    low: Share
    high: Share
    basis: Literal["catalogue", "assumption"]


class Parameter(_Frozen):
    """A number that an offer works with: `expected` between `low` and `high`, and where the three come from."""

    text: Text
    unit: str
    expected: float
    low: float
    high: float
    basis: Literal["catalogue", "published", "assumption"]
    source: str

    @model_validator(mode="after")
    def _in_order(self) -> "Parameter":
        if not self.low <= self.expected <= self.high:
            raise ValueError(f"{self.low} <= {self.expected} <= {self.high} does not hold")
        return self


class Prerequisite(_Frozen):
    """What must hold: `id` is confirmed by the study, or, with `min_age_years`, the assets are at least that old."""

    id: str
    text: Text
    min_age_years: float | None = None


class Template(_Frozen):
    """An action of the offer. `action` is written as in a scenario, `"$name"` standing for a parameter; it takes those assets of the
    use that are of `kinds`, and is left out while parameter `when` is below `at_least`.

    Of the replacements that the reference has planned for these assets from its moment on it `stands_for` none (they happen all the
    same), the first, or all; or `defers` (a parameter) says by how many years it puts them off. Then it takes only assets for which
    one is planned: a longer life where nothing was to be bought would move charges beyond the horizon and avoid nothing. With `at`
    `replacement` it takes place when the first of them would have, and not at all on assets for which none is planned.
    """

    kinds: list[Kind] | None = None
    when: str | None = None
    at_least: float = 0.0
    stands_for: Literal["keep", "first", "all"] = "keep"
    defers: str | None = None
    at: Literal["start", "replacement"] = "start"
    action: dict[str, Any]


class Offer(_Frozen):
    """An offer of the catalogue. Its `actions` are all that the engine needs of it: a new offer is a new entry in the file."""

    id: str
    name: Text
    effect: Text
    levers: list[Lever]
    effect_class: EffectClass
    capex: Text | None = Field(default=None, description="what it does to investments, as the catalogue promises")
    opex: Text | None = Field(default=None, description="what it does to running costs, as the catalogue promises")
    budgets: list[Budget] = []
    savings: list[Saving] = []
    notes: list[Text] = []
    kinds: list[Kind] | None = Field(default=None, description="what it is for; all when absent")
    parameters: dict[str, Parameter] = {}
    prerequisites: list[Prerequisite] = []
    excludes: list[str] = Field(default=[], description="offers that cannot be on the same assets in one scenario")
    actions: list[Template] = []
    source: str


def read_catalogue(document: str) -> tuple[Offer, ...]:
    """The offers of a TOML document, in its order.

    Raises `ValueError` when the document is malformed, holds an unknown field, or names an id twice.
    """
    offers = tuple(Offer.model_validate(entry) for entry in tomllib.loads(document)["offers"])
    ids = [offer.id for offer in offers]
    if len(set(ids)) != len(ids):
        raise ValueError(
            f"offer ids must be unique: {sorted(identifier for identifier in ids if ids.count(identifier) > 1)}"
        )
    for offer in offers:
        unknown = sorted(set(offer.excludes) - set(ids))
        if unknown:
            raise ValueError(f"{offer.id} excludes offers that are not there: {unknown}")
    return offers
