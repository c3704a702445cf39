"""Sites by which figures are told, within the organisations of the caller's transaction."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from common.database import Connection


async def named(connection: Connection, sites: Collection[UUID]) -> list[Any]:
    """Whose some sites are, and their codes."""
    rows: list[Any] = await connection.fetch(
        "SELECT id, org_id, document ->> 'code' AS code FROM sites WHERE id = ANY ($1::uuid[])", list(sites)
    )
    return rows


async def by_name(connection: Connection, org: str, own: Sequence[str], others: Sequence[str]) -> list[Any]:
    """The sites of an organisation with some codes; and those of other organisations, called `<org>/<code>`, that figures of it stand at.

    Must see every organisation.
    """
    rows: list[Any] = await connection.fetch(
        """
        SELECT document ->> 'code' AS name, id
        FROM sites
        WHERE org_id = $1
          AND document ->> 'code' = ANY ($2::text[])
        UNION ALL
        SELECT org_id || '/' || (document ->> 'code'), id
        FROM sites
        WHERE org_id <> $1
          AND org_id || '/' || (document ->> 'code') = ANY ($3::text[])
          AND EXISTS (SELECT FROM organisation_months WHERE org_id = $1 AND site_id = sites.id)
        """,
        org,
        list(own),
        list(others),
    )
    return rows


async def of_figures(connection: Connection, org: str, first: int, last: int) -> list[UUID]:
    """The sites at which figures of an organisation stand, from the first month to the last."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT site_id
        FROM organisation_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND site_id IS NOT NULL
        """,
        org,
        first,
        last,
    )
    return [row["site_id"] for row in rows]
