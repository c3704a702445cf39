"""An invoice or credit note as data: what is hashed, stored, answered, printed and written as XML. One shape for all of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from billing.documents.parts import Mandate, Party, Text

DocumentType = Literal["261", "380", "381", "389"]
"""UNTDID 1001: self-billed credit note, commercial invoice, credit note, self-billed invoice."""


class Part(BaseModel):
    """A part of a document. Frozen: what is issued does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Seller(Party):
    """The provider, with what French law asks of an invoice beyond identifiers (Code de commerce, R123-237 and L441-9)."""

    legal_form: Text = Field(examples=["SAS"])
    share_capital_eur: Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=15)]
    trade_register: Text = Field(description="register of companies and its city", examples=["RCS Nanterre"])
    iban: Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$", examples=["FR7630006000011234567890189"])]
    late_penalty_percent: Annotated[Decimal, Field(gt=0, le=100, decimal_places=2, max_digits=5)] = Field(
        description="a year; at least three times the legal rate (Code de commerce, L441-10)", examples=["12.00"]
    )


class LineFootprint(Part):
    """kWh and kgCO2e; null where no footprint has been heard."""

    kwh: float | None
    gwp_kg: float | None


class DocumentLine(Part):
    """`amount` = half-up(`quantity` × `price` ÷ `base_quantity`); of a discount, −half-up(`base` × `percent` ÷ 100).

    `unit`: HUR for unit-hours, C62 for a piece (UN/ECE Recommendation 20).
    `key` is what makes it the same line when its month is rated anew.
    """

    key: str
    kind: Literal["usage", "discount", "true_up", "adjustment", "credit", "buy_back"]
    meter: str
    label: str
    first: date
    last: date
    quantity: Decimal
    unit: Literal["HUR", "C62"]
    price: Decimal
    base_quantity: Decimal
    amount: Decimal
    base: Decimal | None = None
    percent: Decimal | None = None
    footprint: LineFootprint | None = None


class VatLine(Part):
    """Tax of one treatment. `category` UNTDID 5305, `reason` why there is none."""

    category: Literal["S", "AE", "E"]
    rate: Decimal
    net: Decimal
    vat: Decimal
    reason: str | None
    reason_code: str | None


class TermsSpan(Part):
    """Price version `version` held over `[start, end)`, epoch seconds."""

    start: int
    end: int
    version: int


class RatingTrace(Part):
    """How the lines came about: rating the kept intervals by these spans again gives `hash`."""

    hash: str
    cutoff: datetime
    start: int
    end: int
    spans: tuple[TermsSpan, ...]


class ResourceFootprint(Part):
    """A row of the annex: one resource in the billed month."""

    resource: str
    kwh: float | None
    gwp_kg: float | None


class Corrected(Part):
    """The document that a credit note corrects."""

    number: str
    issued_on: date


class SelfBilling(Part):
    """By which mandate the buyer bills in the seller's name, and what it owes a year when it pays late."""

    mandate: Mandate
    late_penalty_percent: Decimal


class Body(Part):
    """Everything of a document but its number and dates.

    Of a self-billed document (389, 261) the customer is the seller, which need not say what a `Seller` says, and there is no rating.
    """

    type: DocumentType
    currency: Literal["EUR"] = "EUR"
    contract_id: UUID
    contract_reference: str
    month: date
    first: date
    last: date
    due_days: int
    seller: Seller | Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    vat: tuple[VatLine, ...]
    net: Decimal
    vat_total: Decimal
    gross: Decimal
    footprint: LineFootprint
    resources: tuple[ResourceFootprint, ...]
    rating: RatingTrace | None
    corrects: Corrected | None = None
    reason: str | None = None
    self_billing: SelfBilling | None = None

    @property
    def trace(self) -> RatingTrace:
        """How the lines came about. Raises `ValueError` for a document that was not rated: a buy-back."""
        if self.rating is None:
            raise ValueError(f"a document of type {self.type} was not rated")
        return self.rating

    @property
    def is_credit_note(self) -> bool:
        """Whether it takes back what another document billed."""
        return self.type in ("261", "381")

    @property
    def customer(self) -> Party:
        """Who has the contract: the buyer, or the seller of a buy-back."""
        return self.buyer if self.self_billing is None else self.seller

    @property
    def operator(self) -> Party:
        """The other one."""
        return self.seller if self.self_billing is None else self.buyer

    @property
    def late_penalty_percent(self) -> Decimal:
        """A year. Raises `ValueError` when the document says of no one what being late costs."""
        if self.self_billing is not None:
            return self.self_billing.late_penalty_percent
        if isinstance(self.seller, Seller):
            return self.seller.late_penalty_percent
        raise ValueError("a document that is not self-billed must have the provider as its seller")


class Document(Part):
    """A numbered document; `files_sha256` is the digest of its XML and PDF, None only while these are being written."""

    number: str
    issued_on: date
    due_on: date
    body: Body
    files_sha256: str | None = None
