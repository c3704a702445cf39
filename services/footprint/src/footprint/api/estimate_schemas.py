"""What `POST /estimates` takes.

Items are typed dictionaries: one pass over the call validates them all, without building an object per item. Fleets repeat their
configurations: each distinct one is validated once.
"""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from common import json
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from footprint.domain.configuration import StatedConfiguration

MOST_ITEMS = 10_000

Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 12, 31))]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False, strict=True)]
Positive = Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False, strict=True)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]


def _number(value: Any) -> Any:
    """Refuse what only converts to a number: texts and booleans."""
    if isinstance(value, (bool, str)):
        raise PydanticCustomError("int_type", "Input should be a valid integer")
    return value


Units = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_number)]
Label = Annotated[str, Field(min_length=1, max_length=200)]
Kind = Literal[
    "server", "storage", "network", "virtual_machine", "laptop", "desktop", "monitor", "thin_client", "smartphone", "tablet", "printer",
    "ip_phone", "other",
]  # fmt: skip
Criterion = Literal["gwp", "pe", "adpe", "water"]
EmbodiedStage = Literal["manufacturing", "transport", "end_of_life"]

_STRICT = ConfigDict(extra="forbid")


class PeriodBody(BaseModel):
    """Half-open: `to` is the first day that is not counted."""

    model_config = _STRICT
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")


@with_config(_STRICT)
class LifeBody(TypedDict, total=False):
    """By both dates, or by years (of 365 days) from the period's start or from `from`."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]
    years: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False, strict=True)]


@with_config(_STRICT)
class ModelBody(TypedDict):
    """Maker and model, as on the machine."""

    maker: Label
    name: Label


@with_config(_STRICT)
class CpuBody(TypedDict, total=False):
    """Processors; die area, power and cores of each."""

    units: Units
    cores: Units
    die_mm2: Positive
    tdp_w: Positive
    model: Label


class _ModuleSize(TypedDict):
    gib: Positive


@with_config(_STRICT)
class ModuleBody(_ModuleSize, total=False):
    """Identical memory modules."""

    units: Units
    density_gb_cm2: Positive


class _DiskType(TypedDict):
    type: Literal["ssd", "hdd"]


@with_config(_STRICT)
class DiskBody(_DiskType, total=False):
    """Identical disks."""

    units: Units
    gib: Positive
    density_gb_cm2: Positive


@with_config(_STRICT)
class PowerSupplyBody(TypedDict, total=False):
    """Power supplies; the mass of each."""

    units: Units
    kg: Positive


@with_config(_STRICT)
class ConfigurationBody(TypedDict, total=False):
    """The parts of one unit; what is left out is unknown."""

    cpu: CpuBody
    ram: Annotated[list[ModuleBody], Field(max_length=64)]
    disks: Annotated[list[DiskBody], Field(max_length=256)]
    psu: PowerSupplyBody
    case: Literal["rack", "blade"]


MOST_CONFIGURATIONS = 10_000
"""Valid configurations that are kept before the table starts anew."""

_configurations: dict[bytes, StatedConfiguration] = {}


def _once(value: Any, validate: ValidatorFunctionWrapHandler) -> StatedConfiguration:
    """A configuration validated the first time that its words come: equal words are written the same."""
    try:
        key = json.dumps(value)
    except TypeError:  # a number that JSON does not take, which is refused
        key = b""
    known = _configurations.get(key)
    if known is None:
        known = StatedConfiguration(validate(value), key)
        if len(_configurations) >= MOST_CONFIGURATIONS:
            _configurations.clear()
        _configurations[key] = known
    return known


@with_config(_STRICT)
class LoadBody(TypedDict):
    """A utilisation during a share of the time in service."""

    share_of_time: Share
    utilisation: Share


@with_config(_STRICT)
class EnergyBody(TypedDict, total=False):
    """By an annual figure (for 365 days), a mean power, or a utilisation of the configuration's CPUs; the first stated counts."""

    annual_kwh: Amount
    average_w: Amount
    utilisation: Share | Annotated[list[LoadBody], Field(min_length=1, max_length=100)]


@with_config(_STRICT)
class AllocationBody(TypedDict, total=False):
    """What a virtual machine was given."""

    vcpu: Positive
    ram_gib: Positive
    disk_gib: Amount


class _Provider(TypedDict):
    provider: Label


@with_config(_STRICT)
class CloudBody(_Provider, total=False):
    """Where at a public cloud a machine runs, in the provider's own names: aws, m5.xlarge, eu-west-3."""

    instance_type: Label
    region: Label


@with_config(_STRICT)
class HostBody(TypedDict, total=False):
    """The server that a virtual machine has its share of: by its vCPUs (all, or those sold), else by the cores of its configuration."""

    vcpu: Positive
    model: ModelBody
    life: LifeBody
    embodied: dict[Criterion, dict[EmbodiedStage, Amount]]
    configuration: Annotated[ConfigurationBody, WrapValidator(_once)]
    energy: EnergyBody


class _ItemKind(TypedDict):
    kind: Kind


@with_config(_STRICT)
class ItemBody(_ItemKind, total=False):
    """One thing, or `quantity` identical ones."""

    ref: Annotated[str, Field(max_length=200)]
    quantity: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False, strict=True)]
    model: ModelBody
    country: Annotated[str, Field(max_length=64)]
    region: Annotated[str, Field(max_length=64)]
    life: LifeBody
    embodied: dict[Criterion, dict[EmbodiedStage, Amount]]
    configuration: Annotated[ConfigurationBody, WrapValidator(_once)]
    energy: EnergyBody
    duty: Share
    pue: Annotated[float, Field(ge=1, le=100, allow_inf_nan=False, strict=True)]
    electricity: dict[Criterion, Amount]
    allocation: AllocationBody
    host: HostBody
    cloud: CloudBody


class _Call(BaseModel):
    model_config = _STRICT
    period: PeriodBody
    criteria: Annotated[list[Criterion], Field(min_length=1, max_length=4)] = ["gwp"]


class Envelope(_Call):
    """The call without a look at its items."""

    items: Annotated[list[Any], Field(min_length=1, max_length=MOST_ITEMS)]


class ToldApart(msgspec.Struct, forbid_unknown_fields=True):
    """The call with the text of each item, of which nothing was built."""

    period: Any
    items: list[msgspec.Raw]
    criteria: Any = ("gwp",)


class EstimatesBody(_Call):
    """The call with every item valid."""

    items: Annotated[list[ItemBody], Field(min_length=1, max_length=MOST_ITEMS)]


ITEMS: TypeAdapter[list[ItemBody]] = TypeAdapter(list[ItemBody])
VALUES: TypeAdapter[list[Any]] = TypeAdapter(list[Any])
TOLD = msgspec.json.Decoder(ToldApart)
