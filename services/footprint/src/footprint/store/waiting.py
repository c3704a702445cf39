"""What waits to be computed again: marks, by organisation and lane (`live` before `bulk`)."""

from typing import Any

from common.database import Connection

LANES = ("live", "bulk")
"""By the priority of a mark."""


async def of_organisation(connection: Connection, org: str) -> list[Any]:
    """By lane and cause: how many assets of an organisation wait, and since when."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT priority, cause, count(DISTINCT asset_id) AS assets, min(marked_at) AS since
        FROM marks
        WHERE asset_id IN (
            SELECT id FROM assets WHERE org_id = $1
            UNION ALL
            SELECT home_id FROM homes WHERE org_id = $1
        )
        GROUP BY priority, cause
        ORDER BY priority, cause
        """,
        org,
    )
    return rows


async def counts(connection: Connection, org: str) -> Any:
    """Assets of an organisation, those that wait or were set aside as failed, the asset-months stored of those that wait, and changes.

    A change of a factor, site or organisation waits until it is known which assets it touches. An own factor is named `<org>/<id>`.
    """
    return await connection.fetchrow(
        """
        WITH own AS (
            SELECT id FROM assets WHERE org_id = $1
            UNION
            SELECT home_id FROM homes WHERE org_id = $1
        ), waiting AS (
            SELECT DISTINCT asset_id FROM marks WHERE asset_id IN (SELECT id FROM own)
        )
        SELECT
            (SELECT count(*) FROM own) AS assets,
            (SELECT count(*) FROM waiting) AS waiting,
            (SELECT count(*) FROM failed_marks WHERE asset_id IN (SELECT id FROM own)) AS failed,
            (
                SELECT count(*)
                FROM changes
                WHERE (kind = 'factor' AND (strpos(key, '/') = 0 OR starts_with(key, $1 || '/')))
                   OR (kind = 'organisation' AND key = $1)
                   OR (kind = 'site' AND key IN (SELECT id::text FROM sites WHERE org_id = $1))
            ) AS changes,
            (SELECT count(*) FROM asset_months WHERE asset_id IN (SELECT asset_id FROM waiting) AND NOT removed) AS asset_months
        """,
        org,
    )


async def by_lane(connection: Connection) -> list[Any]:
    """By lane: how many assets of all organisations wait, and for how many seconds the oldest has."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT
            priority,
            count(DISTINCT asset_id) AS assets,
            extract(epoch FROM clock_timestamp() - min(marked_at))::double precision AS oldest_s
        FROM marks
        GROUP BY priority
        """
    )
    return rows
