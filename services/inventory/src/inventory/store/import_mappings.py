"""How an organisation's own tables are read: mappings of columns, by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from common.database import Connection

from inventory.imports.mapping import Mapping


@dataclass(frozen=True, slots=True)
class StoredMapping:
    """A mapping of an organisation at one version."""

    id: UUID
    org: str
    mapping: Mapping
    version: int
    recorded_at: datetime


async def insert(connection: Connection, stored: StoredMapping) -> bool:
    """Insert a mapping; False when the organisation has one of that name."""
    status = await connection.execute(
        """
        INSERT INTO import_mappings (id, org_id, name, content, version, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (org_id, name) DO NOTHING
        """,
        stored.id,
        stored.org,
        stored.mapping.name,
        stored.mapping.model_dump(mode="json"),
        stored.version,
        stored.recorded_at,
    )
    return bool(status == "INSERT 0 1")


async def update(connection: Connection, stored: StoredMapping) -> None:
    """Write the next version of a mapping. Raises UniqueViolationError when its new name is taken."""
    await connection.execute(
        "UPDATE import_mappings SET name = $2, content = $3, version = $4, recorded_at = $5 WHERE id = $1",
        stored.id,
        stored.mapping.name,
        stored.mapping.model_dump(mode="json"),
        stored.version,
        stored.recorded_at,
    )


async def delete(connection: Connection, mapping_id: UUID) -> None:
    """Forget a mapping; imports that went by it keep it."""
    await connection.execute("DELETE FROM import_mappings WHERE id = $1", mapping_id)


async def find(connection: Connection, mapping_id: UUID, *, lock: bool = False) -> StoredMapping | None:
    """The mapping, or None when it is not known or not visible; locked against other writers on request."""
    row = await connection.fetchrow(
        f"SELECT * FROM import_mappings WHERE id = $1 {'FOR UPDATE' if lock else ''}", mapping_id
    )
    return None if row is None else _stored(row)


async def find_by_name(connection: Connection, org: str, name: str) -> StoredMapping | None:
    """The mapping of an organisation by its name."""
    row = await connection.fetchrow("SELECT * FROM import_mappings WHERE org_id = $1 AND name = $2", org, name)
    return None if row is None else _stored(row)


async def of_organisation(connection: Connection, org: str) -> Sequence[Mapping]:
    """The mappings of an organisation, by name."""
    rows = await connection.fetch("SELECT * FROM import_mappings WHERE org_id = $1 ORDER BY name", org)
    return [_stored(row).mapping for row in rows]


async def page(
    connection: Connection, org: str | None, after: tuple[str, str] | None, limit: int
) -> list[StoredMapping]:
    """Up to `limit` mappings by organisation and name, after one, of one organisation or of all that are visible."""
    rows = await connection.fetch(
        """
        SELECT * FROM import_mappings
        WHERE ($1::text IS NULL OR org_id = $1) AND ($2::text IS NULL OR (org_id, name) > ($2, $3))
        ORDER BY org_id, name
        LIMIT $4
        """,
        org,
        *(after or (None, None)),
        limit,
    )
    return [_stored(row) for row in rows]


def _stored(row: asyncpg.Record) -> StoredMapping:
    mapping = Mapping.model_validate(row["content"])
    return StoredMapping(row["id"], row["org_id"], mapping, row["version"], row["recorded_at"])
