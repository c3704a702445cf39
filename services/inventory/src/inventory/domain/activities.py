"""Activities: maintenance in €, journeys in km, parts, leaks, in a quantity of a unit over days (domain.md §2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationError

from inventory.domain.configuration import Part
from inventory.domain.defects import Defect, Refused, defects_of, untagged
from inventory.domain.places import Country
from inventory.domain.quantities import Code, Day, Label, OrganisationId
from inventory.domain.samples import AssetName
from inventory.domain.units import DIMENSIONS, UnitError, dimension_of, spelled


class ActivityKind(StrEnum):
    """What is done for the IT beside running it."""

    MAINTENANCE_CONTRACT = "maintenance_contract"
    INTERVENTION = "intervention"
    SPARE_PART = "spare_part"
    SALES_LOGISTICS = "sales_logistics"
    REFRIGERANT_LEAK = "refrigerant_leak"
    TRAINING = "training"
    END_OF_LIFE = "end_of_life"
    OTHER = "other"


FACTORS: Final[dict[ActivityKind, dict[str, str | None]]] = {
    ActivityKind.MAINTENANCE_CONTRACT: {"money": "maintenance.it_hardware"},
    ActivityKind.INTERVENTION: {"distance": "transport.car", "passenger distance": "travel.high_speed_train"},
    ActivityKind.SPARE_PART: {"money": "purchase.it_equipment", "mass": None, "number": None},
    ActivityKind.SALES_LOGISTICS: {"freight": "freight.van", "distance": "transport.van"},
    ActivityKind.REFRIGERANT_LEAK: {"mass": None},
    ActivityKind.TRAINING: {
        "number": "training.session",
        "time": "training.session",
        "distance": "transport.car",
        "passenger distance": "travel.high_speed_train",
        "money": None,
    },
    ActivityKind.END_OF_LIFE: {
        "mass": "end_of_life.it_equipment",
        "number": "end_of_life.it_equipment",
        "money": None,
        "freight": "freight.van",
    },
    ActivityKind.OTHER: dict.fromkeys(DIMENSIONS),
}
"""By kind, the dimensions it may be counted in, each with the activity whose factor is used when a row names none.

None: no activity can be presumed (which refrigerant? which part?), the row must name one.
"""

LONGEST = timedelta(days=3653)
"""The longest span of an activity, ten years."""

MOST: Final = 1e12
"""The largest quantity; more is a typing mistake."""

FactorKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(?:\.[a-z0-9_-]+)*$", max_length=100)]
"""What a factor is looked up by, as the factors service names it: `transport.car`, `refrigerant.r-410a`."""

Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class ActivityRow(Part):
    """An activity as its sender writes it: on one day (`on`), or over the days `[from, to)`."""

    org: OrganisationId
    source: Label
    external_id: Label
    kind: ActivityKind
    activity: FactorKey | None = None
    asset: AssetName | None = None
    site: Code | None = None
    country: Country | None = None
    on: Day | None = None
    start: Annotated[Day | None, Field(alias="from")] = None
    end: Annotated[Day | None, Field(alias="to")] = None
    quantity: Annotated[float, Field(strict=True, ge=0, le=MOST, allow_inf_nan=False)]
    unit: Label
    note: Note | None = None

    def days(self) -> tuple[date, date]:
        """The first day, and the first after."""
        first = self.on or self.start
        assert first is not None
        return first, self.end or first + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity with what it names resolved."""

    org: str
    source: str
    external_id: str
    asset_id: UUID | None
    site_id: UUID | None
    kind: ActivityKind
    activity: str
    country: str | None
    start: date
    end: date
    quantity: float
    unit: str
    note: str | None


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """An activity at one version."""

    id: UUID
    activity: Activity
    version: int
    recorded_at: datetime
    deleted: bool = False


def read_activity(row: Any) -> ActivityRow:
    """Read one row. Raises Refused with every rule that it breaks by itself."""
    try:
        read = ActivityRow.model_validate(row)
    except ValidationError as failure:
        raise Refused(untagged(defects_of(failure))) from None
    defects = [*_dates(read), *_unit(read)]
    if defects:
        raise Refused(defects)
    return read


def factor_of(row: ActivityRow) -> str:
    """The activity that a row is weighed by: its own, else that of its kind and dimension."""
    presumed = FACTORS[row.kind][dimension_of(row.unit) or ""]
    found = row.activity or presumed
    assert found is not None
    return found


def resolved(row: ActivityRow, asset_id: UUID | None, site_id: UUID | None) -> Activity:
    """The activity of a row whose asset and site are known."""
    start, end = row.days()
    return Activity(
        row.org,
        row.source,
        row.external_id,
        asset_id,
        site_id,
        row.kind,
        factor_of(row),
        row.country,
        start,
        end,
        row.quantity,
        spelled(row.unit),
        row.note,
    )


def _dates(row: ActivityRow) -> Iterator[Defect]:
    if row.on is not None and (row.start is not None or row.end is not None):
        yield Defect("on", "either_or", "give on, for one day, or from and to")
    elif row.on is None and row.start is None:
        yield Defect("from", "missing", "give on, for one day, or from, and to as the first day after")
    elif row.start is not None and row.end is not None:
        if row.end <= row.start:
            yield Defect("to", "not_after_start", "to is the first day after the activity: later than from")
        elif row.end - row.start > LONGEST:
            yield Defect("to", "too_long", "an activity lasts at most ten years")


def _unit(row: ActivityRow) -> Iterator[Defect]:
    try:
        dimension = dimension_of(row.unit)
    except UnitError as error:
        yield Defect("unit", "unknown_unit", str(error))
        return
    allowed = FACTORS[row.kind]
    if dimension not in allowed:
        shown = ", ".join(f"{name} ({DIMENSIONS[name].replace('*', '.')})" for name in allowed)
        yield Defect("unit", "wrong_dimension", f"{row.kind} is counted in {shown}; unit was {row.unit!r}")
    elif row.activity is None and allowed[dimension] is None:
        rule = f"a {row.kind} in {row.unit} says by which factor it is weighed"
        yield Defect("activity", "missing", f"{rule}, such as refrigerant.r-410a or purchase.it_equipment")
