"""Pages of assets that have figures, within the organisations of the caller's transaction."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from common.database import Connection

from footprint.store.totals import COUNTED, Question, conditions

BEFORE_ALL: Final = UUID(int=0)
"""An id before those of all assets."""


async def page_of_assets(
    connection: Connection,
    question: Question,
    assets: Sequence[UUID] | None,
    applications: Sequence[UUID] | None,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """`limit` assets after the one named that have figures for the question, in the order of their ids: of `assets` alone, of those that
    `applications` use, or of all; a site or an organisation with activities of its own stands among them, under its id."""
    own, values = conditions(question)
    counted, _ = conditions(question, COUNTED)
    basis, place = "AND basis IN ('both', $5)", len(values)
    if applications is None or assets is not None:
        # Asset by asset in the order of the index, until the page is full: of each the first figure found is enough.
        rows = await connection.fetch(
            f"""
            {_first_named("assets", "id", f"{own} {basis}", f"{counted} {basis}", place)}
            UNION ALL
            {_first_named("homes", "home_id", f"{own} {basis}", f"{counted} {basis}", place)}
            ORDER BY id
            LIMIT ${place + 3}
            """,
            *values,
            after or BEFORE_ALL,
            None if assets is None else list(assets),
            limit,
        )
    else:
        # Application by application: of each the index gives the assets in their order, and no more of them than fit.
        rows = await connection.fetch(
            f"""
            SELECT DISTINCT id
            FROM unnest(${place + 2}::uuid[]) AS wanted (application_id) CROSS JOIN LATERAL (
                {_first_used("application_figures", f"{own} {basis}", place)}
                UNION ALL
                {_first_used("restated_application_figures", f"{counted} {basis}", place)}
            ) AS used
            ORDER BY id
            LIMIT ${place + 3}
            """,
            *values,
            after or BEFORE_ALL,
            list(applications),
            limit,
        )
    return [row["id"] for row in rows]


def _first_named(table: str, name: str, own: str, counted: str, place: int) -> str:
    """The first of `table`, by the column of their ids, that have figures; the parameters after `place` are those of the page."""
    return f"""(
                SELECT {name} AS id
                FROM {table} CROSS JOIN LATERAL (
                    SELECT FROM figures {own} AND asset_id = {name}
                    UNION ALL
                    SELECT FROM restated_figures {counted} AND asset_id = {name}
                    LIMIT 1
                ) AS counted
                WHERE org_id = $1
                  AND {name} > ${place + 1}
                  AND (${place + 2}::uuid[] IS NULL OR {name} = ANY (${place + 2}))
                ORDER BY {name}
                LIMIT ${place + 3}
            )"""


def _first_used(table: str, where: str, place: int) -> str:
    """The first assets of a wanted application that `table` has rows of; the parameters after `place` are those of the page."""
    return f"""(
                    SELECT DISTINCT asset_id AS id
                    FROM {table}
                    {where}
                      AND application_id = wanted.application_id
                      AND asset_id > ${place + 1}
                    ORDER BY asset_id
                    LIMIT ${place + 3}
                )"""
