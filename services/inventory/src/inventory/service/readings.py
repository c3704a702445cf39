"""Scrapes of known meters: each becomes samples by its preset, and comes to an outcome."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from common.database import Transaction
from pydantic import Field, ValidationError

from inventory.domain.configuration import Part
from inventory.domain.defects import Defect, Refused, defects_of, untagged
from inventory.domain.presets import PRESETS, Scrape, Taken, take
from inventory.domain.quantities import Instant
from inventory.domain.samples import AssetName, Level, Metric, Sample, read_samples
from inventory.service.measurements import Result, SampleOutcome, apply_samples
from inventory.service.rows import Malformed

FIELDS_LIMIT = 500
"""Fields of one scrape."""

PresetName = Literal["kepler", "scaphandre", "node_exporter", "redfish", "hmc"]


class ReadingRow(Part):
    """Everything that a tool says of one asset at one instant.

    `fields` are named as the tool names them, with labels in braces or the path before: `node_rapl_dram_joules_total{index="0"}`,
    `PowerSupplies/0/PowerInputWatts`. `interval_s` is how long a power reading stands for, before `at`.
    """

    asset: AssetName
    preset: PresetName
    at: Instant
    interval_s: Annotated[float | None, Field(strict=True, ge=1, le=7200, allow_inf_nan=False)] = None
    fields: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=500)],
            Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)],
        ],
        Field(min_length=1, max_length=FIELDS_LIMIT),
    ]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reading as samples, each with the field that it comes from."""

    scrape: Scrape
    samples: Sequence[Sample | Refused]


def prepare(row: Any, now: datetime) -> Prepared | Refused:
    """The samples of a row, or the rules that it breaks. `now` is when it was received."""
    if isinstance(row, Malformed):
        return Refused([row.defect])
    try:
        read = ReadingRow.model_validate(row)
    except ValidationError as failure:
        return Refused(untagged(defects_of(failure)))
    scrape = take(PRESETS[read.preset], read.fields)
    if not scrape.taken:
        return Refused(
            [Defect("fields", "nothing_measured", f"none of the fields is one that {read.preset} is known for")]
        )
    if read.interval_s is None and any(_needs_interval(each) for each in scrape.taken):
        rule = "a power reading stands for an interval: say for how many seconds before at"
        return Refused([Defect("interval_s", "missing", rule)])
    rows = [_row(read, each) for each in scrape.taken]
    return Prepared(scrape, read_samples(rows, now))


def _needs_interval(taken: Taken) -> bool:
    return taken.metric is Metric.AVERAGE_W and not taken.window_min


def _row(read: ReadingRow, taken: Taken) -> dict[str, Any]:
    row = {
        "asset": read.asset,
        "metric": taken.metric,
        "level": Level.IT,
        "channel": taken.channel,
        "to": read.at,
        "value": taken.value,
    }
    if taken.metric is Metric.AVERAGE_W:
        seconds = taken.window_min * 60 if taken.window_min else read.interval_s or 0
        row["from"] = read.at - timedelta(seconds=seconds)
    return row


async def apply_readings(
    unit: Transaction, prepared: Sequence[Prepared | Refused], now: datetime
) -> list[dict[str, Any]]:
    """Write the samples of the readings; for each reading its outcome as an answer shows it.

    The partitions of their months must be there.
    """
    samples = [sample for each in prepared if isinstance(each, Prepared) for sample in each.samples]
    outcomes = iter(await apply_samples(unit, samples, now))
    return [
        _refused(index, each.defects)
        if isinstance(each, Refused)
        else _outcome(index, each, [next(outcomes) for _ in each.samples])
        for index, each in enumerate(prepared)
    ]


def _refused(index: int, defects: Sequence[Defect]) -> dict[str, Any]:
    return {"index": index, "status": "error", "errors": [asdict(defect) for defect in defects]}


def _outcome(index: int, prepared: Prepared, outcomes: Sequence[SampleOutcome]) -> dict[str, Any]:
    named: list[tuple[str, SampleOutcome]] = [
        (taken.field, outcome) for taken, outcome in zip(prepared.scrape.taken, outcomes, strict=True)
    ]
    errors = [
        {**asdict(defect), "field": defect.field if defect.field == "asset" else f"fields.{field}"}
        for field, outcome in named
        for defect in outcome.defects
    ]
    if errors and errors[0]["field"] == "asset":
        errors = errors[:1]
    counts: Mapping[Result, int] = Counter(outcome.result for outcome in outcomes)
    shown: dict[str, Any] = {
        "index": index,
        "status": "error" if errors else "recorded",
        "samples": {result.value: counts[result] for result in Result},
        "taken": {taken.field: taken.channel for taken in prepared.scrape.taken},
        "left_out": prepared.scrape.left_out,
        "warnings": list(prepared.scrape.warnings),
    }
    known = next((outcome.asset_id for outcome in outcomes if outcome.asset_id), None)
    return {**shown, "id": known, **({"errors": errors} if errors else {})}
