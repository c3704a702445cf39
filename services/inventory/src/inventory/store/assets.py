"""Assets and their names: found by key, locked, written as sets."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from common import json
from common.database import Connection

from inventory.domain.asset import Asset
from inventory.domain.description import Description
from inventory.domain.planning import HostFacts
from inventory.domain.record import AssetKey
from inventory.domain.timeline import Timeline
from inventory.domain.vocabulary import Kind
from inventory.store import states

NAMED_COLUMNS = ("name", "quantity")
"""The undated attributes that have a column of their own; the others are in `details`."""

STREAM_ROWS = 1000
"""Assets per step of a stream; memory stays that of so many."""

KEY_TAKEN = "asset_identities_pkey"
"""The constraint that a second asset of the same key violates."""


async def lock_by_keys(connection: Connection, keys: Sequence[AssetKey]) -> dict[AssetKey, Asset]:
    """The known and visible assets among `keys`, with their timelines, locked against other writers until commit.

    Rows are locked in order of id, so two batches over the same assets wait for one another and do not deadlock. The
    timelines are read after the locks are there, so they are those of the version that is locked.
    """
    rows = await connection.fetch(
        """
        SELECT i.org_id AS key_org, i.source AS key_source, i.external_id AS key_external_id, a.*
        FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (org_id, source, external_id)
        JOIN asset_identities i USING (org_id, source, external_id)
        JOIN assets a ON a.id = i.asset_id
        WHERE a.deleted_at IS NULL
        ORDER BY a.id
        FOR NO KEY UPDATE OF a
        """,
        *_columns(keys),
    )
    timelines = await states.timelines(connection, [row["id"] for row in rows])
    return {
        AssetKey(row["key_org"], row["key_source"], row["key_external_id"]): to_asset(row, timelines[row["id"]])
        for row in rows
    }


async def find_hosts(connection: Connection, keys: Sequence[AssetKey]) -> dict[AssetKey, HostFacts]:
    """What is known of possible hosts; they cannot be deleted until commit."""
    rows = await connection.fetch(
        """
        SELECT i.org_id, i.source, i.external_id, a.id, a.kind
        FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (org_id, source, external_id)
        JOIN asset_identities i USING (org_id, source, external_id)
        JOIN assets a ON a.id = i.asset_id
        WHERE a.deleted_at IS NULL
        ORDER BY a.id
        FOR KEY SHARE OF a
        """,
        *_columns(keys),
    )
    return {
        AssetKey(row["org_id"], row["source"], row["external_id"]): HostFacts(row["id"], Kind(row["kind"]))
        for row in rows
    }


async def find(connection: Connection, asset_id: UUID, *, lock: bool = False) -> Asset | None:
    """The asset, or None when it is not known, deleted or not visible; locked against everybody on request."""
    found = await find_all(connection, [asset_id], lock=lock)
    return found[0] if found else None


async def find_all(connection: Connection, asset_ids: Collection[UUID], *, lock: bool = False) -> list[Asset]:
    """Those of the assets that are known and visible, in order of id; locked against everybody on request."""
    rows = await connection.fetch(
        f"""
        SELECT *
        FROM assets
        WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL
        ORDER BY id
        {"FOR UPDATE" if lock else ""}
        """,
        list(asset_ids),
    )
    timelines = await states.timelines(connection, [row["id"] for row in rows])
    return [to_asset(row, timelines[row["id"]]) for row in rows]


async def find_deleted(connection: Connection, asset_id: UUID, *, lock: bool = False) -> Asset | None:
    """The deleted asset with what was believed of it last; None when it is not known, not deleted or not visible."""
    row = await connection.fetchrow(
        f"SELECT * FROM assets WHERE id = $1 AND deleted_at IS NOT NULL {'FOR UPDATE' if lock else ''}", asset_id
    )
    return None if row is None else (await _with_timelines(connection, [row]))[0]


async def still_there(connection: Connection, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of the assets that are visible and not deleted; they cannot be deleted until commit."""
    rows = await connection.fetch(
        "SELECT id FROM assets WHERE id = ANY ($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR KEY SHARE",
        list(asset_ids),
    )
    return {row["id"] for row in rows}


async def serialise_nesting(connection: Connection) -> None:
    """Let one transaction at a time put virtual machines on virtual machines, so that no two build half a cycle each."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('inventory nesting', 0))")


async def insert(connection: Connection, assets: Sequence[Asset]) -> None:
    """Insert new assets under their names. Raises UniqueViolationError on `KEY_TAKEN` when a name was just taken."""
    await connection.execute(
        """
        INSERT INTO assets (id, org_id, source, external_id, kind, name, quantity, details, version, recorded_at)
        SELECT id, org_id, source, external_id, kind, name, quantity, details::jsonb, version, recorded_at
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                    $9::int[], $10::timestamptz[])
             AS new (id, org_id, source, external_id, kind, name, quantity, details, version, recorded_at)
        """,
        [asset.id for asset in assets],
        *_columns([asset.key for asset in assets]),
        [asset.kind for asset in assets],
        *_described(assets),
        [asset.version for asset in assets],
        [asset.recorded_at for asset in assets],
    )
    ordered = sorted(assets, key=lambda asset: asset.key)
    await connection.execute(
        """
        INSERT INTO asset_identities (org_id, source, external_id, asset_id)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
        """,
        *_columns([asset.key for asset in ordered]),
        [asset.id for asset in ordered],
    )


async def update(connection: Connection, assets: Sequence[Asset]) -> None:
    """Write the next versions of assets that are locked."""
    await connection.execute(
        """
        UPDATE assets a
        SET name = new.name, quantity = new.quantity, details = new.details::jsonb,
            version = new.version, recorded_at = new.recorded_at,
            source = new.source, external_id = new.external_id, also_known_as = new.also_known_as::jsonb,
            deleted_at = CASE WHEN new.deleted THEN new.recorded_at END, merged_into = new.merged_into
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::int[], $6::timestamptz[], $7::text[], $8::text[],
                    $9::text[], $10::bool[], $11::uuid[])
             AS new (id, name, quantity, details, version, recorded_at, source, external_id, also_known_as, deleted,
                     merged_into)
        WHERE a.id = new.id
        """,
        [asset.id for asset in assets],
        *_described(assets),
        [asset.version for asset in assets],
        [asset.recorded_at for asset in assets],
        [asset.key.source for asset in assets],
        [asset.key.external_id for asset in assets],
        [json.dumps_text(asset.also_known_as) for asset in assets],
        [asset.deleted for asset in assets],
        [asset.merged_into for asset in assets],
    )


Named = tuple[str, tuple[str, str], UUID]
"""An organisation, a name in it (source and external id), and the asset that has it."""


async def drop_names(connection: Connection, names: Sequence[Named]) -> None:
    """Free names that assets have no longer."""
    await connection.execute(
        """
        DELETE FROM asset_identities i
        USING unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS lost (org_id, source, external_id, asset_id)
        WHERE (i.org_id, i.source, i.external_id, i.asset_id)
            = (lost.org_id, lost.source, lost.external_id, lost.asset_id)
        """,
        *_named(names),
    )


async def add_names(connection: Connection, names: Sequence[Named]) -> None:
    """Give assets further names. Raises UniqueViolationError on `KEY_TAKEN` when another asset has one of them."""
    await connection.execute(
        """
        INSERT INTO asset_identities (org_id, source, external_id, asset_id)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
        """,
        *_named(names),
    )


def _named(names: Sequence[Named]) -> tuple[list[str], list[str], list[str], list[UUID]]:
    return (
        [org for org, _, _ in names],
        [source for _, (source, _), _ in names],
        [external_id for _, (_, external_id), _ in names],
        [asset_id for _, _, asset_id in names],
    )


async def stream(connection: Connection) -> AsyncIterator[Asset]:
    """Every asset with its timeline, the longest unchanged first; deleted ones with what was believed last."""
    batch: list[asyncpg.Record] = []
    async for row in connection.cursor("SELECT * FROM assets ORDER BY recorded_at, id", prefetch=STREAM_ROWS):
        batch.append(row)
        if len(batch) == STREAM_ROWS:
            for asset in await _with_timelines(connection, batch):
                yield asset
            batch = []
    for asset in await _with_timelines(connection, batch):
        yield asset


async def _with_timelines(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Asset]:
    found = await states.timelines(connection, [row["id"] for row in rows if row["deleted_at"] is None])
    for row in rows:
        if row["deleted_at"] is not None:
            before = row["deleted_at"] - timedelta(microseconds=1)
            found[row["id"]] = Timeline(tuple(await states.timeline_as_known_at(connection, row["id"], before)))
    return [to_asset(row, found[row["id"]]) for row in rows]


def to_asset(row: asyncpg.Record, timeline: Timeline) -> Asset:
    """The asset of a row of `assets`."""
    description = Description.model_validate(
        {**row["details"], **{name: row[name] for name in NAMED_COLUMNS if row[name] is not None}}
    )
    return Asset(
        id=row["id"],
        key=AssetKey(row["org_id"], row["source"], row["external_id"]),
        kind=Kind(row["kind"]),
        description=description,
        timeline=timeline,
        version=row["version"],
        recorded_at=row["recorded_at"],
        deleted=row["deleted_at"] is not None,
        also_known_as=tuple((source, external_id) for source, external_id in row["also_known_as"]),
        merged_into=row["merged_into"],
    )


def _columns(keys: Iterable[AssetKey]) -> tuple[list[str], list[str], list[str]]:
    keys = list(keys)
    return [key.org for key in keys], [key.source for key in keys], [key.external_id for key in keys]


def _described(assets: Sequence[Asset]) -> tuple[list[str | None], list[int], list[str]]:
    return (
        [asset.description.name for asset in assets],
        [asset.description.quantity for asset in assets],
        [json.dumps_text(details(asset.description)) for asset in assets],
    )


def details(description: Description) -> dict[str, object]:
    """The attributes without a column of their own, those that are known."""
    return description.model_dump(mode="json", exclude_none=True, exclude=set(NAMED_COLUMNS))


def described(description: Description) -> dict[str, object]:
    """All undated attributes that are known, as a version keeps them."""
    return description.model_dump(mode="json", exclude_none=True)
