"""What imports hold: the content of their files, rows that are not applied yet, and why rows were refused."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common import json
from common.database import Connection

from inventory.store.imports import Import


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row that was read and is not applied yet. `rank` and `asset` give the order: hosts before what runs on them."""

    rank: int
    asset: str
    host: str | None
    file: int
    tab: str
    line: int
    content: Mapping[str, Any]
    original: str


@dataclass(frozen=True, slots=True)
class StoredReject:
    """One reason for which one row was refused."""

    file: int
    tab: str
    line: int
    ordinal: int
    code: str
    field: str
    message: str
    original: str


async def insert_chunk(connection: Connection, job: Import, file: int, position: int, data: bytes) -> None:
    """Append a piece of a file's content."""
    await connection.execute(
        "INSERT INTO import_chunks (import_id, org_id, file, position, data) VALUES ($1, $2, $3, $4, $5)",
        job.id,
        job.org,
        file,
        position,
        data,
    )


async def chunks(connection: Connection, import_id: UUID, file: int) -> AsyncIterator[bytes]:
    """The content of a file, piece by piece."""
    query = "SELECT data FROM import_chunks WHERE import_id = $1 AND file = $2 ORDER BY position"
    async for row in connection.cursor(query, import_id, file, prefetch=4):
        yield row["data"]


async def forget_read(connection: Connection, job: Import) -> None:
    """Forget what an earlier attempt had read and refused."""
    await connection.execute("DELETE FROM import_rows WHERE import_id = $1", job.id)
    await connection.execute("DELETE FROM import_rejects WHERE import_id = $1", job.id)


async def let_go(connection: Connection, job: Import) -> None:
    """Let go of the files, and of rows that were not applied."""
    await connection.execute("DELETE FROM import_chunks WHERE import_id = $1", job.id)
    await connection.execute("DELETE FROM import_rows WHERE import_id = $1", job.id)


async def put_hosts_first(connection: Connection, job: Import) -> None:
    """Have machines that host others applied before those."""
    hosts = await connection.fetch(
        "SELECT DISTINCT host FROM import_rows WHERE import_id = $1 AND host IS NOT NULL", job.id
    )
    await connection.execute(
        "UPDATE import_rows SET rank = 1 WHERE import_id = $1 AND rank = 2 AND asset = ANY ($2)",
        job.id,
        [row["host"] for row in hosts],
    )


async def stage_rows(connection: Connection, job: Import, rows: Sequence[StagedRow]) -> None:
    """Keep rows until they are applied."""
    await connection.execute(
        """
        INSERT INTO import_rows (import_id, org_id, rank, asset, host, file, tab, line, content, original)
        SELECT $1, $2, rank, asset, host, file, tab, line, content::jsonb, original
        FROM unnest($3::int[], $4::text[], $5::text[], $6::int[], $7::text[], $8::int[], $9::text[], $10::text[])
             AS new (rank, asset, host, file, tab, line, content, original)
        """,
        job.id,
        job.org,
        [row.rank for row in rows],
        [row.asset for row in rows],
        [row.host for row in rows],
        [row.file for row in rows],
        [row.tab for row in rows],
        [row.line for row in rows],
        [json.dumps_text(row.content) for row in rows],
        [row.original for row in rows],
    )


async def take_rows(connection: Connection, job: Import, limit: int) -> list[StagedRow]:
    """Take the next rows out, some `limit` of them: all rows of an asset are taken together."""
    taken = await connection.fetch(
        """
        WITH last AS (
            SELECT rank, asset FROM import_rows WHERE import_id = $1 ORDER BY rank, asset OFFSET $2 LIMIT 1
        )
        DELETE FROM import_rows
        WHERE import_id = $1
          AND (NOT EXISTS (SELECT FROM last) OR (rank, asset) <= (SELECT rank, asset FROM last))
        RETURNING rank, asset, host, file, tab, line, content, original
        """,
        job.id,
        limit - 1,
    )
    rows = [StagedRow(**dict(row)) for row in taken]
    return sorted(rows, key=lambda row: (row.rank, row.asset, row.file, row.tab, row.line))


async def insert_rejects(connection: Connection, job: Import, rejects: Sequence[StoredReject]) -> None:
    """Keep why rows were refused."""
    await connection.execute(
        """
        INSERT INTO import_rejects (import_id, org_id, file, tab, line, ordinal, code, field, message, original)
        SELECT $1, $2, *
        FROM unnest($3::int[], $4::text[], $5::int[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[])
        """,
        job.id,
        job.org,
        [reject.file for reject in rejects],
        [reject.tab for reject in rejects],
        [reject.line for reject in rejects],
        [reject.ordinal for reject in rejects],
        [reject.code for reject in rejects],
        [reject.field for reject in rejects],
        [reject.message for reject in rejects],
        [reject.original for reject in rejects],
    )


async def list_rejects(
    connection: Connection, import_id: UUID, after: StoredReject | None, limit: int
) -> list[StoredReject]:
    """Up to `limit` reasons in the order of the files, after one."""
    rows = await connection.fetch(
        """
        SELECT file, tab, line, ordinal, code, field, message, original
        FROM import_rejects
        WHERE import_id = $1 AND (file, tab, line, ordinal) > ($2, $3, $4, $5)
        ORDER BY file, tab, line, ordinal
        LIMIT $6
        """,
        import_id,
        *((after.file, after.tab, after.line, after.ordinal) if after else (-1, "", 0, 0)),
        limit,
    )
    return [StoredReject(**dict(row)) for row in rows]
