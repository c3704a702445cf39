"""Assets as they are now: one, or pages of many by what they are, where, and what they are called."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from common.database import Connection

from inventory.domain.asset import Asset
from inventory.domain.filtering import AssetFilter
from inventory.domain.quality import MEANINGS, Gap, Severity
from inventory.domain.record import AssetKey
from inventory.domain.timeline import Segment, Timeline
from inventory.domain.vocabulary import Kind
from inventory.store import quality
from inventory.store.assets import to_asset
from inventory.store.finding import CHOICES, SOURCE, Finder, finder
from inventory.store.states import timelines, to_segment


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


async def site_codes(connection: Connection, site_ids: Collection[UUID]) -> dict[UUID, str]:
    """What sites are called, of those that are visible."""
    rows = await connection.fetch("SELECT id, code FROM sites WHERE id = ANY ($1::uuid[])", list(site_ids))
    return {row["id"]: row["code"] for row in rows}


_PRESENT = f"""
SELECT a.*, s.asset_id, lower(s.valid) AS start, upper(s.valid) AS until, s.status, s.site_id, s.host_id, s.plan,
       s.configuration, s.allocation, site.code AS site_code,
       host.org_id AS host_org, host.source AS host_source, host.external_id AS host_external_id
{SOURCE}
"""


async def find_present(connection: Connection, asset_id: UUID, now: datetime) -> Present | None:
    """One asset as it is at `now`, or None when it is not known, deleted or not visible."""
    row = await connection.fetchrow(f"{_PRESENT} WHERE a.id = $2 AND a.deleted_at IS NULL", now, asset_id)
    if row is None:
        return None
    return _present(row, (await timelines(connection, [asset_id]))[asset_id])


async def list_present(
    connection: Connection, wanted: AssetFilter, now: datetime, after: AssetKey | None, limit: int
) -> list[Present]:
    """Up to `limit` assets as they are at `now`, or at the filter's own moment, by organisation, source and external id.

    Those after `after` only. The timelines in them are of that one segment only.
    """
    found = finder(wanted, now)
    found.after(after)
    # Row-level security hides from the planner how many rows there are: it would sort all that follow for each page. A
    # text or a host is found by an index of its own, and what that finds is sorted.
    ordered = wanted.q is None and not wanted.host
    if ordered:
        await connection.execute("SET LOCAL enable_sort = off")
    rows = await connection.fetch(
        f"""
        {_PRESENT}
        WHERE {found.where}
        ORDER BY a.org_id, a.source, a.external_id
        LIMIT {limit:d}
        """,
        *found.values,
    )
    if ordered:
        await connection.execute("SET LOCAL enable_sort = on")
    return [_present(row, None) for row in rows]


@dataclass(frozen=True, slots=True)
class Facet:
    """How many assets, and units of them, have a value; `value` None: none is known."""

    value: str | None
    assets: int
    units: int


FACETS: dict[str, str] = {
    **CHOICES,
    "source": "a.source",
    "application": """(
        SELECT min(p.code)
        FROM application_machines m
        JOIN applications p ON p.id = m.application_id
        WHERE m.asset_id = a.id AND m.valid @> $1::timestamptz AND p.deleted_at IS NULL)""",
}
"""What assets are counted by. An asset with several applications counts under the first, by code."""


async def facets(
    connection: Connection, wanted: AssetFilter, now: datetime, names: Collection[str], values_limit: int
) -> tuple[Facet, dict[str, list[Facet]]]:
    """How many assets fit, and how many by each value of each facet, most first.

    The counts of a facet leave its own filter out, so that they show what else could be chosen.
    """
    counted: dict[str, list[Facet]] = {}
    shared = [name for name in names if not getattr(wanted, name)]
    total, by_name = await _count(connection, finder(wanted, now), shared, values_limit)
    counted.update(by_name)
    for name in names:
        if name not in shared:
            _, own = await _count(connection, finder(wanted, now, without=name), [name], values_limit)
            counted.update(own)
    return total, {name: counted[name] for name in names}


async def _count(
    connection: Connection, found: Finder, names: Collection[str], values_limit: int
) -> tuple[Facet, dict[str, list[Facet]]]:
    columns = "".join(f", {FACETS[name]} AS {name}" for name in names)
    counts = "".join(
        f"""
        UNION ALL (
            SELECT '{name}', {name}, count(*), sum(quantity)
            FROM found
            GROUP BY {name}
            ORDER BY count(*) DESC, {name}
            LIMIT {values_limit:d})"""
        for name in names
    )
    rows = await connection.fetch(
        f"""
        WITH found AS MATERIALIZED (SELECT a.quantity{columns} {SOURCE} WHERE {found.where})
        SELECT '' AS facet, NULL AS value, count(*) AS assets, coalesce(sum(quantity), 0) AS units FROM found
        {counts}
        """,
        *found.values,
    )
    by_name: dict[str, list[Facet]] = {name: [] for name in names}
    total = Facet(None, 0, 0)
    for row in rows:
        facet = Facet(row["value"], row["assets"], row["units"])
        if row["facet"]:
            by_name[row["facet"]].append(facet)
        else:
            total = facet
    return total, by_name


@dataclass(frozen=True, slots=True)
class GapCount:
    """How many assets, and units, have a gap."""

    gap: Gap
    assets: int
    units: int


async def gap_counts(connection: Connection, wanted: AssetFilter, now: datetime) -> tuple[Facet, int, list[GapCount]]:
    """Of the assets that fit and are not retired: how many, how many without any gap, and how many with each."""
    found = finder(wanted, now)
    flags = ", ".join(f"{quality.RULES[gap]} AS gap_{number}" for number, gap in enumerate(Gap))
    counts = ", ".join(
        f"count(*) FILTER (WHERE gap_{number}) AS assets_{number},"
        f" coalesce(sum(quantity) FILTER (WHERE gap_{number}), 0) AS units_{number}"
        for number, _ in enumerate(Gap)
    )
    grave = " OR ".join(f"gap_{number}" for number, gap in enumerate(Gap) if MEANINGS[gap].severity is not Severity.LOW)
    row = await connection.fetchrow(
        f"""
        WITH found AS MATERIALIZED (
            SELECT a.quantity, {flags} {SOURCE} WHERE {found.where} AND s.status <> 'retired')
        SELECT count(*) AS assets, coalesce(sum(quantity), 0) AS units,
               count(*) FILTER (WHERE NOT coalesce({grave}, false)) AS complete, {counts}
        FROM found
        """,
        *found.values,
    )
    assert row is not None
    counted = [GapCount(gap, row[f"assets_{number}"], row[f"units_{number}"]) for number, gap in enumerate(Gap)]
    return Facet(None, row["assets"], row["units"]), row["complete"], counted


async def gaps_of(connection: Connection, asset_id: UUID, now: datetime) -> list[Gap]:
    """What is missing of one asset at `now`."""
    flags = ", ".join(f"{quality.has(gap)} AS gap_{number}" for number, gap in enumerate(Gap))
    row = await connection.fetchrow(f"SELECT {flags} {SOURCE} WHERE a.id = $2", now, asset_id)
    assert row is not None
    return [gap for number, gap in enumerate(Gap) if row[f"gap_{number}"]]


def _present(row: asyncpg.Record, timeline: Timeline | None) -> Present:
    segment = to_segment(row)
    host = None
    if row["host_external_id"] is not None:
        host = AssetKey(row["host_org"], row["host_source"], row["host_external_id"])
    whole = timeline or Timeline((Segment(segment.start, None, segment.state),))
    return Present(to_asset(row, whole), segment, row["site_code"], host)
