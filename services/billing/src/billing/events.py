"""What billing hears, as models of its own: they name the fields it keeps, and ignore every other."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, NotRequired, Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import TypedDict

from billing.api.preview_schemas import Quantity
from billing.api.price_schemas import InXml
from billing.domain.amounts import METERS, steps_of
from billing.domain.metering import State

VIRTUAL_MACHINE = "virtual_machine"
USAGE = "billing.usage"
USAGE_KINDS = {f"usage.{kind}.v1": kind for kind in ("started", "resized", "stopped")}

Version = Annotated[int, Field(ge=1)]


def _first_day(value: object) -> object:
    """`2026-10` as the first day of that month; anything else as it is, for pydantic to judge."""
    return f"{value}-01" if isinstance(value, str) and len(value) == len("2026-10") else value


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"no time zone is called {value!r}") from error
    return value


Month = Annotated[date, BeforeValidator(_first_day)]
"""The first day of a local month, sent as `YYYY-MM`."""


class Heard(BaseModel):
    """A document of another service, at one version; fields that it does not name are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Version
    deleted: bool = False


class OrganizationChanged(Heard):
    """`inventory.organization.changed.v1`."""

    id: str
    name: str
    time_zone: Annotated[str, AfterValidator(_known_zone)]


class Allocation(BaseModel):
    """What a VM holds; what is not stated is not known."""

    vcpu: Annotated[int, Field(ge=0)] | None = None
    ram_gib: Annotated[float, Field(ge=0)] | None = None
    disk_gib: Annotated[float, Field(ge=0)] | None = None


class Segment(BaseModel):
    """One stretch `[from, to)` of an asset's timeline."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime | None = Field(default=None, alias="to")
    status: str
    plan: str | None = None
    allocation: Allocation | None = None

    def state(self) -> State:
        """The stretch as metering reads it."""
        held = self.allocation or Allocation()
        return State(self.start, self.end, self.status, self.plan, held.vcpu, held.ram_gib, held.disk_gib)


class AssetChanged(Heard):
    """`inventory.asset.changed.v1`."""

    id: UUID
    org: str
    source: str
    external_id: str
    name: str | None = None
    timeline: list[Segment] = []


class Stage(TypedDict):
    """The emissions of one life-cycle stage within an asset's month. A dictionary, for a month has many of them."""

    criterion: str
    basis: NotRequired[str | None]
    value: float


class AssetMonthChanged(Heard):
    """`footprint.asset-month.changed.v1`."""

    asset_id: UUID
    org: str
    month: Month
    kind: str
    kwh: float | None = None
    stages: list[Stage]

    @property
    def id(self) -> tuple[UUID, date]:
        """What the version counts."""
        return self.asset_id, self.month

    @property
    def gwp_kg(self) -> float:
        """kgCO2e over every stage; of electricity the location-based figure, never both."""
        return sum(s["value"] for s in self.stages if s["criterion"] == "gwp" and s.get("basis") in (None, "location"))


class UsageReported(BaseModel):
    """`usage.started.v1`, `usage.resized.v1`, `usage.stopped.v1`, of partners: absolute quantities; what is left out is not said.

    An unknown field is refused here: a meter that is misspelt must not be a meter that is missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    org: Annotated[str, Field(min_length=1, max_length=64), InXml]
    vcpu: Quantity | None = None
    ram_gib: Quantity | None = None
    disk_gib: Quantity | None = None

    @model_validator(mode="after")
    def _whole_steps(self) -> "UsageReported":
        self.steps()
        return self

    def steps(self) -> tuple[int | None, ...]:
        """The quantities in steps of their meters, in the order of `METERS`. Raises `NotWhole` for one between two steps."""
        given = (self.vcpu, self.ram_gib, self.disk_gib)
        return tuple(
            None if units is None else steps_of(meter, units) for meter, units in zip(METERS, given, strict=True)
        )


class _Versioned(Protocol):
    @property
    def id(self) -> Any: ...

    @property
    def version(self) -> int: ...


Document = TypeVar("Document", bound=_Versioned)


def newest(documents: Iterable[Document]) -> list[Document]:
    """Of each aggregate among `documents` the highest version, whatever their order: a statement may touch a row once."""
    latest: dict[Any, Document] = {}
    for document in documents:
        known = latest.get(document.id)
        if known is None or document.version > known.version:
            latest[document.id] = document
    return list(latest.values())
