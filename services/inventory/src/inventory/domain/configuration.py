"""What a machine is made of, and what a virtual machine has been given."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from inventory.domain.quantities import Amount, Count, Label, Size
from inventory.domain.vocabulary import CaseType, DiskType


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
    """The parts of one machine. Absent means not known, never none."""

    cpu: Cpu | None = None
    ram: Annotated[tuple[Ram, ...], Field(max_length=64)] | None = None
    disks: Annotated[tuple[Disk, ...], Field(max_length=256)] | None = None
    gpus: Annotated[tuple[Gpu, ...], Field(max_length=64)] | None = None
    psu: PowerSupply | None = None
    case: CaseType | None = None


class Allocation(Part):
    """What a virtual machine has been given: virtual processors, memory and disk in GiB."""

    vcpu: Count
    ram_gib: Amount | None = None
    disk_gib: Amount | None = None
