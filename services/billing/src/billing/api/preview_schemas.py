"""What `POST /previews` takes and answers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from billing.api.price_schemas import DiscountTerms, Euros, Exact, MeterName, Price
from billing.domain import vat
from billing.domain.amounts import METERS, NotWhole, steps_of
from billing.domain.events import UsageEvent

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(9998, 1, 1)
LONGEST_PERIOD_DAYS = 366
MOST_EVENTS = 100_000


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}") from error
    return name


def _served(instant: datetime) -> datetime:
    if not FIRST_DAY <= instant.astimezone(UTC).date() <= LAST_DAY:
        raise ValueError(f"instants are served from {FIRST_DAY} to {LAST_DAY}")
    return instant


def _sold_there(territory: str) -> str:
    try:
        vat.treatment_of(territory)
    except vat.UnknownTerritory as error:
        raise ValueError(str(error)) from error
    return territory


Instant = Annotated[AwareDatetime, AfterValidator(_served)]
ZoneName = Annotated[str, AfterValidator(_zone), Field(max_length=64, examples=["Europe/Paris"])]
Territory = Annotated[
    str,
    AfterValidator(_sold_there),
    Field(max_length=2, description="ISO 3166-1 alpha-2; overseas France by own codes", examples=["FR"]),
]
Quantity = Annotated[Decimal, Field(ge=0, le=10_000_000, allow_inf_nan=False)]


class UsageEventIn(Exact):
    """An event with absolute quantities. `received_at` counts when the preview says `known_at`."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    time: Instant
    resource: Annotated[str, Field(min_length=1, max_length=200)]
    type: Literal["started", "resized", "stopped"]
    vcpu: Quantity | None = None
    ram_gib: Quantity | None = None
    disk_gib: Quantity | None = None
    received_at: Instant | None = None

    @model_validator(mode="after")
    def _whole_steps(self) -> "UsageEventIn":
        self._amounts()
        return self

    def _amounts(self) -> tuple[int | None, ...]:
        given = (self.vcpu, self.ram_gib, self.disk_gib)
        try:
            return tuple(
                None if units is None else steps_of(meter, units) for meter, units in zip(METERS, given, strict=True)
            )
        except NotWhole as error:
            raise ValueError(str(error)) from error

    def to_domain(self) -> UsageEvent:
        """As metered."""
        since = self.time - datetime(1970, 1, 1, tzinfo=UTC)
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        return UsageEvent(self.id, self.resource, self.type, micros, self._amounts())


class VatTerms(Exact):
    """Where the customer, a business, is."""

    territory: Territory = "FR"


class MinimumTerms(Exact):
    """At least `amount` a whole period, in proportion from `from` on."""

    amount: Euros
    start: date | Instant | None = Field(default=None, alias="from")


class PreviewRequest(Exact):
    """Terms and events; nothing of it is stored."""

    period: tuple[date, date] = Field(description="local days, half-open", examples=[["2026-11-01", "2026-12-01"]])
    time_zone: ZoneName = "Europe/Paris"
    month_basis: Literal["calendar", "h730"] = "calendar"
    vat: VatTerms = VatTerms()
    now: Instant | None = None
    known_at: Instant | None = Field(default=None, description="leave out events that were received later than this")
    prices: dict[MeterName, Price]
    minimum: MinimumTerms | None = None
    discounts: Annotated[tuple[DiscountTerms, ...], Field(max_length=20)] = ()
    events: Annotated[tuple[UsageEventIn, ...], Field(max_length=MOST_EVENTS)] = ()

    @model_validator(mode="after")
    def _in_order(self) -> "PreviewRequest":
        first, last = self.period
        if not FIRST_DAY <= first < last <= LAST_DAY:
            raise ValueError(f"period: must be two days in order, from {FIRST_DAY} to {LAST_DAY}")
        if (last - first).days > LONGEST_PERIOD_DAYS:
            raise ValueError(f"period: must have at most {LONGEST_PERIOD_DAYS} days")
        stated: dict[str, UsageEventIn] = {}
        for event in self.events:
            if stated.setdefault(event.id, event) != event:
                raise ValueError(f"events: {event.id!r} came twice with different content")
        return self


class LineOut(BaseModel):
    """A line. `amount` = half-up(`quantity` × `price` ÷ `base_hours`) where these are given."""

    meter: str = Field(examples=["vcpu"])
    label: str = Field(examples=["unit"])
    unit_hours: str = Field(examples=["2880.0000"])
    amount: str = Field(examples=["31.60"])
    units: str | None = Field(description="unit-months", examples=["4.0000"])
    quantity: str | None = Field(examples=["2880.0000"])
    price: str | None = Field(examples=["7.90"])
    base_hours: str | None = Field(examples=["720.0000"])


class ProjectionOut(BaseModel):
    """Net at the end of the period: what runs now stays on; the mean so far goes on (null before anything has elapsed)."""

    state_based_net: str = Field(examples=["55.60"])
    linear_net: str | None = Field(examples=["55.60"])


class VatOut(BaseModel):
    """How it is taxed."""

    category: str = Field(description="UNTDID 5305", examples=["S"])
    rate: str = Field(description="per cent", examples=["20"])
    reason: str | None


class WarningOut(BaseModel):
    """Something about the events that does not fit together."""

    code: str
    resource: str
    event: str


class PreviewOut(BaseModel):
    """The bill; with `now`, the part of it up to now."""

    period_hours: int | float = Field(examples=[720])
    lines: list[LineOut]
    net: str = Field(examples=["55.60"])
    vat: str = Field(examples=["11.12"])
    gross: str = Field(examples=["66.72"])
    vat_treatment: VatOut
    projection: ProjectionOut
    warnings: list[WarningOut]
    hash: str = Field(description="SHA-256 of the rating's canonical form: same inputs, same hash")
