"""What was known at a moment: the rows of then, read from the tables and from what was replaced in them since (migration 0009).

A moment is a snapshot of the database as text, kept with each closed month and each restatement. It says of every transaction whether it
was visible then, so that what was in force is certain whatever the clocks said and whatever committed at the same time.
"""

import re
from typing import Final

from common.database import Connection

_SNAPSHOT: Final = re.compile(r"\d+:\d+:(\d+(,\d+)*)?\Z")

KEPT: Final = (
    "organisations",
    "sites",
    "assets",
    "placements",
    "measurement_months",
    "activities",
    "applications",
    "claims",
    "overrides",
    "organisation_settings",
    "factors",
)
"""The tables of which what is replaced is kept."""

KEPT_AT_LEAST_H: Final = 24
"""Hours for which what is replaced is kept in any case: longer than any computation that may yet become a restatement."""


def rows_of(table: str, moment: str | None) -> str:
    """What stands after FROM to read a table as it is (None), or as it was at a moment. Raises ValueError for what is no moment."""
    if moment is None:
        return table
    if _SNAPSHOT.match(moment) is None:
        raise ValueError(f"moment {moment!r} is no snapshot")
    return f"{table}_at('{moment}') AS {table}"


async def forget_what_nothing_rests_on(connection: Connection, kept_h: float = KEPT_AT_LEAST_H) -> int:
    """Let go of what was replaced `kept_h` hours ago or earlier and is no evidence of a closed month or a restatement; how many rows.

    Must see every organisation.
    """
    forgotten = 0
    for table in KEPT:
        forgotten += await connection.fetchval(
            f"""
            WITH gone AS (
                DELETE FROM replaced_{table}
                WHERE replaced_at < now() - $1 * interval '1 h'
                  AND NOT is_evidence(written_by, replaced_by)
                RETURNING 1
            )
            SELECT count(*) FROM gone
            """,
            kept_h,
        )
    return forgotten
