"""Every version of an asset, and who wrote it."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import asyncpg
from common import json
from common.database import Connection

from inventory.domain.asset import Asset
from inventory.domain.revision import Action, Author, PastVersion
from inventory.store.assets import described


def signature(author: Author) -> dict[str, str]:
    """The settings of a transaction that say who writes."""
    return {
        "app.client": author.client or "",
        "app.import": "" if author.import_id is None else str(author.import_id),
    }


async def keep(
    connection: Connection,
    assets: Sequence[Asset],
    actions: Sequence[Action],
    *,
    undoes: Mapping[UUID, int] | None = None,
    partner: UUID | None = None,
) -> None:
    """Write down the current versions of assets, for good."""
    await connection.execute(
        """
        INSERT INTO asset_revisions (asset_id, org_id, version, recorded_at, action, names, described, undoes, partner)
        SELECT asset_id, org_id, version, recorded_at, action, names::jsonb, described::jsonb, undoes, $9
        FROM unnest($1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::int[])
             AS new (asset_id, org_id, version, recorded_at, action, names, described, undoes)
        """,
        [asset.id for asset in assets],
        [asset.key.org for asset in assets],
        [asset.version for asset in assets],
        [asset.recorded_at for asset in assets],
        list(actions),
        [json.dumps_text(asset.names) for asset in assets],
        [json.dumps_text(described(asset.description)) for asset in assets],
        [(undoes or {}).get(asset.id) for asset in assets],
        partner,
    )


async def history(connection: Connection, asset_id: UUID) -> list[PastVersion]:
    """All versions of an asset that are kept, first to last."""
    return (await histories(connection, [asset_id])).get(asset_id, [])


async def histories(connection: Connection, asset_ids: Collection[UUID]) -> dict[UUID, list[PastVersion]]:
    """All versions of assets, first to last of each."""
    rows = await connection.fetch(
        "SELECT * FROM asset_revisions WHERE asset_id = ANY ($1::uuid[]) ORDER BY asset_id, version", list(asset_ids)
    )
    found: dict[UUID, list[PastVersion]] = {}
    for row in rows:
        found.setdefault(row["asset_id"], []).append(_version(row))
    return found


async def assets_of_import(connection: Connection, import_id: UUID, limit: int) -> list[UUID]:
    """Up to `limit` assets that an import made a version of, in order of id."""
    rows = await connection.fetch(
        "SELECT DISTINCT asset_id FROM asset_revisions WHERE import_id = $1 ORDER BY asset_id LIMIT $2",
        import_id,
        limit,
    )
    return [row["asset_id"] for row in rows]


def _version(row: asyncpg.Record) -> PastVersion:
    return PastVersion(
        row["asset_id"],
        row["org_id"],
        row["version"],
        row["recorded_at"],
        Action(row["action"]),
        tuple((source, external_id) for source, external_id in row["names"]),
        row["described"],
        Author(row["client"], row["import_id"]),
        row["undoes"],
        row["partner"],
    )
