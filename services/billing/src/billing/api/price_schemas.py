"""Prices as the API takes and stores them, and as the domain rates them."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from billing.domain import prices
from billing.domain.rating import Discount

Euros = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6, allow_inf_nan=False, examples=["7.90"])]
Units = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4, allow_inf_nan=False, examples=["10"])]
MeterName = Literal["vcpu", "ram_gib", "disk_gib"]

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _in_xml(text: str) -> str:
    found = _NOT_IN_XML.search(text)
    if found is not None:
        raise ValueError(
            f"the character U+{ord(found[0]):04X} cannot stand in an invoice's XML (XML 1.0, production 2)"
        )
    return text


InXml = AfterValidator(_in_xml)
"""Of text that goes into documents: characters that XML has no place for are refused where they come in, not when the month is billed."""


class Exact(BaseModel):
    """A part of a request in which an unknown field is an error: a price that is misspelt must not be a price that is missing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MeterPrice(Exact):
    """What every price may say beside its model."""

    month_basis: prices.MonthBasis | None = Field(
        default=None, description="the hours that this price is for, where they are not those of the other prices"
    )


class UnitPrice(MeterPrice):
    """So much a unit and month."""

    model: Literal["unit"]
    price: Euros

    def to_domain(self) -> prices.PriceModel:
        """As rated."""
        return prices.Unit(self.price)


class TieredPrice(MeterPrice):
    """Tiers `[up_to, price]` with rising bounds in unit-months, the last bound null.

    `graduated`: each part at its tier's price; `volume`: all of it at the price of the tier reached.
    """

    model: Literal["graduated", "volume"]
    tiers: Annotated[list[tuple[Units | None, Euros]], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _rising(self) -> "TieredPrice":
        wrong = prices.check_tiers(self._tiers())
        if wrong is not None:
            raise ValueError(f"tiers: {wrong}")
        return self

    def _tiers(self) -> tuple[prices.Tier, ...]:
        return tuple(prices.Tier(up_to, price) for up_to, price in self.tiers)

    def to_domain(self) -> prices.PriceModel:
        """As rated."""
        return prices.Graduated(self._tiers()) if self.model == "graduated" else prices.Volume(self._tiers())


class PackagePrice(MeterPrice):
    """`price` a month for each begun package of `package` units."""

    model: Literal["package"]
    package: Units
    price: Euros

    def to_domain(self) -> prices.PriceModel:
        """As rated."""
        return prices.Package(self.package, self.price)


class BaselinePrice(MeterPrice):
    """`baseline_units` at `baseline_price` each, used or not; what is above at `overage_price`.

    Above at each instant (`instantaneous`), or above the whole month's allowance (`pooled`).
    """

    model: Literal["baseline"]
    baseline_units: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4, allow_inf_nan=False)]
    baseline_price: Euros
    overage_price: Euros
    mode: Literal["instantaneous", "pooled"]

    def to_domain(self) -> prices.PriceModel:
        """As rated."""
        return prices.Baseline(self.baseline_units, self.baseline_price, self.overage_price, self.mode)


Price: TypeAlias = Annotated[UnitPrice | TieredPrice | PackagePrice | BaselinePrice, Field(discriminator="model")]


def bases_of(given: Mapping[MeterName, Price]) -> dict[str, prices.MonthBasis]:
    """The basis of each price that says one of its own."""
    return {meter: price.month_basis for meter, price in given.items() if price.month_basis is not None}


class DiscountTerms(Exact):
    """`percent` off what `meter` costs, or off everything."""

    label: Annotated[str, Field(min_length=1, max_length=100), InXml] = "discount"
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=7, decimal_places=4)]
    meter: MeterName | None = None

    def to_domain(self) -> Discount:
        """As rated."""
        return Discount(self.label, self.percent, self.meter)
