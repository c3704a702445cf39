"""The worker that derives days and months from samples, and publishes the months that changed.

Why any interleaving ends in the same result: an asset is derived by one worker at a time (its row in `measured_assets` is locked);
its marks are read after that lock is held and its samples after its marks, so a sample is in what is derived, or its mark, which
commits with it, is still there afterwards; and the result depends on nothing but what is stored.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from common import json
from common.database import Connection, Database, Transaction
from common.events import Event
from common.organisations import EVERY
from common.pause import pause

from inventory import events
from inventory.domain.local_days import days_touched, midnight, month_of, runs
from inventory.domain.rollup import roll_up
from inventory.service.measurements import Partitions
from inventory.settings import InventorySettings
from inventory.store import measurement_days
from inventory.store.measurement_days import AssetDay, Marked, StoredMonth, Wanted, day_document, has_figures

log = structlog.get_logger()

POLL_S = 1.0
SHORTEST_POLL_S = 0.05
"""How long a worker without work waits before it looks again, at most and at least. Nothing wakes it: what was just measured is not due
yet."""

ASSETS = 100
"""Assets derived in one transaction."""

DAYS = 40
"""Days of samples that are held in memory at a time: 1.4 million samples where four counters are read every ten seconds."""

STRETCH_DAYS = 8
"""The longest stretch of days of an asset that is read at once."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Consecutive days of an asset that are derived anew."""

    of: Marked
    first: date
    last: date

    def wanted(self) -> Wanted:
        start = midnight(self.first, self.of.zone)
        end = midnight(self.last + timedelta(days=1), self.of.zone)
        return Wanted(self.of.asset, datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


class MeasurementWorker:
    """Derives what is marked; any number may run, in any number of processes."""

    def __init__(self, database: Database, settings: InventorySettings, clock: Callable[[], datetime]) -> None:
        """`clock` says when a version became known."""
        self._database = database
        self._settings = settings
        self._clock = clock
        self._partitions = Partitions(database)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            if not await self.work_once():
                await pause(min(POLL_S, max(SHORTEST_POLL_S, self._settings.measurement_pause_s)), stop)

    async def work_once(self) -> int:
        """Derive the assets that are due, up to a hundred; how many there were."""
        settings = self._settings
        async with self._database.transaction(EVERY) as unit:
            taken = await measurement_days.take(
                unit.connection, ASSETS, settings.measurement_pause_s, settings.measurement_longest_pause_s
            )
            if not taken:
                return 0
            marked = await measurement_days.marked(unit.connection, taken)
            touched = await self._derive(unit, marked)
            published = await self._publish(unit, marked, touched)
            await measurement_days.clear_marks(unit.connection, [mark for each in marked for mark in each.marks])
        log.info("measurements.derived", assets=len(taken), months=len(touched), published=published)
        return len(taken)

    async def _derive(self, unit: Transaction, marked: Sequence[Marked]) -> set[tuple[UUID, date]]:
        """Write the days that the marks touch; the months they are in.

        Their partitions are made before anything of this transaction is in the days: one that another connection adds to a table which
        is locked already stays unknown here.
        """
        stretches = {each.asset: await _stretches(unit.connection, each) for each in marked if not each.deleted}
        every = [stretch for of_asset in stretches.values() for stretch in of_asset]
        await self._partitions.ensure(_noon(day) for stretch in every for day in (stretch.first, stretch.last))
        touched: set[tuple[UUID, date]] = set()
        pending: list[_Stretch] = []
        held = 0
        for each in marked:
            whole = any(start is None or end is None for start, end in each.spans)
            if whole or each.deleted:
                await measurement_days.forget_days(unit.connection, each.asset)
            for stretch in stretches.get(each.asset, ()):
                length = (stretch.last - stretch.first).days + 1
                if held + length > DAYS and pending:
                    touched |= await self._write(unit, pending)
                    pending, held = [], 0
                pending.append(stretch)
                held += length
        return touched | await self._write(unit, pending)

    async def _write(self, unit: Transaction, stretches: Sequence[_Stretch]) -> set[tuple[UUID, date]]:
        if not stretches:
            return set()
        found = await measurement_days.tracks(unit.connection, [stretch.wanted() for stretch in stretches])
        derived = await asyncio.to_thread(
            lambda: [
                AssetDay(stretch.of.asset, stretch.of.org, day)
                for stretch, tracks in zip(stretches, found, strict=True)
                for day in roll_up(tracks, stretch.first, stretch.last, stretch.of.zone)
            ]
        )
        await measurement_days.write_days(unit.connection, derived)
        return {(each.asset, month_of(each.day.day)) for each in derived}

    async def _publish(self, unit: Transaction, marked: Sequence[Marked], touched: set[tuple[UUID, date]]) -> int:
        """Publish the months whose document is another than before; their number."""
        known = await measurement_days.months_of(unit.connection, [each.asset for each in marked])
        every = {each.asset for each in marked if each.deleted or any(None in span for span in each.spans)}
        months = sorted(touched | {key for key in known if key[0] in every})
        days = await measurement_days.days_of(unit.connection, months)
        by_asset = {each.asset: each for each in marked}
        changed: list[StoredMonth] = []
        for key in months:
            documents = [day_document(row) for row in days.get(key, []) if has_figures(row)]
            month = self._next(by_asset[key[0]], key[1], documents, known.get(key))
            if month is not None:
                changed.append(month)
                unit.publish(*published(month, documents))
        if changed:
            await measurement_days.write_months(unit.connection, changed)
        return len(changed)

    def _next(
        self, of: Marked, month: date, days: Sequence[Mapping[str, Any]], known: StoredMonth | None
    ) -> StoredMonth | None:
        """The month's next version, None when it is as it was."""
        digest = _digest(of.zone.key, of.deleted, days)
        if known is None:
            if not days:
                return None
            return StoredMonth(of.asset, of.org, month, of.zone.key, 1, digest, of.deleted, self._clock())
        if known.digest == digest:
            return None
        now = max(self._clock(), known.recorded_at)
        return replace(
            known, time_zone=of.zone.key, version=known.version + 1, digest=digest, deleted=of.deleted, recorded_at=now
        )


def published(month: StoredMonth, days: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    """The document of a month; of a deleted asset's it is the last before the tombstone."""
    yield events.measurement_month_changed(month, days)
    if month.deleted:
        yield events.measurement_month_tombstone(month)


async def _stretches(connection: Connection, each: Marked) -> list[_Stretch]:
    """The days that the marks of an asset touch."""
    extent: tuple[datetime, datetime] | None = None
    if any(None in span for span in each.spans):
        extent = await measurement_days.extent(connection, each.asset)
    touched: set[date] = set()
    for start, end in each.spans:
        if start is None or end is None:
            if extent is not None:
                touched.update(days_touched(extent[0].timestamp(), extent[1].timestamp(), each.zone))
        else:
            touched.update(days_touched(start.timestamp(), max(start, end - _INSTANT).timestamp(), each.zone))
    return [
        _Stretch(each, begin, min(last, begin + timedelta(days=STRETCH_DAYS - 1)))
        for first, last in runs(touched)
        for begin in (first + timedelta(days=number) for number in range(0, (last - first).days + 1, STRETCH_DAYS))
    ]


_INSTANT = timedelta(microseconds=1)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def _digest(time_zone: str, deleted: bool, days: Sequence[Mapping[str, Any]]) -> bytes:
    """What tells two documents of a month apart."""
    return hashlib.blake2b(json.dumps([time_zone, deleted, days]), digest_size=16).digest()
