"""What this service knows of organisations, sites and assets: frozen copies of what inventory publishes.

Instants are Unix seconds (sub-second parts are dropped); intervals are half-open.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from footprint.domain.configuration import Configuration

VIRTUAL_MACHINE = "virtual_machine"

CUSTOMER: Final = "customer"
"""The role of who buys: what the provider of the platform runs, another runs for it."""

SITE_HOME: Final = "site"
ORGANISATION_HOME: Final = "organisation"
HOMES: Final = frozenset({SITE_HOME, ORGANISATION_HOME})
"""Kinds of what has asset-months and is no asset: a site and an organisation, for activities that belong to no single asset."""

COMPUTER_ROOM_KINDS = frozenset({"server", "storage", "network", VIRTUAL_MACHINE})
"""Kinds that live in a computer room: without a stated PUE they take the world mean, never 1, whatever their site is called."""

OFFICE: Final = "office"
"""The kind of site where what is used at desks has a PUE of 1."""

KINDS = frozenset(
    {"server", "storage", "network", VIRTUAL_MACHINE, "laptop", "desktop", "monitor", "thin_client", "smartphone", "tablet", "printer",
     "ip_phone", "other"}
)  # fmt: skip


class Status(StrEnum):
    """What an asset does during a segment. `standby` is powered, so it uses electricity as `in_service` does."""

    IN_SERVICE = "in_service"
    OFF = "off"
    STANDBY = "standby"
    RETIRED = "retired"

    @property
    def powered(self) -> bool:
        """Whether the asset draws power."""
        return self in (Status.IN_SERVICE, Status.STANDBY)


class Convention(StrEnum):
    """How the embodied emissions of a refurbished asset are shared with its first user; one per organisation."""

    REMAINING = "remaining"
    CUT_OFF = "cut_off"
    SHARED_LIFE = "shared_life"


class AllocationRule(StrEnum):
    """Who carries the unsold share of a host: the operator (`capacity`) or those who bought the rest (`sold`)."""

    CAPACITY = "capacity"
    SOLD = "sold"


class SharedBy(StrEnum):
    """What the machines of a host are told apart by: what each was given, or the energy measured of each."""

    VCPU = "vcpu"
    RAM = "ram"
    STORAGE = "storage"
    MEASURED = "measured"


class Operator(StrEnum):
    """Who runs a site: the organisation itself, a colocation provider that houses its kit, or the provider of the platform."""

    OWN = "own"
    HOSTED = "hosted"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer or the provider, and the conventions of its reports."""

    id: str
    role: str = CUSTOMER
    time_zone: str = "Europe/Paris"
    refurbished: Convention = Convention.REMAINING


@dataclass(frozen=True, slots=True)
class Pue:
    """A site's PUE on half-open dates; None is unbounded."""

    value: float
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """An electricity contract on half-open dates; None is unbounded.

    `residual_kg_per_kwh` is the supplier's own factor of what guarantees of origin do not cover; None: the residual mix of the catalogue.
    """

    guarantee_share: float = 0.0
    residual_kg_per_kwh: float | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Operated:
    """Who operates a site on half-open dates; None is unbounded."""

    operator: Operator
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Allocated:
    """By which rule hosts of a site are shared out, and what tells their machines apart, on half-open dates; None is unbounded."""

    rule: AllocationRule
    shared_by: SharedBy
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place that holds assets. `region` is the code under which its electricity factors are looked up: a part of its country, or it.

    Where `contracts`, `operators` or `allocations` say nothing of a date, `guarantee_share` with `residual_kg_per_kwh`, `operator`, and
    `rule` with `shared_by`, hold.
    """

    id: UUID
    org: str
    code: str
    kind: str
    region: str
    pue: tuple[Pue, ...] = ()
    operator: Operator = Operator.OWN
    rule: AllocationRule = AllocationRule.CAPACITY
    guarantee_share: float = 0.0
    shared_by: SharedBy = SharedBy.VCPU
    residual_kg_per_kwh: float | None = None
    contracts: tuple[Contract, ...] = ()
    operators: tuple[Operated, ...] = ()
    allocations: tuple[Allocated, ...] = ()

    @property
    def supplier(self) -> str:
        """What the uncertainty of its supplier's own factor is shared under."""
        return f"supplier:{self.id}"


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where at a public cloud a virtual machine runs that has no host here; names as the provider writes them, its own in small letters."""

    provider: str
    instance_type: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "provider", self.provider.lower())


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an asset's life in which nothing changed. `vcpu`, `ram_gib` and `disk_gib` are the allocation of a VM, or the
    capacity that a host sells."""

    start: int
    end: int | None
    status: Status
    site: UUID | None = None
    host: UUID | None = None
    vcpu: float | None = None
    configuration: Configuration | None = None
    ram_gib: float | None = None
    disk_gib: float | None = None
    cloud: Cloud | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset with its whole timeline, sorted and gapless. Of a home (see `HOMES`), the timeline spans its activities."""

    id: UUID
    org: str
    kind: str
    segments: tuple[Segment, ...]
    quantity: float = 1.0
    maker: str | None = None
    model: str | None = None
    acquired_on: date | None = None
    condition: str | None = None
    price_eur: float | None = None
    age_years: float | None = None
    planned_life_years: float | None = None
    annual_kwh: float | None = None
    average_w: float | None = None
    embodied_kg: float | None = None
    support_eur_per_year: float | None = None

    @property
    def is_virtual(self) -> bool:
        """Whether the asset is a share of another."""
        return self.kind == VIRTUAL_MACHINE

    @property
    def is_home(self) -> bool:
        """Whether it only stands for a site or an organisation."""
        return self.kind in HOMES


@dataclass(frozen=True, slots=True)
class Placement:
    """A virtual machine (all of its quantity) holding vCPUs of a host from `start` to `end` (None: still), with memory and storage where
    they are known. Where its vCPUs are not (NaN) it stands where its host does, and has no share of it."""

    vm: UUID
    org: str
    host: UUID
    start: int
    end: int | None
    vcpu: float
    ram_gib: float | None = None
    disk_gib: float | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A quantity of something that was done, spread evenly over [start, end) in local days: `activity` is what its factor is looked up by.

    It is of an asset, of a site, or of the organisation as a whole (neither is stated).
    """

    id: UUID
    org: str
    kind: str
    activity: str
    start: date
    end: date
    quantity: float
    unit: str
    asset: UUID | None = None
    site: UUID | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """An application that uses a machine from `start` to `end` (None: still), by its weight among those that do at the same time."""

    application: UUID
    start: int
    end: int | None
    weight: float


@dataclass(frozen=True, slots=True)
class ClosedLife:
    """Over which life (Unix second of its start, days) an asset's making was spread in a run of closed months that ends with `until`.

    Of refurbished kit also what settled what it carries: the days of its first life (None where unknown) and of its second `use_days`
    (None: not refurbished, or not kept).
    """

    until: int
    start: int
    days: float
    first_life_days: float | None = None
    use_days: float | None = None
