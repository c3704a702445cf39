"""What is derived from samples: taking marked assets, reading their samples, writing their days and months."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import numpy as np
from common import json
from common.database import Connection

from inventory.domain.rollup import HOLE_S, Day, Reset, Track

_HOLE = timedelta(seconds=HOLE_S)


@dataclass(frozen=True, slots=True)
class Marked:
    """A locked asset with the marks seen of it: (start, end), None meaning without limit on that side."""

    asset: UUID
    org: str
    zone: ZoneInfo
    deleted: bool
    marks: tuple[int, ...]
    spans: tuple[tuple[datetime | None, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class StoredMonth:
    """What is published of a month of an asset, by its first day."""

    asset: UUID
    org: str
    month: date
    time_zone: str
    version: int
    digest: bytes
    deleted: bool
    recorded_at: datetime


async def take(connection: Connection, most: int, pause_s: float, longest_s: float) -> list[UUID]:
    """Lock up to `most` assets with marks that nobody derives from now, those that wait longest first.

    An asset is due once nothing was marked of it for `pause_s`, at the latest `longest_s` after its first mark: so many samples of
    one asset cost one computation and one event.
    """
    rows = await connection.fetch(
        """
        WITH due AS (
            SELECT asset_id, min(id) AS first
            FROM measurement_marks
            GROUP BY asset_id
            HAVING max(marked_at) <= clock_timestamp() - make_interval(secs => $2)
                OR min(marked_at) <= clock_timestamp() - make_interval(secs => $3)
            ORDER BY first
            LIMIT $1
        )
        SELECT asset_id
        FROM measured_assets
        WHERE asset_id IN (SELECT asset_id FROM due)
        ORDER BY asset_id
        FOR UPDATE SKIP LOCKED
        """,
        most,
        pause_s,
        longest_s,
    )
    return [row["asset_id"] for row in rows]


async def marked(connection: Connection, assets: Collection[UUID]) -> list[Marked]:
    """The marks of locked assets, with what else their days depend on. Marks that come later stay."""
    rows = await connection.fetch(
        """
        SELECT m.asset_id, a.org_id, o.time_zone, a.deleted_at IS NOT NULL AS deleted, array_agg(m.id) AS marks,
               array_agg(nullif(m.starts, '-infinity')) AS starts, array_agg(nullif(m.ends, 'infinity')) AS ends
        FROM measurement_marks m
        JOIN assets a ON a.id = m.asset_id
        JOIN organisations o ON o.org_id = a.org_id
        WHERE m.asset_id = ANY ($1::uuid[])
        GROUP BY 1, 2, 3, 4
        ORDER BY 1
        """,
        list(assets),
    )
    return [
        Marked(
            row["asset_id"],
            row["org_id"],
            ZoneInfo(row["time_zone"]),
            row["deleted"],
            tuple(row["marks"]),
            tuple(zip(row["starts"], row["ends"], strict=True)),
        )
        for row in rows
    ]


async def clear_marks(connection: Connection, marks: Sequence[int]) -> None:
    """Forget marks whose work is done."""
    await connection.execute("DELETE FROM measurement_marks WHERE id = ANY ($1::bigint[])", list(marks))


async def extent(connection: Connection, asset: UUID) -> tuple[datetime, datetime] | None:
    """From when to when there are samples of an asset."""
    row = await connection.fetchrow(
        """
        SELECT min(starts) AS first, max(ends) AS last
        FROM measurement_samples
        WHERE asset_id IN (SELECT source_id FROM measured_as($1))
        """,
        asset,
    )
    return None if row is None or row["first"] is None else (row["first"], row["last"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """The samples that reach into `[start, end)` of an asset, and the readings of counters around it."""

    asset: UUID
    start: datetime
    end: datetime


async def tracks(connection: Connection, wanted: Sequence[Wanted]) -> list[list[Track]]:
    """The samples of each of `wanted`, in their order."""
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT w.position, s.series, s.channel, s.starts, s.ends, s.value, s.recorded_at
            FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS w (asset_id, begin, until, position)
            CROSS JOIN LATERAL measured_as(w.asset_id) AS source
            CROSS JOIN LATERAL (
                SELECT *
                FROM measurement_samples
                WHERE asset_id = source.source_id AND ends - starts <= interval '2 hours'
                  AND starts >= w.begin - $4::interval AND starts <= w.until + $4::interval
                UNION ALL
                SELECT *
                FROM measurement_samples
                WHERE asset_id = source.source_id AND ends - starts > interval '2 hours'
                  AND starts >= w.begin - interval '33 days' AND starts < w.until AND ends > w.begin
            ) s
        )
        SELECT position, series, channel, array_agg(date_part('epoch', starts) ORDER BY starts, ends) AS starts,
               array_agg(date_part('epoch', ends) ORDER BY starts, ends) AS ends,
               array_agg(value ORDER BY starts, ends) AS values,
               array_agg(date_part('epoch', recorded_at) ORDER BY starts, ends) AS recorded
        FROM found
        GROUP BY position, series, channel
        ORDER BY position, series, channel
        """,
        [each.asset for each in wanted],
        [each.start for each in wanted],
        [each.end for each in wanted],
        _HOLE,
    )
    found: list[list[Track]] = [[] for _ in wanted]
    for row in rows:
        columns = (np.array(row[name], dtype=np.float64) for name in ("starts", "ends", "values", "recorded"))
        found[row["position"] - 1].append(Track(row["series"], row["channel"], *columns))
    return found


@dataclass(frozen=True, slots=True)
class AssetDay:
    """A day of an asset of `org`."""

    asset: UUID
    org: str
    day: Day


async def write_days(connection: Connection, derived: Sequence[AssetDay]) -> None:
    """Write days; those of which nothing is known are forgotten. The partitions of the others must be there."""
    await connection.execute(
        """
        DELETE FROM measurement_days d
        USING unnest($1::uuid[], $2::date[]) AS gone (asset_id, day)
        WHERE d.asset_id = gone.asset_id AND d.day = gone.day
        """,
        [each.asset for each in derived],
        [each.day.day for each in derived],
    )
    known = [each for each in derived if is_known(each.day)]
    if not known:
        return
    documents = [each.day.document() for each in known]
    await connection.execute(
        """
        INSERT INTO measurement_days (asset_id, org_id, day, seconds, energy, utilisation, resets, samples)
        SELECT asset_id, org_id, day, seconds, energy::jsonb, utilisation::jsonb, resets::jsonb, samples
        FROM unnest($1::uuid[], $2::text[], $3::date[], $4::int[], $5::text[], $6::text[], $7::text[], $8::int[])
             AS new (asset_id, org_id, day, seconds, energy, utilisation, resets, samples)
        """,
        [each.asset for each in known],
        [each.org for each in known],
        [each.day.day for each in known],
        [each.day.seconds for each in known],
        [json.dumps_text(document["energy"]) for document in documents],
        [document["utilisation"] and json.dumps_text(document["utilisation"]) for document in documents],
        [json.dumps_text([reset_document(reset) for reset in each.day.resets]) for each in known],
        [each.day.samples for each in known],
    )


def is_known(day: Day) -> bool:
    """Whether anything was measured on the day."""
    return bool(day.energy or day.utilisation or day.resets or day.samples)


def reset_document(reset: Reset) -> dict[str, Any]:
    """A reset as it is read."""
    return {"level": reset.level, "channel": reset.channel or None, "after": reset.after, "at": reset.at}


async def forget_days(connection: Connection, asset: UUID) -> None:
    """Forget every day of an asset."""
    await connection.execute("DELETE FROM measurement_days WHERE asset_id = $1", asset)


async def days_of(
    connection: Connection, months: Sequence[tuple[UUID, date]]
) -> dict[tuple[UUID, date], list[asyncpg.Record]]:
    """The known days of months of assets, by asset and first of the month, in order."""
    rows = await connection.fetch(
        """
        SELECT wanted.month, d.asset_id, d.day, d.seconds, d.energy, d.utilisation, d.resets, d.samples
        FROM unnest($1::uuid[], $2::date[]) AS wanted (asset_id, month)
        JOIN measurement_days d ON d.asset_id = wanted.asset_id AND d.day >= wanted.month
                               AND d.day < (wanted.month + interval '1 month')::date
        ORDER BY d.asset_id, d.day
        """,
        [asset for asset, _ in months],
        [month for _, month in months],
    )
    found: dict[tuple[UUID, date], list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        found[(row["asset_id"], row["month"])].append(row)
    return found


def day_document(row: asyncpg.Record) -> dict[str, Any]:
    """A stored day as the contract has it."""
    return {
        "day": row["day"].isoformat(),
        "seconds": row["seconds"],
        "energy": row["energy"],
        "utilisation": row["utilisation"],
    }


async def months_of(connection: Connection, assets: Collection[UUID]) -> dict[tuple[UUID, date], StoredMonth]:
    """What is published of the months of assets."""
    rows = await connection.fetch(
        "SELECT * FROM measurement_months WHERE asset_id = ANY ($1::uuid[]) ORDER BY asset_id, month", list(assets)
    )
    return {(row["asset_id"], row["month"]): _month(row) for row in rows}


async def write_months(connection: Connection, months: Sequence[StoredMonth]) -> None:
    """Write the next versions of months of locked assets."""
    await connection.execute(
        """
        INSERT INTO measurement_months (asset_id, org_id, month, time_zone, version, digest, deleted, recorded_at)
        SELECT *
        FROM unnest($1::uuid[], $2::text[], $3::date[], $4::text[], $5::int[], $6::bytea[], $7::bool[], $8::timestamptz[])
        ON CONFLICT (asset_id, month) DO UPDATE
        SET time_zone = excluded.time_zone, version = excluded.version, digest = excluded.digest,
            deleted = excluded.deleted, recorded_at = excluded.recorded_at
        """,
        [each.asset for each in months],
        [each.org for each in months],
        [each.month for each in months],
        [each.time_zone for each in months],
        [each.version for each in months],
        [each.digest for each in months],
        [each.deleted for each in months],
        [each.recorded_at for each in months],
    )


STREAM_MONTHS = 500
"""Months per step of a stream; memory stays that of so many."""


async def stream_months(connection: Connection) -> AsyncIterator[tuple[StoredMonth, list[dict[str, Any]]]]:
    """Every published month with its days, the longest unchanged first."""
    batch: list[StoredMonth] = []
    statement = "SELECT * FROM measurement_months ORDER BY recorded_at, asset_id, month"
    async for row in connection.cursor(statement, prefetch=STREAM_MONTHS):
        batch.append(_month(row))
        if len(batch) == STREAM_MONTHS:
            for found in await _with_days(connection, batch):
                yield found
            batch = []
    for found in await _with_days(connection, batch):
        yield found


async def _with_days(
    connection: Connection, months: Sequence[StoredMonth]
) -> list[tuple[StoredMonth, list[dict[str, Any]]]]:
    days = await days_of(connection, [(each.asset, each.month) for each in months])
    return [
        (each, [day_document(row) for row in days.get((each.asset, each.month), []) if has_figures(row)])
        for each in months
    ]


def has_figures(row: asyncpg.Record) -> bool:
    """Whether a stored day says anything to those who hear of it; a lone reading of a counter does not."""
    return bool(row["energy"]) or row["utilisation"] is not None


def _month(row: asyncpg.Record) -> StoredMonth:
    return StoredMonth(
        asset=row["asset_id"],
        org=row["org_id"],
        month=row["month"],
        time_zone=row["time_zone"],
        version=row["version"],
        digest=row["digest"],
        deleted=row["deleted"],
        recorded_at=row["recorded_at"],
    )
