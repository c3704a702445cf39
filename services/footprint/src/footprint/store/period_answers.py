"""Reading closed months and restatements for the API, within the organisations of the caller's transaction.

Amounts are of climate change, in billionths of a kg, on one basis: `location`, what the dashboard shows, or `market`.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from common.database import Connection

OTHER: Final = {"location": "market", "market": "location"}
"""The other view of electricity: never added to the first."""


def _on(basis: str) -> str:
    """What counts on a basis, which is the parameter of this place."""
    return f"criterion = 'gwp' AND basis IN ('both', {basis})"


async def first_month(connection: Connection, org: str) -> int | None:
    """The first month of which anything is known, be it that it was restated alone."""
    month: int | None = await connection.fetchval(
        """
        SELECT least(
            (SELECT min(month) FROM organisation_months WHERE org_id = $1 AND figures > 0),
            (SELECT min(month) FROM periods WHERE org_id = $1),
            (SELECT min(month) FROM restated_figures WHERE org_id = $1)
        )
        """,
        org,
    )
    return month


async def closed(connection: Connection, org: str, first: int, last: int) -> list[Any]:
    """The closed months between two, both included.

    Months before the first one closed were closed with it, empty; without a `version` until something is told of them.
    """
    rows: list[Any] = await connection.fetch(
        """
        SELECT
            numbers.month,
            CASE WHEN closing.month = numbers.month THEN closing.version END AS version,
            closing.closed_at,
            closing.closed_by,
            closing.method_version
        FROM generate_series($2::integer, $3::integer) AS numbers (month)
        CROSS JOIN LATERAL (
            SELECT *
            FROM periods
            WHERE org_id = $1
              AND month >= numbers.month
            ORDER BY month
            LIMIT 1
        ) AS closing
        ORDER BY numbers.month
        """,
        org,
        first,
        last,
    )
    return rows


async def restated(connection: Connection, org: str, first: int, last: int, basis: str) -> list[Any]:
    """What was restated of closed months, by the month that counts it and the reason."""
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT month, counted_in, reason, sum(billionths) AS billionths, max(recorded_at) AS recorded_at
        FROM restated_figures
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND {_on("$4")}
        GROUP BY month, counted_in, reason
        ORDER BY month, counted_in, reason
        """,
        org,
        first,
        last,
        basis,
    )
    return rows


async def counted(connection: Connection, org: str, first: int, last: int, basis: str) -> list[Any]:
    """What months count of earlier, closed ones: by both months, stage and reason."""
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT counted_in, month, stage, reason, sum(billionths) AS billionths, max(recorded_at) AS recorded_at
        FROM restated_figures
        WHERE org_id = $1
          AND counted_in BETWEEN $2 AND $3
          AND {_on("$4")}
        GROUP BY counted_in, month, stage, reason
        ORDER BY counted_in, month, stage, reason
        """,
        org,
        first,
        last,
        basis,
    )
    return rows


async def restated_lines(
    connection: Connection, org: str, month: int, start: datetime | None, end: datetime | None, basis: str
) -> list[Any]:
    """What was restated of a closed month after an instant and up to another, by stage and reason; None is unbounded."""
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT stage, reason, sum(billionths) AS billionths
        FROM restated_figures
        WHERE org_id = $1
          AND month = $2
          AND ($3::timestamptz IS NULL OR recorded_at > $3)
          AND ($4::timestamptz IS NULL OR recorded_at <= $4)
          AND {_on("$5")}
        GROUP BY stage, reason
        ORDER BY stage, reason
        """,
        org,
        month,
        start,
        end,
        basis,
    )
    return rows


MOST_ASSETS: Final = 50


async def assets_moved(
    connection: Connection, org: str, month: int, start: datetime | None, end: datetime | None, basis: str
) -> list[dict[str, Any]]:
    """The assets whose month moved most between two instants, with the reasons and the factors then and now."""
    rows = await connection.fetch(
        f"""
        WITH moved AS (
            SELECT asset_id, reason, sum(billionths) AS billionths, max(restatement_id) AS restatement_id
            FROM restated_figures
            WHERE org_id = $1
              AND month = $2
              AND ($3::timestamptz IS NULL OR recorded_at > $3)
              AND ($4::timestamptz IS NULL OR recorded_at <= $4)
              AND {_on("$5")}
            GROUP BY asset_id, reason
        ), summed AS (
            SELECT
                asset_id,
                sum(billionths) AS billionths,
                max(restatement_id) AS restatement_id,
                jsonb_object_agg(reason, round(billionths / 1000000000, 9)) AS reasons
            FROM moved
            GROUP BY asset_id
            ORDER BY sum(abs(billionths)) DESC, asset_id
            LIMIT {MOST_ASSETS}
        )
        SELECT summed.*, restatements.kind, restatements.removed
        FROM summed
        JOIN restatements ON restatements.id = summed.restatement_id
        ORDER BY abs(summed.billionths) DESC, summed.asset_id
        """,
        org,
        month,
        start,
        end,
        basis,
    )
    return [
        {
            "asset_id": row["asset_id"],
            "kind": row["kind"],
            "gone": row["removed"],
            "difference_kg": row["billionths"] / 1_000_000_000,
            "reasons": row["reasons"],
        }
        for row in rows
    ]


async def restatements(
    connection: Connection, org: str, month: int, after: int | None, limit: int, basis: str
) -> list[Any]:
    """The restatements of a closed month after the one named, each with its amounts by reason and by application, its sum on the `other`
    basis, and what the month was closed with."""
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT
            restatements.*,
            closed.factor_ids AS closed_factor_ids,
            closed.factor_versions AS closed_factor_versions,
            closed.method_version AS closed_method_version,
            (
                SELECT coalesce(jsonb_agg(jsonb_build_object('reason', reason, 'billionths', billionths) ORDER BY reason), '[]')
                FROM (
                    SELECT reason, sum(billionths) AS billionths
                    FROM restated_figures
                    WHERE restatement_id = restatements.id
                      AND {_on("$5")}
                    GROUP BY reason
                ) AS summed
            ) AS reasons,
            (
                SELECT coalesce(sum(billionths), 0)
                FROM restated_figures
                WHERE restatement_id = restatements.id
                  AND {_on("$6")}
            ) AS other,
            (
                SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'billionths', billionths) ORDER BY id), '[]')
                FROM (
                    SELECT application_id AS id, sum(billionths) AS billionths
                    FROM restated_application_figures
                    WHERE restatement_id = restatements.id
                      AND {_on("$5")}
                    GROUP BY application_id
                ) AS summed
            ) AS applications
        FROM restatements
        LEFT JOIN asset_months AS closed
          ON closed.asset_id = restatements.asset_id
         AND closed.month = restatements.month
         AND NOT closed.removed
        WHERE restatements.org_id = $1
          AND restatements.month = $2
          AND ($3::bigint IS NULL OR restatements.id > $3)
        ORDER BY restatements.id
        LIMIT $4
        """,
        org,
        month,
        after,
        limit,
        basis,
        OTHER[basis],
    )
    return rows


async def restated_of_asset(connection: Connection, asset: UUID, month: int, basis: str) -> list[Any]:
    """What was restated of an asset's closed month, by the month that counts it and the reason."""
    rows: list[Any] = await connection.fetch(
        f"""
        SELECT counted_in, reason, sum(billionths) AS billionths, max(recorded_at) AS recorded_at
        FROM restated_figures
        WHERE asset_id = $1
          AND month = $2
          AND {_on("$3")}
        GROUP BY counted_in, reason
        ORDER BY counted_in, reason
        """,
        asset,
        month,
        basis,
    )
    return rows


async def restatement(connection: Connection, asset: UUID, month: int, number: int) -> Any:
    """A restatement of an asset's closed month, with the moment from which it was computed; None where there is none of that number."""
    return await connection.fetchrow(
        "SELECT restatements.*, moment::text AS known_at FROM restatements WHERE id = $3 AND asset_id = $1 AND month = $2",
        asset,
        month,
        number,
    )


async def last_restatement(connection: Connection, asset: UUID, month: int) -> Any:
    """The latest restatement of an asset's closed month; None where it has none."""
    return await connection.fetchrow(
        "SELECT * FROM restatements WHERE asset_id = $1 AND month = $2 ORDER BY id DESC LIMIT 1", asset, month
    )


async def moved_by(connection: Connection, number: int) -> list[Any]:
    """The lines that a restatement moved, of every criterion."""
    rows: list[Any] = await connection.fetch(
        """
        SELECT *
        FROM restated_figures
        WHERE restatement_id = $1
          AND criterion <> 'energy'
        ORDER BY stage, criterion, basis, share, site_id NULLS FIRST, scope, ghg_category, beges_item, reason
        """,
        number,
    )
    return rows


async def moment_of(connection: Connection, org: str, month: int) -> str | None:
    """The moment at which nothing waited and a month was closed; None where that was not kept."""
    moment: str | None = await connection.fetchval(
        "SELECT moment::text FROM periods WHERE org_id = $1 AND month >= $2 ORDER BY month LIMIT 1", org, month
    )
    return moment
