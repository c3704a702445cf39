"""Activities: found by name, locked, written as sets, listed."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
from common.database import Connection

from inventory.domain.activities import Activity, ActivityKind, StoredActivity

NAME_TAKEN = "activities_named"
"""The index that a second activity of the same name violates."""

Name = tuple[str, str, str]
"""By what an activity is known: organisation, source, external id."""

_COLUMNS = """
id, org_id, source, external_id, asset_id, site_id, kind, activity, country, starts, ends, quantity, unit, note, version,
recorded_at, deleted_at
"""


def name_of(activity: Activity) -> Name:
    """By what the activity is known."""
    return activity.org, activity.source, activity.external_id


async def lock_by_names(connection: Connection, names: Collection[Name]) -> dict[Name, StoredActivity]:
    """The known activities among `names`, locked against other writers, always in one order."""
    ordered = sorted(names)
    rows = await connection.fetch(
        """
        SELECT a.*
        FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (org_id, source, external_id)
        JOIN activities a USING (org_id, source, external_id)
        WHERE a.deleted_at IS NULL
        ORDER BY a.org_id, a.source, a.external_id
        FOR NO KEY UPDATE OF a
        """,
        *(list(column) for column in zip(*ordered, strict=True)),
    )
    return {(row["org_id"], row["source"], row["external_id"]): _stored(row) for row in rows}


async def find(connection: Connection, activity_id: UUID, *, lock: bool = False) -> StoredActivity | None:
    """The activity, or None when it is not known, deleted or not visible; locked on request."""
    row = await connection.fetchrow(
        f"SELECT * FROM activities WHERE id = $1 AND deleted_at IS NULL {'FOR NO KEY UPDATE' if lock else ''}",
        activity_id,
    )
    return None if row is None else _stored(row)


async def lock_of_asset(connection: Connection, asset_id: UUID) -> list[StoredActivity]:
    """The activities for an asset, locked for a change, always in one order."""
    rows = await connection.fetch(
        """
        SELECT *
        FROM activities
        WHERE asset_id = $1 AND deleted_at IS NULL
        ORDER BY org_id, source, external_id
        FOR NO KEY UPDATE
        """,
        asset_id,
    )
    return [_stored(row) for row in rows]


async def insert(connection: Connection, activities: Sequence[StoredActivity]) -> None:
    """Insert new activities. Raises UniqueViolationError on `NAME_TAKEN` when a name was just taken."""
    await connection.execute(
        f"""
        INSERT INTO activities ({_COLUMNS})
        SELECT *, NULL::timestamptz
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
                    $9::text[], $10::date[], $11::date[], $12::float8[], $13::text[], $14::text[], $15::int[],
                    $16::timestamptz[])
        """,
        *_values(sorted(activities, key=lambda stored: name_of(stored.activity))),
    )


async def update(connection: Connection, activities: Sequence[StoredActivity]) -> None:
    """Write the next versions of locked activities; what they said before is kept."""
    await _keep(connection, [stored.id for stored in activities])
    await connection.execute(
        """
        UPDATE activities a
        SET asset_id = new.asset_id, site_id = new.site_id, kind = new.kind, activity = new.activity,
            country = new.country, starts = new.starts, ends = new.ends, quantity = new.quantity, unit = new.unit,
            note = new.note, version = new.version, recorded_at = new.recorded_at
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::text[],
                    $9::text[], $10::date[], $11::date[], $12::float8[], $13::text[], $14::text[], $15::int[],
                    $16::timestamptz[])
             AS new (id, org_id, source, external_id, asset_id, site_id, kind, activity, country, starts, ends, quantity,
                     unit, note, version, recorded_at)
        WHERE a.id = new.id
        """,
        *_values(activities),
    )


async def mark_deleted(connection: Connection, last: StoredActivity) -> None:
    """Delete a locked activity: its name is free again, its row stays."""
    await _keep(connection, [last.id])
    await connection.execute(
        "UPDATE activities SET version = $2, recorded_at = $3, deleted_at = $3 WHERE id = $1",
        last.id,
        last.version,
        last.recorded_at,
    )


async def _keep(connection: Connection, ids: Sequence[UUID]) -> None:
    await connection.execute(
        """
        INSERT INTO activity_versions (activity_id, version, org_id, document)
        SELECT id, version, org_id, to_jsonb(a)
        FROM activities a
        WHERE id = ANY ($1::uuid[])
        """,
        list(ids),
    )


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """Which activities to list; None leaves a field open. `start` and `end`: days that they must touch, `[start, end)`."""

    org: str | None = None
    kind: ActivityKind | None = None
    asset_id: UUID | None = None
    site: str | None = None
    start: date | None = None
    end: date | None = None


async def list_activities(
    connection: Connection, wanted: ActivityFilter, after: tuple[str, date, UUID] | None, limit: int
) -> list[StoredActivity]:
    """Up to `limit` activities by organisation and first day, after one."""
    rows = await connection.fetch(
        """
        SELECT *
        FROM activities a
        WHERE deleted_at IS NULL
          AND ($1::text IS NULL OR org_id = $1)
          AND ($2::text IS NULL OR kind = $2)
          AND ($3::uuid IS NULL OR asset_id = $3)
          AND ($4::text IS NULL OR site_id IN (SELECT id FROM sites WHERE code = $4 AND org_id = a.org_id))
          AND ($5::date IS NULL OR ends > $5)
          AND ($6::date IS NULL OR starts < $6)
          AND ($7::text IS NULL OR (org_id, starts, id) > ($7, $8::date, $9::uuid))
        ORDER BY org_id, starts, id
        LIMIT $10
        """,
        wanted.org,
        wanted.kind,
        wanted.asset_id,
        wanted.site,
        wanted.start,
        wanted.end,
        *(after or (None, None, None)),
        limit,
    )
    return [_stored(row) for row in rows]


async def stream(connection: Connection) -> AsyncIterator[StoredActivity]:
    """Every activity, deleted ones as well, the longest unchanged first."""
    async for row in connection.cursor("SELECT * FROM activities ORDER BY recorded_at, id"):
        yield _stored(row)


def _values(activities: Sequence[StoredActivity]) -> tuple[list[object], ...]:
    rows = [
        (
            stored.id,
            *name_of(stored.activity),
            stored.activity.asset_id,
            stored.activity.site_id,
            stored.activity.kind,
            stored.activity.activity,
            stored.activity.country,
            stored.activity.start,
            stored.activity.end,
            stored.activity.quantity,
            stored.activity.unit,
            stored.activity.note,
            stored.version,
            stored.recorded_at,
        )
        for stored in activities
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _stored(row: asyncpg.Record) -> StoredActivity:
    activity = Activity(
        org=row["org_id"],
        source=row["source"],
        external_id=row["external_id"],
        asset_id=row["asset_id"],
        site_id=row["site_id"],
        kind=ActivityKind(row["kind"]),
        activity=row["activity"],
        country=row["country"],
        start=row["starts"],
        end=row["ends"],
        quantity=row["quantity"],
        unit=row["unit"],
        note=row["note"],
    )
    return StoredActivity(row["id"], activity, row["version"], row["recorded_at"], row["deleted_at"] is not None)
