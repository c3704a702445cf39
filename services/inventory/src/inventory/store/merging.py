"""Mergers of records that proved to be one asset, and what is likely to be one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from common.database import Connection

Version = tuple[UUID, int]
"""Something that a merger moved, and the version that the move made of it."""


@dataclass(frozen=True, slots=True)
class Merger:
    """`loser_id` proved to be `winner_id`, by the versions that the merger made of both."""

    winner_id: UUID
    winner_version: int
    org: str
    loser_id: UUID
    loser_version: int
    moved: Sequence[Version]
    applications: Sequence[Version]


async def keep(connection: Connection, merger: Merger) -> None:
    """Write a merger down, so that it can be undone."""
    await connection.execute(
        """
        INSERT INTO asset_mergers (winner_id, winner_version, org_id, loser_id, loser_version, moved, applications)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        merger.winner_id,
        merger.winner_version,
        merger.org,
        merger.loser_id,
        merger.loser_version,
        [[str(one), version] for one, version in merger.moved],
        [[str(one), version] for one, version in merger.applications],
    )


async def find(connection: Connection, winner_id: UUID, winner_version: int) -> Merger:
    """The merger that made a version of an asset."""
    row = await connection.fetchrow(
        "SELECT * FROM asset_mergers WHERE winner_id = $1 AND winner_version = $2", winner_id, winner_version
    )
    assert row is not None
    return Merger(
        winner_id,
        winner_version,
        row["org_id"],
        row["loser_id"],
        row["loser_version"],
        _versions(row["moved"]),
        _versions(row["applications"]),
    )


async def merged_into(connection: Connection, asset_id: UUID) -> UUID | None:
    """The asset that a deleted one proved to be, if it did."""
    found: UUID | None = await connection.fetchval(
        "SELECT merged_into FROM assets WHERE id = $1 AND deleted_at IS NOT NULL", asset_id
    )
    return found


def _versions(pairs: Sequence[Sequence[Any]]) -> list[Version]:
    return [(UUID(one), version) for one, version in pairs]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two assets of one kind that share a value which only one thing should have."""

    by: str
    value: str
    one: UUID
    other: UUID


_PLACEHOLDERS = (
    "none", "n/a", "na", "null", "unknown", "inconnu", "0", "default string", "to be filled by o.e.m.",
    "system serial number", "not specified", "not available", "123456789", "xxxxxxx",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "03000200-0400-0500-0006-000700080009",
)  # fmt: skip
"""What makers leave in the place of a serial number or a UUID; it proves nothing."""

_UUID = "^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"


async def likenesses(
    connection: Connection, org: str | None, asset_id: UUID | None, after: tuple[UUID, UUID] | None, limit: int
) -> list[Likeness]:
    """Up to `limit` pairs of assets of one organisation and kind that are likely to be one, by their ids, after a pair.

    Likely is: the same serial number or UUID; or a serial number or UUID of one that is a name of the other; or the same
    UUID as a name at two sources. Compared without regard to case, spaces and hyphens. Pairs that were said to be two
    things are left out.
    """
    rows = await connection.fetch(
        """
        WITH stated AS (
            SELECT a.id, a.org_id, a.kind, v.by, v.value
            FROM assets a
            CROSS JOIN LATERAL (VALUES
                ('serial_number', coalesce(a.details ->> 'serial_number', a.details -> 'tags' ->> 'serial')),
                ('uuid', coalesce(a.details ->> 'uuid', a.details -> 'tags' ->> 'uuid'))
            ) AS v (by, value)
            WHERE a.deleted_at IS NULL AND v.value IS NOT NULL AND ($1::text IS NULL OR a.org_id = $1)
            UNION ALL
            SELECT a.id, a.org_id, a.kind, CASE WHEN lower(i.external_id) ~ $2 THEN 'uuid' ELSE 'name' END, i.external_id
            FROM asset_identities i
            JOIN assets a ON a.id = i.asset_id
            WHERE $1::text IS NULL OR i.org_id = $1
        ),
        keys AS (
            SELECT DISTINCT id, org_id, kind, by, lower(regexp_replace(value, '[\\s-]', '', 'g')) AS key, value
            FROM stated
            WHERE lower(trim(value)) <> ALL ($3::text[]) AND length(trim(value)) >= 4
        ),
        shared AS (
            SELECT org_id, kind, key
            FROM keys
            GROUP BY org_id, kind, key
            HAVING count(DISTINCT id) > 1 AND bool_or(by <> 'name')
        ),
        pairs AS (
            SELECT DISTINCT ON (one.id, other.id)
                   one.id AS one, other.id AS other,
                   CASE WHEN one.by = 'name' THEN other.by ELSE one.by END AS by,
                   one.value
            FROM shared s
            JOIN keys one USING (org_id, kind, key)
            JOIN keys other USING (org_id, kind, key)
            WHERE one.id < other.id AND NOT (one.by = 'name' AND other.by = 'name')
            ORDER BY one.id, other.id, one.by DESC
        )
        SELECT *
        FROM pairs p
        WHERE NOT EXISTS (SELECT FROM duplicate_refusals r WHERE (r.one, r.other) = (p.one, p.other))
          AND ($4::uuid IS NULL OR $4 IN (p.one, p.other))
          AND ($5::uuid IS NULL OR (p.one, p.other) > ($5, $6))
        ORDER BY p.one, p.other
        LIMIT $7
        """,
        org,
        _UUID,
        list(_PLACEHOLDERS),
        asset_id,
        *(after or (None, None)),
        limit,
    )
    return [Likeness(row["by"], row["value"], row["one"], row["other"]) for row in rows]


async def refuse_likeness(connection: Connection, org: str, one: UUID, other: UUID, at: datetime) -> None:
    """Remember that two assets are two things."""
    await connection.execute(
        """
        INSERT INTO duplicate_refusals (org_id, one, other, recorded_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING
        """,
        org,
        min(one, other),
        max(one, other),
        at,
    )
