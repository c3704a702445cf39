"""The parts of a contract and of an invoice as they are sent, stored and answered: one shape in the API and in the database."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from billing.api.preview_schemas import Territory
from billing.api.price_schemas import DiscountTerms, Euros, Exact, InXml, MeterName, Price, bases_of
from billing.domain.parties import Fault, faults_of
from billing.domain.prices import PriceModel
from billing.domain.rating import Terms
from billing.domain.terms import LIST_PRICES, PriceVersion


def _served(day: date) -> date:
    if not date(2000, 1, 1) <= day <= date(2099, 12, 31):
        raise ValueError("days are served from 2000-01-01 to 2099-12-31 (BR-FR-03)")
    return day


Day = Annotated[date, AfterValidator(_served)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), InXml]


class Address(Exact):
    """A postal address; the country is the party's territory."""

    lines: Annotated[tuple[Text, ...], Field(min_length=1, max_length=3)]
    postcode: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20), InXml]
    city: Text


class Party(Exact):
    """A company, with what an invoice must say of it."""

    name: Text
    territory: Territory
    siren: str | None = Field(default=None, examples=["732829320"])
    siret: str | None = Field(default=None, examples=["73282932000074"])
    vat_id: str | None = Field(default=None, examples=["FR44732829320"])
    electronic_address: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9+._@-]{0,124}$",
            description="in the French directory (scheme 0225), or an e-mail address abroad",
            examples=["732829320"],
        ),
    ]
    address: Address
    language: Literal["fr", "en"] = "fr"
    legal_mention: Text | None = Field(
        default=None,
        description="legal form, capital and register, as documents in the company's name must say (Code de commerce, R123-237)",
        examples=["SA au capital de 50 000,00 euros, RCS Paris 732829320"],
    )

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its identifiers."""
        return faults_of(
            territory=self.territory,
            siren=self.siren,
            siret=self.siret,
            vat_id=self.vat_id,
            electronic_address=self.electronic_address,
        )


class Mandate(Exact):
    """A customer's written mandate to be billed for in its name (CGI art. 289-I-2 and 242 nonies of annex II)."""

    reference: Text = Field(examples=["MANDAT-2026-07"])
    signed_on: Day


class PriceTerms(Exact):
    """What is charged from a day on."""

    valid_from: Day
    prices: dict[MeterName, Price]
    month_basis: Literal["calendar", "h730"] = "calendar"
    discounts: Annotated[tuple[DiscountTerms, ...], Field(max_length=20)] = ()
    minimum: Euros | None = Field(default=None, description="euros a month")

    def to_domain(self, number: int) -> PriceVersion:
        """As rated."""
        prices: dict[str, PriceModel] = {name: price.to_domain() for name, price in self.prices.items()}
        discounts = tuple(discount.to_domain() for discount in self.discounts)
        return PriceVersion(
            number, self.valid_from, Terms(prices, self.month_basis, discounts, bases_of(self.prices)), self.minimum
        )


def list_prices(valid_from: date) -> PriceTerms:
    """The catalogue's list prices, for a contract that agrees on no others."""
    prices = {name: {"model": "unit", "price": str(unit.price)} for name, unit in LIST_PRICES.items()}
    return PriceTerms.model_validate({"valid_from": valid_from, "prices": prices})
