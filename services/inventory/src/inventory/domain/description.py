"""What is not dated about an asset: the latest statement holds for its whole life."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from inventory.domain.configuration import Part
from inventory.domain.quantities import Amount, Count, Day, Euros, Label, Years
from inventory.domain.vocabulary import Condition, SupportKind

TAGS_LIMIT = 50
"""Tags per asset."""

Tags = Annotated[dict[Annotated[Label, Field(max_length=64)], Label], Field(max_length=TAGS_LIMIT)]
"""Up to 50 names with a value each."""


class Model(Part):
    """Who made it and what it is called; evidence for the embodied emissions is looked up by both."""

    maker: Label | None = None
    name: Label


class Acquisition(Part):
    """How the asset came: the day, the condition, the price of one in euros, its age in years then."""

    on: Day | None = None
    condition: Condition | None = None
    price_eur: Euros | None = None
    age_years: Annotated[Amount, Field(le=100)] | None = None


class Declared(Part):
    """What the owner states of one unit: energy per year in kWh or mean power in W, and embodied kgCO2e."""

    annual_kwh: Amount | None = None
    average_w: Amount | None = None
    embodied_kg: Amount | None = None

    @model_validator(mode="after")
    def _one_statement_of_energy(self) -> Self:
        if self.annual_kwh is not None and self.average_w is not None:
            raise PydanticCustomError("either_or", "declare annual_kwh or average_w, not both")
        return self


class Support(Part):
    """The support contract of one unit and its price in euros per year."""

    kind: SupportKind
    eur_per_year: Euros | None = None


class Description(Part):
    """The undated attributes of an asset; Absent means not known.

    `owner` is a person or team within the organisation; `serial_number` is the maker's, `uuid` that of the hardware or of
    the virtual machine: two records that share one of them are likely to be of one thing.
    """

    name: Label | None = None
    quantity: Count = 1
    model: Model | None = None
    acquired: Acquisition | None = None
    planned_life_years: Years | None = None
    declared: Declared | None = None
    support: Support | None = None
    owner: Label | None = None
    serial_number: Label | None = None
    uuid: Label | None = None
    tags: Tags = Field(default_factory=dict)


DESCRIBED = tuple(Description.model_fields)
"""The undated attributes, by name."""
