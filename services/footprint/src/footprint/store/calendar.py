"""Which local month each organisation was last seen in."""

from collections.abc import Sequence

from common.database import Connection


async def months_seen(connection: Connection) -> list[tuple[str, str, int | None]]:
    """Organisation, time zone and last month seen, locked so that one watcher at a time moves it on."""
    rows = await connection.fetch(
        "SELECT org_id, time_zone, current_month FROM organisations ORDER BY org_id FOR UPDATE"
    )
    return [(row["org_id"], row["time_zone"], row["current_month"]) for row in rows]


async def note_months(connection: Connection, months: Sequence[tuple[str, int]]) -> None:
    """Record the months that have begun."""
    await connection.execute(
        """
        UPDATE organisations
        SET current_month = begun.month
        FROM unnest($1::text[], $2::integer[]) AS begun (org_id, month)
        WHERE organisations.org_id = begun.org_id
        """,
        [org for org, _ in months],
        [month for _, month in months],
    )


async def computed_since(connection: Connection, months: Sequence[tuple[str, int]]) -> set[str]:
    """The organisations of which nothing is stored that was computed before the month given with each: what was still ahead when it was
    computed is not published."""
    rows = await connection.fetch(
        """
        SELECT org_id
        FROM unnest($1::text[], $2::integer[]) AS begun (org_id, month)
        WHERE NOT EXISTS (
            SELECT FROM asset_months
            WHERE asset_months.org_id = begun.org_id
              AND asset_months.month <= begun.month
              AND NOT published
        )
        """,
        [org for org, _ in months],
        [month for _, month in months],
    )
    return {row["org_id"] for row in rows}
