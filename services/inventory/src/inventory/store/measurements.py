"""Samples: whose they are, written as sets, read for deriving and for looking up; and the marks that say what to derive anew."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.database import Connection

from inventory.domain.samples import AssetReference, Sample


class Measured(NamedTuple):
    """An asset that samples name."""

    id: UUID
    org: str


class Key(NamedTuple):
    """What tells samples apart."""

    asset: UUID
    series: int
    channel: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """The samples of an asset of `org` changed between two instants."""

    asset: UUID
    org: str
    start: datetime
    end: datetime


async def find_by_id(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Measured]:
    """Those of the assets that are known and visible; they cannot be deleted until commit.

    The id of a record that proved to be another asset leads to that one, as its names do.
    """
    rows = await connection.fetch(
        """
        WITH RECURSIVE asked AS (
            SELECT id AS name, id FROM assets WHERE id = ANY ($1::uuid[])
            UNION
            SELECT asked.name, a.merged_into
            FROM asked JOIN assets a USING (id)
            WHERE a.deleted_at IS NOT NULL AND a.merged_into IS NOT NULL
        )
        SELECT asked.name, a.id, a.org_id
        FROM asked JOIN assets a USING (id)
        WHERE a.deleted_at IS NULL
        ORDER BY a.id
        FOR KEY SHARE OF a
        """,
        list(ids),
    )
    return {row["name"]: Measured(row["id"], row["org_id"]) for row in rows}


async def find_by_name(
    connection: Connection, names: Collection[AssetReference]
) -> dict[AssetReference, list[Measured]]:
    """The known and visible assets of each name; a name without organisation may be that of several."""
    ordered = list(names)
    rows = await connection.fetch(
        """
        SELECT wanted.position, i.asset_id, i.org_id
        FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (source, external_id, org_id, position)
        JOIN asset_identities i ON i.source = wanted.source AND i.external_id = wanted.external_id
        WHERE wanted.org_id IS NULL OR wanted.org_id = i.org_id
        """,
        [name.source for name in ordered],
        [name.external_id for name in ordered],
        [name.org for name in ordered],
    )
    there = await find_by_id(connection, {row["asset_id"] for row in rows})
    found: dict[AssetReference, list[Measured]] = {name: [] for name in ordered}
    for row in rows:
        if row["asset_id"] in there:
            found[ordered[row["position"] - 1]].append(there[row["asset_id"]])
    return found


async def ensure_partitions(connection: Connection, first_month: int, last_month: int) -> None:
    """Make sure that every month, counted from year 0, has its partitions."""
    await connection.execute("SELECT ensure_measurement_partitions($1, $2)", first_month, last_month)


async def write(
    connection: Connection, samples: Mapping[Key, float], orgs: Mapping[UUID, str], now: datetime
) -> dict[Key, float]:
    """Write samples. Those that were there are answered with the value they had; another value takes its place.

    They are written in one order always, so that two sets never wait for one another crosswise.
    """
    keys = sorted(samples, key=_in_order)
    known = await _insert(connection, keys, samples, orgs, now)
    if not known:
        return {}
    before = await _lock(connection, known)
    changed = [key for key in known if before[key] != samples[key]]
    if changed:
        await _replace(connection, changed, samples, now)
    return before


async def _insert(
    connection: Connection, keys: Sequence[Key], samples: Mapping[Key, float], orgs: Mapping[UUID, str], now: datetime
) -> list[Key]:
    """Insert what is new; the keys of what was there."""
    positions = await connection.fetch(
        """
        WITH new AS (
            SELECT *
            FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::float8[], $7::text[])
                 WITH ORDINALITY AS new (asset_id, series, channel, starts, ends, value, org_id, position)
        ),
        written AS (
            INSERT INTO measurement_samples (asset_id, series, channel, starts, ends, value, recorded_at, org_id)
            SELECT asset_id, series, channel, starts, ends, value, $8, org_id
            FROM new
            ORDER BY position
            ON CONFLICT DO NOTHING
            RETURNING asset_id, series, channel, starts, ends
        )
        SELECT position
        FROM new
        WHERE (asset_id, series, channel, starts, ends) NOT IN (SELECT * FROM written)
        """,
        *_columns(keys),
        [samples[key] for key in keys],
        [orgs[key.asset] for key in keys],
        now,
    )
    return [keys[row["position"] - 1] for row in positions]


async def _lock(connection: Connection, keys: Sequence[Key]) -> dict[Key, float]:
    rows = await connection.fetch(
        """
        SELECT s.asset_id, s.series, s.channel, s.starts, s.ends, s.value
        FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::timestamptz[], $5::timestamptz[])
             AS wanted (asset_id, series, channel, starts, ends)
        JOIN measurement_samples s USING (asset_id, series, channel, starts, ends)
        ORDER BY 1, 2, 3, 4, 5
        FOR NO KEY UPDATE OF s
        """,
        *_columns(keys),
    )
    return {Key(*row[:5]): row["value"] for row in rows}


async def _replace(connection: Connection, keys: Sequence[Key], samples: Mapping[Key, float], now: datetime) -> None:
    await connection.execute(
        """
        WITH new AS (
            SELECT *
            FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::float8[])
                 AS new (asset_id, series, channel, starts, ends, value)
        ),
        kept AS (
            INSERT INTO measurement_replaced (asset_id, series, channel, starts, ends, value, recorded_at, replaced_at, org_id)
            SELECT s.asset_id, s.series, s.channel, s.starts, s.ends, s.value, s.recorded_at, $7, s.org_id
            FROM new
            JOIN measurement_samples s USING (asset_id, series, channel, starts, ends)
        )
        UPDATE measurement_samples s
        SET value = new.value, recorded_at = $7
        FROM new
        WHERE s.asset_id = new.asset_id AND s.series = new.series AND s.channel = new.channel
          AND s.starts = new.starts AND s.ends = new.ends
        """,
        *_columns(keys),
        [samples[key] for key in keys],
        now,
    )


async def mark(connection: Connection, marks: Sequence[Mark]) -> None:
    """Have what is derived from these spans derived anew."""
    assets = {each.asset: each.org for each in marks}
    await connection.execute(
        """
        INSERT INTO measured_assets (asset_id, org_id)
        SELECT * FROM unnest($1::uuid[], $2::text[]) AS new (asset_id, org_id)
        ORDER BY 1
        ON CONFLICT DO NOTHING
        """,
        list(assets),
        list(assets.values()),
    )
    await connection.execute(
        """
        INSERT INTO measurement_marks (asset_id, org_id, starts, ends)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[])
        """,
        [each.asset for each in marks],
        [each.org for each in marks],
        [each.start for each in marks],
        [each.end for each in marks],
    )


_EVERYTHING = """
INSERT INTO measurement_marks (asset_id, org_id, starts, ends)
SELECT asset_id, org_id, '-infinity', 'infinity' FROM measured_assets
"""


async def mark_everything(connection: Connection, assets: Sequence[UUID]) -> None:
    """Have everything of assets derived anew: they were deleted, are there again, or have become one with another."""
    await connection.execute(
        """
        INSERT INTO measured_assets (asset_id, org_id)
        SELECT id, org_id
        FROM assets
        WHERE id = ANY ($1::uuid[])
          AND EXISTS (SELECT FROM assets merged JOIN measured_assets m ON m.asset_id = merged.id WHERE merged.merged_into = assets.id)
        ORDER BY id
        ON CONFLICT DO NOTHING
        """,
        list(assets),
    )
    await connection.execute(f"{_EVERYTHING} WHERE asset_id = ANY ($1::uuid[])", list(assets))


async def mark_everything_of_organisation(connection: Connection, org: str) -> None:
    """Have everything of an organisation derived anew: its days begin at other instants."""
    await connection.execute(f"{_EVERYTHING} WHERE org_id = $1", org)


def _columns(
    keys: Sequence[Key],
) -> tuple[list[UUID], list[int], list[str], list[datetime], list[datetime]]:
    return (
        [key.asset for key in keys],
        [key.series for key in keys],
        [key.channel for key in keys],
        [key.start for key in keys],
        [key.end for key in keys],
    )


def _in_order(key: Key) -> tuple[int, int, str, datetime, datetime]:
    """The order of writing; numbers are compared far faster than the UUIDs that they are of."""
    return (key.asset.int, key.series, key.channel, key.start, key.end)


def key_of(sample: Sample, asset: UUID) -> Key:
    """The key of a sample of a known asset."""
    return Key(asset, sample.series, sample.channel, sample.start, sample.end)
