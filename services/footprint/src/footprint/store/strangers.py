"""Machines of one organisation that applications of another claim: within the organisations of the caller's transaction."""

from collections.abc import Sequence
from uuid import UUID

from common.database import Connection


async def claimed_strangers(
    connection: Connection, org: str, applications: Sequence[UUID], start: int, end: int
) -> list[UUID]:
    """The machines that applications claim between two Unix seconds and that are no assets of the organisation: another's, or not known."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT asset_id
        FROM claims
        WHERE application_id = ANY ($2::uuid[])
          AND starts < $4
          AND (ends IS NULL OR ends > $3)
          AND NOT EXISTS (SELECT FROM assets WHERE assets.id = claims.asset_id AND assets.org_id = $1)
        """,
        org,
        list(applications),
        start,
        end,
    )
    return [row["asset_id"] for row in rows]


async def owned_by_others(connection: Connection, org: str, machines: Sequence[UUID]) -> int:
    """How many of some machines are assets of other organisations. Must see every organisation."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM assets WHERE id = ANY ($2::uuid[]) AND org_id <> $1", org, list(machines)
    )
    return count


async def others_applications(connection: Connection, org: str, names: Sequence[str]) -> dict[str, UUID]:
    """Those of some names that are ids of other organisations' applications which use assets of the organisation."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT application_id
        FROM (
            SELECT org_id, application_id FROM application_years
            UNION ALL
            SELECT org_id, application_id FROM application_restatements
        ) AS used
        WHERE org_id = $1
          AND application_id::text = ANY ($2::text[])
          AND NOT EXISTS (SELECT FROM applications WHERE id = application_id AND org_id = $1)
        """,
        org,
        list(names),
    )
    return {str(row["application_id"]): row["application_id"] for row in rows}
