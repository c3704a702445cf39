"""The catalogue of low-carbon offers: what each changes, in which class its effect counts, and what it costs.

Figures are the catalogue's own (each offer names its slide), or assumptions, marked as such, with a range.
"""

import tomllib
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Lever = Literal[
    "awareness", "measure", "plan", "renew", "extend_life", "refurbish", "move_to_shared", "right_size", "switch_off"
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


class Offer(_Frozen):
    """An offer of the catalogue."""

    id: str
    name: Text
    effect: Text
    levers: list[Lever]
    effect_class: EffectClass
    budgets: list[Budget] = []
    savings: list[Saving] = []
    notes: list[Text] = []
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
    return offers
