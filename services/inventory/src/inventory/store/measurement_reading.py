"""Samples and roll-ups as they are looked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from common.database import Connection

from inventory.domain.samples import SERIES, Series
from inventory.domain.timeline import Segment
from inventory.store import assets, places


@dataclass(frozen=True, slots=True)
class Subject:
    """An asset whose measurements are read."""

    id: UUID
    zone: ZoneInfo
    timeline: Sequence[Segment]


async def find_subject(connection: Connection, asset_id: UUID) -> Subject | None:
    """The asset, or None when it is not known, deleted or not visible."""
    asset = await assets.find(connection, asset_id)
    if asset is None:
        return None
    zones = await places.time_zones(connection, [asset.key.org])
    return Subject(asset_id, zones[asset.key.org], asset.timeline.segments)


async def is_pending(connection: Connection, asset_id: UUID) -> bool:
    """Whether samples of the asset wait to be rolled up."""
    return bool(
        await connection.fetchval("SELECT EXISTS (SELECT FROM measurement_marks WHERE asset_id = $1)", asset_id)
    )


async def months_after(connection: Connection, asset_id: UUID, after: date | None, limit: int) -> list[date]:
    """Up to `limit` months, by their first day, in which anything was measured, the latest first, before one."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT date_trunc('month', day)::date AS month
        FROM measurement_days
        WHERE asset_id = $1 AND ($2::date IS NULL OR day < $2)
        ORDER BY month DESC
        LIMIT $3
        """,
        asset_id,
        after,
        limit,
    )
    return [row["month"] for row in rows]


@dataclass(frozen=True, slots=True)
class StoredSample:
    """A sample, and the values that it had before, first to last: (value, recorded at)."""

    series: Series
    channel: str
    start: datetime
    end: datetime
    value: float
    recorded_at: datetime
    replaced: tuple[tuple[float, datetime], ...]


SampleKey = tuple[datetime, int, str, datetime]
"""Where a sample stands in a list: start, series, channel, end."""


async def list_samples(
    connection: Connection,
    asset_id: UUID,
    span: tuple[datetime, datetime],
    series: Sequence[int],
    after: SampleKey | None,
    limit: int,
) -> list[StoredSample]:
    """Up to `limit` samples of the series that begin in `[span)`, by start, after one."""
    rows = await connection.fetch(
        """
        SELECT *
        FROM measurement_samples
        WHERE asset_id IN (SELECT source_id FROM measured_as($1)) AND starts >= $2 AND starts < $3 AND series = ANY ($4::smallint[])
          AND ($5::timestamptz IS NULL OR (starts, series, channel, ends) > ($5, $6::smallint, $7::text, $8::timestamptz))
        ORDER BY starts, series, channel, ends, recorded_at
        LIMIT $9
        """,
        asset_id,
        *span,
        list(series),
        *(after or (None, None, None, None)),
        limit,
    )
    replaced = await _replaced(connection, asset_id, rows)
    return [
        StoredSample(
            SERIES[row["series"]],
            row["channel"],
            row["starts"],
            row["ends"],
            row["value"],
            row["recorded_at"],
            tuple(replaced.get((row["starts"], row["series"], row["channel"], row["ends"]), ())),
        )
        for row in rows
    ]


async def _replaced(
    connection: Connection, asset_id: UUID, rows: Sequence[asyncpg.Record]
) -> dict[SampleKey, list[tuple[float, datetime]]]:
    if not rows:
        return {}
    found: dict[SampleKey, list[tuple[float, datetime]]] = {}
    for row in await connection.fetch(
        """
        SELECT *
        FROM measurement_replaced
        WHERE asset_id IN (SELECT source_id FROM measured_as($1)) AND starts BETWEEN $2 AND $3
        ORDER BY id
        """,
        asset_id,
        rows[0]["starts"],
        rows[-1]["starts"],
    ):
        key = (row["starts"], row["series"], row["channel"], row["ends"])
        found.setdefault(key, []).append((row["value"], row["recorded_at"]))
    return found
