"""Which warnings the asset-months that a question is about carry, within the organisations of the caller's transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.database import Connection

from footprint.domain.inventory import Organisation
from footprint.domain.months import month_start
from footprint.store.answers import organisation_zone
from footprint.store.totals import ROLLED, Question


async def notices_of_months(connection: Connection, question: Question) -> int:
    """All warnings of all that an organisation has in those months, of the kinds and sites that are asked for.

    Distinct sets of warnings are few: from each the index leads to the next one, whatever the number of assets that carry it.
    """
    values: list[Any] = [question.org, question.first, question.last]
    among = ""
    for name in ("kind", "site"):
        if wanted := question.filters.get(name):
            values.append(wanted)
            among += f" AND {ROLLED[name]} = ANY (${len(values)})"
    of_month = "org_id = $1 AND month = months.month AND month BETWEEN $2 AND $3 AND NOT removed"
    carrier = f"SELECT FROM asset_months WHERE {of_month} AND notices = carried.notices{among} LIMIT 1"
    found: int | None = await connection.fetchval(
        f"""
        SELECT bit_or(carried.notices)
        FROM generate_series($2::integer, $3::integer) AS months (month)
        CROSS JOIN LATERAL (
            WITH RECURSIVE carried AS (
                (
                    SELECT notices
                    FROM asset_months
                    WHERE {of_month}
                    ORDER BY notices
                    LIMIT 1
                )
                UNION ALL
                SELECT following.notices
                FROM carried AS last
                CROSS JOIN LATERAL (
                    SELECT notices
                    FROM asset_months
                    WHERE {of_month}
                      AND notices > last.notices
                    ORDER BY notices
                    LIMIT 1
                ) AS following
            )
            SELECT notices FROM carried
        ) AS carried
        {f"CROSS JOIN LATERAL ({carrier}) AS wanted" if among else ""}
        """,
        *values,
    )
    return found or 0


async def notices_of_assets(connection: Connection, question: Question, assets: Sequence[UUID]) -> int:
    """The same of some assets alone."""
    found: int | None = await connection.fetchval(
        """
        SELECT bit_or(notices)
        FROM asset_months
        WHERE org_id = $1
          AND month BETWEEN $2 AND $3
          AND asset_id = ANY ($6::uuid[])
          AND ($4::text[] IS NULL OR kind = ANY ($4))
          AND ($5::uuid[] IS NULL OR site_id = ANY ($5))
          AND NOT removed
        """,
        question.org,
        question.first,
        question.last,
        *(question.filters.get(name) for name in ("kind", "site")),
        list(assets),
    )
    return found or 0


async def machines_of(connection: Connection, question: Question, applications: Sequence[UUID]) -> list[UUID]:
    """The machines that applications of an organisation use at some time in the months of a question."""
    zone = await organisation_zone(connection, question.org) or Organisation("").time_zone
    rows = await connection.fetch(
        """
        SELECT DISTINCT asset_id
        FROM claims
        WHERE application_id = ANY ($1::uuid[])
          AND starts < $3
          AND (ends IS NULL OR ends > $2)
        """,
        list(applications),
        month_start(zone, question.first),
        month_start(zone, question.last + 1),
    )
    return [row["asset_id"] for row in rows]
