"""How assets and actions are written down, in requests and in stored studies."""

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from scenarios.domain import levers
from scenarios.domain.fleet import Integers
from scenarios.domain.kinds import Kind

Ref = Annotated[str, Field(min_length=1, max_length=200)]
Kwh = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Kilograms = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Life = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Age = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Pue = Annotated[float, Field(ge=1, le=10, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
PositiveShare = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Load = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Euros = Annotated[Decimal, Field(ge=0, le=10**9, decimal_places=2)]


class Refused(ValueError):
    """Something written that breaks a rule: `field` is its dotted path, `code` is stable, the message names value and rule."""

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.code = code
        self.detail = detail


class Written(BaseModel):
    """Base of what is written: an unknown field is refused, so that a misspelt one is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AssetValues(Written):
    """An asset as a scenario needs it. All values are per unit; the energy is the kit's own, before PUE, over 365 days."""

    ref: Ref = Field(examples=["srv"])
    kind: Kind = Field(examples=["server"])
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    annual_kwh: Kwh = Field(examples=[1760.3])
    pue: Pue = 1.0
    embodied_kg: Kilograms = Field(description="the making of one unit, whole", examples=[1313.28])
    embodied_left_kg: Kilograms | None = Field(
        default=None,
        description="of the making of one unit, what is not charged yet at the start, spread over the rest of the life: of kit that was "
        "upgraded, or whose life was extended. Without it, its share of the life that is left",
    )
    life_years: Life = Field(description="over which the making is spread", examples=[4])
    age_years: Age = Field(default=0.0, description="at the start")
    maintenance_kg_per_year: Kilograms = Field(default=0.0, description="maintenance and sale")
    opex_eur_per_year: Euros = Field(default=Decimal(0), description="support and services, without electricity")
    price_eur: Euros = Field(default=Decimal(0), description="of one more such unit, bought when the fleet grows")
    site: Annotated[str, Field(max_length=200)] | None = None
    vcpu: Load = Field(default=0.0, description="of the load, where a price or a capacity needs it")
    ram_gib: Load = 0.0
    tags: dict[str, str] = Field(default_factory=dict)


def cents(amount: Decimal | None) -> int | None:
    """Euros with at most two decimals in cents."""
    return None if amount is None else int(amount * 100)


class Selector(Written):
    """Assets by what they are; every condition given must hold."""

    kinds: list[Kind] | None = None
    sites: list[str] | None = None
    refs: list[Ref] | None = None
    min_age_years: Age | None = None
    tags: dict[str, str] | None = None

    def holds(self, asset: AssetValues) -> bool:
        """Whether `asset` is chosen."""
        return (
            (self.kinds is None or asset.kind in self.kinds)
            and (self.sites is None or asset.site in self.sites)
            and (self.refs is None or asset.ref in self.refs)
            and (self.min_age_years is None or asset.age_years >= self.min_age_years)
            and (self.tags is None or all(asset.tags.get(key) == value for key, value in self.tags.items()))
        )


class NewValues(Written):
    """Values per unit of what enters; what is not given stays as it is. A ratio multiplies what is there."""

    annual_kwh: Kwh | None = None
    annual_kwh_ratio: Ratio | None = None
    pue: Pue | None = None
    embodied_kg: Kilograms | None = None
    life_years: Life | None = None
    maintenance_kg_per_year: Kilograms | None = None
    opex_eur_per_year: Euros | None = None
    opex_ratio: Ratio | None = None
    price_eur: Euros | None = None
    price_ratio: Ratio | None = None

    def kit(self) -> levers.Kit:
        """The same for the engine."""
        return levers.Kit(
            annual_kwh=self.annual_kwh,
            annual_kwh_ratio=self.annual_kwh_ratio,
            pue=self.pue,
            embodied_kg=self.embodied_kg,
            life_years=self.life_years,
            maintenance_kg_per_year=self.maintenance_kg_per_year,
            opex_cents_per_year=cents(self.opex_eur_per_year),
            opex_ratio=self.opex_ratio,
            price_cents=cents(self.price_eur),
            price_ratio=self.price_ratio,
        )


class Placed(Written, ABC):
    """What all actions have: on which assets, when, and what the service costs as a whole."""

    on: list[Ref] | Selector = Field(description="references of assets, or a selection of them")
    year: Annotated[int, Field(ge=0)] = Field(
        default=0, description="0-based; the action takes effect at its beginning"
    )
    month: Annotated[int, Field(ge=0, le=11)] = Field(default=0, description="within the year, in twelfths of 365 days")
    once_eur: Euros = Field(default=Decimal(0), description="of the whole action, at its moment (study, audit)")
    eur_per_year: Euros = Field(default=Decimal(0), description="of the whole action, from its moment on")

    def place(self, on: Integers) -> levers.Placement:
        """The same for the engine, on the assets at positions `on`."""
        return levers.Placement(on, self.year, self.month, int(self.once_eur * 100), int(self.eur_per_year * 100))

    @abstractmethod
    def read(self, on: Integers) -> levers.Action:
        """The lever, on the assets at positions `on`."""


WhenDue = Annotated[
    bool,
    Field(
        description="each asset in the first year, from `year` on, at whose beginning its life has ended, and again each time that of "
        "what replaced it has"
    ),
]


class Renew(Placed):
    """New kit instead of the old."""

    lever: Literal["renew"]
    when_due: WhenDue = False
    with_: NewValues = Field(default_factory=NewValues, alias="with")

    def read(self, on: Integers) -> levers.Action:
        return levers.Renew(self.place(on), self.with_.kit())


class ExtendLife(Placed):
    """The same kit for longer."""

    lever: Literal["extend_life"]
    years: Life
    with_: NewValues = Field(default_factory=NewValues, alias="with")

    def read(self, on: Integers) -> levers.Action:
        return levers.ExtendLife(self.place(on), self.years, self.with_.kit())


class Refurbish(Placed):
    """Refurbished kit instead of the old."""

    lever: Literal["refurbish"]
    when_due: WhenDue = False
    convention: levers.Convention = levers.Convention.REMAINING
    age_years: Age
    overhead_kg: Kilograms = Field(default=0.0, description="of refurbishing one unit, charged at once")
    use_years: Life | None = Field(
        default=None, description="shared_life: years of second use; default what is left of the life"
    )
    with_: NewValues = Field(default_factory=NewValues, alias="with")

    def read(self, on: Integers) -> levers.Action:
        return levers.Refurbish(
            self.place(on), self.age_years, self.convention, self.overhead_kg, self.use_years, self.with_.kit()
        )


class MoveToShared(Placed):
    """The load on shared hosts instead of own kit. `host` (or `with`) holds the values of one host; default: those of the kit itself."""

    lever: Literal["move_to_shared"]
    pue: Pue
    sold_ratio: PositiveShare
    host_share: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = Field(
        default=1.0, description="of a host, that the load of one unit takes"
    )
    host_age_years: Age = 0.0
    host: NewValues = Field(default_factory=NewValues, validation_alias=AliasChoices("host", "with"))
    buy_back_eur: Euros = Field(default=Decimal(0), description="paid for one unit that leaves")
    vcpu_eur_per_month: Euros = Decimal(0)
    ram_gib_eur_per_month: Euros = Decimal(0)

    def read(self, on: Integers) -> levers.Action:
        return levers.MoveToShared(
            self.place(on),
            self.pue,
            self.sold_ratio,
            self.host_share,
            self.host_age_years,
            self.host.kit(),
            int(self.buy_back_eur * 100),
            int(self.vcpu_eur_per_month * 100),
            int(self.ram_gib_eur_per_month * 100),
        )


class RightSize(Placed):
    """A share of the load is given up."""

    lever: Literal["right_size"]
    share: Share = Field(description="of the load that is given up")

    def read(self, on: Integers) -> levers.Action:
        return levers.RightSize(self.place(on), self.share)


class Service(Placed):
    """A service that changes nothing by itself."""

    lever: Literal["service"]

    def read(self, on: Integers) -> levers.Action:
        return levers.Service(self.place(on))


class SwitchOff(Placed):
    """Off; with `leaves`, also gone."""

    lever: Literal["switch_off"]
    leaves: bool = False

    def read(self, on: Integers) -> levers.Action:
        return levers.SwitchOff(self.place(on), self.leaves)


class SetValues(Placed):
    """Any value becomes another."""

    lever: Literal["set"]
    with_: NewValues = Field(alias="with")

    def read(self, on: Integers) -> levers.Action:
        return levers.SetValues(self.place(on), self.with_.kit())


ActionSpec = Annotated[
    Renew | ExtendLife | Refurbish | MoveToShared | RightSize | Service | SwitchOff | SetValues,
    Field(discriminator="lever"),
]
