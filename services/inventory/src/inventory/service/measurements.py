"""Batches of samples: each row comes to an outcome, and what it touches is marked for deriving."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from common.database import Database, Transaction

from inventory.domain.defects import Defect, Refused
from inventory.domain.rollup import HOLE_S
from inventory.domain.samples import SERIES, AssetReference, Metric, Sample
from inventory.store import measurements
from inventory.store.measurements import Key, Mark, Measured, key_of

_HOLE = timedelta(seconds=HOLE_S)
_COUNTERS = frozenset(number for number, series in SERIES.items() if series.metric is Metric.ENERGY_COUNTER_J)
_NOTHING = timedelta(0)
_A_DAY = timedelta(days=1)

Named: TypeAlias = UUID | AssetReference


class Result(StrEnum):
    """What a row came to: new; the same again; another value for an interval that was there; or refused."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    REPLACED = "replaced"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SampleOutcome:
    """The outcome of a row; `previous` is the value that was replaced."""

    result: Result
    asset_id: UUID | None = None
    previous: float | None = None
    defects: Sequence[Defect] = ()

    def document(self, index: int) -> dict[str, Any]:
        """The outcome of the row at `index` as an answer shows it."""
        if self.result is Result.ERROR:
            return {"index": index, "status": self.result, "errors": [asdict(defect) for defect in self.defects]}
        shown: dict[str, Any] = {"index": index, "status": self.result, "id": self.asset_id}
        return shown if self.previous is None else {**shown, "previous": self.previous}


class Partitions:
    """Remembers which months have partitions, so that they are asked for once a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._there: set[int] = set()

    async def ensure(self, moments: Iterable[datetime]) -> None:
        """Make sure that the month of each moment, in UTC, has partitions, in a transaction of its own."""
        missing = sorted({moment.year * 12 + moment.month - 1 for moment in moments} - self._there)
        if missing:
            async with self._database.transaction(frozenset()) as unit:
                for month in missing:
                    await measurements.ensure_partitions(unit.connection, month, month)
            self._there.update(missing)


async def apply_samples(unit: Transaction, rows: Sequence[Sample | Refused], now: datetime) -> list[SampleOutcome]:
    """Write the good rows for a caller who may touch the organisations of `unit`; every row has its outcome.

    The partitions of their months must be there. Of two rows for the same interval the later one counts.
    """
    assets = await _find_assets(unit, rows)
    keys: list[Key | None] = []
    values: dict[Key, float] = {}
    for row in rows:
        asset = None if isinstance(row, Refused) else assets[row.asset]
        if isinstance(row, Refused) or not isinstance(asset, Measured):
            keys.append(None)
            continue
        key = key_of(row, asset.id)
        keys.append(key)
        values[key] = row.value
    orgs = {asset.id: asset.org for asset in assets.values() if isinstance(asset, Measured)}
    before = await measurements.write(unit.connection, values, orgs, now) if values else {}
    changed = [key for key, value in values.items() if before.get(key) != value]
    if changed:
        await measurements.mark(unit.connection, list(_marks(changed, orgs)))
    current = dict(before)
    return [_outcome(row, key, assets, current) for row, key in zip(rows, keys, strict=True)]


def _outcome(
    row: Sample | Refused, key: Key | None, assets: Mapping[Named, Measured | Refused], current: dict[Key, float]
) -> SampleOutcome:
    """The outcome of a row when `current` is what was there before it; afterwards it has the row's value."""
    refused = row if isinstance(row, Refused) else assets[row.asset]
    if isinstance(refused, Refused):
        return SampleOutcome(Result.ERROR, defects=refused.defects)
    assert key is not None
    assert isinstance(row, Sample)
    previous = current.get(key)
    current[key] = row.value
    if previous is None:
        return SampleOutcome(Result.CREATED, key.asset)
    if previous == row.value:
        return SampleOutcome(Result.DUPLICATE, key.asset)
    return SampleOutcome(Result.REPLACED, key.asset, previous)


async def _find_assets(unit: Transaction, rows: Sequence[Sample | Refused]) -> dict[Named, Measured | Refused]:
    """Each asset that the rows name, or why it cannot be told."""
    named = {row.asset for row in rows if isinstance(row, Sample)}
    references = [name for name in named if isinstance(name, AssetReference)]
    by_id = await measurements.find_by_id(unit.connection, [name for name in named if isinstance(name, UUID)])
    by_name = await measurements.find_by_name(unit.connection, references) if references else {}
    found: dict[Named, Measured | Refused] = {}
    for name in named:
        if isinstance(name, UUID):
            found[name] = by_id.get(name) or _refused("unknown_asset", f"no asset {str(name)!r} is known")
        else:
            found[name] = _only_one(name, by_name[name])
    return found


def _only_one(name: AssetReference, found: Sequence[Measured]) -> Measured | Refused:
    shown = f"{name.external_id!r} of {name.source!r}"
    if not found:
        return _refused("unknown_asset", f"no asset {shown} is known" + (f" in {name.org!r}" if name.org else ""))
    if len(found) > 1:
        return _refused("ambiguous_asset", f"several organisations have an asset {shown}: say which in asset.org")
    return found[0]


def _refused(code: str, detail: str) -> Refused:
    return Refused([Defect("asset", code, detail)])


def _marks(keys: Iterable[Key], orgs: Mapping[UUID, str]) -> Iterator[Mark]:
    """What the samples touch, a span an asset and stretch of time; a reading touches what lies between it and its neighbours."""
    spans: dict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for key in keys:
        reach = _HOLE if key.series in _COUNTERS else _NOTHING
        spans[key.asset].append((key.start - reach, key.end + reach))
    for asset, touched in sorted(spans.items()):
        touched.sort()
        start, end = touched[0]
        for following, until in touched:
            if following > end + _A_DAY:
                yield Mark(asset, orgs[asset], start, end)
                start, end = following, until
            end = max(end, until)
        yield Mark(asset, orgs[asset], start, end)
