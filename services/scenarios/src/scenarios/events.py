"""What scenarios publishes, and what it hears, as models of its own: they name the fields it keeps, and ignore every other."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

from common.events import Event
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from scenarios.store.runs import Run

RESULTS = "scenarios.results"

Version = Annotated[int, Field(ge=1)]


def _first_day(value: object) -> object:
    """`2026-10` as the first day of that month; anything else as it is, for pydantic to judge."""
    return f"{value}-01" if isinstance(value, str) and len(value) == len("2026-10") else value


Month = Annotated[date, BeforeValidator(_first_day)]
"""The first day of a local month, sent as `YYYY-MM`."""


class Heard(BaseModel):
    """A document of another service, at one version; fields that it does not name are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Version


class Deletable(Heard):
    """One whose last document says that it is deleted."""

    deleted: bool = False


class SiteChanged(Deletable):
    """`inventory.site.changed.v1`."""

    id: UUID
    org: str
    code: str | None = None
    name: str
    country: str
    region: str | None = None
    pue: list[dict[str, Any]] = []


class Segment(BaseModel):
    """One stretch `[from, to)` of an asset's timeline, of which scenarios reads when, where and in what state."""

    model_config = ConfigDict(extra="allow", frozen=True)

    start: AwareDatetime = Field(alias="from")
    end: datetime | None = Field(default=None, alias="to")
    status: str
    site_id: UUID | None = None
    host_id: UUID | None = None


class AssetChanged(Deletable):
    """`inventory.asset.changed.v1`."""

    id: UUID
    org: str
    kind: str
    name: str | None = None
    quantity: Annotated[int, Field(ge=1)] = 1
    planned_life_years: float | None = None
    acquired: dict[str, Any] | None = None
    declared: dict[str, Any] | None = None
    support: dict[str, Any] | None = None
    tags: dict[str, str] = {}
    timeline: list[Segment] = []


class FactorChanged(Heard):
    """`factors.factor.changed.v1`; a factor is withdrawn, never deleted."""

    id: str
    activity: str
    criterion: str
    stage: str | None = None
    value: float
    unit: str
    region: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    perimeter: str | None = None
    status: str


class Stage(BaseModel):
    """The emissions of one life-cycle stage within an asset's month."""

    model_config = ConfigDict(extra="allow", frozen=True)

    stage: str
    criterion: str
    basis: str | None = None
    value: float


class AssetMonthChanged(Deletable):
    """`footprint.asset-month.changed.v1`."""

    asset_id: UUID
    org: str
    month: Month
    kind: str
    site_id: UUID | None = None
    host_id: UUID | None = None
    kwh: float | None = None
    stages: list[Stage]

    @property
    def id(self) -> tuple[UUID, date]:
        """What the version counts."""
        return self.asset_id, self.month


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


def result_recorded(run: Run, result: dict[str, Any], now: datetime) -> Event:
    """`scenarios.result.recorded.v1`: what a finished run found, without its months."""
    definition = run.request["definition"]
    data = {
        "id": run.id,
        "org": run.org,
        "version": 1,
        "study_id": run.study_id,
        "study_version": run.request["study_version"],
        "study": definition["name"],
        "kind": run.kind,
        "start": definition["start"],
        "years": definition["years"],
        "effect_class": definition["effect_class"],
        "finished_at": now,
        "factors": [{"id": factor["id"], "version": factor["version"]} for factor in result.get("factors", [])],
        "reference": _without_months(result["reference"]) if "reference" in result else None,
        "alternatives": [_without_months(alternative) for alternative in result.get("alternatives", [])],
        "uncertain": result.get("uncertain", []),
        "optimum": result.get("optimum"),
    }
    return Event(RESULTS, "scenarios.result.recorded.v1", str(run.id), f"run/{run.id}", data)


def _without_months(scenario: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in scenario.items() if name != "months"}
