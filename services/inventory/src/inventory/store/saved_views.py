"""Named filters of clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from common.database import Connection


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter that a client named, for itself or for everybody who may read the organisation."""

    id: UUID
    org: str
    client: str
    name: str
    shared: bool
    filter: Mapping[str, Any]
    version: int
    recorded_at: datetime


NAME_TAKEN = "saved_views_org_id_client_name_key"
"""The constraint that a second view of the same client and name violates."""


async def insert(connection: Connection, view: SavedView) -> None:
    """Insert a view. Raises UniqueViolationError on `NAME_TAKEN`."""
    await connection.execute(
        """
        INSERT INTO saved_views (id, org_id, client, name, shared, filter, version, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        *_values(view),
    )


async def update(connection: Connection, view: SavedView) -> None:
    """Write the next version of a view. Raises UniqueViolationError on `NAME_TAKEN`."""
    await connection.execute(
        """
        UPDATE saved_views
        SET name = $4, shared = $5, filter = $6, version = $7, recorded_at = $8
        WHERE id = $1 AND org_id = $2 AND client = $3
        """,
        *_values(view),
    )


async def delete(connection: Connection, view_id: UUID) -> None:
    """Delete a view."""
    await connection.execute("DELETE FROM saved_views WHERE id = $1", view_id)


async def find(connection: Connection, view_id: UUID, client: str, *, lock: bool = False) -> SavedView | None:
    """The view, when it is the client's or shared, and visible; locked against other writers on request."""
    row = await connection.fetchrow(
        f"""
        SELECT *
        FROM saved_views
        WHERE id = $1 AND (client = $2 OR shared)
        {"FOR UPDATE" if lock else ""}
        """,
        view_id,
        client,
    )
    return None if row is None else _view(row)


async def list_views(
    connection: Connection, client: str, org: str | None, after: tuple[str, str, UUID] | None, limit: int
) -> list[SavedView]:
    """Up to `limit` views that the client may use, by organisation and name, after one."""
    rows = await connection.fetch(
        """
        SELECT *
        FROM saved_views
        WHERE (client = $1 OR shared)
          AND ($2::text IS NULL OR org_id = $2)
          AND ($3::text IS NULL OR (org_id, name, id) > ($3, $4, $5))
        ORDER BY org_id, name, id
        LIMIT $6
        """,
        client,
        org,
        *(after or (None, None, None)),
        limit,
    )
    return [_view(row) for row in rows]


def _values(view: SavedView) -> tuple[object, ...]:
    return (
        view.id,
        view.org,
        view.client,
        view.name,
        view.shared,
        dict(view.filter),
        view.version,
        view.recorded_at,
    )


def _view(row: asyncpg.Record) -> SavedView:
    return SavedView(
        row["id"],
        row["org_id"],
        row["client"],
        row["name"],
        row["shared"],
        row["filter"],
        row["version"],
        row["recorded_at"],
    )
