"""One measurement as a sender writes it: an asset, what was measured over which interval, and the rules for it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, TypeAdapter, ValidationError

from inventory.domain.configuration import Part
from inventory.domain.defects import Defect, Refused, defects_of, untagged
from inventory.domain.quantities import BEFORE_1990, Label, OrganisationId, read_instant


class Metric(StrEnum):
    """What is measured: energy over an interval (kWh), mean power over one (W), the processor's mean utilisation over one (a
    share of all its capacity), or the reading of an energy counter at an instant (J)."""

    ENERGY_KWH = "energy_kwh"
    AVERAGE_W = "average_w"
    CPU_UTILISATION = "cpu_utilisation"
    ENERGY_COUNTER_J = "energy_counter_j"


class Level(StrEnum):
    """Where it is measured: at the equipment, or before cooling and distribution, the PUE then being in it."""

    IT = "it"
    FACILITY = "facility"


class Series(NamedTuple):
    """Samples of one series say the same thing, and are compared with one another."""

    metric: Metric
    level: Level


SERIES: Final[dict[int, Series]] = {
    1: Series(Metric.ENERGY_KWH, Level.IT),
    2: Series(Metric.ENERGY_KWH, Level.FACILITY),
    3: Series(Metric.AVERAGE_W, Level.IT),
    4: Series(Metric.AVERAGE_W, Level.FACILITY),
    5: Series(Metric.CPU_UTILISATION, Level.IT),
    6: Series(Metric.ENERGY_COUNTER_J, Level.IT),
    7: Series(Metric.ENERGY_COUNTER_J, Level.FACILITY),
}
"""The series by the number under which they are stored; a number is never given to another series."""

NUMBERS: Final = {series: number for number, series in SERIES.items()}

LONGEST = timedelta(days=32)
"""The longest interval: a month, its longer October hour included. A yearly figure is declared, not measured."""

EARLIEST = datetime(1989, 12, 31, 10, tzinfo=UTC)
"""When 1990 began where it began first."""

SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead."""

MOST_W: Final = 10_000_000.0
"""The highest plausible mean power of an asset, 10 MW; above it a unit is mistaken."""

MOST_UTILISATION: Final = 2.0
"""The highest plausible utilisation: boost goes beyond 1, a percentage does so by far."""

MOST_J: Final = 1e18
"""The highest reading of a counter, in joules: 10 MW for three thousand years."""

WHOLE: Final = ""
"""The channel of a sample that measures all of its asset."""

Channel = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+:-]{0,31}(?:/[A-Za-z0-9][A-Za-z0-9._+:-]{0,31})?$")
]
"""One of several meters that add up to the asset: `feed-a`, or `<group>/<meter>` where groups are alternatives to one another."""


class AssetReference(Part):
    """An asset as its sender names it. Without `org` it must be the only one of that name that the token can see."""

    source: Label
    external_id: Label
    org: OrganisationId | None = None


def _kind_of_reference(value: Any) -> str:
    return "reference" if isinstance(value, (dict, AssetReference)) else "id"


AssetName = Annotated[
    Annotated[UUID, Tag("id")] | Annotated[AssetReference, Tag("reference")], Discriminator(_kind_of_reference)
]
"""An asset by its id here, or by how its sender names it."""


_remembered = lru_cache(maxsize=8192)(read_instant)


def _read_instant(value: Any) -> datetime:
    """The same as `Instant`, remembering texts: a collector writes the same few instants for every machine."""
    return _remembered(value) if isinstance(value, str) else read_instant(value)


_Moment = Annotated[datetime, BeforeValidator(_read_instant)]


class SampleRow(Part):
    """One row of a batch. A counter's reading has one instant: `to` alone, or `from` equal to it."""

    asset: AssetName
    metric: Metric
    level: Annotated[
        Level | None, Field(description="needed for energy and power; a utilisation is always of the equipment")
    ] = None
    channel: Annotated[Channel | None, Field(description="one of several meters that add up to the asset")] = None
    start: Annotated[_Moment | None, Field(alias="from")] = None
    end: Annotated[_Moment, Field(alias="to")]
    value: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


class Sample(NamedTuple):
    """A row that keeps every rule that can be seen in it alone."""

    asset: UUID | AssetReference
    series: int
    channel: str
    start: datetime
    end: datetime
    value: float


_ROWS = TypeAdapter(list[SampleRow])
_ROW = TypeAdapter(SampleRow)


def read_samples(rows: Sequence[Any], now: datetime) -> list[Sample | Refused]:
    """Each row as a sample, or with the rules that it breaks. `now` is when the rows were received."""
    try:
        read: Sequence[SampleRow | Refused] = _ROWS.validate_python(rows)
    except ValidationError:
        read = [_read(row) for row in rows]
    latest = now + SKEW
    return [row if isinstance(row, Refused) else _sample(row, latest) for row in read]


def _read(row: Any) -> SampleRow | Refused:
    if isinstance(row, Refused):
        return row
    try:
        return _ROW.validate_python(row)
    except ValidationError as failure:
        return Refused(untagged(defects_of(failure)))


def _sample(row: SampleRow, latest: datetime) -> Sample | Refused:
    metric, end = row.metric, row.end
    start = end if row.start is None and metric is Metric.ENERGY_COUNTER_J else row.start
    level = Level.IT if row.level is None and metric is Metric.CPU_UTILISATION else row.level
    number = NUMBERS.get((metric, level))  # type: ignore[call-overload]
    if number is None or start is None or start < EARLIEST or end > latest or _is_implausible(metric, start, end, row):
        return Refused(_broken_rules(row, latest))
    return Sample(row.asset, number, row.channel or WHOLE, start, end, row.value)


def _is_implausible(metric: Metric, start: datetime, end: datetime, row: SampleRow) -> bool:
    if metric is Metric.ENERGY_COUNTER_J:
        return start != end or row.value > MOST_J
    length = end - start
    if not timedelta(seconds=1) <= length <= LONGEST:
        return True
    if metric is Metric.CPU_UTILISATION:
        return row.value > MOST_UTILISATION or row.channel is not None
    watts = row.value if metric is Metric.AVERAGE_W else row.value * 3.6e6 / length.total_seconds()
    return watts > MOST_W


def _broken_rules(row: SampleRow, latest: datetime) -> Iterator[Defect]:
    """Every rule between the fields that a row breaks, for people."""
    metric, start, end, value = row.metric, row.start, row.end, row.value
    if row.level is None and metric is not Metric.CPU_UTILISATION:
        yield Defect(
            "level", "missing", "say it or facility: a facility figure has the PUE in it, which is never applied twice"
        )
    if row.level is Level.FACILITY and metric is Metric.CPU_UTILISATION:
        yield Defect("level", "not_for_utilisation", "a utilisation is of the equipment: write it, or leave level out")
    if row.channel is not None and metric is Metric.CPU_UTILISATION:
        yield Defect("channel", "not_for_utilisation", "utilisations do not add up: leave channel out")
    if start is not None and start < EARLIEST:
        yield Defect("from", "before_1990", BEFORE_1990)
        return
    if end > latest:
        yield Defect("to", "in_future", f"{end.isoformat()} is later than now; what is measured has happened")
    if metric is Metric.ENERGY_COUNTER_J:
        if start is None and end < EARLIEST:
            yield Defect("to", "before_1990", BEFORE_1990)
        if start is not None and start != end:
            yield Defect(
                "from", "not_an_instant", "a counter is read at one instant: give to alone, or from equal to it"
            )
        if value > MOST_J:
            yield Defect("value", "too_large", f"a counter reads at most {MOST_J:.0e} J; value was {value!r}")
        return
    if start is None:
        yield Defect("from", "missing", f"{metric} is over an interval: give from and to")
        return
    length = end - start
    if length <= timedelta(0):
        yield Defect("to", "not_after_start", "to must be after from")
    elif length < timedelta(seconds=1):
        yield Defect("to", "too_short", "an interval has at least a second")
    elif length > LONGEST:
        yield Defect(
            "to", "too_long", f"an interval has at most {LONGEST.days} days; a yearly figure is declared on the asset"
        )
    elif metric is Metric.CPU_UTILISATION:
        if value > MOST_UTILISATION:
            rule = f"a utilisation is a share, 0.35 for 35 %, and at most {MOST_UTILISATION:g}"
            yield Defect("value", "too_large", f"{rule}; value was {value!r}")
    elif _is_implausible(metric, start, end, row):
        rule = f"a mean power above {MOST_W / 1e6:g} MW is not plausible: is the unit right"
        yield Defect("value", "too_large", f"{rule}? value was {value!r}")
