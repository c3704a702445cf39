"""Assets that could not be computed: their marks are set aside (`store/work.set_aside`), and what was computed before stands."""

from collections.abc import Collection
from uuid import UUID

from common.database import Connection


async def failed(connection: Connection, org: str) -> int:
    """How many assets, sites and the like of an organisation could not be computed."""
    count: int = await connection.fetchval(
        """
        SELECT count(*)
        FROM failed_marks
        WHERE asset_id IN (
            SELECT id FROM assets WHERE org_id = $1
            UNION ALL
            SELECT home_id FROM homes WHERE org_id = $1
        )
        """,
        org,
    )
    return count


async def failed_of(connection: Connection, assets: Collection[UUID]) -> set[UUID]:
    """Which of `assets` could not be computed."""
    rows = await connection.fetch("SELECT asset_id FROM failed_marks WHERE asset_id = ANY($1::uuid[])", list(assets))
    return {row["asset_id"] for row in rows}


async def failed_before(connection: Connection, org: str, instant: int, most: int) -> tuple[int, list[UUID]]:
    """How many of an organisation were there before a Unix second, and could not be computed; the ids of at most `most` of them.

    Hosts of its machines that stand with others count as well, and what has no timeline.
    """
    rows = await connection.fetch(
        """
        SELECT failed_marks.asset_id, count(*) OVER () AS every
        FROM failed_marks
        LEFT JOIN assets ON assets.id = failed_marks.asset_id
        WHERE (
                assets.org_id = $1
                OR failed_marks.asset_id IN (SELECT home_id FROM homes WHERE org_id = $1)
                OR failed_marks.asset_id IN (SELECT host_id FROM placements WHERE org_id = $1)
            )
          AND coalesce((assets.document #>> '{segments,0,start}')::bigint < $2, true)
        ORDER BY failed_marks.asset_id
        LIMIT $3
        """,
        org,
        instant,
        most,
    )
    return (rows[0]["every"] if rows else 0), [row["asset_id"] for row in rows]
