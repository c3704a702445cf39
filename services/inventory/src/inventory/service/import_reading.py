"""The first stage of an import: its files into rows that wait to be applied, in what only this import sees.

A worker that dies here is replaced, and reading begins from nothing.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from common.database import Database, Transaction

from inventory.domain.defects import Defect
from inventory.domain.vocabulary import Kind
from inventory.imports.formats import Candidates, FormatName, choose_format
from inventory.imports.mapping import Mapping as ColumnMapping
from inventory.imports.reading import (
    Defaults,
    Dropped,
    Entity,
    FileFailure,
    Format,
    Learnt,
    Notice,
    Reading,
    Reject,
    SourceFile,
    SourceRow,
    name_of,
    row_name,
)
from inventory.settings import InventorySettings
from inventory.store import import_diffs, import_mappings, import_rows, imports
from inventory.store.import_rows import StagedRow, StoredReject
from inventory.store.imports import Import

READ_ROWS = 2000
"""Rows per step of reading."""

NOTICES_LIMIT = 100

_REASONS = 1000
"""More than a row can break rules."""

_NAME_THEIR_ORGANISATION = frozenset({FormatName.CONSTELLATION, FormatName.RVTOOLS, FormatName.MAPPED})
"""Formats whose rows may say whose they are, or are refused one by one when nobody does."""

_GUESTS, _HOSTS = 3, 2
_RANKS = {Entity.SITE: 0, Entity.ASSET: 1, Entity.CHARGE: _GUESTS, Entity.PURCHASE: 4, Entity.APPLICATION: 5}
"""The order in which rows are applied: nothing comes before what it depends on."""


class ReadingStage:
    """Reads the files of one import under one lease."""

    def __init__(
        self, database: Database, settings: InventorySettings, job: Import, clock: Callable[[], datetime]
    ) -> None:
        """`job` as it was claimed; `clock` says which assets have left."""
        self._database = database
        self._settings = settings
        self._job = job
        self._clock = clock

    async def read(self) -> Format:
        """Read everything; the format that the files are in. Raises LeaseLost and FileFailure."""
        with TemporaryDirectory(prefix="constellation-import-") as folder:
            files = await self._fetch(Path(folder))
            format_, learnt = await self._recognised(files)
            if self._job.org == "*" and format_.name not in _NAME_THEIR_ORGANISATION:
                rule = "its rows do not say whose they are; name the organisation in the form field `org`"
                raise FileFailure(files[0].name, "org", "missing", rule)
            async with self._database.transaction(self._job.organisations) as unit:
                await imports.start_reading(unit.connection, self._job, format_.name, learnt)
                await import_rows.forget_read(unit.connection, self._job)
            await self._read_all(format_.read(files, self._defaults()))
        async with self._database.transaction(self._job.organisations) as unit:
            refused = await self._refuse_repeated(unit, format_) if format_.strict else 0
            missing = await import_diffs.insert_missing(unit.connection, self._job, self._clock())
            await imports.start_applying(unit.connection, self._job, refused=refused, missing=missing)
            await import_rows.put_hosts_first(unit.connection, self._job, _GUESTS, _HOSTS)
        return format_

    async def _read_all(self, readings: Iterator[Reading]) -> None:
        """Keep every step of reading; the next one is read while it is written."""
        step = await asyncio.to_thread(_next, readings)
        while step:
            following = asyncio.create_task(asyncio.to_thread(_next, readings))
            try:
                async with self._database.transaction(self._job.organisations) as unit:
                    await self._keep(unit, step)
            except BaseException:
                await asyncio.wait({following})
                raise
            step = await following

    async def _refuse_repeated(self, unit: Transaction, format_: Format) -> int:
        refused = await import_rows.refuse_repeated(unit.connection, self._job)
        for tab in await import_rows.repeated_tabs(unit.connection, self._job):
            await import_rows.name_column(unit.connection, self._job, tab, format_.column(tab, "external_id"))
        return refused

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

    async def _recognised(self, files: Sequence[SourceFile]) -> tuple[Format, dict[str, Any]]:
        """The format of the files, and what must be remembered to make it again: the mapping that it goes by."""
        given = self._job.options.get("mapping")
        if given is not None:
            known: Sequence[ColumnMapping] = [ColumnMapping.model_validate(given)]
        else:
            async with self._database.snapshot(self._job.organisations) as connection:
                known = await import_mappings.of_organisation(connection, self._job.org)
        candidates = Candidates(self._job.options, known, self._settings.workbook_limits, chosen=given is not None)
        format_ = await asyncio.to_thread(choose_format, self._job.format, files, candidates)
        mapping = getattr(format_, "mapping", None)
        return format_, {} if mapping is None else {"mapping": mapping.model_dump(mode="json")}

    def _defaults(self) -> Defaults:
        options = self._job.options
        return Defaults(
            org=None if self._job.org == "*" else self._job.org,
            site=options.get("site"),
            source=options.get("source"),
            effective_from=options.get("effective_from"),
            kind=options.get("kind"),
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
        learnt = {reading.name: reading.value for reading in step if isinstance(reading, Learnt)}
        if learnt:
            await imports.learn(unit.connection, self._job, learnt)
        if rows:
            await import_rows.stage_rows(unit.connection, self._job, rows)
        if refused:
            rejects = [stored for reject in refused for stored in _stored(reject)]
            await import_rows.insert_rejects(unit.connection, self._job, rejects)


def stored_rejects(
    file: int,
    tab: str,
    line: int,
    original: str,
    defects: Sequence[Defect],
    name: str | None,
    rank: int | None = None,
) -> Iterator[StoredReject]:
    """One stored reason for each defect of a row. One line may tell several things, each of another `rank` when applied."""
    first = 1 if rank is None else (rank + 1) * _REASONS
    for ordinal, defect in enumerate(defects, start=first):
        yield StoredReject(file, tab, line, ordinal, defect.code, defect.field, defect.detail, original, name)


def _stored(reject: Reject) -> Iterator[StoredReject]:
    place = reject.place
    return stored_rejects(place.file, place.tab, place.line, reject.original, reject.defects, reject.name)


def _next(readings: Iterator[Reading]) -> list[Reading]:
    return list(islice(readings, READ_ROWS))


def _staged(row: SourceRow) -> StagedRow:
    content, place = row.content, row.place
    host = content.get("host")
    virtual = row.entity is Entity.ASSET and content.get("kind") == Kind.VIRTUAL_MACHINE
    return StagedRow(
        rank=_GUESTS if virtual else _RANKS[row.entity],
        asset=row_name(row),
        host=_host_name(content.get("org"), host) if host else None,
        file=place.file,
        tab=place.tab,
        line=place.line,
        content=content,
        original=row.original,
        entity=row.entity,
        depends=row.depends,
    )


def _host_name(org: object, host: Mapping[str, Any]) -> str:
    return name_of(Entity.ASSET, host.get("org") or org, host.get("source"), host.get("external_id"))


def _notice(notice: Notice, job: Import) -> dict[str, str]:
    file = job.files[notice.file].name
    return {"file": file, "tab": notice.tab, "code": notice.code, "detail": notice.detail}
