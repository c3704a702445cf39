"""What a machine is made of, and what a virtual machine has been given."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.quantities import Amount, Count, Label, Size
from inventory.domain.vocabulary import CaseType, DiskType, Kind


class Part(BaseModel):
    """Base of every described value: immutable, compared by content, no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cpu(Part):
    """The processors of a machine; `cores`, `die_mm2` and `tdp_w` (watts) are of one unit."""

    units: Count
    cores: Count | None = None
    die_mm2: Size | None = None
    tdp_w: Size | None = None
    model: Label | None = None


class Ram(Part):
    """Equal memory modules of `gib` each; `density_gb_cm2` where the maker says it."""

    units: Count
    gib: Size
    density_gb_cm2: Size | None = None


class Disk(Part):
    """Equal disks of `gib` each."""

    units: Count
    type: DiskType
    gib: Size | None = None
    density_gb_cm2: Size | None = None


class Gpu(Part):
    """Equal graphics or accelerator cards; `tdp_w` in watts and `memory_gib` of one unit."""

    units: Count
    model: Label | None = None
    tdp_w: Size | None = None
    memory_gib: Size | None = None


class PowerSupply(Part):
    """The power supplies; `kg` is the weight of one."""

    units: Count
    kg: Size | None = None


class Configuration(Part):
    """The parts of one machine; `ports` of a network or storage device, the diagonal of a screen in inches.

    Absent means not known, never none. Which parts a kind can have is in `PARTS_OF`.
    """

    cpu: Cpu | None = None
    ram: Annotated[tuple[Ram, ...], Field(max_length=64)] | None = None
    disks: Annotated[tuple[Disk, ...], Field(max_length=256)] | None = None
    gpus: Annotated[tuple[Gpu, ...], Field(max_length=64)] | None = None
    psu: PowerSupply | None = None
    case: CaseType | None = None
    ports: Count | None = None
    screen_inches: Size | None = None


_COMPUTER = frozenset({"cpu", "ram", "disks", "psu"})
PARTS_OF: Mapping[Kind, frozenset[str]] = {
    Kind.SERVER: _COMPUTER | {"gpus", "case", "ports"},
    Kind.STORAGE: _COMPUTER | {"case", "ports"},
    Kind.NETWORK: _COMPUTER | {"case", "ports"},
    Kind.VIRTUAL_MACHINE: frozenset(),
    Kind.LAPTOP: _COMPUTER | {"gpus", "screen_inches"},
    Kind.DESKTOP: _COMPUTER | {"gpus", "screen_inches"},
    Kind.MONITOR: frozenset({"psu", "screen_inches", "ports"}),
    Kind.THIN_CLIENT: _COMPUTER | {"screen_inches"},
    Kind.SMARTPHONE: frozenset({"cpu", "ram", "disks", "psu", "screen_inches"}),
    Kind.TABLET: frozenset({"cpu", "ram", "disks", "psu", "screen_inches"}),
    Kind.PRINTER: _COMPUTER | {"screen_inches", "ports"},
    Kind.IP_PHONE: frozenset({"cpu", "ram", "psu", "screen_inches", "ports"}),
    Kind.OTHER: frozenset(Configuration.model_fields),
}
"""Which parts an asset of each kind can have; a virtual machine has none of its own."""


class Cloud(Part):
    """Where a public cloud runs a machine, as the provider names it: such as aws, m5.xlarge, eu-west-3."""

    provider: Label
    instance_type: Label | None = None
    region: Label | None = None


class Allocation(Part):
    """What a virtual machine has been given: virtual processors, memory and disk in GiB.

    `cloud` is of a machine at a public cloud; such a machine has no host here.
    """

    vcpu: Count
    ram_gib: Amount | None = None
    disk_gib: Amount | None = None
    cloud: Cloud | None = None
