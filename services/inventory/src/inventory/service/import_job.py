"""Working an import off: read its files into rows, apply the rows chunk by chunk, each chunk exactly once.

Why a killed worker changes nothing in the result: reading begins from nothing each time, in what only this import sees.
Applying takes rows out, writes assets, events, counts and rejects in one transaction, so a chunk is either applied and
gone or still there. Every write checks the lease in its own transaction: a worker that was slow, not dead, and has lost
its lease writes nothing more.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from common.database import Database, Transaction

from inventory.domain.defects import Defect
from inventory.domain.planning import Clock
from inventory.domain.quantities import instant
from inventory.domain.revision import Author
from inventory.domain.vocabulary import Kind
from inventory.imports.formats import choose_format, format_named
from inventory.imports.reading import (
    Defaults,
    Dropped,
    FileFailure,
    Format,
    Notice,
    Reading,
    Reject,
    SourceFile,
    SourceRow,
)
from inventory.service.batches import retried
from inventory.service.imports import CHANNEL
from inventory.service.rows import Result, RowOutcome, apply_sent_rows
from inventory.service.writing import signed
from inventory.settings import InventorySettings
from inventory.store import import_rows, imports
from inventory.store.import_rows import StagedRow, StoredReject
from inventory.store.imports import Import

READ_ROWS = 2000
"""Rows per step of reading."""

NOTICES_LIMIT = 100


class _Undone(Exception):
    """Ends the transaction of a dry run: everything was done, nothing stays."""


class ImportJob:
    """One import under one lease."""

    def __init__(
        self, database: Database, settings: InventorySettings, job: Import, clock: Callable[[], datetime]
    ) -> None:
        """`job` as it was claimed."""
        self._database = database
        self._settings = settings
        self._job = job
        self._clock = clock

    async def run(self) -> None:
        """Do what is left of the import. Raises LeaseLost, FileFailure, and what passes by itself."""
        await self.hold()
        applying = self._job.stage == "apply"
        format_ = (
            format_named(self._job.format, self._settings.workbook_limit_bytes) if applying else await self._read()
        )
        if self._job.dry_run:
            await self._rehearse(format_)
        else:
            await self._apply(format_)
        await self._finish(None)

    async def fail(self, failure: dict[str, Any]) -> None:
        """End the import as failed. Raises LeaseLost."""
        await self._finish(failure)

    async def hold(self) -> None:
        """Renew the lease. Raises LeaseLost."""
        async with self._database.transaction(self._job.organisations) as unit:
            await imports.hold(unit.connection, self._job, self._settings.import_lease_s)

    async def release(self) -> None:
        """Give the import back. Raises LeaseLost."""
        async with self._database.transaction(self._job.organisations) as unit:
            await imports.release(unit.connection, self._job)

    async def _fetch(self, folder: Path) -> list[SourceFile]:
        files = []
        for position, stored in enumerate(self._job.files):
            path = folder / str(position)
            async with self._database.snapshot(self._job.organisations) as connection:
                with path.open("wb") as content:
                    async for data in import_rows.chunks(connection, self._job.id, position):
                        content.write(data)
            files.append(SourceFile(position, stored.name, path))
        return files

    async def _read(self) -> Format:
        with TemporaryDirectory(prefix="constellation-import-") as folder:
            files = await self._fetch(Path(folder))
            limit = self._settings.workbook_limit_bytes
            format_ = await asyncio.to_thread(choose_format, self._job.format, files, limit)
            async with self._database.transaction(self._job.organisations) as unit:
                await imports.start_reading(unit.connection, self._job, format_.name)
                await import_rows.forget_read(unit.connection, self._job)
            readings = format_.read(files, self._defaults())
            while step := await asyncio.to_thread(_next, readings):
                async with self._database.transaction(self._job.organisations) as unit:
                    await self._keep(unit, step)
        async with self._database.transaction(self._job.organisations) as unit:
            await imports.start_applying(unit.connection, self._job)
            await import_rows.put_hosts_first(unit.connection, self._job)
        return format_

    def _defaults(self) -> Defaults:
        options = self._job.options
        return Defaults(
            org=None if self._job.org == "*" else self._job.org,
            site=options.get("site"),
            source=options.get("source"),
            effective_from=options.get("effective_from"),
        )

    async def _keep(self, unit: Transaction, step: Sequence[Reading]) -> None:
        rows = [_staged(reading) for reading in step if isinstance(reading, SourceRow)]
        refused = [reading for reading in step if isinstance(reading, Reject)]
        notices = [_notice(reading, self._job) for reading in step if isinstance(reading, Notice)]
        dropped = Counter(reading.reason for reading in step if isinstance(reading, Dropped))
        read = await imports.add_read(
            unit.connection,
            self._job,
            rows=len(rows),
            rejected=len(refused),
            dropped=dropped,
            warnings=notices[:NOTICES_LIMIT],
        )
        if read > self._settings.import_limit_rows:
            rule = f"an import has at most {self._settings.import_limit_rows} rows"
            raise FileFailure(self._job.files[0].name, "", "too_many_rows", rule)
        await import_rows.stage_rows(unit.connection, self._job, rows)
        rejects = [
            stored
            for reject in refused
            for stored in _rejects(
                reject.place.file, reject.place.tab, reject.place.line, reject.original, reject.defects
            )
        ]
        await import_rows.insert_rejects(unit.connection, self._job, rejects)

    async def _apply(self, format_: Format) -> None:
        while await retried(lambda: self._apply_chunk(format_)):
            pass

    async def _apply_chunk(self, format_: Format) -> bool:
        """Apply the next rows in a transaction of their own; whether there were any."""
        author = Author(self._job.options.get("client"), self._job.id)
        async with signed(self._database, self._job.organisations, author) as unit:
            await imports.hold(unit.connection, self._job, self._settings.import_lease_s)
            rows = await import_rows.take_rows(unit.connection, self._job, self._settings.import_chunk_rows)
            if not rows:
                return False
            outcomes = await self._apply_rows(unit, rows)
            await self._count(unit, format_, rows, outcomes)
        return True

    async def _rehearse(self, format_: Format) -> None:
        """Do all of it, undo it, and keep the counts and the rejects."""
        told = await retried(self._tell_and_undo)
        async with self._database.transaction(self._job.organisations) as unit:
            for rows, outcomes in told:
                await self._count(unit, format_, rows, outcomes)

    async def _tell_and_undo(self) -> list[tuple[list[StagedRow], list[RowOutcome]]]:
        told: list[tuple[list[StagedRow], list[RowOutcome]]] = []
        try:
            async with self._database.transaction(self._job.organisations) as unit:
                while rows := await import_rows.take_rows(unit.connection, self._job, self._settings.import_chunk_rows):
                    told.append((rows, await self._apply_rows(unit, rows)))
                raise _Undone
        except _Undone:
            return told

    async def _apply_rows(self, unit: Transaction, rows: Sequence[StagedRow]) -> list[RowOutcome]:
        contents = [row.content for row in rows]
        return await apply_sent_rows(unit, contents, self._clock(), _start_of_day(self._job.received_at))

    async def _count(
        self, unit: Transaction, format_: Format, rows: Sequence[StagedRow], outcomes: Sequence[RowOutcome]
    ) -> None:
        counts = Counter(outcome.result for outcome in outcomes)
        await imports.add_applied(
            unit.connection,
            self._job,
            rows=len(rows),
            created=counts[Result.CREATED],
            updated=counts[Result.UPDATED],
            unchanged=counts[Result.UNCHANGED],
            rejected=counts[Result.ERROR],
        )
        rejects = [
            stored
            for row, outcome in zip(rows, outcomes, strict=True)
            for stored in _rejects(row.file, row.tab, row.line, row.original, _in_columns(format_, row, outcome))
        ]
        await import_rows.insert_rejects(unit.connection, self._job, rejects)

    async def _finish(self, failure: dict[str, Any] | None) -> None:
        async with self._database.transaction(self._job.organisations) as unit:
            await imports.finish(unit.connection, self._job, self._clock(), failure)
            await import_rows.let_go(unit.connection, self._job)
            unit.wake(CHANNEL)


def _start_of_day(received_at: datetime) -> Clock:
    """A file tells what is true on the day on which it comes, where its organisation is."""

    def start(zone: ZoneInfo) -> datetime:
        return instant(received_at.astimezone(zone).date(), zone)

    return start


def _next(readings: Iterator[Reading]) -> list[Reading]:
    return list(islice(readings, READ_ROWS))


def _staged(row: SourceRow) -> StagedRow:
    content, place = row.content, row.place
    host = content.get("host")
    return StagedRow(
        rank=2 if content.get("kind") == Kind.VIRTUAL_MACHINE else 0,
        asset=_key(content.get("org"), content),
        host=_key(content.get("org"), host) if host else None,
        file=place.file,
        tab=place.tab,
        line=place.line,
        content=content,
        original=row.original,
    )


def _key(org: object, named: Any) -> str:
    """One text per asset. The unit separator cannot stand in a name, so no two assets have the same."""
    return "\x1f".join(str(part) for part in (org, named.get("source"), named.get("external_id")))


def _rejects(file: int, tab: str, line: int, original: str, defects: Sequence[Defect]) -> Iterator[StoredReject]:
    for ordinal, defect in enumerate(defects, start=1):
        yield StoredReject(file, tab, line, ordinal, defect.code, defect.field, defect.detail, original)


def _in_columns(format_: Format, row: StagedRow, outcome: RowOutcome) -> list[Defect]:
    """The defects, their fields as the sender's columns."""
    return [Defect(format_.column(row.tab, found.field), found.code, found.detail) for found in outcome.defects]


def _notice(notice: Notice, job: Import) -> dict[str, str]:
    file = job.files[notice.file].name
    return {"file": file, "tab": notice.tab, "code": notice.code, "detail": notice.detail}
