"""How measurements look in answers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from inventory.api.views import RowError
from inventory.domain.coverage import length
from inventory.domain.measured_month import Coverage, MeasuredMonth
from inventory.domain.samples import Level, Metric
from inventory.store.measurement_days import StoredMonth
from inventory.store.measurement_reading import StoredSample

Share = Annotated[float, Field(ge=0, le=1)]


class SampleResult(BaseModel):
    """What became of the row at `index`; `id` is the asset's, `previous` the value that was replaced."""

    index: int
    status: Literal["created", "duplicate", "replaced", "error"]
    id: UUID | None = None
    previous: float | None = None
    errors: list[RowError] | None = None


class SampleBatchView(BaseModel):
    """One result per row, in the order of the rows, and how many there are of each."""

    created: int
    duplicate: int
    replaced: int
    error: int
    results: list[SampleResult]


class CoveredView(BaseModel):
    """How much of the time a figure covers: of the whole period, and of the time in which the asset was in service."""

    covered_seconds: int
    coverage: Share
    coverage_in_service: Share | None = None


class MonthEnergyView(CoveredView):
    """kWh over the covered seconds; nothing is filled in."""

    level: Level
    kwh: float


class BandView(BaseModel):
    """Time at utilisations from `from` to a tenth more; the last band holds what is above."""

    lower: Annotated[float, Field(alias="from")]
    seconds: int
    mean: float


class MonthUtilisationView(CoveredView):
    """The processor's time-weighted mean over the covered seconds, and the time by tenths."""

    mean: float
    bands: list[BandView]


class DayEnergyView(BaseModel):
    """kWh over the covered seconds of a day, as `[from, to)` after its midnight."""

    level: Level
    kwh: float
    covered: list[tuple[int, int]]
    coverage: Share


class DayUtilisationView(BaseModel):
    """The covered seconds of a day by utilisation."""

    covered: list[tuple[int, int]]
    coverage: Share
    bands: list[BandView]


class ResetView(BaseModel):
    """A counter began again at 0 after one reading and before the next."""

    level: Level
    channel: str | None = None
    after: datetime
    at: datetime


class DayView(BaseModel):
    """What was measured on a local day; `samples` begin on it."""

    day: date
    seconds: int
    energy: list[DayEnergyView]
    utilisation: DayUtilisationView | None = None
    resets: list[ResetView]
    samples: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The view of a stored day."""
        seconds, busy = row["seconds"], row["utilisation"]
        return cls(
            day=row["day"],
            seconds=seconds,
            energy=[DayEnergyView(**part, coverage=length(part["covered"]) / seconds) for part in row["energy"]],
            utilisation=busy and DayUtilisationView(**busy, coverage=length(busy["covered"]) / seconds),
            resets=row["resets"],
            samples=row["samples"],
        )


class MonthSummary(BaseModel):
    """A local month of an asset in sum."""

    asset_id: UUID
    month: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    time_zone: str
    seconds: int
    in_service_seconds: int
    energy: list[MonthEnergyView]
    utilisation: MonthUtilisationView | None = None
    version: Annotated[int | None, Field(description="of what is published; null while nothing is")] = None
    recorded_at: datetime | None = None


class MeasuredMonthView(MonthSummary):
    """A month with its days. `pending`: samples of the asset wait to be rolled up."""

    pending: bool
    days: list[DayView]


def summary(asset: UUID, month: date, zone: str, summed: MeasuredMonth, stored: StoredMonth | None) -> dict[str, Any]:
    """The fields of a `MonthSummary`."""
    busy = summed.utilisation
    return {
        "asset_id": asset,
        "month": f"{month:%Y-%m}",
        "time_zone": zone,
        "seconds": summed.seconds,
        "in_service_seconds": summed.in_service_seconds,
        "energy": [{"level": each.level, "kwh": each.kwh, **_covered(each.coverage)} for each in summed.energy],
        "utilisation": busy and {"mean": busy.mean, "bands": _bands(busy.bands), **_covered(busy.coverage)},
        "version": stored and stored.version,
        "recorded_at": stored and stored.recorded_at,
    }


def _covered(coverage: Coverage) -> dict[str, Any]:
    return {
        "covered_seconds": coverage.covered_seconds,
        "coverage": coverage.coverage,
        "coverage_in_service": coverage.coverage_in_service,
    }


def _bands(bands: Sequence[tuple[float, int, float]]) -> list[dict[str, Any]]:
    return [{"from": lower, "seconds": seconds, "mean": mean} for lower, seconds, mean in bands]


class ReplacedView(BaseModel):
    """A value that a sample had before."""

    value: float
    recorded_at: datetime


class SampleView(BaseModel):
    """A sample as it was sent; a counter's reading has `from` = `to`."""

    metric: Metric
    level: Level
    channel: str | None = None
    start: Annotated[datetime, Field(serialization_alias="from")]
    end: Annotated[datetime, Field(serialization_alias="to")]
    value: float
    recorded_at: datetime
    replaced: list[ReplacedView]

    @classmethod
    def of(cls, sample: StoredSample) -> Self:
        """The view of a stored sample."""
        return cls(
            metric=sample.series.metric,
            level=sample.series.level,
            channel=sample.channel or None,
            start=sample.start,
            end=sample.end,
            value=sample.value,
            recorded_at=sample.recorded_at,
            replaced=[ReplacedView(value=value, recorded_at=at) for value, at in sample.replaced],
        )
