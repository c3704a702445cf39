"""Assets as they are now: one, or pages of many by what they are, where, and what they are called."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from common.database import Connection

from inventory.domain.asset import Asset
from inventory.domain.record import AssetKey
from inventory.domain.timeline import Segment, Timeline
from inventory.domain.vocabulary import Kind, Status
from inventory.store.assets import to_asset
from inventory.store.states import timelines, to_segment


@dataclass(frozen=True, slots=True)
class Filter:
    """Which assets to list; None is any. `search` is a part of the name or of the external id, in any case."""

    org: str | None = None
    kind: Kind | None = None
    site: str | None = None
    status: Status | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """An asset with the names of where it is now; `segment` is the one that holds now, or the first of a future asset."""

    asset: Asset
    segment: Segment
    site: str | None
    host: AssetKey | None


@dataclass(frozen=True, slots=True)
class Named:
    """By what an asset is known, what it is called and what it is."""

    key: AssetKey
    name: str | None
    kind: Kind


async def names_of(connection: Connection, asset_ids: Collection[UUID]) -> dict[UUID, Named]:
    """The names of assets, of those that are visible, deleted ones too."""
    rows = await connection.fetch(
        "SELECT id, org_id, source, external_id, name, kind FROM assets WHERE id = ANY ($1::uuid[])", list(asset_ids)
    )
    return {
        row["id"]: Named(AssetKey(row["org_id"], row["source"], row["external_id"]), row["name"], Kind(row["kind"]))
        for row in rows
    }


_PRESENT = """
SELECT a.*, s.asset_id, lower(s.valid) AS start, upper(s.valid) AS until, s.status, s.site_id, s.host_id, s.plan,
       s.configuration, s.allocation, site.code AS site_code,
       host.org_id AS host_org, host.source AS host_source, host.external_id AS host_external_id
FROM assets a
JOIN LATERAL (
    SELECT *
    FROM asset_states
    WHERE asset_id = a.id AND upper_inf(known)
    ORDER BY valid @> $1::timestamptz DESC, lower(valid)
    LIMIT 1
) s ON true
LEFT JOIN sites site ON site.id = s.site_id
LEFT JOIN assets host ON host.id = s.host_id
"""


async def find_present(connection: Connection, asset_id: UUID, now: datetime) -> Present | None:
    """One asset as it is at `now`, or None when it is not known, deleted or not visible."""
    row = await connection.fetchrow(f"{_PRESENT} WHERE a.id = $2 AND a.deleted_at IS NULL", now, asset_id)
    if row is None:
        return None
    return _present(row, (await timelines(connection, [asset_id]))[asset_id])


async def list_present(
    connection: Connection, wanted: Filter, now: datetime, after: AssetKey | None, limit: int
) -> list[Present]:
    """Up to `limit` assets as they are at `now`, by organisation, source and external id, after one.

    The timelines in them are of the present segment only.
    """
    conditions = ["a.deleted_at IS NULL"]
    values: list[object] = [now]
    for column, value in (
        ("a.org_id = ", wanted.org),
        ("a.kind = ", wanted.kind),
        ("site.code = ", wanted.site),
        ("s.status = ", wanted.status),
        ("(coalesce(a.name, '') || ' ' || a.external_id) ILIKE ", containing(wanted.search)),
        ("(a.org_id, a.source, a.external_id) > ", after),
    ):
        if value is not None:
            parts = list(value) if isinstance(value, AssetKey) else [value]
            places = [f"${len(values) + number}" for number in range(1, len(parts) + 1)]
            conditions.append(column + (f"({', '.join(places)})" if len(parts) > 1 else places[0]))
            values.extend(parts)
    rows = await connection.fetch(
        f"""
        {_PRESENT}
        WHERE {" AND ".join(conditions)}
        ORDER BY a.org_id, a.source, a.external_id
        LIMIT {limit:d}
        """,
        *values,
    )
    return [_present(row, None) for row in rows]


def containing(text: str | None) -> str | None:
    """The LIKE pattern of what contains `text`, its wildcards meant as themselves."""
    if text is None:
        return None
    literally = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literally}%"


def _present(row: asyncpg.Record, timeline: Timeline | None) -> Present:
    segment = to_segment(row)
    host = None
    if row["host_external_id"] is not None:
        host = AssetKey(row["host_org"], row["host_source"], row["host_external_id"])
    whole = timeline or Timeline((Segment(segment.start, None, segment.state),))
    return Present(to_asset(row, whole), segment, row["site_code"], host)
