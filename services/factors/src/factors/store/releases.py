"""Releases: named, frozen sets of published versions."""

from dataclasses import dataclass, replace
from datetime import datetime

from common.database import Connection

from factors.domain.records import FactorVersion, Status
from factors.store.rows import VERSION_COLUMNS, to_version


@dataclass(frozen=True, slots=True)
class Release:
    """A release without its items; `size` is their number."""

    name: str
    note: str
    author: str
    created_at: datetime
    size: int


async def freeze(connection: Connection, name: str, note: str, author: str, now: datetime) -> int:
    """Make a release of all that is published at this point of the transaction; the number of factors in it.

    Raises asyncpg.UniqueViolationError when the name is taken.
    """
    await connection.execute(
        """
        INSERT INTO releases (name, note, author, created_at)
        VALUES ($1, $2, $3, $4)
        """,
        name,
        note,
        author,
        now,
    )
    done = await connection.execute(
        """
        INSERT INTO release_items (release, factor_id, version)
        SELECT $1, factor_id, version
        FROM factor_versions
        WHERE status = 'published'
        """,
        name,
    )
    return int(done.rpartition(" ")[2])


async def find(connection: Connection, name: str) -> Release | None:
    """The release of that name."""
    row = await connection.fetchrow(
        """
        SELECT name, note, author, created_at,
            (SELECT count(*) FROM release_items WHERE release = name) AS size
        FROM releases
        WHERE name = $1
        """,
        name,
    )
    return None if row is None else Release(**row)


async def list_releases(
    connection: Connection, after: tuple[datetime, str] | None = None, limit: int | None = None
) -> list[Release]:
    """The releases, the newest first: those that follow the one made at `after` under that name, at most `limit`; without them, all."""
    made_at, name = after or (None, None)
    rows = await connection.fetch(
        """
        SELECT name, note, author, created_at,
            (SELECT count(*) FROM release_items WHERE release = name) AS size
        FROM releases
        WHERE $1::timestamptz IS NULL
            OR created_at < $1
            OR (created_at = $1 AND name > $2)
        ORDER BY created_at DESC, name
        LIMIT $3
        """,
        made_at,
        name,
        limit,
    )
    return [Release(**row) for row in rows]


async def versions_in(connection: Connection, name: str) -> list[FactorVersion]:
    """The versions of a release, as they stood in it: published, whatever became of them since; in the order of ids, byte by byte."""
    columns = ", ".join(f"version.{column}" for column in VERSION_COLUMNS)
    rows = await connection.fetch(
        f"""
        SELECT {columns}
        FROM release_items AS item
        JOIN factor_versions AS version USING (factor_id, version)
        WHERE item.release = $1
        ORDER BY version.factor_id COLLATE "C"
        """,
        name,
    )
    return [replace(to_version(row), status=Status.PUBLISHED) for row in rows]
