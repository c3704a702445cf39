"""What this service hears, as its own tolerant reader models, and what it publishes."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from common import json
from common.events import Event
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from footprint.domain.catalogue import FactorRef
from footprint.domain.inventory import AllocationRule, Convention, Operator, SharedBy, Status
from footprint.domain.months import format_month
from footprint.domain.notices import sentences
from footprint.domain.results import METHOD_VERSION, AssetMonth, Figure
from footprint.domain.sums import exact

ORGANISATIONS: Final = "inventory.organizations"
ORGANISATION_CHANGED: Final = "inventory.organization.changed.v1"
SITES: Final = "inventory.sites"
SITE_CHANGED: Final = "inventory.site.changed.v1"
ASSETS: Final = "inventory.assets"
ASSET_CHANGED: Final = "inventory.asset.changed.v1"
FACTORS: Final = "factors.factors"
FACTOR_CHANGED: Final = "factors.factor.changed.v1"

MEASUREMENTS: Final = "inventory.measurements"
MEASUREMENT_MONTH_CHANGED: Final = "inventory.measurement-month.changed.v1"
ACTIVITIES: Final = "inventory.activities"
ACTIVITY_CHANGED: Final = "inventory.activity.changed.v1"
APPLICATIONS: Final = "inventory.applications"
APPLICATION_CHANGED: Final = "inventory.application.changed.v1"
OVERRIDES: Final = "factors.overrides"
OVERRIDE_CHANGED: Final = "factors.override.changed.v1"
RELEASES: Final = "factors.releases"
RELEASE_FROZEN: Final = "factors.release.frozen.v1"

PERIODS: Final = "footprint.periods"
PERIOD_CHANGED: Final = "footprint.period.changed.v1"
ASSET_MONTHS: Final = "footprint.asset-months"
ASSET_MONTH_CHANGED: Final = "footprint.asset-month.changed.v1"


class Heard(BaseModel):
    """A document of another service: fields that this service does not use are passed over."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class OrganisationChanged(Heard):
    """The current state of an organisation."""

    id: str
    name: str = ""
    role: str = "customer"
    time_zone: str = "Europe/Paris"
    refurbished_convention: Convention = Convention.REMAINING
    version: int
    deleted: bool = False


class PueChanged(Heard):
    """A PUE on half-open dates."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    value: Annotated[float, Field(ge=1)]


class ElectricityContract(Heard):
    """The share of the electricity that is covered by guarantees of origin, and the supplier's own factor of the rest."""

    guarantee_of_origin_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    residual_kg_per_kwh: Annotated[float | None, Field(ge=0)] = None


class DatedContract(ElectricityContract):
    """A contract on half-open dates."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")


class Electricity(ElectricityContract):
    """The contracts of a site; the fields beside are those of the latest."""

    contracts: list[DatedContract] = []


class OperatorChanged(Heard):
    """Who operates a site on half-open dates."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    operator: Operator


class AllocationChanged(Heard):
    """The rule by which hosts are shared out over days `[start, end)`, and what tells their machines apart."""

    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    allocation_rule: AllocationRule
    allocation_by: SharedBy = SharedBy.VCPU


class SiteChanged(Heard):
    """The current state of a site."""

    id: UUID
    org: str
    code: str
    kind: str
    country: str
    region: str | None = None
    pue: list[PueChanged] = []
    operator: Operator = Operator.OWN
    allocation_rule: AllocationRule = AllocationRule.CAPACITY
    allocation_by: SharedBy = SharedBy.VCPU
    electricity: Electricity | None = None
    operators: list[OperatorChanged] = []
    allocations: list[AllocationChanged] = []
    version: int
    deleted: bool = False


class ModelNamed(Heard):
    """Maker and model."""

    maker: str | None = None
    name: str | None = None


class Acquired(Heard):
    """How an asset came."""

    on: date | None = None
    condition: str | None = None
    price_eur: float | None = None
    age_years: float | None = None


class Declared(Heard):
    """What the customer says of an asset itself."""

    annual_kwh: Annotated[float | None, Field(ge=0)] = None
    average_w: Annotated[float | None, Field(ge=0)] = None
    embodied_kg: Annotated[float | None, Field(ge=0)] = None


class Support(Heard):
    """A support contract."""

    eur_per_year: float | None = None


class CloudChanged(Heard):
    """Where a machine runs at a public cloud."""

    provider: str
    instance_type: str | None = None
    region: str | None = None


class Allocation(Heard):
    """What a virtual machine holds, or what a host sells."""

    vcpu: Annotated[float | None, Field(ge=0)] = None
    ram_gib: Annotated[float | None, Field(ge=0)] = None
    disk_gib: Annotated[float | None, Field(ge=0)] = None
    cloud: CloudChanged | None = None


class SegmentChanged(Heard):
    """A stretch of the timeline."""

    start: datetime = Field(alias="from")
    end: datetime | None = Field(default=None, alias="to")
    status: Status
    site_id: UUID | None = None
    host_id: UUID | None = None
    configuration: dict[str, Any] | None = None
    allocation: Allocation | None = None


def _no_list(value: Any) -> Any:
    return [] if value is None else value


class AssetChanged(Heard):
    """The current state of an asset with its whole timeline."""

    id: UUID
    org: str
    source: str | None = None
    external_id: str | None = None
    kind: str
    quantity: Annotated[float, Field(gt=0)] = 1.0
    model: ModelNamed | None = None
    acquired: Acquired | None = None
    planned_life_years: Annotated[float | None, Field(gt=0)] = None
    declared: Declared | None = None
    support: Support | None = None
    version: int
    deleted: bool = False
    timeline: Annotated[list[SegmentChanged], BeforeValidator(_no_list)] = []


class FactorChanged(Heard):
    """The current version of a factor; the whole document is kept, the named fields are what it is found by."""

    model_config = ConfigDict(extra="allow")

    id: str
    activity: str
    criterion: str
    value: float
    unit: str
    region: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    gsd2: Annotated[float | None, Field(ge=1)] = None
    status: Literal["draft", "published", "superseded", "withdrawn"]
    version: int


class MeasuredEnergy(Heard):
    """Energy of a day at one level, and the seconds after midnight that it covers."""

    level: Literal["it", "facility"]
    kwh: Annotated[float, Field(ge=0)]
    covered: list[tuple[int, int]]


class Band(Heard):
    """Time at a utilisation."""

    seconds: Annotated[int, Field(ge=1)]
    mean: Annotated[float, Field(ge=0)]


class MeasuredUtilisation(Heard):
    """Utilisation of a day by band."""

    covered: list[tuple[int, int]]
    bands: list[Band]


class MeasuredDayChanged(Heard):
    """All that was measured on one day."""

    day: date
    energy: list[MeasuredEnergy] = []
    utilisation: MeasuredUtilisation | None = None


class MeasurementMonthChanged(Heard):
    """What was measured of an asset in a month."""

    org: str
    asset_id: UUID
    month: str
    time_zone: str
    days: list[MeasuredDayChanged]
    version: int
    deleted: bool = False


class ActivityChanged(Heard):
    """The current state of an activity."""

    id: UUID
    org: str
    kind: str
    activity: str
    asset_id: UUID | None = None
    site_id: UUID | None = None
    country: str | None = None
    start: date = Field(alias="from")
    end: date = Field(alias="to")
    quantity: Annotated[float, Field(ge=0)]
    unit: str
    version: int
    deleted: bool = False


class MachineClaimed(Heard):
    """A machine that an application runs on."""

    asset_id: UUID
    start: datetime = Field(alias="from")
    end: datetime | None = Field(default=None, alias="to")
    weight: Annotated[float, Field(gt=0)]


class ApplicationChanged(Heard):
    """The current state of an application, with its machines."""

    id: UUID
    org: str
    code: str
    name: str
    users: int | None = None
    machines: list[MachineClaimed] = []
    version: int
    deleted: bool = False


class OverrideChanged(FactorChanged):
    """An organisation's own value in the place of a public factor."""

    org: str


class ReleaseFrozen(Heard):
    """A part of a frozen release of the catalogue."""

    name: str
    part: int
    parts: int
    factors: list[FactorChanged]


def describe(result: AssetMonth) -> dict[str, Any]:
    """The content of a result, the same for the same figures: what is published, but for the version."""
    return {
        "org": result.asset.org,
        "asset_id": result.asset.id,
        "month": format_month(result.month),
        "kind": result.asset.kind,
        "quantity": result.asset.quantity,
        "status": result.status,
        "site_id": result.site,
        "host_id": result.host,
        "kwh": result.kwh,
        "embodied_kg": result.embodied_kg,
        "embodied_left_kg": result.embodied_left_kg,
        "stages": [_stage(figure) for figure in result.figures],
        "factors": _factors(result.references),
        "evidence": {
            "embodied": result.embodied_evidence,
            "energy": result.energy_evidence,
            "electricity": result.electricity_evidence,
        },
        "warnings": _codes(int(result.notices)),
        "method_version": METHOD_VERSION,
    }


@lru_cache(maxsize=4096)
def _factors(references: tuple[FactorRef, ...]) -> list[dict[str, str | int]]:
    """The same few sets of factors stand behind very many results."""
    return [{"id": reference.id, "version": reference.version} for reference in references]


@lru_cache(maxsize=4096)
def _codes(notices: int) -> list[str]:
    return [each["code"] for each in sentences(notices)]


def _stage(figure: Figure) -> dict[str, Any]:
    return {
        "stage": figure.stage,
        "criterion": figure.criterion,
        "basis": None if figure.basis == "both" else figure.basis,
        "share": figure.share,
        "site_id": figure.site,
        "value": figure.value,
        "ln_gsd2": figure.ln_gsd2,
        "scope": figure.scope,
        "ghg_category": figure.ghg_category,
        "beges_item": figure.beges_item,
    }


def asset_month_changed(result: AssetMonth, content: bytes, version: int, *, deleted: bool = False) -> Event:
    """The event that an asset's month has new figures, or is gone; `content` is the JSON of what `describe` gives, encoded once."""
    key = f"{result.asset.id}/{format_month(result.month)}"
    rest = b',"deleted":true,"version":%d}' if deleted else b',"version":%d}'
    document = json.encoded(content.removesuffix(b"}") + rest % version)
    return Event(ASSET_MONTHS, ASSET_MONTH_CHANGED, key, f"asset-month/{key}", document)


def period_changed(document: Mapping[str, Any]) -> Event:
    """The event that a month was closed, or that a closed one was restated; `document` is of `store.periods.documents`."""
    row = document["period"]
    month = format_month(row["month"])
    key = f"{row['org_id']}/{month}"
    content = {
        "org": row["org_id"],
        "month": month,
        "status": "closed",
        "closed_at": row["closed_at"],
        "closed_by": row["closed_by"],
        "totals": [
            {
                "stage": each["stage"],
                "criterion": each["criterion"],
                "basis": None if each["basis"] == "both" else each["basis"],
                "value": float(exact(int(each["billionths"]))),
            }
            for each in document["totals"]
        ],
        "restatements": [
            {
                "counted_in": format_month(each["counted_in"]),
                "recorded_at": each["recorded_at"],
                "criterion": each["criterion"],
                "basis": None if each["basis"] == "both" else each["basis"],
                "value": float(exact(int(each["billionths"]))),
                "reason": each["reason"],
            }
            for each in document["restated"]
        ],
        "method_version": row["method_version"],
        "version": row["version"],
        "deleted": False,
    }
    return Event(PERIODS, PERIOD_CHANGED, key, f"period/{key}", content)
