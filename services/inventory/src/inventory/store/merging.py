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
    activities: Sequence[Version]


async def keep(connection: Connection, merger: Merger) -> None:
    """Write a merger down, so that it can be undone."""
    await connection.execute(
        """
        INSERT INTO asset_mergers
            (winner_id, winner_version, org_id, loser_id, loser_version, moved, applications, activities)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        merger.winner_id,
        merger.winner_version,
        merger.org,
        merger.loser_id,
        merger.loser_version,
        [[str(one), version] for one, version in merger.moved],
        [[str(one), version] for one, version in merger.applications],
        [[str(one), version] for one, version in merger.activities],
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
        _versions(row["activities"]),
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

_UUID = "^[0-9a-f]{32}$"
_SERIAL_OF = "coalesce(a.details ->> 'serial_number', a.details -> 'tags' ->> 'serial')"
_UUID_OF = "coalesce(a.details ->> 'uuid', a.details -> 'tags' ->> 'uuid')"


async def likenesses(
    connection: Connection, org: str | None, after: tuple[UUID, UUID] | None, limit: int
) -> list[Likeness]:
    """Up to `limit` pairs of assets of one organisation and kind that are likely to be one, by their ids, after a pair.

    Likely is: the same serial number or UUID; or a serial number or UUID of one that is a name of the other; or the same
    UUID as a name at two sources. Compared without regard to case, spaces and hyphens. Pairs that were said to be two
    things are left out.
    """
    return await _pairs(connection, org, None, after, limit)


async def likenesses_of(connection: Connection, org: str, asset_id: UUID, limit: int) -> list[Likeness]:
    """Up to `limit` pairs, as `likenesses` tells them, that one asset is in."""
    rows = await connection.fetch(
        f"""
        SELECT likeness_key({_SERIAL_OF}) AS key FROM assets a WHERE id = $1 AND {_SERIAL_OF} IS NOT NULL
        UNION SELECT likeness_key({_UUID_OF}) FROM assets a WHERE id = $1 AND {_UUID_OF} IS NOT NULL
        UNION SELECT likeness_key(external_id) FROM asset_identities WHERE asset_id = $1
        """,
        asset_id,
    )
    found = await _pairs(connection, org, [row["key"] for row in rows], None, limit)
    return [pair for pair in found if asset_id in (pair.one, pair.other)]


async def _pairs(
    connection: Connection, org: str | None, keys: list[str] | None, after: tuple[UUID, UUID] | None, limit: int
) -> list[Likeness]:
    """The pairs that share any key, or one of `keys`."""

    def among(value: str) -> str:
        return "" if keys is None else f" AND likeness_key({value}) = ANY ($7::text[])"

    rows = await connection.fetch(
        f"""
        WITH stated AS (
            SELECT id, org_id, kind, 'serial_number' AS by, {_SERIAL_OF} AS value, likeness_key({_SERIAL_OF}) AS key
            FROM assets a
            WHERE deleted_at IS NULL AND {_SERIAL_OF} IS NOT NULL
              AND ($1::text IS NULL OR org_id = $1){among(_SERIAL_OF)}
            UNION
            SELECT id, org_id, kind, 'uuid', {_UUID_OF}, likeness_key({_UUID_OF})
            FROM assets a
            WHERE deleted_at IS NULL AND {_UUID_OF} IS NOT NULL
              AND ($1::text IS NULL OR org_id = $1){among(_UUID_OF)}
        ),
        called AS (
            SELECT i.asset_id, i.org_id, i.external_id, likeness_key(i.external_id) AS key
            FROM asset_identities i
            WHERE ($1::text IS NULL OR i.org_id = $1){among("i.external_id")}
        ),
        named AS (
            SELECT a.id, a.org_id, a.kind, CASE WHEN c.key ~ $2 THEN 'uuid' ELSE 'name' END AS by, c.external_id AS value, c.key
            FROM called c
            JOIN assets a ON a.id = c.asset_id
            WHERE c.key ~ $2 OR (c.org_id, c.key) IN (SELECT org_id, key FROM stated)
        ),
        keys AS (
            SELECT * FROM stated UNION SELECT * FROM named
        ),
        pairs AS (
            SELECT DISTINCT ON (one.id, other.id)
                   one.id AS one, other.id AS other,
                   CASE WHEN one.by = 'name' THEN other.by ELSE one.by END AS by, one.value
            FROM keys one
            JOIN keys other USING (org_id, kind, key)
            WHERE one.id < other.id AND NOT (one.by = 'name' AND other.by = 'name')
              AND length(key) >= 4 AND key <> ALL ($3::text[])
            ORDER BY one.id, other.id, one.by DESC, one.value
        )
        SELECT *
        FROM pairs p
        WHERE NOT EXISTS (SELECT FROM duplicate_refusals r WHERE (r.one, r.other) = (p.one, p.other))
          AND ($4::uuid IS NULL OR (p.one, p.other) > ($4, $5))
        ORDER BY p.one, p.other
        LIMIT $6
        """,
        org,
        _UUID,
        [placeholder.replace(" ", "").replace("-", "") for placeholder in _PLACEHOLDERS],
        *(after or (None, None)),
        limit,
        *(() if keys is None else (keys,)),
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
