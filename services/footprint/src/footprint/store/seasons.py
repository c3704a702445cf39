"""Keeping by how much seasons move what is projected: of each asset with a measured year, and rolled up by organisation and month."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from common.database import Connection

from footprint.domain.seasons import Moved


async def write(connection: Connection, begins: Mapping[UUID, int], moved: Sequence[Moved]) -> None:
    """Put what was computed of assets, each from the month in `begins` on, in the place of what is stored, and roll up the difference."""
    await connection.execute(
        """
        WITH begun AS (
            SELECT * FROM unnest($1::uuid[], $2::integer[]) AS begun (asset_id, first_month)
        ), new AS (
            SELECT * FROM unnest($3::uuid[], $4::text[], $5::integer[], $6::numeric[]) AS new (asset_id, org_id, month, billionths)
        ), old AS (
            SELECT seasons.*
            FROM seasons
            JOIN begun ON begun.asset_id = seasons.asset_id AND seasons.month >= begun.first_month
            WHERE seasons.asset_id = ANY ($1::uuid[])
        ), gone AS (
            DELETE FROM seasons
            USING old
            WHERE seasons.asset_id = old.asset_id
              AND seasons.month = old.month
              AND NOT EXISTS (SELECT FROM new WHERE new.asset_id = old.asset_id AND new.month = old.month)
        ), came AS (
            INSERT INTO seasons (asset_id, org_id, month, billionths)
            SELECT asset_id, org_id, month, billionths FROM new
            ON CONFLICT (asset_id, month) DO UPDATE
            SET org_id = excluded.org_id, billionths = excluded.billionths
            WHERE (seasons.org_id, seasons.billionths) <> (excluded.org_id, excluded.billionths)
        ), difference AS (
            SELECT org_id, month, sum(billionths) AS billionths, sum(assets) AS assets
            FROM (
                SELECT org_id, month, billionths, 1 AS assets FROM new
                UNION ALL
                SELECT org_id, month, -billionths, -1 FROM old
            ) AS moved
            GROUP BY org_id, month
            HAVING sum(billionths) <> 0 OR sum(assets) <> 0
        )
        INSERT INTO organisation_seasons (org_id, month, billionths, assets)
        SELECT org_id, month, billionths, assets FROM difference ORDER BY org_id, month
        ON CONFLICT (org_id, month) DO UPDATE
        SET billionths = organisation_seasons.billionths + excluded.billionths,
            assets = organisation_seasons.assets + excluded.assets
        """,
        list(begins),
        list(begins.values()),
        [each.asset for each in moved],
        [each.org for each in moved],
        [each.month for each in moved],
        [each.billionths for each in moved],
    )


async def any_of(connection: Connection, assets: Collection[UUID]) -> bool:
    """Whether something is stored of one of these assets: of most there is not."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM seasons WHERE asset_id = ANY ($1::uuid[]))", list(assets)
    )
    return found


async def moved_by_month(connection: Connection, org: str, first: int, last: int) -> dict[int, int]:
    """By how many billionths of a kg seasons move the projected use of an organisation's months, of those in which any asset has some."""
    rows = await connection.fetch(
        """
        SELECT month, billionths
        FROM organisation_seasons
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND assets > 0
        ORDER BY month
        """,
        org,
        first,
        last,
    )
    return {row["month"]: int(row["billionths"]) for row in rows}
