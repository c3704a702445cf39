"""Import jobs, and the lease of whoever works on one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from common.database import Connection
from common.organisations import EVERY, Organisations


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an import: its name, size and the SHA-256 of its content."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Import:
    """An import job. `org` is whose it is, or "*"; `organisations` are those whose rows it may touch."""

    id: UUID
    org: str
    organisations: Organisations
    format: str
    options: Mapping[str, Any]
    dry_run: bool
    files: Sequence[StoredFile]
    received_at: datetime
    status: str = "queued"
    stage: str = "read"
    rows_read: int = 0
    rows_applied: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    missing: int = 0
    hostless: int = 0
    dropped: Mapping[str, int] | None = None
    warnings: Sequence[Mapping[str, Any]] = ()
    failure: Mapping[str, Any] | None = None
    finished_at: datetime | None = None
    lease: UUID | None = None
    attempts: int = 0
    learnt: Mapping[str, Any] | None = None


class LeaseLost(Exception):
    """Another worker has taken the import over, or it was cancelled; whatever was about to be written must not be."""


async def insert(connection: Connection, job: Import) -> None:
    """Insert a queued import."""
    await connection.execute(
        """
        INSERT INTO imports (id, org_id, organisations, format, options, dry_run, files, received_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        job.id,
        job.org,
        [EVERY] if job.organisations == EVERY else sorted(job.organisations),
        job.format,
        dict(job.options),
        job.dry_run,
        [{"name": file.name, "size_bytes": file.size_bytes, "sha256": file.sha256} for file in job.files],
        job.received_at,
    )


async def find(connection: Connection, import_id: UUID) -> Import | None:
    """The import, or None when it is not known or not visible."""
    row = await connection.fetchrow("SELECT * FROM imports WHERE id = $1", import_id)
    return None if row is None else _import(row)


async def list_recent(
    connection: Connection, org: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[Import]:
    """Up to `limit` imports, the latest first, after one."""
    rows = await connection.fetch(
        """
        SELECT * FROM imports
        WHERE ($1::text IS NULL OR org_id = $1)
          AND ($2::timestamptz IS NULL OR (received_at, id) < ($2, $3::uuid))
        ORDER BY received_at DESC, id DESC
        LIMIT $4
        """,
        org,
        *(after or (None, None)),
        limit,
    )
    return [_import(row) for row in rows]


async def claim(connection: Connection, lease: UUID, lease_s: float) -> Import | None:
    """Take the oldest import that waits, or whose worker has fallen silent, for `lease_s` seconds; None when there is none.

    Two workers never take the same one: the row is locked while it is taken, and others skip it. Time is the database's.
    """
    row = await connection.fetchrow(
        """
        UPDATE imports
        SET status = 'running', lease = $1, leased_until = now() + make_interval(secs => $2), attempts = attempts + 1
        WHERE id = (
            SELECT id FROM imports
            WHERE status = 'queued' OR (status = 'running' AND leased_until < now())
            ORDER BY received_at
            LIMIT 1
            FOR UPDATE SKIP LOCKED
        )
        RETURNING *
        """,
        lease,
        lease_s,
    )
    return None if row is None else _import(row)


async def hold(connection: Connection, job: Import, lease_s: float) -> tuple[int, str]:
    """Renew the lease, and with it lock the import until commit; the last row that was applied (rank and name).

    Raises LeaseLost.
    """
    row = await _held(
        connection,
        """
        UPDATE imports SET leased_until = now() + make_interval(secs => $3)
        WHERE id = $1 AND lease = $2
        RETURNING reached_rank, reached_name
        """,
        job,
        lease_s,
    )
    return row["reached_rank"], row["reached_name"]


async def release(connection: Connection, job: Import) -> None:
    """Give an import back that could not be worked on just now; it does not count as an attempt. Raises LeaseLost."""
    await _held(
        connection,
        "UPDATE imports SET status = 'queued', lease = NULL, attempts = attempts - 1 WHERE id = $1 AND lease = $2",
        job,
    )


async def start_reading(connection: Connection, job: Import, format_name: str, learnt: Mapping[str, Any]) -> None:
    """Begin the stage `read` from nothing: forget what an earlier attempt had counted. Raises LeaseLost."""
    await _held(
        connection,
        """
        UPDATE imports
        SET stage = 'read', format = $3, learnt = $4, rows_read = 0, rows_applied = 0, created = 0, updated = 0,
            unchanged = 0, rejected = 0, missing = 0, hostless = 0, dropped = '{}', warnings = '[]',
            reached_rank = -1, reached_name = ''
        WHERE id = $1 AND lease = $2
        """,
        job,
        format_name,
        dict(learnt),
    )


async def learn(connection: Connection, job: Import, learnt: Mapping[str, Any]) -> None:
    """Keep what reading found out, for applying. Raises LeaseLost."""
    await _held(
        connection, "UPDATE imports SET learnt = learnt || $3::jsonb WHERE id = $1 AND lease = $2", job, dict(learnt)
    )


async def learnt(connection: Connection, job: Import) -> dict[str, Any]:
    """What reading found out."""
    return dict(await connection.fetchval("SELECT learnt FROM imports WHERE id = $1", job.id))


async def add_read(
    connection: Connection,
    job: Import,
    *,
    rows: int,
    rejected: int,
    dropped: Mapping[str, int],
    warnings: Sequence[Any],
) -> int:
    """Count what was just read; the number of rows read so far. Raises LeaseLost."""
    row = await _held(
        connection,
        """
        UPDATE imports
        SET rows_read = rows_read + $3, rejected = rejected + $4, warnings = warnings || $6::jsonb,
            dropped = dropped || (
                SELECT coalesce(jsonb_object_agg(key, value::int + coalesce((dropped ->> key)::int, 0)), '{}')
                FROM jsonb_each_text($5::jsonb)
            )
        WHERE id = $1 AND lease = $2
        RETURNING rows_read
        """,
        job,
        rows,
        rejected,
        dict(dropped),
        list(warnings),
    )
    return int(row["rows_read"])


async def start_applying(connection: Connection, job: Import, *, refused: int, missing: int) -> None:
    """End the stage `read`: of the rows read `refused` were taken out again, `missing` assets are not in the files.

    Raises LeaseLost.
    """
    await _held(
        connection,
        """
        UPDATE imports
        SET stage = 'apply', rows_read = rows_read - $3, rejected = rejected + $3, missing = $4
        WHERE id = $1 AND lease = $2
        """,
        job,
        refused,
        missing,
    )


@dataclass(frozen=True, slots=True)
class Applied:
    """How many rows came to what."""

    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    hostless: int


async def add_applied(
    connection: Connection, job: Import, applied: Applied, reached: tuple[int, str], warnings: Sequence[Any]
) -> None:
    """Count what was just applied, up to the row `reached` (rank and name); some hundred warnings are kept.

    Raises LeaseLost.
    """
    await _held(
        connection,
        """
        UPDATE imports
        SET rows_applied = rows_applied + $3, created = created + $4, updated = updated + $5,
            unchanged = unchanged + $6, rejected = rejected + $7, hostless = hostless + $8,
            reached_rank = $9, reached_name = $10,
            warnings = CASE WHEN jsonb_array_length(warnings) < 100 THEN warnings || $11::jsonb ELSE warnings END
        WHERE id = $1 AND lease = $2
        """,
        job,
        applied.rows,
        applied.created,
        applied.updated,
        applied.unchanged,
        applied.rejected,
        applied.hostless,
        *reached,
        list(warnings),
    )


async def cancel(connection: Connection, import_id: UUID, at: datetime) -> Import | None:
    """End an import that has not ended, whoever works on it: they lose their lease. None when it has ended before."""
    row = await connection.fetchrow(
        """
        UPDATE imports
        SET status = 'cancelled', finished_at = $2, lease = NULL, leased_until = NULL
        WHERE id = $1 AND status IN ('queued', 'running')
        RETURNING *
        """,
        import_id,
        at,
    )
    return None if row is None else _import(row)


async def finish(connection: Connection, job: Import, at: datetime, failure: Mapping[str, Any] | None = None) -> None:
    """End the import, done or failed. Raises LeaseLost."""
    await _held(
        connection,
        """
        UPDATE imports
        SET status = $3, failure = $4, finished_at = $5, lease = NULL, leased_until = NULL
        WHERE id = $1 AND lease = $2
        """,
        job,
        "done" if failure is None else "failed",
        failure,
        at,
    )


async def _held(connection: Connection, statement: str, job: Import, *values: Any) -> asyncpg.Record:
    """Run a statement that only touches the import while the lease is ours. Raises LeaseLost when it is not."""
    if "RETURNING" not in statement:
        statement += " RETURNING id"
    row = await connection.fetchrow(statement, job.id, job.lease, *values)
    if row is None:
        raise LeaseLost(str(job.id))
    return row


def _import(row: asyncpg.Record) -> Import:
    fields = {name: row[name] for name in Import.__dataclass_fields__ if name not in ("org", "organisations", "files")}
    files = [StoredFile(**file) for file in row["files"]]
    return Import(org=row["org_id"], organisations=_organisations(row["organisations"]), files=files, **fields)


def _organisations(stored: list[str]) -> Organisations:
    return EVERY if stored == [EVERY] else frozenset(stored)
