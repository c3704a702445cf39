"""What scenarios publishes, and what it hears, as models of its own: they name the fields it keeps, and ignore every other."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Final, NotRequired, Protocol, TypeVar
from uuid import UUID

from common.events import Event
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from scenarios.domain.applying import OfferUse
from scenarios.domain.expecting import WHOLE, Expected
from scenarios.store.plans import Plan
from scenarios.store.runs import Run

RESULTS = "scenarios.results"
PLANS = "scenarios.plans"

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


class ReleaseFactor(BaseModel):
    """A factor within a release."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    version: Version
    status: str
    activity: str
    criterion: str
    value: float
    region: str | None
    valid_from: date | None
    valid_to: date | None
    perimeter: str | None


class ReleaseFrozen(Heard):
    """`factors.release.frozen.v1`: one part of a release."""

    name: str
    created_at: AwareDatetime
    part: int
    parts: int
    factors: list[ReleaseFactor]

    @property
    def id(self) -> tuple[str, int]:
        """What the version counts."""
        return self.name, self.part


class Stage(TypedDict):
    """The emissions of one life-cycle stage within an asset's month. A dictionary: a month has many of them."""

    stage: str
    criterion: str
    basis: NotRequired[str | None]
    value: float


STARTED_FROM: Final = frozenset({"manufacturing", "transport", "end_of_life", "maintenance_and_sale"})
"""The stages whose carbon a study starts from; that of use it computes from the energy."""


class AssetMonthChanged(Deletable):
    """`footprint.asset-month.changed.v1`."""

    asset_id: UUID
    org: str
    month: Month
    kind: str
    site_id: UUID | None = None
    host_id: UUID | None = None
    kwh: float | None = None
    embodied_kg: float | None = None
    embodied_left_kg: float | None = None
    stages: list[Stage]

    @property
    def id(self) -> tuple[UUID, date]:
        """What the version counts."""
        return self.asset_id, self.month

    @property
    def gwp_kg(self) -> float:
        """All stages; of electricity the location-based figure."""
        return sum(
            stage["value"]
            for stage in self.stages
            if stage["criterion"] == "gwp" and stage.get("basis") in (None, "location")
        )

    @property
    def started_from(self) -> list[Stage]:
        """The stages that a study starts from, as far as it reads them: a month with all its criteria and lines is ten times as much."""
        return [
            {"stage": stage["stage"], "criterion": "gwp", "value": stage["value"]}
            for stage in self.stages
            if stage["criterion"] == "gwp" and stage["stage"] in STARTED_FROM
        ]


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


def plan_changed(plan: Plan) -> Event:
    """`scenarios.plan.changed.v1`: the plan as it is now, whole."""
    data = {
        "id": plan.id,
        "org": plan.org,
        "version": plan.version,
        "study_id": plan.study_id,
        "study_version": plan.study_version,
        "study": plan.definition.name,
        "name": plan.name,
        "start": plan.definition.start,
        "years": plan.definition.years,
        "effect_class": plan.definition.effect_class,
        "status": plan.status,
        "closed_reason": plan.closed_reason,
        "adopted_at": plan.adopted_at,
        "adopted_by": plan.adopted_by,
        "updated_at": plan.updated_at,
        "expected": _expected(plan.expected[WHOLE]),
        "actions": [
            {
                "number": action.number,
                "label": action.label,
                "offer": action.written.offer if isinstance(action.written, OfferUse) else None,
                "assets": list(action.assets),
                "status": action.status,
                "owner": action.owner,
                "due_on": action.due_on,
                "done_on": action.done_on,
                "replaced_by": None if action.replaced_by is None else list(action.replaced_by),
                "expected": _expected(plan.expected[action.number]),
            }
            for action in plan.actions
        ],
        "deleted": False,
    }
    return Event(PLANS, "scenarios.plan.changed.v1", str(plan.id), f"plan/{plan.id}", data)


def _expected(expected: Expected) -> dict[str, float]:
    eer, eema = sum(expected.eer_kg), sum(expected.eema_kg)
    return {"eer_kg": eer, "eema_kg": eema, "avoided_kg": eer + eema}


def _without_months(scenario: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in scenario.items() if name != "months"}
