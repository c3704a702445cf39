"""What was accepted of an organisation and has not gone out as events yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from common.database import Connection

EVENTS_READ: Final = 1_000
"""Up to how many waiting rows of events it is read whose each is; where more wait, all of them count."""


@dataclass(frozen=True, slots=True)
class Pending:
    """How much there is, in one snapshot, and an instant after it by the clock of the database."""

    at: datetime
    imports: int
    measured_assets: int
    events: int


async def pending(connection: Connection, org: str) -> Pending:
    """What is on its way. To be asked in a snapshot of every organisation: an import of all may hold rows of this one."""
    (row,) = await connection.fetch(
        """
        SELECT
            (
                SELECT count(*)
                FROM imports
                WHERE status IN ('queued', 'running') AND NOT dry_run
                  AND (org_id IN ($1, '*') OR organisations && ARRAY[$1, '*'])
            ) AS imports,
            (
                SELECT count(*) FROM (SELECT DISTINCT asset_id FROM measurement_marks WHERE org_id = $1) AS measured
            ) AS measured_assets,
            (
                SELECT count(*) FROM (SELECT FROM outbox ORDER BY id LIMIT $2 + 1) AS oldest
            ) AS waiting
        """,
        org,
        EVENTS_READ,
    )
    events = await _events(connection, org, row["waiting"])
    at: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return Pending(at, row["imports"], row["measured_assets"], events)


async def _events(connection: Connection, org: str, waiting: int) -> int:
    """Those of an organisation, and those that do not say whose they are: tombstones, and bundles, whose rows have no value either."""
    if waiting > EVENTS_READ:
        depth: int = await connection.fetchval("SELECT max(id) - min(id) + 1 FROM outbox")
        return depth
    own: int = await connection.fetchval(
        """
        SELECT coalesce(sum(events), 0)
        FROM outbox
        WHERE value IS NULL OR key = $1 OR convert_from(value, 'UTF8')::jsonb ->> 'org' = $1
        """,
        org,
    )
    return own
