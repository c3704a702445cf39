"""What an asset is made of, as the timeline and the stateless estimates state it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cpu:
    """The processors of one unit: how many, and each one's cores, die area and thermal design power."""

    units: int
    cores: int | None = None
    die_mm2: float | None = None
    tdp_w: float | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """Identical memory modules; the density of their dies in GB/cm² where known."""

    units: int
    gib: float
    density_gb_cm2: float | None = None


@dataclass(frozen=True, slots=True)
class Disk:
    """Identical disks: `type` is `ssd` or `hdd`; capacity and density matter for SSDs only."""

    units: int
    type: str
    gib: float | None = None
    density_gb_cm2: float | None = None


@dataclass(frozen=True, slots=True)
class PowerSupply:
    """The power supplies of one unit and the mass of each."""

    units: int
    kg: float | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """The parts of one unit; what is not stated is unknown, not none."""

    cpu: Cpu | None = None
    ram: tuple[Module, ...] = ()
    disks: tuple[Disk, ...] = ()
    psu: PowerSupply | None = None
    case: str | None = None
    gpus: int = 0
    """Graphics or accelerator cards: the method has no coefficient of them, so that they are only said not to count."""
    diskless: bool = False
    """Stated to have no disk: an empty list of them, where no list says that they are not known."""

    @property
    def cores(self) -> int | None:
        """Physical cores of one unit, None where unknown."""
        if self.cpu is None or self.cpu.cores is None:
            return None
        return self.cpu.units * self.cpu.cores

    @property
    def ram_gib(self) -> float | None:
        """Memory of one unit, None where unknown."""
        return sum(each.units * each.gib for each in self.ram) if self.ram else None

    @property
    def disk_gib(self) -> float | None:
        """Storage of one unit, None where the size of any disk is unknown."""
        sizes = [None if each.gib is None else each.units * each.gib for each in self.disks]
        known = [each for each in sizes if each is not None]
        return sum(known) if sizes and len(known) == len(sizes) else None


class StatedConfiguration(dict[str, Any]):
    """The (already validated) JSON form of a configuration, with a `key` that is the same for equal words."""

    __slots__ = ("key",)

    def __init__(self, document: Mapping[str, Any], key: bytes) -> None:
        super().__init__(document)
        self.key = key


def read_configuration(document: Mapping[str, Any]) -> Configuration:
    """A configuration from its (already validated) JSON form; entries that this method does not use are left out."""
    cpu, psu = document.get("cpu"), document.get("psu")
    return Configuration(
        cpu=None if cpu is None else Cpu(cpu.get("units") or 1, cpu.get("cores"), cpu.get("die_mm2"), cpu.get("tdp_w")),
        ram=tuple(
            Module(each.get("units") or 1, each["gib"], each.get("density_gb_cm2"))
            for each in _stated(document.get("ram"), "gib")
        ),
        disks=tuple(
            Disk(each.get("units") or 1, each.get("type") or "ssd", each.get("gib"), each.get("density_gb_cm2"))
            for each in document.get("disks") or ()
        ),
        psu=None if psu is None else PowerSupply(psu.get("units") or 1, psu.get("kg")),
        case=document.get("case"),
        diskless=document.get("disks") is not None and not document["disks"],
        gpus=sum(each.get("units") or 1 for each in document.get("gpus") or ()),
    )


def _stated(entries: Sequence[Mapping[str, Any]] | None, name: str) -> list[Mapping[str, Any]]:
    return [entry for entry in entries or () if entry.get(name) is not None]
