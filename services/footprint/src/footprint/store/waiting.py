"""What waits to be computed again: marks, by organisation and lane (`live` before `bulk`)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from common.database import Connection

LANES = ("live", "bulk")
"""By the priority of a mark."""


_OWN: Final = """
(org_id = $1 OR (org_id IS NULL AND EXISTS (
    SELECT FROM assets WHERE assets.id = asset_id AND assets.org_id = $1
    UNION ALL
    SELECT FROM homes WHERE homes.home_id = asset_id AND homes.org_id = $1
)))
"""
"""Rows about assets of an organisation, and about its homes of activities (migration 0026 says what has no `org_id`)."""


async def of_organisation(connection: Connection, org: str) -> list[Any]:
    """By lane and cause: how many marks of an organisation wait, and since when."""
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT priority, cause, count(*) AS marks, min(marked_at) AS since
        FROM marks
        WHERE {_OWN}
        GROUP BY priority, cause
        ORDER BY priority, cause
        """,
        org,
    )
    return rows


async def assets_of_causes(connection: Connection, org: str) -> list[Any]:
    """The assets of an organisation that wait, by lane and cause; to be asked where the marks are few."""
    rows: list[Any] = await connection.fetch(
        f"SELECT priority, cause, array_agg(DISTINCT asset_id) AS assets FROM marks WHERE {_OWN} GROUP BY priority, cause",
        org,
    )
    return rows


async def asset_months(connection: Connection, assets: Collection[UUID]) -> int:
    """How many asset-months of these assets are stored."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM asset_months WHERE asset_id = ANY($1::uuid[]) AND NOT removed", list(assets)
    )
    return count


async def counts(connection: Connection, org: str) -> Any:
    """Assets of an organisation, those that were set aside as failed, and changes.

    A change of a factor, of a site, or of an organisation and its own factors waits until it is known which assets it touches; measurements
    of a machine until it is known whether they share out its host.
    """
    return await connection.fetchrow(
        f"""
        SELECT
            (SELECT count(*) FROM calculations WHERE {_OWN}) AS assets,
            (SELECT count(*) FROM failed_marks JOIN calculations USING (asset_id) WHERE {_OWN}) AS failed,
            (
                SELECT count(*)
                FROM changes
                WHERE kind = 'factor'
                   OR (kind IN ('organisation', 'override') AND key = $1)
                   OR (kind = 'site' AND key IN (SELECT id::text FROM sites WHERE org_id = $1))
                   OR (kind = 'measurement' AND key IN (SELECT id::text FROM assets WHERE org_id = $1))
            ) AS changes
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


async def instant(connection: Connection) -> datetime:
    """Now, by the clock of the database."""
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return now


async def keep_heard(connection: Connection, until: datetime) -> None:
    """All that was on the broker at `until` has been taken in."""
    await connection.execute(
        """
        INSERT INTO heard (until) VALUES ($1)
        ON CONFLICT (single) DO UPDATE SET until = greatest(heard.until, excluded.until)
        """,
        until,
    )


async def heard_until(connection: Connection) -> datetime | None:
    """The instant of which it is known that all that was on the broker has been taken in."""
    until: datetime | None = await connection.fetchval("SELECT until FROM heard")
    return until
