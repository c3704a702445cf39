"""Keeping what was heard, and noting that it changed: both in the consumer's transaction, both set-based.

Every upsert is guarded by the version, so that neither order nor repetition of events can leave an older state. What an upsert returns
is what really changed, and only that is noted. What else it touches is found by the calculators (migration 0002 says why).
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal
from uuid import UUID

from common.database import Connection, Transaction

from footprint.documents import asset_document, factor_document, placements_of, site_document
from footprint.events import AssetChanged, FactorChanged, OrganisationChanged, SiteChanged

MARKS_CHANNEL: Final = "marks"
CATALOGUE_CHANNEL: Final = "catalogue"

LIVE: Final = 0
BULK: Final = 1


async def keep_organisations(connection: Connection, heard: Sequence[OrganisationChanged]) -> list[str]:
    """Store newer versions; the ids of those that were newer."""
    rows = await connection.fetch(
        """
        INSERT INTO organisations (org_id, version, deleted, role, time_zone, convention)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::text[])
        ON CONFLICT (org_id) DO UPDATE
        SET version = excluded.version,
            deleted = excluded.deleted,
            role = excluded.role,
            time_zone = excluded.time_zone,
            convention = excluded.convention
        WHERE organisations.version < excluded.version
        RETURNING org_id
        """,
        [each.id for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [each.role for each in heard],
        [each.time_zone for each in heard],
        [each.refurbished_convention.value for each in heard],
    )
    return [row["org_id"] for row in rows]


async def keep_sites(connection: Connection, heard: Sequence[SiteChanged]) -> list[UUID]:
    """Store newer versions; the ids of those that were newer."""
    rows = await connection.fetch(
        """
        INSERT INTO sites (id, org_id, version, deleted, region, document)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::jsonb[])
        ON CONFLICT (id) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            deleted = excluded.deleted,
            region = excluded.region,
            document = excluded.document
        WHERE sites.version < excluded.version
        RETURNING id
        """,
        [each.id for each in heard],
        [each.org for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [each.country for each in heard],
        [site_document(each) for each in heard],
    )
    return [row["id"] for row in rows]


async def keep_assets(connection: Connection, heard: Sequence[AssetChanged]) -> set[UUID]:
    """Store newer versions and the placements of their timelines.

    The ids of those that were newer, and of the hosts that they left, stayed on or came to.
    """
    rows = await connection.fetch(
        """
        INSERT INTO assets (id, org_id, version, deleted, kind, site_ids, has_support, document)
        SELECT id, org_id, version, deleted, kind, string_to_array(sites, ' ')::uuid[], has_support, document
        FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[], $5::text[], $6::text[], $7::boolean[], $8::jsonb[])
            AS heard (id, org_id, version, deleted, kind, sites, has_support, document)
        ON CONFLICT (id) DO UPDATE
        SET org_id = excluded.org_id,
            version = excluded.version,
            deleted = excluded.deleted,
            kind = excluded.kind,
            site_ids = excluded.site_ids,
            has_support = excluded.has_support,
            document = excluded.document
        WHERE assets.version < excluded.version
        RETURNING id
        """,
        [each.id for each in heard],
        [each.org for each in heard],
        [each.version for each in heard],
        [each.deleted for each in heard],
        [each.kind for each in heard],
        [
            " ".join(sorted({str(segment.site_id) for segment in each.timeline if segment.site_id is not None}))
            for each in heard
        ],
        [bool(each.support and each.support.eur_per_year) for each in heard],
        [asset_document(each) for each in heard],
    )
    changed = {row["id"] for row in rows}
    await connection.execute(
        "INSERT INTO calculations (asset_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", sorted(changed)
    )
    newer = [each for each in heard if each.id in changed]
    return changed | await _replace_placements(connection, newer)


async def _replace_placements(connection: Connection, heard: Sequence[AssetChanged]) -> set[UUID]:
    """Put the placements of the given timelines in the place of the old ones; all hosts concerned."""
    machines = [each.id for each in heard if each.kind == "virtual_machine"]
    if not machines:
        return set()
    left = await connection.fetch("DELETE FROM placements WHERE vm_id = ANY($1::uuid[]) RETURNING host_id", machines)
    placements = [placement for each in heard for placement in placements_of(each)]
    await connection.execute(
        """
        INSERT INTO placements (vm_id, host_id, starts, ends, org_id, vcpu)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::double precision[])
        """,
        [each.vm for each in placements],
        [each.host for each in placements],
        [each.start for each in placements],
        [each.end for each in placements],
        [each.org for each in placements],
        [each.vcpu for each in placements],
    )
    return {row["host_id"] for row in left} | {each.host for each in placements}


STATUS_ORDER: Final = ("draft", "published", "superseded", "withdrawn")


async def keep_factors(connection: Connection, heard: Sequence[FactorChanged]) -> list[str]:
    """Store versions not yet known, and later states of known ones; the ids of those that brought something new."""
    rows = await connection.fetch(
        """
        INSERT INTO factors (id, version, status, activity, region, document)
        SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
        ON CONFLICT (id, version) DO UPDATE
        SET status = excluded.status,
            activity = excluded.activity,
            region = excluded.region,
            document = excluded.document
        WHERE array_position($7::text[], factors.status) < array_position($7::text[], excluded.status)
        RETURNING id
        """,
        [each.id for each in heard],
        [each.version for each in heard],
        [each.status for each in heard],
        [each.activity for each in heard],
        [each.region for each in heard],
        [factor_document(each) for each in heard],
        list(STATUS_ORDER),
    )
    if rows:
        await connection.execute("UPDATE catalogue_revision SET revision = revision + 1")
    return sorted({row["id"] for row in rows})


async def mark_assets(unit: Transaction, asset_ids: Iterable[UUID], priority: int) -> None:
    """Have assets computed again, and with each host the virtual machines on it."""
    await unit.connection.execute(
        "INSERT INTO marks (asset_id, priority) SELECT unnest($1::uuid[]), $2", sorted(asset_ids), priority
    )
    unit.wake(MARKS_CHANNEL)


async def note_changes(
    unit: Transaction, kind: Literal["organisation", "site", "factor"], keys: Iterable[object]
) -> None:
    """Have all assets computed again that belong to an organisation, stand at a site, or rest on a factor (or lack it)."""
    await unit.connection.execute(
        "INSERT INTO changes (kind, key) SELECT $1, unnest($2::text[])", kind, [str(key) for key in keys]
    )
    unit.wake(MARKS_CHANNEL)
