"""What imports hold: the content of their files, rows that are not applied yet, and why rows were refused."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common import json
from common.database import Connection

from inventory.store.imports import Import

_REPEATED = """
'another row of the import tells of ' || split_part(asset, chr(31), 4) || ' too; both are refused, leave one'
"""


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row that was read. `rank` and `asset`, a name, give the order: hosts before what runs on them."""

    rank: int
    asset: str
    host: str | None
    file: int
    tab: str
    line: int
    content: Mapping[str, Any]
    original: str
    entity: str = "asset"
    depends: Sequence[str] = ()


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
    asset: str | None = None


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
    """Forget what an earlier attempt had read, refused and foreseen."""
    for table in ("import_rows", "import_rejects", "import_diffs"):
        await connection.execute(f"DELETE FROM {table} WHERE import_id = $1", job.id)


async def let_go(connection: Connection, job: Import) -> None:
    """Let go of the files and of the rows."""
    await connection.execute("DELETE FROM import_chunks WHERE import_id = $1", job.id)
    await connection.execute("DELETE FROM import_rows WHERE import_id = $1", job.id)


async def put_hosts_first(connection: Connection, job: Import, guests: int, hosts: int) -> None:
    """Have machines that host others applied before those: of the rank `guests` they get the rank `hosts`."""
    named = await connection.fetch(
        "SELECT DISTINCT host FROM import_rows WHERE import_id = $1 AND host IS NOT NULL", job.id
    )
    await connection.execute(
        "UPDATE import_rows SET rank = $3 WHERE import_id = $1 AND rank = $2 AND asset = ANY ($4)",
        job.id,
        guests,
        hosts,
        [row["host"] for row in named],
    )


async def stage_rows(connection: Connection, job: Import, rows: Sequence[StagedRow]) -> None:
    """Keep rows until they are applied."""
    await connection.execute(
        """
        INSERT INTO import_rows (import_id, org_id, rank, asset, host, file, tab, line, content, original, entity, depends)
        SELECT $1, $2, rank, asset, host, file, tab, line, content::jsonb, original, entity,
               coalesce(string_to_array(depends, chr(30)), '{}')
        FROM unnest($3::int[], $4::text[], $5::text[], $6::int[], $7::text[], $8::int[], $9::text[], $10::text[],
                    $11::text[], $12::text[])
             AS new (rank, asset, host, file, tab, line, content, original, entity, depends)
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
        [row.entity for row in rows],
        ["\x1e".join(row.depends) if row.depends else None for row in rows],
    )


async def next_rows(connection: Connection, job: Import, reached: tuple[int, str], limit: int) -> list[StagedRow]:
    """The rows after `reached` (rank and name), some `limit` of them: all rows of one name come together."""
    last = await connection.fetchrow(
        """
        SELECT rank, asset FROM import_rows
        WHERE import_id = $1 AND (rank, asset) > ($2, $3)
        ORDER BY rank, asset
        OFFSET $4
        LIMIT 1
        """,
        job.id,
        *reached,
        limit - 1,
    )
    rows = await connection.fetch(
        f"""
        SELECT rank, asset, host, file, tab, line, content, original, entity, depends
        FROM import_rows
        WHERE import_id = $1 AND (rank, asset) > ($2, $3) {"" if last is None else "AND (rank, asset) <= ($4, $5)"}
        ORDER BY rank, asset, file, tab, line
        """,
        job.id,
        *reached,
        *([] if last is None else [last["rank"], last["asset"]]),
    )
    return [StagedRow(**dict(row)) for row in rows]


async def refuse_repeated(connection: Connection, job: Import) -> int:
    """Refuse every row whose name another row of the same tab has too, also one that was refused; how many were taken out."""
    await connection.execute("SET LOCAL enable_nestloop = off")  # nothing is known yet of how many rows there are
    repeated = """
        SELECT tab, asset
        FROM (
            SELECT tab, asset, file, line FROM import_rows WHERE import_id = $1
            UNION
            SELECT tab, asset, file, line FROM import_rejects WHERE import_id = $1 AND asset IS NOT NULL
        ) AS told
        GROUP BY tab, asset
        HAVING count(*) > 1
    """
    taken = await connection.fetch(
        f"""
        WITH repeated AS MATERIALIZED ({repeated}),
        again AS (
            INSERT INTO import_rejects
                (import_id, org_id, file, tab, line, ordinal, code, field, message, original, asset)
            SELECT import_id, org_id, file, tab, line, max(ordinal) + 1, 'duplicate', 'external_id', {_REPEATED},
                   min(original), asset
            FROM import_rejects JOIN repeated USING (tab, asset)
            WHERE import_id = $1
            GROUP BY import_id, org_id, file, tab, line, asset
        ),
        out AS (
            DELETE FROM import_rows USING repeated
            WHERE import_id = $1 AND import_rows.tab = repeated.tab AND import_rows.asset = repeated.asset
            RETURNING import_rows.*
        )
        INSERT INTO import_rejects (import_id, org_id, file, tab, line, ordinal, code, field, message, original, asset)
        SELECT import_id, org_id, file, tab, line, 1, 'duplicate', 'external_id', {_REPEATED}, original, asset FROM out
        RETURNING 1
        """,
        job.id,
    )
    await connection.execute("SET LOCAL enable_nestloop = on")
    return len(taken)


async def repeated_tabs(connection: Connection, job: Import) -> list[str]:
    """The tabs in which a name stands twice."""
    rows = await connection.fetch(
        "SELECT DISTINCT tab FROM import_rejects WHERE import_id = $1 AND code = 'duplicate'", job.id
    )
    return [row["tab"] for row in rows]


async def name_column(connection: Connection, job: Import, tab: str, column: str) -> None:
    """Say in which column of a tab the names stand that are there twice."""
    await connection.execute(
        "UPDATE import_rejects SET field = $3 WHERE import_id = $1 AND tab = $2 AND code = 'duplicate'",
        job.id,
        tab,
        column,
    )


async def refused_among(connection: Connection, job: Import, names: Collection[str]) -> set[str]:
    """Which of the names are of rows that were refused."""
    rows = await connection.fetch(
        "SELECT DISTINCT asset FROM import_rejects WHERE import_id = $1 AND asset = ANY ($2)", job.id, list(names)
    )
    return {row["asset"] for row in rows}


async def insert_rejects(connection: Connection, job: Import, rejects: Sequence[StoredReject]) -> None:
    """Keep why rows were refused."""
    await connection.execute(
        """
        INSERT INTO import_rejects (import_id, org_id, file, tab, line, ordinal, code, field, message, original, asset)
        SELECT $1, $2, *
        FROM unnest($3::int[], $4::text[], $5::int[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[],
                    $11::text[])
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
        [reject.asset for reject in rejects],
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
