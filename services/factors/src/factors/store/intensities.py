"""Series of carbon intensity."""

from collections.abc import Sequence
from datetime import datetime

from common.database import Connection

from factors.domain.hourly import Intensity


async def put(
    connection: Connection,
    region: str,
    intensities: Sequence[Intensity],
    source_name: str,
    source_link: str,
    now: datetime,
) -> int:
    """Write a series in the place of what was known of the time between its first start and its last end; the rows replaced."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"intensities:{region}")
    replaced = await connection.execute(
        """
        DELETE FROM carbon_intensities
        WHERE region = $1
          AND starts_at < $3
          AND ends_at > $2
        """,
        region,
        intensities[0].start,
        intensities[-1].end,
    )
    await connection.copy_records_to_table(
        "carbon_intensities",
        records=[(region, one.start, one.end, one.value, source_name, source_link, now) for one in intensities],
        columns=("region", "starts_at", "ends_at", "value_g_kwh", "source_name", "source_link", "recorded_at"),
    )
    return int(replaced.rpartition(" ")[2])


async def between(connection: Connection, region: str, start: datetime, end: datetime) -> list[Intensity]:
    """What is known of a region within `[start, end)`, in the order of time."""
    rows = await connection.fetch(
        """
        SELECT starts_at, ends_at, value_g_kwh
        FROM carbon_intensities
        WHERE region = $1
          AND starts_at >= $2
          AND ends_at <= $3
        ORDER BY starts_at
        """,
        region,
        start,
        end,
    )
    return [Intensity(row["starts_at"], row["ends_at"], row["value_g_kwh"]) for row in rows]


async def sources_between(connection: Connection, region: str, start: datetime, end: datetime) -> list[str]:
    """The references of the series within `[start, end)`."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT source_link
        FROM carbon_intensities
        WHERE region = $1
          AND starts_at >= $2
          AND ends_at <= $3
        ORDER BY source_link
        """,
        region,
        start,
        end,
    )
    return [row["source_link"] for row in rows]
