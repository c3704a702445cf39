"""Working an import off: read its files into rows, then apply the rows chunk by chunk, each chunk exactly once.

Why a killed worker changes nothing in the result: reading begins from nothing each time, in what only this import sees.
Applying takes the rows after the last that was applied and writes assets, events, counts, rejects and how far it has come
in one transaction, so a chunk is either applied and behind or still ahead. A rehearsal begins from reading again. Every
write checks the lease in its own transaction: a worker that was slow, not dead, and has lost its lease writes nothing
more; nor does one whose import was cancelled.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from common.database import Database, Transaction

from inventory.domain.defects import Defect
from inventory.domain.planning import Clock
from inventory.domain.quantities import instant
from inventory.domain.revision import Author
from inventory.imports.formats import Candidates, format_named
from inventory.imports.mapping import Mapping as ColumnMapping
from inventory.imports.reading import Entity, Format
from inventory.service.batches import retried
from inventory.service.import_entities import apply_entity
from inventory.service.import_reading import NOTICES_LIMIT, ReadingStage, stored_rejects
from inventory.service.import_writing import Applying, Rehearsing, Writing
from inventory.service.imports import CHANNEL
from inventory.service.rows import Result, RowOutcome
from inventory.service.writing import signed
from inventory.settings import InventorySettings
from inventory.store import import_diffs, import_rows, imports
from inventory.store.import_rows import StagedRow
from inventory.store.imports import Applied, Import


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
        self._learnt: dict[str, Any] = dict(job.learnt or {})

    async def run(self) -> None:
        """Do what is left of the import. Raises LeaseLost, FileFailure, and what passes by itself."""
        await self.hold()
        if self._job.stage == "apply" and not self._job.dry_run:
            format_ = self._format_again()
        else:
            format_ = await ReadingStage(self._database, self._settings, self._job, self._clock).read()
            async with self._database.snapshot(self._job.organisations) as connection:
                self._learnt = await imports.learnt(connection, self._job)
        chunk = self._rehearse_chunk if self._job.dry_run else self._apply_chunk
        while await retried(lambda: chunk(format_)):
            pass
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

    def _format_again(self) -> Format:
        mapping = self._learnt.get("mapping")
        known = [] if mapping is None else [ColumnMapping.model_validate(mapping)]
        candidates = Candidates(self._job.options, known, self._settings.workbook_limits, chosen=True)
        return format_named(self._job.format, candidates)

    async def _apply_chunk(self, format_: Format) -> bool:
        """Apply the next rows in a transaction of their own; whether there were any."""
        author = Author(self._job.options.get("client"), self._job.id)
        async with signed(self._database, self._job.organisations, author) as unit:
            reached = await imports.hold(unit.connection, self._job, self._settings.import_lease_s)
            rows = await import_rows.next_rows(unit.connection, self._job, reached, self._settings.import_chunk_rows)
            if not rows:
                return False
            outcomes = await self._outcomes(Applying(unit, self._clock(), self._unsaid), format_, rows)
            await self._count(unit, format_, rows, outcomes)
        return True

    async def _rehearse_chunk(self, format_: Format) -> bool:
        """Foresee what the next rows would do, and keep it; whether there were any. Others wait for one chunk at most."""
        async with self._database.transaction(self._job.organisations) as unit:
            reached = await imports.hold(unit.connection, self._job, self._settings.import_lease_s)
            rows = await import_rows.next_rows(unit.connection, self._job, reached, self._settings.import_chunk_rows)
            if not rows:
                return False
            writing = Rehearsing(unit, self._clock(), self._unsaid, self._job)
            outcomes = await self._outcomes(writing, format_, rows)
            await import_diffs.insert(unit.connection, self._job, writing.differences)
            await self._count(unit, format_, rows, outcomes)
        return True

    @property
    def _unsaid(self) -> Clock:
        return _start_of_day(self._job.received_at)

    async def _outcomes(self, writing: Writing, format_: Format, rows: Sequence[StagedRow]) -> list[RowOutcome]:
        """Apply rows, what others depend on first; their outcomes, in their order."""
        outcomes: list[RowOutcome] = []
        refused: set[str] = set()
        parts = groupby(rows, key=lambda row: (row.entity, row.rank if format_.strict else 0))
        for (entity, _), part in parts:
            some = list(part)
            found = await self._part(writing, format_, Entity(entity), some, refused)
            refused |= {row.asset for row, outcome in zip(some, found, strict=True) if outcome.result is Result.ERROR}
            outcomes.extend(found)
        return outcomes

    async def _part(
        self, writing: Writing, format_: Format, entity: Entity, rows: Sequence[StagedRow], refused: set[str]
    ) -> list[RowOutcome]:
        """Apply rows of one sort; where the format is strict, not those that depend on a refused one."""
        options = {**self._job.options, "adds_tags": format_.name != "constellation"}
        learnt = self._learnt
        if not format_.strict:
            return await apply_entity(writing, entity, rows, options, learnt)
        wanted = {name for row in rows for name in row.depends}
        earlier = await import_rows.refused_among(writing.unit.connection, self._job, wanted) if wanted else set()
        orphans = {index: _orphan(row, earlier | refused) for index, row in enumerate(rows)}
        kept = [index for index, defect in orphans.items() if defect is None]
        found = await apply_entity(writing, entity, [rows[index] for index in kept], options, learnt) if kept else []
        told = dict(zip(kept, found, strict=True))
        return [
            told[index] if defect is None else RowOutcome(index, Result.ERROR, defects=[defect])
            for index, defect in orphans.items()
        ]

    async def _count(
        self, unit: Transaction, format_: Format, rows: Sequence[StagedRow], outcomes: Sequence[RowOutcome]
    ) -> None:
        counts = Counter(outcome.result for outcome in outcomes)
        applied = Applied(
            rows=len(rows),
            created=counts[Result.CREATED],
            updated=counts[Result.UPDATED],
            unchanged=counts[Result.UNCHANGED],
            rejected=counts[Result.ERROR],
            hostless=sum(outcome.hostless for outcome in outcomes),
        )
        warned = [
            {
                "file": self._job.files[row.file].name,
                "tab": row.tab,
                "code": warning.code,
                "detail": f"line {row.line}: {warning.detail}",
            }
            for row, outcome in zip(rows, outcomes, strict=True)
            for warning in outcome.warnings
        ]
        reached = (rows[-1].rank, rows[-1].asset)
        await imports.add_applied(unit.connection, self._job, applied, reached, warned[:NOTICES_LIMIT])
        rejects = [
            stored
            for row, outcome in zip(rows, outcomes, strict=True)
            for stored in stored_rejects(
                row.file, row.tab, row.line, row.original, _in_columns(format_, row, outcome), row.asset, row.rank
            )
        ]
        if rejects:
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


def _orphan(row: StagedRow, refused: set[str]) -> Defect | None:
    """Why a row is refused that depends on a refused one; None when it does not."""
    for name in row.depends:
        if name in refused:
            entity, _, _, external_id = name.split("\x1f")
            field = "site" if entity == Entity.SITE else "machine" if row.entity == Entity.APPLICATION else "host"
            return Defect(
                field, "refused_parent", f"{external_id!r} was refused in this import, and this depends on it"
            )
    return None


def _in_columns(format_: Format, row: StagedRow, outcome: RowOutcome) -> list[Defect]:
    """The defects, their fields as the sender's columns."""
    return [Defect(format_.column(row.tab, found.field), found.code, found.detail) for found in outcome.defects]
