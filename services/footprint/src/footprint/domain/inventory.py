"""What this service knows of organisations, sites and assets: frozen copies of what inventory publishes.

Instants are Unix seconds (sub-second parts are dropped); intervals are half-open.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from footprint.domain.configuration import Configuration

VIRTUAL_MACHINE = "virtual_machine"

COMPUTER_ROOM_KINDS = frozenset({"server", "storage", "network", VIRTUAL_MACHINE})
"""Kinds that live in a computer room: without a stated PUE they take the world mean, never 1."""

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


class Operator(StrEnum):
    """Who runs a site: the organisation itself, a colocation provider that houses its kit, or the provider of the platform."""

    OWN = "own"
    HOSTED = "hosted"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer or the provider, and the conventions of its reports."""

    id: str
    role: str = "customer"
    time_zone: str = "Europe/Paris"
    refurbished: Convention = Convention.REMAINING


@dataclass(frozen=True, slots=True)
class Pue:
    """A site's PUE on half-open dates; None is unbounded."""

    value: float
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A place that holds assets. `region` is the code under which its electricity factors are looked up."""

    id: UUID
    org: str
    code: str
    kind: str
    region: str
    pue: tuple[Pue, ...] = ()
    operator: Operator = Operator.OWN
    rule: AllocationRule = AllocationRule.CAPACITY
    guarantee_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an asset's life in which nothing changed. `vcpu` is the allocation of a VM, or the capacity that a host sells."""

    start: int
    end: int | None
    status: Status
    site: UUID | None = None
    host: UUID | None = None
    vcpu: float | None = None
    configuration: Configuration | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset with its whole timeline, sorted and gapless."""

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


@dataclass(frozen=True, slots=True)
class Placement:
    """A virtual machine holding vCPUs of a host from `start` to `end` (None: still)."""

    vm: UUID
    org: str
    host: UUID
    start: int
    end: int | None
    vcpu: float
