"""An invoice or credit note as data: what is hashed, stored, answered, printed and written as XML. One shape for all of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from billing.documents.parts import Party, Text

DocumentType = Literal["380", "381"]
"""UNTDID 1001: commercial invoice, credit note."""


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
    kind: Literal["usage", "discount", "true_up", "adjustment", "credit"]
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


class Body(Part):
    """Everything of a document but its number and dates."""

    type: DocumentType
    currency: Literal["EUR"] = "EUR"
    contract_id: UUID
    contract_reference: str
    month: date
    first: date
    last: date
    due_days: int
    seller: Seller
    buyer: Party
    lines: tuple[DocumentLine, ...]
    vat: tuple[VatLine, ...]
    net: Decimal
    vat_total: Decimal
    gross: Decimal
    footprint: LineFootprint
    resources: tuple[ResourceFootprint, ...]
    rating: RatingTrace
    corrects: Corrected | None = None
    reason: str | None = None


class Document(Part):
    """A numbered document; `files_sha256` is the digest of its XML and PDF, None only while these are being written."""

    number: str
    issued_on: date
    due_on: date
    body: Body
    files_sha256: str | None = None
