"""Runs: queued by the API, taken by workers under a lease, finished once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import Record
from common.database import Connection

LEASE = timedelta(seconds=60)

_INSERT = """
INSERT INTO runs (id, study_id, org_id, kind, status, request, requested_at)
VALUES ($1, $2, $3, $4, 'queued', $5, $6)
"""

_CLAIM = """
UPDATE runs
SET status = 'running', worker = $1, leased_until = $2::timestamptz + $3::interval, attempts = attempts + 1, done = 0
WHERE id = (
    SELECT id
    FROM runs
    WHERE status = 'queued' OR (status = 'running' AND leased_until < $2)
    ORDER BY requested_at
    FOR UPDATE SKIP LOCKED
    LIMIT 1
)
RETURNING *
"""

_RENEW = """
UPDATE runs
SET leased_until = $3::timestamptz + $4::interval, done = $5, total = $6
WHERE id = $1 AND worker = $2 AND status = 'running'
"""

_FINISH = """
UPDATE runs
SET status = $3, result = $4, problem = $5, done = CASE WHEN $3 = 'done' THEN total ELSE done END, finished_at = $6
WHERE id = $1 AND worker = $2 AND status = 'running'
RETURNING id
"""

_OF_STUDY = """
SELECT id, study_id, org_id, kind, status, request, done, total, NULL::jsonb AS result, problem, attempts, requested_at,
       finished_at
FROM runs
WHERE study_id = $1
ORDER BY requested_at DESC, id
LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A run. `request` holds all that it computes with but the snapshot, which it names."""

    id: UUID
    study_id: UUID
    org: str
    kind: str
    status: str
    request: dict[str, Any]
    done: int
    total: int
    result: dict[str, Any] | None
    problem: str | None
    attempts: int
    requested_at: datetime
    finished_at: datetime | None


async def insert_run(
    connection: Connection, run_id: UUID, study_id: UUID, org: str, kind: str, request: dict[str, Any], now: datetime
) -> None:
    """Queue a run."""
    await connection.execute(_INSERT, run_id, study_id, org, kind, request, now)


async def claim_run(connection: Connection, worker: UUID, now: datetime) -> Run | None:
    """Take the oldest run that waits, or whose worker let its lease pass; None when there is none."""
    row = await connection.fetchrow(_CLAIM, worker, now, LEASE)
    return None if row is None else _run(row)


async def renew_lease(connection: Connection, run_id: UUID, worker: UUID, now: datetime, done: int, total: int) -> None:
    """Keep hold of a run and tell its progress."""
    await connection.execute(_RENEW, run_id, worker, now, LEASE, done, total)


async def finish_run(
    connection: Connection,
    run_id: UUID,
    worker: UUID,
    result: dict[str, Any] | None,
    problem: str | None,
    now: datetime,
) -> bool:
    """Keep the result, or why there is none. False when another worker has taken the run over meanwhile: it will finish it."""
    status = "done" if problem is None else "failed"
    return await connection.fetchval(_FINISH, run_id, worker, status, result, problem, now) is not None


async def find_run(connection: Connection, run_id: UUID) -> Run | None:
    """The run, if the transaction may see it."""
    row = await connection.fetchrow("SELECT * FROM runs WHERE id = $1", run_id)
    return None if row is None else _run(row)


async def list_runs(connection: Connection, study_id: UUID) -> list[Run]:
    """The newest hundred runs of a study, without their results."""
    return [_run(row) for row in await connection.fetch(_OF_STUDY, study_id)]


def _run(row: Record) -> Run:
    return Run(
        row["id"],
        row["study_id"],
        row["org_id"],
        row["kind"],
        row["status"],
        row["request"],
        row["done"],
        row["total"],
        row["result"],
        row["problem"],
        row["attempts"],
        row["requested_at"],
        row["finished_at"],
    )


async def finished_runs(connection: Connection) -> AsyncIterator[Run]:
    """Every run that has a result, in the order they finished."""
    async for row in connection.cursor("SELECT * FROM runs WHERE status = 'done' ORDER BY finished_at, id"):
        yield _run(row)
